"""Load a set of sales by dlt, with S3 as its staging.

    python by_dlt.py MODE SET

The working folder stays between tries, as dlt wants it: what a killed run left there is loaded by
the next one before anything else, and instead of what that one was given.
"""

import os
import sys

import dlt
import pyarrow.parquet
from dlt.common.configuration.specs import AwsCredentials
from dlt.destinations import filesystem, redshift

ROLE = "arn:aws:iam::123456789012:role/load"


def main(mode: str, which: str) -> None:
    """Load with the disposition ``mode``; prints ``begin`` when everything is at hand."""
    data = pyarrow.parquet.read_table(f"{os.environ['DATA']}/{which}.parquet")
    keys = AwsCredentials(
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        endpoint_url=os.environ["S3_URL"],
        region_name="us-east-1",
    )
    target = redshift(
        credentials={
            "host": os.environ["REDSHIFT_HOST"],
            "port": int(os.environ["REDSHIFT_PORT"]),
            "database": os.environ["REDSHIFT_DATABASE"],
            "username": os.environ["REDSHIFT_USER"],
            "password": os.environ["REDSHIFT_PASSWORD"],
        },
        staging_iam_role=ROLE,
    )
    pipeline = dlt.pipeline(
        "side_by_side",
        pipelines_dir=os.environ["DLT_HOME"],
        destination=target,
        staging=filesystem(f"s3://{os.environ['S3_BUCKET']}/dlt", credentials=keys),
        dataset_name="dlt_" + mode,
    )
    print("begin", flush=True)
    pipeline.run(
        data,
        table_name="sales",
        write_disposition=mode,
        primary_key="sale_key",
        loader_file_format="parquet",
    )
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

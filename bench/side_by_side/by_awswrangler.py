"""Load a set of sales by awswrangler.redshift.

    python by_awswrangler.py MODE SET

``copy …`` starts from rows in memory and writes them to S3 itself; ``copy_from_files`` from files
that lie there. Folders on S3 are new each time: awswrangler refuses one that is not empty.
"""

import os
import sys
import uuid

import awswrangler as wr
import pandas as pd
import pyarrow.parquet
import redshift_connector

SCHEMA, TABLE = "wrangler", "sales"
ROLE = "arn:aws:iam::123456789012:role/load"


def main(mode: str, which: str) -> None:
    """Load in the given mode; prints ``begin`` when everything is at hand."""
    wr.config.s3_endpoint_url = os.environ["S3_URL"]
    data = pyarrow.parquet.read_table(f"{os.environ['DATA']}/{which}.parquet")
    frame = data.to_pandas(types_mapper=pd.ArrowDtype)
    connection = redshift_connector.connect(
        host=os.environ["REDSHIFT_HOST"],
        port=int(os.environ["REDSHIFT_PORT"]),
        database=os.environ["REDSHIFT_DATABASE"],
        user=os.environ["REDSHIFT_USER"],
        password=os.environ["REDSHIFT_PASSWORD"],
        ssl=False,
    )
    path = f"s3://{os.environ['S3_BUCKET']}/wrangler/{uuid.uuid4().hex}/"
    given = {
        "path": path,
        "con": connection,
        "schema": SCHEMA,
        "table": TABLE,
        "iam_role": ROLE,
    }
    if mode == "copy_from_files":
        wr.s3.to_parquet(frame, path=path, dataset=True, max_rows_by_file=len(frame) // 4)
    print("begin", flush=True)
    if mode == "copy_from_files":
        wr.redshift.copy_from_files(mode="append", **given)
    elif mode == "copy append":
        wr.redshift.copy(frame, mode="append", **given)
    elif mode == "copy upsert":
        wr.redshift.copy(frame, mode="upsert", primary_keys=["sale_key"], **given)
    elif mode == "copy overwrite":
        wr.redshift.copy(frame, mode="overwrite", **given)
    else:
        method = mode.removeprefix("copy overwrite ")
        wr.redshift.copy(frame, mode="overwrite", overwrite_method=method, **given)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

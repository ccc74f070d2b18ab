"""Load the entries of a lake that are to be loaded: by keys, or the whole table.

    python -m bench.side_by_side.by_starlift MODE SET

The lake was written by the harness, as a build writes it: its files lie on S3 before the clock
starts, as those of awswrangler's copy_from_files do.
"""

from __future__ import annotations

import os
import sys

from bench.side_by_side.sales import FRONT, LAKE, warehouse
from src.io.lake import Lake
from src.io.redshift import Connection
from src.io.redshift_session import Address, by_psycopg2
from src.io.store_s3 import S3Store
from src.pipeline.load import Loader, load
from src.runs import new_run
from src.settings import LakeSettings, RedshiftSettings, S3Settings


def main(mode: str, up_to: str) -> None:
    """Load entry 1 for the set ``base``, also entry 2 for ``next``."""
    place = f"{LAKE}/{mode}"
    settings = S3Settings(os.environ["S3_URL"], "us-east-1", path_style=True)
    store = S3Store(f"{place}/{FRONT}", settings)
    lake = Lake(lambda: sys.exit("a load starts no Spark"), store, LakeSettings(path=place))
    at = Address(
        os.environ["REDSHIFT_HOST"],
        int(os.environ["REDSHIFT_PORT"]),
        os.environ["REDSHIFT_DATABASE"],
        os.environ["REDSHIFT_USER"],
        os.environ["REDSHIFT_PASSWORD"],
        ssl=False,
    )

    def connect() -> Connection:
        return by_psycopg2(at)

    loader = Loader(warehouse(), lake, connect, RedshiftSettings(copy_url=place), new_run())
    print("begin", flush=True)
    load(loader, lake.log.entries()[: 1 if up_to == "base" else 2])
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

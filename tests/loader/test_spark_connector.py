"""The Spark-Redshift connector: what it is told, and that it is missed in one sentence.

Its jar is in none of the registries. Where STARLIFT_CONNECTOR_JAR names it (with spark-avro, the
Redshift JDBC driver and hadoop-aws, by comma), the last test runs the real thing.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from src.errors import LoadFailed, UsageError
from src.io import redshift_sql as sql
from src.io.redshift_spark import FORMAT, SparkConnector
from src.pipeline.load_copy import Staging, parts_of
from src.session import start_session
from src.settings import RedshiftSettings
from src.settings_file import load_settings
from tests.loader.shop import FACT_SALE, Shop

SETTINGS = RedshiftSettings(
    driver="spark_connector",
    host="wg.example.org",
    database="dev",
    user="loader",
    iam_role="arn:aws:iam::1:role/copy",
    connector_temp="s3://bucket/temp/",
)
RUN = "20251121T145300123Z-a1b2c3"
STAGING = sql.staging_name(5, f"{RUN}-d4e5f6", 1, 2, "r", "fact_sale; DROP %s")


def connector(**more: Any) -> SparkConnector:
    return SparkConnector(dataclasses.replace(SETTINGS, **more), lambda: ("loader", "pass;%sword"))


def test_what_the_connector_is_told() -> None:
    """Rule 32: PARQUET, no second try of its own, a column list, no actions, a folder a run."""
    assert FORMAT == "io.github.spark_redshift_community.spark.redshift"
    options = connector().options("shop_back", STAGING, RUN)
    assert options == {
        "url": "jdbc:redshift://wg.example.org:5439/dev",
        "user": "loader",
        "password": "pass;%sword",
        "dbtable": f'"shop_back"."{STAGING}"',
        "tempdir": f"s3a://bucket/temp/{RUN}",
        "tempformat": "PARQUET",
        "aws_iam_role": "arn:aws:iam::1:role/copy",
        "include_column_list": "true",
        "copyretrycount": "0",
        "check_s3_bucket_usage": "false",
    }
    assert not {"preactions", "postactions", "extracopyoptions"} & options.keys()
    assert "password" not in repr(connector()) and "ssl=false" in connector(ssl=False).url


def test_its_staging_table_is_made_by_us_with_sized_texts(shop: Shop) -> None:
    """Rule 32: it would make every text VARCHAR(MAX), and splits what it is given at ``;``."""
    assert not set(STAGING) & set(";%\"' ")
    shop.fill()
    change = shop.entries[0].built.changes[1]  # type: ignore[union-attr]
    staging = Staging(shop.lake, SETTINGS, connector(), "shop", "shop_back", 1, RUN, f"{RUN}-abc")
    (part,) = parts_of(staging, 1, FACT_SALE, change)
    drop, create = part.statements(part.name(1))
    assert drop.startswith("DROP TABLE IF EXISTS") and create.startswith("CREATE TABLE")
    assert "MAX" not in create and '"amount" DECIMAL(20, 2) NOT NULL' in create


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({"connector_temp": None}, "connector_temp"),
        ({"host": None}, "host"),
        ({"iam_role": "default"}, "iam_role .an ARN"),
    ],
)
def test_settings_that_it_lacks(more: dict[str, Any], missing: str) -> None:
    with pytest.raises(UsageError, match=missing):
        connector(**more).options("b", "s", RUN)


def test_a_jar_that_is_not_there(tmp_path: Path) -> None:
    redshift = dataclasses.replace(SETTINGS, connector_jar=str(tmp_path / "none.jar"))
    settings = dataclasses.replace(load_settings("local"), redshift=redshift)
    with pytest.raises(UsageError, match=r"connector's jar is not there.*none.jar"):
        start_session(settings, "tests")


@pytest.mark.long
def test_without_its_jar_there_is_one_sentence(spark: SparkSession) -> None:
    with pytest.raises(LoadFailed, match="not on Spark's class path") as caught:
        connector().write(spark.range(3), "shop_back", STAGING, RUN)
    assert "pass;" not in str(caught.value)


REAL = """
    import dataclasses, json, sys
    from pathlib import Path
    from src.io.lake import Lake
    from src.io.redshift_session import Address, by_psycopg2
    from src.io.redshift_spark import SparkConnector
    from src.session import start_session
    from src.settings import LakeSettings
    from src.settings_file import load_settings
    from tests.loader.shop import Shop

    given = json.loads(sys.stdin.read())
    settings = load_settings("local")
    redshift = dataclasses.replace(settings.redshift, **given["redshift"])
    spark_settings = dataclasses.replace(settings.spark, conf=given["conf"])
    settings = dataclasses.replace(settings, redshift=redshift, spark=spark_settings)
    session = start_session(settings, "connector")
    at = Address(**given["address"])
    shop = Shop(Path(given["root"]), "shop_connector", given["url"], settings=redshift)
    shop.fill()
    shop.change(2)
    lake = Lake(lambda: session, shop.store, LakeSettings(path=given["root"]))
    connector = SparkConnector(redshift, lambda: (at.user, at.password))
    result = shop.load(lambda: by_psycopg2(at), connector=connector, lake=lake)
    print(json.dumps(result.applied))
"""


@pytest.mark.long
@pytest.mark.connector
@pytest.mark.skipif(
    not os.environ.get("STARLIFT_CONNECTOR_JAR"),
    reason="STARLIFT_CONNECTOR_JAR is not set, and no registry has the Spark-Redshift connector",
)
def test_the_real_connector_loads_the_same_rows(tmp_path: Path) -> None:
    """Rule 32, on the stand-in and moto's S3, with the connector as it is built."""
    import json

    import boto3
    from moto.server import ThreadedMotoServer

    from src.io.redshift_session import Address
    from src.standin.server import Standin
    from tests.loader.asking import Asking

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        s3 = f"http://{host}:{port}"
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        boto3.client("s3", endpoint_url=s3, region_name="us-east-1", **keys).create_bucket(
            Bucket="temp"
        )
        with Standin(tmp_path / "standin", buckets={}, s3={"endpoint_url": s3}) as at:
            address = Address(at.host, at.port, at.database, at.user, at.password, ssl=False)
            given = {
                "root": str(tmp_path / "lake"),
                "url": "s3://lake",
                "address": dataclasses.asdict(address),
                "redshift": {
                    "driver": "spark_connector",
                    "host": at.host,
                    "port": at.port,
                    "database": at.database,
                    "ssl": False,
                    "iam_role": "arn:aws:iam::1:role/copy",
                    "connector_temp": "s3://temp/x",
                    "connector_jar": os.environ["STARLIFT_CONNECTOR_JAR"],
                },
                "conf": {
                    "spark.hadoop.fs.s3a.endpoint": s3,
                    "spark.hadoop.fs.s3a.path.style.access": "true",
                    "spark.hadoop.fs.s3a.access.key": "test",
                    "spark.hadoop.fs.s3a.secret.key": "test",
                },
            }
            done = subprocess.run(
                [sys.executable, "-c", textwrap.dedent(REAL)],
                input=json.dumps(given),
                capture_output=True,
                text=True,
                timeout=500,
                check=False,
            )
            assert done.stdout.strip().endswith("[1, 2]"), done.stderr[-3000:]
            expected = Shop(tmp_path / "oracle", "shop_connector", "s3://lake")
            expected.fill()
            expected.change(2)
            with Asking(address) as asking:
                asking.holds(expected, 2)
                asking.is_clean(expected)
    finally:
        server.stop()

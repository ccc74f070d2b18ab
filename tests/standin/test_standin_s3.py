"""COPY and UNLOAD with a real S3 protocol: moto's server, reached by boto3 with an endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet
import pytest
from moto.server import ThreadedMotoServer

from src.standin.server import Standin
from tests.standin.helpers import Db, connect_to

BUCKET = "warehouse"


@pytest.fixture(scope="module")
def s3() -> Iterator[tuple[Any, str]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="eu-west-1",
        aws_access_key_id="testing", aws_secret_access_key="testing",
    )  # fmt: skip
    client.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    yield client, url
    server.stop()


@pytest.fixture(scope="module")
def s3_db(s3: tuple[Any, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Db]:
    patch = pytest.MonkeyPatch()
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_CONFIG_FILE", "/dev/null"),
    ):  # fmt: skip
        patch.setenv(name, value)
    home: Path = tmp_path_factory.mktemp("s3home")
    settings = {"endpoint_url": s3[1], "region": "eu-west-1"}
    with Standin(home, s3=settings, ephemeral=True) as endpoint:
        connection = connect_to(endpoint)
        connection.autocommit = True
        yield Db(connection)
        connection.close()
    patch.undo()


def put(client: Any, key: str, data: bytes) -> str:
    client.put_object(Bucket=BUCKET, Key=key, Body=data)
    return f"s3://{BUCKET}/{key}"


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink)
    return bytes(sink.getvalue())


AUTHORIZATIONS = [
    "IAM_ROLE default",
    "IAM_ROLE 'arn:aws:iam::123456789012:role/load'",
    "CREDENTIALS 'aws_iam_role=arn:aws:iam::123456789012:role/load'",
    "WITH CREDENTIALS AS 'aws_access_key_id=AKIAX;aws_secret_access_key=y'",
    "ACCESS_KEY_ID 'AKIAX' SECRET_ACCESS_KEY 'y' SESSION_TOKEN 'z'",
]


@pytest.mark.parametrize("authorization", AUTHORIZATIONS)
def test_copy_with_a_manifest(s3: tuple[Any, str], s3_db: Db, authorization: str) -> None:
    client, _ = s3
    data = parquet(pa.table({"a": pa.array([1, 2], pa.int32())}))
    url = put(client, "in/part-0.parquet", data)
    entry = {"url": url, "mandatory": True, "meta": {"content_length": len(data)}}
    manifest = put(client, "in/manifest", json.dumps({"entries": [entry]}).encode())
    s3_db.run("CREATE TEMP TABLE t (a int)")
    s3_db.run(f"COPY t FROM '{manifest}' {authorization} FORMAT AS PARQUET MANIFEST")
    assert s3_db.one("SELECT sum(a) FROM t") == 3
    gone = {**entry, "url": f"s3://{BUCKET}/in/gone"}
    manifest = put(client, "in/manifest", json.dumps({"entries": [gone]}).encode())
    error = s3_db.error(f"COPY t FROM '{manifest}' {authorization} FORMAT AS PARQUET MANIFEST")
    assert "mandatory file not found" in str(error)
    s3_db.run("DROP TABLE t")


@pytest.mark.long
def test_prefix_text_and_unload(s3: tuple[Any, str], s3_db: Db) -> None:
    client, _ = s3
    for number in range(1200):  # more than one page of a listing
        put(client, f"many/part-{number:04}.csv", f"{number},é\n".encode())
    s3_db.run("CREATE TEMP TABLE u (a int, b varchar(2))")
    s3_db.run(f"COPY u FROM 's3://{BUCKET}/many/part-' IAM_ROLE default CSV")
    assert s3_db.rows("SELECT count(*), sum(a) FROM u") == [(1200, 1200 * 1199 // 2)]
    s3_db.run(
        f"UNLOAD ('SELECT * FROM u') TO 's3://{BUCKET}/out/' IAM_ROLE default PARQUET MANIFEST"
    )
    body = client.get_object(Bucket=BUCKET, Key="out/0000_part_00.parquet")["Body"].read()
    assert pyarrow.parquet.read_table(pa.BufferReader(body)).num_rows == 1200
    assert "not empty" in str(
        s3_db.error(f"UNLOAD ('SELECT 1') TO 's3://{BUCKET}/out/' IAM_ROLE default")
    )
    s3_db.run(f"UNLOAD ('SELECT 1') TO 's3://{BUCKET}/out/' IAM_ROLE default CLEANPATH")
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix="out/")["Contents"]
    assert [entry["Key"] for entry in listed] == ["out/0000_part_00"]


def test_a_bucket_that_is_not_there(s3_db: Db) -> None:
    s3_db.run("CREATE TEMP TABLE v (a int)")
    error = s3_db.error("COPY v FROM 's3://no-such-bucket/x' IAM_ROLE default FORMAT AS ORC")
    assert error.pgcode == "XX000" and "NoSuchBucket" in str(error)
    error = s3_db.error("UNLOAD ('SELECT 1') TO 's3://no-such-bucket/x' IAM_ROLE default")
    assert "NoSuchBucket" in str(error)
    assert s3_db.one("SELECT 1") == 1

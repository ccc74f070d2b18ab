"""Logins by IAM through the driver's own path: boto3 asks moto for credentials."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import pytest
import redshift_connector
from moto.server import ThreadedMotoServer
from redshift_connector.error import ProgrammingError

from src.standin.server import Endpoint, Standin
from tests.standin.helpers import Db, connect_to

KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    boto3.client("redshift", endpoint_url=url, region_name="eu-west-1", **KEYS).create_cluster(
        ClusterIdentifier="here", NodeType="ra3.large", MasterUsername="awsuser",
        MasterUserPassword="Abc-12345",
    )  # fmt: skip
    yield url
    server.stop()


@pytest.fixture(scope="module")
def open_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Endpoint]]:
    home = tmp_path_factory.mktemp("iam")
    with Standin(home, iam=True) as running:
        yield home, running


def by_iam(home: Path, endpoint: Endpoint, aws: str, **more: Any) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(home / "server.crt"))
        return redshift_connector.connect(
            iam=True, host="localhost", port=endpoint.port, database="dev",
            cluster_identifier="here", region="eu-west-1", endpoint_url=aws,
            access_key_id="testing", secret_access_key="testing", **more,
        )  # fmt: skip


def test_a_driver_logs_in_by_iam(open_home: tuple[Path, Endpoint], aws: str) -> None:
    home, endpoint = open_home
    with by_iam(home, endpoint, aws, db_user="awsuser") as first, first.cursor() as cursor:
        cursor.execute("SELECT current_user, 1 + 1")
        assert cursor.fetchone() == ["awsuser", 2]
    newcomer = by_iam(home, endpoint, aws, db_user="newcomer", auto_create=True)
    with newcomer as second, second.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ["newcomer"]
        with pytest.raises(ProgrammingError, match="permission denied"):
            cursor.execute("DELETE FROM standin.load_error")
    with pytest.raises(Exception, match="make the user first"):
        by_iam(home, endpoint, aws, db_user="unknown")


def test_other_users_still_need_their_password(open_home: tuple[Path, Endpoint]) -> None:
    _, endpoint = open_home
    assert Db(connect_to(endpoint)).one("SELECT 1") == 1
    for user in ("awsuser", "IAM:standin_admin", "IAM:pg_monitor"):
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(host=endpoint.host, port=endpoint.port, dbname="dev", user=user,
                             password="anything")  # fmt: skip


def test_without_the_option_nobody_logs_in_by_iam(endpoint: Endpoint) -> None:
    with pytest.raises(psycopg2.OperationalError, match="start the stand-in with --iam"):
        psycopg2.connect(host=endpoint.host, port=endpoint.port, dbname="dev", user="IAM:awsuser",
                         password="anything")  # fmt: skip

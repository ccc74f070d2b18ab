"""pytest fixtures for other people's projects: a Redshift's stand-in for a whole test run.

    # conftest.py
    from src.standin.testing import redshift, redshift_bucket

    # test_report.py
    def test_report(redshift):
        with redshift.connect() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE sales (id int, amount decimal(9,2)) DISTKEY (id)")

One stand-in serves the whole run; each test gets a database of its own, which is dropped after it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from src.standin.server import Endpoint, Standin

BUCKET = "test-bucket"


@dataclass(frozen=True)
class Redshift:
    """Where a test's database is, how to log in, and the bucket that COPY and UNLOAD know."""

    host: str
    port: int
    database: str
    user: str
    password: str
    bucket: Path
    """The folder behind ``s3://test-bucket/``."""
    certificate: Path
    """What a client that checks certificates has to trust."""

    def connect(self, *, autocommit: bool = False) -> psycopg2.extensions.connection:
        """A psycopg2 connection; the caller closes it."""
        return _connect(self, autocommit)

    @property
    def url(self) -> str:
        """The bucket as COPY and UNLOAD name it."""
        return f"s3://{BUCKET}"

    def __repr__(self) -> str:
        return f"Redshift({self.host}:{self.port}/{self.database} as {self.user})"


@pytest.fixture(scope="session")
def redshift_bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is the bucket; override it to choose another."""
    return tmp_path_factory.mktemp("bucket")


@pytest.fixture(scope="session")
def redshift_endpoint(
    tmp_path_factory: pytest.TempPathFactory, redshift_bucket: Path
) -> Iterator[tuple[Endpoint, Path]]:
    """The stand-in of the run, and its home."""
    home = tmp_path_factory.mktemp("redshift")
    with Standin(home, buckets={BUCKET: redshift_bucket}, ephemeral=True) as endpoint:
        yield endpoint, home


@pytest.fixture
def redshift(
    redshift_endpoint: tuple[Endpoint, Path],
    redshift_bucket: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Redshift]:
    """An empty database for one test."""
    endpoint, home = redshift_endpoint
    name = re.sub(r"\W", "_", request.node.name.lower())[:40] + "_" + secrets.token_hex(4)
    with closing(_connect(endpoint, True)) as connection, connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        yield Redshift(
            endpoint.host,
            endpoint.port,
            name,
            endpoint.user,
            endpoint.password,
            redshift_bucket,
            home / "server.crt",
        )
    finally:
        with closing(_connect(endpoint, True)) as connection, connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _connect(at: Redshift | Endpoint, autocommit: bool) -> psycopg2.extensions.connection:
    connection = psycopg2.connect(
        host=at.host,
        port=at.port,
        dbname=at.database,
        user=at.user,
        password=at.password,
    )
    connection.autocommit = autocommit
    return connection

"""One stand-in for all tests of this folder; each test gets a schema and a folder of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from src.standin.server import Endpoint, Standin
from tests.standin.helpers import Connection, Db, Files, connect_to


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is the bucket ``lake``."""
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def endpoint(home: Path, lake: Path) -> Iterator[Endpoint]:
    with Standin(home, buckets={"lake": lake}) as running:
        yield running


@pytest.fixture
def connect(endpoint: Endpoint) -> Iterator[Callable[..., Connection]]:
    """Opens connections that are closed after the test."""
    opened: list[Connection] = []

    def open_one(autocommit: bool = False, **more: Any) -> Connection:
        connection = connect_to(endpoint, **more)
        connection.autocommit = autocommit
        opened.append(connection)
        return connection

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def schema(connect: Callable[..., Connection], request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty schema named for the test, and dropped after it."""
    name = "s_" + re.sub(r"\W", "_", request.node.name.lower())[:50]
    connection = connect(autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        cursor.execute(f"CREATE SCHEMA {name}")
    yield name
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout TO 5000")
        cursor.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def db(connect: Callable[..., Connection], schema: str) -> Db:
    """An autocommit connection whose search path is the test's schema."""
    return Db(connect(autocommit=True, options=f"-c search_path={schema}"))


@pytest.fixture
def other(connect: Callable[..., Connection], schema: str) -> Db:
    """A second client in the same schema."""
    return Db(connect(autocommit=True, options=f"-c search_path={schema}"))


@pytest.fixture
def files(lake: Path, request: pytest.FixtureRequest) -> Files:
    return Files(lake, re.sub(r"\W", "_", request.node.name))

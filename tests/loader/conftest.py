"""One stand-in for the tests of the loader; each test has a lake and two schemas of its own."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from src.io.redshift import Connect, Connection
from src.io.redshift_data import DataApi, Target
from src.io.redshift_session import Address, by_psycopg2, by_redshift_connector
from src.standin.catalog import ADMIN
from src.standin.server import Endpoint, Standin
from tests.loader import fake_data_api
from tests.loader.asking import Asking
from tests.loader.proxy import Proxy, proxy_to
from tests.loader.shop import Shop

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is the bucket ``lake``."""
    return tmp_path_factory.mktemp("bucket")


@pytest.fixture(scope="session")
def standin_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("standin")


@pytest.fixture(scope="session")
def endpoint(standin_home: Path, bucket: Path) -> Iterator[Endpoint]:
    with Standin(standin_home, buckets={"lake": bucket}) as running:
        yield running


@pytest.fixture
def as_admin(endpoint: Endpoint, standin_home: Path) -> Callable[[str], None]:
    """Runs a statement on the PostgreSQL behind the stand-in, as its superuser: for what no
    client of the stand-in may do.
    """

    def run(statement: str) -> None:
        socket = (standin_home / "pgdata/postmaster.pid").read_text().splitlines()[4]
        password = json.loads((standin_home / "secrets.json").read_text())["admin"]
        connection = psycopg2.connect(
            host=socket, port=5432, dbname=endpoint.database, user=ADMIN, password=password
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    return run


@pytest.fixture
def address(endpoint: Endpoint) -> Address:
    return Address(
        endpoint.host, endpoint.port, endpoint.database, endpoint.user, endpoint.password, ssl=False
    )


@pytest.fixture
def connect(address: Address) -> Iterator[Connect]:
    """Opens connections by psycopg2 that are closed after the test."""
    opened: list[Connection] = []

    def open_one() -> Connection:
        opened.append(by_psycopg2(address))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def make_shop(bucket: Path, address: Address) -> Iterator[Callable[..., Shop]]:
    """Makes shops whose schemas are dropped after the test."""
    made: list[Shop] = []

    def make(**more: object) -> Shop:
        number = next(_NUMBERS)
        root = bucket / f"t{number}"
        root.mkdir()
        fields = {"root": root, "name": f"shop{number}", "url": f"s3://lake/t{number}"} | more
        made.append(Shop(**fields))  # type: ignore[arg-type]
        return made[-1]

    yield make
    with Asking(address) as asking:
        for shop in made:
            asking.drop(shop)


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop()


@pytest.fixture
def asking(address: Address) -> Iterator[Asking]:
    with Asking(address) as asking:
        yield asking


SESSIONS = {"psycopg2": by_psycopg2, "redshift_connector": by_redshift_connector}


@pytest.fixture(params=[*SESSIONS, "data_api"])
def any_connect(request: pytest.FixtureRequest, address: Address) -> Iterator[Connect]:
    """Connections by each driver in turn; the Data API is a fake in front of the stand-in."""
    if request.param == "data_api":
        with fake_data_api.serve(address) as (_, client):
            target = Target(database="dev", workgroup="tests")
            yield lambda: DataApi(client, target, sleep=lambda _: time.sleep(0.005))
        return
    by = SESSIONS[request.param]
    yield lambda: by(address)


@pytest.fixture
def proxy(endpoint: Endpoint) -> Iterator[Proxy]:
    """A proxy in front of the stand-in, without faults yet."""
    with proxy_to(endpoint.host, endpoint.port) as proxy:
        yield proxy


@pytest.fixture
def through_proxy(proxy: Proxy, address: Address) -> Callable[[str], Connect]:
    """Connections by a driver of sessions through the proxy."""

    def by(driver: str) -> Connect:
        return lambda: SESSIONS[driver](replace(address, port=proxy.port))

    return by

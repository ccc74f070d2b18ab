"""The server is killed in the middle and comes back; its disk is full; a right is missing."""

from __future__ import annotations

import os
import random
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from src.contract.column import Column
from src.contract.types import varchar
from src.errors import LoadFailed
from src.io.redshift import Connect
from src.io.redshift_retry import Patience
from src.io.redshift_session import Address, by_psycopg2
from src.standin.server import Endpoint, Standin
from tests.loader.asking import Asking
from tests.loader.proxy import Fault, Proxy, proxy_to
from tests.loader.shop import DIM_ITEM, TABLES, Shop
from tests.loader.test_schema import with_column


@dataclass
class Server:
    """A stand-in of its own that can be killed, behind a proxy whose port stays."""

    home: Path
    bucket: Path
    proxy: Proxy
    standin: Standin
    endpoint: Endpoint

    def kill_and_restart(self, seconds: float = 0.3) -> None:
        """SIGKILL the endpoint and PostgreSQL's postmaster; start again a moment later."""
        postmaster = int((self.home / "pgdata/postmaster.pid").read_text().splitlines()[0])
        for pid in (self.endpoint.pid, postmaster):
            os.kill(pid, signal.SIGKILL)
        self.standin.stop()

        def again() -> None:
            self.standin = Standin(self.home, buckets={"lake": self.bucket})
            self.endpoint = self.standin.start()
            self.proxy.upstream = (self.endpoint.host, self.endpoint.port)

        self.restart = threading.Timer(seconds, again)
        self.restart.start()

    @property
    def address(self) -> Address:
        at = self.endpoint
        return Address("127.0.0.1", self.proxy.port, at.database, at.user, at.password, ssl=False)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    home, bucket = tmp_path / "home", tmp_path / "bucket"
    bucket.mkdir()
    standin = Standin(home, buckets={"lake": bucket})
    endpoint = standin.start()
    with proxy_to(endpoint.host, endpoint.port) as proxy:
        one = Server(home, bucket, proxy, standin, endpoint)
        yield one
    one.standin.stop()


@pytest.mark.long
@pytest.mark.parametrize(
    "place", ["^COPY .*_1r_", "^LOCK", "^DELETE", '^INSERT INTO "[^"]*"."fact_sale"', "^COMMIT"]
)
def test_a_killed_server_that_comes_back_costs_nothing(server: Server, place: str) -> None:
    """SIGKILL in the middle of a load; the same load goes on when the server is back."""
    shop = Shop(server.bucket / "t", "shop", "s3://lake/t")
    address = server.address
    shop.fill()
    shop.load(lambda: by_psycopg2(address))
    shop.change(2)
    fault = Fault(place, "during", action=server.kill_and_restart)
    server.proxy.faults.append(fault)
    patience = Patience(attempts=12, first=0.2, longest=4.0)
    result = shop.load(lambda: by_psycopg2(address), patience=patience)
    assert fault.done
    assert result.applied == [2]
    server.restart.join()
    with Asking(server.address) as asking:
        asking.holds(shop, 2)
        assert asking.ledger(shop) == [1, 2]
        asking.is_clean(shop)


@pytest.mark.long
def test_a_file_of_the_server_that_cannot_grow_is_one_sentence(tmp_path: Path) -> None:
    """The operating system gives PostgreSQL's files 17 MB each, and no byte more."""
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    text = Column("title", varchar(2000), "what it says on the tin")
    shop = Shop(
        bucket / "t", "shop", "s3://lake/t", tables=(with_column(DIM_ITEM, text), *TABLES[1:])
    )
    shop.fill()
    chance = random.Random(1)
    shop.commit(
        {
            "dim_item": {
                key: [(key * 10, key, key, 0, chance.randbytes(900).hex(), None, None, True)]
                for key in range(100, 11_000)
            }
        }
    )
    now, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    standin = Standin(tmp_path / "home", buckets={"lake": bucket})
    resource.setrlimit(resource.RLIMIT_FSIZE, (17 * 2**20, most))
    try:
        at = standin.start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (now, most))
    for full in (True, False):
        address = Address(at.host, at.port, at.database, at.user, at.password, ssl=False)
        with Asking(address) as asking:
            if full:
                with pytest.raises(LoadFailed) as caught:
                    shop.load(lambda address=address: by_psycopg2(address))  # type: ignore[misc]
                said = str(caught.value)
                assert "COPY of dim_item was refused" in said and "could not extend file" in said
                assert "'starlift load' continues there" in said
            else:
                assert shop.load(lambda address=address: by_psycopg2(address)).applied == [2]  # type: ignore[misc]
            asking.holds(shop, 1 if full else 2)
            asking.is_clean(shop)
        standin.stop()
        if full:
            standin = Standin(tmp_path / "home", buckets={"lake": bucket})
            at = standin.start()


def test_a_full_disk_is_one_sentence_and_the_next_load_goes_on(
    shop: Shop, connect: Connect, asking: Asking, as_admin: Callable[[str], None]
) -> None:
    """PostgreSQL's own error for a full disk, raised by a trigger: the disk of a test is not
    filled. What is rolled back is real.
    """
    shop.fill()
    shop.load(connect)
    shop.change(2)
    target = f"{shop.name}.fact_sale"
    as_admin(
        f"CREATE FUNCTION {shop.name}.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'could not extend file \"base/1/2\": No space left on device' "
        "USING ERRCODE = '53100', HINT = 'Check free disk space.'; END $$"
    )
    as_admin(
        f"CREATE TRIGGER full_disk BEFORE INSERT ON {target} FOR EACH STATEMENT "
        f"EXECUTE FUNCTION {shop.name}.full()"
    )
    with pytest.raises(LoadFailed) as caught:
        shop.load(connect)
    said = str(caught.value)
    assert "Entry 2 was not loaded" in said and "No space left on device" in said
    assert "'starlift load' continues there" in said
    asking.holds(shop, 1)
    asking.is_clean(shop)
    as_admin(f"DROP TRIGGER full_disk ON {target}")
    assert shop.load(connect).applied == [2]
    asking.holds(shop, 2)
    asking.is_clean(shop)


@pytest.mark.parametrize("right", ["INSERT", "DELETE", "SELECT"])
def test_a_missing_right_is_one_sentence_and_the_next_load_goes_on(
    shop: Shop, any_connect: Connect, connect: Connect, asking: Asking, right: str
) -> None:
    shop.fill()
    shop.load(connect)
    shop.change(2)
    asking.run(f"REVOKE {right} ON {shop.name}.fact_sale FROM CURRENT_USER")
    with pytest.raises(LoadFailed, match="permission denied for table fact_sale") as caught:
        shop.load(any_connect)
    assert "'starlift load' continues there" in str(caught.value)
    asking.run(f"GRANT {right} ON {shop.name}.fact_sale TO CURRENT_USER")
    asking.holds(shop, 1)
    asking.is_clean(shop)
    assert shop.load(any_connect).applied == [2]
    asking.holds(shop, 2)


def test_a_full_disk_of_the_lake_is_one_sentence(
    shop: Shop, connect: Connect, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest cannot be written: nothing was staged, and the next load goes on."""
    from src.errors import StarliftError

    shop.fill()
    link = os.link

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(StarliftError, match=r"Cannot write manifests/.*No space left on device"):
        shop.load(connect)
    monkeypatch.setattr(os, "link", link)
    assert asking.staging(shop) == []
    assert shop.load(connect).applied == [1]
    asking.holds(shop, 1)
    asking.is_clean(shop)

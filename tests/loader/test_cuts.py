"""Connections that break at any byte, in both directions, in four ways: nothing of it is known to
the loader, the driver or the test beforehand.

Where each cut falls follows from its seed; a failing one is named by it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from src.connect import open_warehouse
from src.errors import StarliftError
from src.io import redshift_session
from src.io.redshift import Connect, Connection, StatementFailed
from src.io.redshift_login import PASSWORD
from src.io.redshift_session import Address
from src.settings import RedshiftSettings
from src.settings_file import load_settings
from src.standin.server import Endpoint
from tests.loader.asking import Asking
from tests.loader.conftest import SESSIONS
from tests.loader.cuts import HOWS, WAYS, Cut, Cutter, How, cutter_to
from tests.loader.shop import Shop

# How long a silence lasts until the loader ends it, in seconds: a statement's own time is longer
# than any here takes on a busy machine.
SECONDS, GRACE = 3, 0.2


@pytest.fixture
def cutter(endpoint: Endpoint) -> Iterator[Cutter]:
    with cutter_to(endpoint.host, endpoint.port) as cutter:
        yield cutter


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for in vain is waited for some seconds only."""
    monkeypatch.setattr(redshift_session, "GRACE_SECONDS", GRACE)
    monkeypatch.setattr(redshift_session, "CONNECT_SECONDS", SECONDS)


def settled(address: Address, cutter: Cutter, driver: str, ssl: bool) -> RedshiftSettings:
    return RedshiftSettings(
        driver=driver,
        host="127.0.0.1",
        port=cutter.port,
        database=address.database,
        user=address.user,
        ssl=ssl,
        statement_seconds=SECONDS,
    )


def drawn(chance: random.Random, passed: dict[str, int], hows: tuple[How, ...]) -> list[Cut]:
    """One to three cuts somewhere in a load that passes so many bytes."""
    found = []
    for _ in range(chance.choice([1, 1, 2, 3])):
        way = chance.choice(WAYS)
        found.append(Cut(way, chance.randrange(passed[way]), chance.choice(hows)))
    return found


@pytest.mark.long
@pytest.mark.parametrize(
    ("driver", "loads", "hows", "ssl"),
    [
        ("psycopg2", 25, ("close", "reset", "delay"), False),
        ("psycopg2", 12, ("close", "reset"), True),
        ("psycopg2", 6, HOWS, False),
        ("psycopg2", 8, ("half",), False),
        ("redshift_connector", 12, ("close", "reset", "delay"), False),
        ("redshift_connector", 4, HOWS, False),
    ],
)
def test_a_load_cut_at_any_byte(
    make_shop: Callable[..., Shop],
    connect: Connect,
    cutter: Cutter,
    address: Address,
    asking: Asking,
    hurried: None,
    monkeypatch: pytest.MonkeyPatch,
    driver: str,
    loads: int,
    hows: tuple[How, ...],
    ssl: bool,
) -> None:
    """Rules 12, 17: it ends by itself, with the right rows, or with one sentence and the rows that
    were there; the next load goes on.
    """
    monkeypatch.setenv(PASSWORD, address.password)
    settings = replace(load_settings("local"), redshift=settled(address, cutter, driver, ssl))
    shop = make_shop()
    shop.fill()
    shop.load(connect)

    def load() -> None:
        with open_warehouse(settings) as through:
            shop.load(through)

    shop.change(0)
    cutter.begin()
    load()
    passed = dict(cutter.passed)
    hit, ended_well = 0, 0
    for seed in range(1, loads + 1):
        entry = shop.change(seed).number
        cuts = drawn(random.Random(f"{driver} {hows} {ssl} {seed}"), passed, hows)
        cutter.begin(*cuts)
        begun = time.monotonic()
        try:
            load()
            ended_well += 1
            assert asking.ledger(shop)[-1] == entry, (seed, cuts)
        except StarliftError as error:
            assert "connection" in error.sentence() or "reached" in error.sentence(), (seed, error)
            assert asking.ledger(shop)[-1] in (entry - 1, entry), (seed, cuts)
        assert time.monotonic() - begun < 60, (seed, cuts)
        hit += bool(cutter.done)
        asking.holds(shop, asking.ledger(shop)[-1])
        cutter.begin()
        load()
        asking.holds(shop, entry)
        assert asking.ledger(shop) == list(range(1, entry + 1)), (seed, cuts)
        asking.is_clean(shop)
    # Where the first connection breaks the load ends soon; all others go on by themselves.
    assert hit >= loads // 2 and ended_well >= 0.7 * loads


@pytest.mark.parametrize("driver", SESSIONS)
def test_a_session_that_nobody_told_of_its_end_is_ended(
    shop: Shop, connect: Connect, cutter: Cutter, address: Address, asking: Asking, driver: str
) -> None:
    """The server still holds the ledger's lock for a connection that is gone on our side."""
    shop.fill()
    shop.load(connect)
    at = replace(address, port=cutter.port, statement_seconds=10)

    def through() -> Connection:
        connection = SESSIONS[driver](at)
        send = connection.execute

        def watched(sql: str, token: str | None = None) -> None:
            if sql.startswith("DELETE") and not (cutter.cuts or cutter.done):
                cutter.begin(Cut("to server", 1, "half"))
            send(sql, token)

        connection.execute = watched  # type: ignore[method-assign]
        return connection

    shop.change(2)
    begun = time.monotonic()
    assert shop.load(through).applied == [2]
    assert cutter.done and time.monotonic() - begun < 8
    asking.holds(shop, 2)
    asking.is_clean(shop)


@pytest.mark.parametrize("driver", SESSIONS)
def test_an_answer_that_never_comes_is_not_waited_for(
    cutter: Cutter, address: Address, monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    """The server has answered, and the connection stands: no driver would ever find out."""
    monkeypatch.setattr(redshift_session, "GRACE_SECONDS", 0.2)
    at = replace(address, port=cutter.port, statement_seconds=0.5)
    connection = SESSIONS[driver](at)
    assert connection.query("SELECT 1") == [(1,)]
    cutter.begin(Cut("to client", 3, "silence"))
    begun = time.monotonic()
    with pytest.raises(StatementFailed, match=r"no answer came within 0.5 seconds") as caught:
        connection.query("SELECT 2")
    assert caught.value.lost and time.monotonic() - begun < 5
    connection.close()


@pytest.mark.parametrize("driver", SESSIONS)
def test_a_statement_that_takes_too_long_is_stopped_by_the_server(
    address: Address, driver: str
) -> None:
    """It is not tried again: it would take as long again."""
    connection = SESSIONS[driver](replace(address, statement_seconds=0.2))
    with pytest.raises(StatementFailed, match="statement timeout") as caught:
        connection.query("SELECT COUNT(*) FROM pg_class a, pg_class b, pg_class c, pg_class d")
    assert not caught.value.lost and not caught.value.conflict
    assert connection.query("SELECT 1") == [(1,)]
    connection.close()

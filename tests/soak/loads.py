"""Loads under faults: one fault drawn by chance, injected into one load, and judged.

The lake, the driver, what breaks and where all follow from the case's generator. After the fault
a load without one follows, and then rows, sums, ledger, staging tables and open transactions must
be as if nothing had happened.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from src.errors import StarliftError
from src.io.redshift import Connect
from src.io.redshift_data import DataApi, Target
from src.io.redshift_retry import Patience
from src.io.redshift_session import Address, by_psycopg2, by_redshift_connector
from src.standin.server import Endpoint, Standin
from tests.loader import fake_data_api
from tests.loader.asking import Asking, quoted
from tests.loader.cuts import WAYS, Cut, cutter_to
from tests.loader.proxy import MOMENTS, Fault, Proxy, proxy_to
from tests.loader.shop import Shop

PLACES = (
    "information_schema.columns",
    "^CREATE TABLE .*stage_",
    "^COPY .*_1r_",
    "^COPY .*_2k_",
    "^COPY .*_3r_",
    "^BEGIN",
    "^LOCK",
    "^INSERT INTO .*load_ledger_tables",
    "^DELETE",
    '^INSERT INTO "[^"]*"."fact_sale"',
    '^INSERT INTO "[^"]*"."basket_item"',
    "^SELECT SUM",
    '^INSERT INTO .*load_ledger" ',
    "^COMMIT",
    "^DROP TABLE .*stage_",
    'ORDER BY "entry" DESC',
    "loaded_by.* WHERE",
)
KINDS = {
    "connection": 40,
    "bytes": 20,
    "connection for good": 15,
    "loader killed": 12,
    "two loaders": 10,
    "file": 8,
    "right": 6,
    "lost answers of the Data API": 6,
    "server killed": 4,
}
_NUMBERS = itertools.count(1)
PATIENT = Patience(attempts=8, first=0.02, longest=1.0)
HASTY = Patience(attempts=3, first=0.01, longest=0.02)
OUTLASTING = Patience(attempts=14, first=0.2, longest=4.0)


@dataclass
class Ground:
    """Where faults happen: a stand-in behind a proxy whose port stays, and its bucket."""

    home: Path
    bucket: Path
    proxy: Proxy
    standin: Standin
    endpoint: Endpoint

    def restart(self) -> None:
        """SIGKILL the endpoint and PostgreSQL, and start both again."""
        postmaster = int((self.home / "pgdata/postmaster.pid").read_text().splitlines()[0])
        for pid in (self.endpoint.pid, postmaster):
            os.kill(pid, signal.SIGKILL)
        self.standin.stop()
        self.standin = Standin(self.home, buckets={"lake": self.bucket})
        self.endpoint = self.standin.start()
        self.proxy.upstream = (self.endpoint.host, self.endpoint.port)

    @property
    def address(self) -> Address:
        """The server itself; the loader comes through the proxy."""
        at = self.endpoint
        return Address(at.host, at.port, at.database, at.user, at.password, ssl=False)


@dataclass
class Drawn:
    """A fault, and the lake that it meets: ``entries`` wait when it comes."""

    kind: str
    driver: str
    place: str
    moment: Any
    nth: int
    entries: int
    lake: int

    def __str__(self) -> str:
        if self.kind == "bytes":
            return f"cuts at bytes drawn by {self.lake}, by {self.driver}"
        where = "" if self.kind.startswith(("two", "right", "lost")) else f" at {self.place}"
        return f"{self.kind}{where}, {self.moment}, by {self.driver}"


def draw(chance: random.Random) -> Drawn:
    """The next fault of a generator."""
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    driver = chance.choice(["psycopg2", "redshift_connector"])
    return Drawn(
        kind=kind,
        driver="data_api" if kind.startswith("lost") else driver,
        place=chance.choice(PLACES),
        moment=chance.choice(MOMENTS),
        nth=chance.choice([1, 1, 2]),
        entries=chance.choice([1, 1, 2]),
        lake=chance.randrange(10**6),
    )


def load_case(rng: random.Random, place: Path) -> str:
    """One fault on a ground of its own; what it was, and how the load under it ended.

    Raises AssertionError where anything was lost, doubled or left behind.
    """
    with open_ground(place) as ground:
        return run_fault(ground, draw(rng))


@contextmanager
def open_ground(folder: Path) -> Iterator[Ground]:
    """A stand-in for faults, in a folder of its own."""
    bucket = folder / "bucket"
    bucket.mkdir(parents=True)
    standin = Standin(folder / "standin", buckets={"lake": bucket})
    endpoint = standin.start()
    ground: Ground | None = None
    try:
        with proxy_to(endpoint.host, endpoint.port) as proxy:
            ground = Ground(folder / "standin", bucket, proxy, standin, endpoint)
            yield ground
    finally:
        (ground.standin if ground else standin).stop()


def run_fault(ground: Ground, drawn: Drawn) -> str:
    """Inject one fault, load again without one, and judge."""
    name = f"soak{next(_NUMBERS)}"
    shop = Shop(ground.bucket / name, name, f"s3://lake/{name}")
    direct: Connect = lambda: by_psycopg2(ground.address)  # noqa: E731
    ground.proxy.faults.clear()
    ground.proxy.down = False
    shop.fill(drawn.lake)
    shop.load(direct)
    for number in range(drawn.entries):
        shop.change(drawn.lake + 1 + number)
    ended = _INJECT[drawn.kind](ground, drawn, shop)
    ground.proxy.faults.clear()
    ground.proxy.down = False
    said = f"{drawn}; the load under it: {ended}"
    try:
        _judge(ground, shop, direct)
    except (AssertionError, StarliftError) as error:
        raise AssertionError(f"{type(error).__name__}: {error}; after {said}") from error
    with Asking(ground.address) as asking:
        asking.drop(shop)
    return said


def _judge(ground: Ground, shop: Shop, direct: Connect) -> None:
    """The state is that of an entry before the next load, and that of the last one after it."""
    entries = len(shop.entries)
    with Asking(ground.address) as asking:
        asking.holds(shop, max(asking.ledger(shop), default=0))
        shop.load(direct)
        asking.holds(shop, entries)
        assert asking.ledger(shop) == list(range(1, entries + 1)), "ledger"
        asking.is_clean(shop)
        rows = shop.at[entries]["fact_sale"]
        there = asking.rows(f"SELECT COUNT(*), SUM(amount) FROM {quoted(shop.name, 'fact_sale')}")
        assert there == [(len(rows), sum((row[4] for row in rows), Decimal(0)))], "sums"


def _connect(ground: Ground, drawn: Drawn, port: int | None = None) -> Connect:
    at = replace(ground.address, port=port or ground.proxy.port)
    return lambda: (
        by_redshift_connector(at) if drawn.driver == "redshift_connector" else by_psycopg2(at)
    )


def _ended(work: Callable[[], Any]) -> str:
    """How a load ended: what it applied, or its sentence. Other errors are defects, and pass."""
    try:
        return f"applied {work().applied}"
    except StarliftError as error:
        return error.sentence()


def _connection(ground: Ground, drawn: Drawn, shop: Shop) -> str:
    ground.proxy.faults.append(Fault(drawn.place, drawn.moment, drawn.nth))
    return _ended(lambda: shop.load(_connect(ground, drawn), patience=PATIENT))


def _for_good(ground: Ground, drawn: Drawn, shop: Shop) -> str:
    ground.proxy.faults.append(Fault(drawn.place, drawn.moment, drawn.nth, for_good=True))
    return _ended(lambda: shop.load(_connect(ground, drawn), patience=HASTY))


def _bytes(ground: Ground, drawn: Drawn, shop: Shop) -> str:
    """Up to five cuts, each at any byte of either way, by a proxy that reads nothing."""
    chance = random.Random(drawn.lake)
    with cutter_to(ground.endpoint.host, ground.endpoint.port) as cutter:
        # What a load of one entry by psycopg2 sends and is sent.
        size = {"to server": 18_000 * drawn.entries, "to client": 6_500 * drawn.entries}
        ways = [chance.choice(WAYS) for _ in range(chance.randint(1, 5))]
        hows = ("close", "reset", "delay")
        cutter.begin(*[Cut(way, chance.randrange(size[way]), chance.choice(hows)) for way in ways])
        return _ended(lambda: shop.load(_connect(ground, drawn, cutter.port), patience=PATIENT))


def _loader_killed(ground: Ground, drawn: Drawn, shop: Shop) -> str:
    """SIGKILL the loading process at a statement."""
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_load_and_leave, args=(shop, _connect(ground, drawn)))

    def kill() -> None:
        child.kill()

    ground.proxy.faults.append(Fault(drawn.place, "during", drawn.nth, action=kill))
    child.start()
    child.join(60)
    if child.is_alive():
        child.kill()
        child.join()
        return "hung, and was killed"
    return "killed" if child.exitcode == -signal.SIGKILL else f"ended with {child.exitcode}"


def _load_and_leave(shop: Shop, connect: Connect) -> None:
    try:
        shop.load(connect)
    finally:
        # Without the clean-up of a forked interpreter, which belongs to its parent.
        os._exit(0)


def _two_loaders(ground: Ground, drawn: Drawn, shop: Shop) -> str:
    """Two loads at once, one of them through a fault."""
    ground.proxy.faults.append(Fault(drawn.place, drawn.moment, drawn.nth))
    ended: list[str] = []

    def work(connect: Connect) -> None:
        ended.append(_ended(lambda: shop.load(connect, patience=PATIENT)))

    direct: Connect = lambda: by_psycopg2(ground.address)  # noqa: E731
    threads = [
        threading.Thread(target=work, args=(one,)) for one in (direct, _connect(ground, drawn))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return " and ".join(sorted(ended))


def _file(ground: Ground, drawn: Drawn, shop: Shop) -> str:
    """A file of the entry vanishes, grows or shrinks when a COPY is about to be sent."""
    change = shop.entries[-1].built.changes[0]  # type: ignore[union-attr]
    path = Path(shop.store.root, (change.rows or change.keys)[0].path)
    content = path.read_bytes()
    how = drawn.lake % 3

    def spoil() -> None:
        if how == 0:
            path.unlink()
        else:
            path.write_bytes(content[:-1] if how == 1 else content + b"x")

    ground.proxy.faults.append(Fault("^COPY .*_1[rk]_", action=spoil))
    ended = _ended(lambda: shop.load(_connect(ground, drawn), patience=PATIENT))
    path.write_bytes(content)
    return ended


def _right(ground: Ground, drawn: Drawn, shop: Shop) -> str:
    right = ("INSERT", "DELETE", "SELECT")[drawn.lake % 3]
    target = quoted(shop.name, "fact_sale")
    with Asking(ground.address) as asking:
        asking.run(f"REVOKE {right} ON {target} FROM CURRENT_USER")
        ended = _ended(lambda: shop.load(_connect(ground, drawn), patience=PATIENT))
        asking.run(f"GRANT {right} ON {target} TO CURRENT_USER")
    return ended


def _lost_answers(ground: Ground, drawn: Drawn, shop: Shop) -> str:
    with fake_data_api.serve(ground.address) as (fake, client):
        chance = random.Random(drawn.lake)
        calls = ("ExecuteStatement", "BatchExecuteStatement", "DescribeStatement")
        fake.lose = {call: chance.randrange(4) for call in calls}
        api = DataApi(client, Target("dev", workgroup="soak"), lambda _: time.sleep(0.003))
        return _ended(lambda: shop.load(lambda: api, patience=PATIENT))


def _server_killed(ground: Ground, drawn: Drawn, shop: Shop) -> str:
    restarts: list[threading.Thread] = []

    def kill() -> None:
        restarts.append(threading.Thread(target=ground.restart))
        restarts[0].start()

    ground.proxy.faults.append(Fault(drawn.place, "during", drawn.nth, action=kill))
    ended = _ended(lambda: shop.load(_connect(ground, drawn), patience=OUTLASTING))
    for one in restarts:
        one.join(60)
    return ended


_INJECT: dict[str, Callable[[Ground, Drawn, Shop], str]] = {
    "connection": _connection,
    "bytes": _bytes,
    "connection for good": _for_good,
    "loader killed": _loader_killed,
    "two loaders": _two_loaders,
    "file": _file,
    "right": _right,
    "lost answers of the Data API": _lost_answers,
    "server killed": _server_killed,
}

"""Two loaders at once, of one run and of two; and conflicts that are taken again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from src.errors import LoadFailed
from src.io import redshift_sql as sql
from src.io.redshift import Connect, StatementFailed
from src.io.redshift_retry import Patience
from src.pipeline.load import LoadResult
from src.runs import Run
from tests.loader.asking import Asking
from tests.loader.proxy import Fault, Proxy
from tests.loader.shop import Shop, a_run


def at_once(*work: Callable[[], LoadResult]) -> list[LoadResult | Exception]:
    """What each ends with, all started together."""
    found: list[LoadResult | Exception] = [LoadResult() for _ in work]
    start = threading.Barrier(len(work))

    def one(number: int) -> None:
        start.wait()
        try:
            found[number] = work[number]()
        except Exception as error:
            found[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    return found


def applied(found: list[LoadResult | Exception]) -> list[int]:
    for one in found:
        if isinstance(one, Exception):
            raise one
    return sorted(number for one in found for number in one.applied)  # type: ignore[union-attr]


@pytest.mark.parametrize("runs", [("aaaaaa", "aaaaaa"), ("aaaaaa", "bbbbbb")])
@pytest.mark.parametrize("seed", range(3))
def test_each_entry_is_applied_once(
    shop: Shop, connect: Connect, asking: Asking, runs: tuple[str, str], seed: int
) -> None:
    """Rule 12: two loaders of one run and of two runs, from an empty warehouse on."""
    shop.fill(seed)
    shop.change(seed + 10)
    shop.change(seed + 20)
    found = at_once(*[lambda run=run: shop.load(connect, a_run(1, run)) for run in runs])
    assert applied(found) == [1, 2, 3]
    asking.holds(shop, 3)
    assert asking.ledger(shop) == [1, 2, 3]
    asking.is_clean(shop)


def test_loaders_of_all_drivers_at_once(
    shop: Shop, connect: Connect, through_proxy: Callable[[str], Connect], asking: Asking
) -> None:
    shop.fill()
    for seed in (2, 3):
        shop.change(seed)
    ways = [connect, through_proxy("redshift_connector"), through_proxy("psycopg2")]
    assert applied(at_once(*[lambda way=way: shop.load(way) for way in ways])) == [1, 2, 3]
    asking.holds(shop, 3)
    asking.is_clean(shop)


def test_what_others_make_at_the_same_moment_is_taken_as_made(
    shop: Shop, connect: Connect, asking: Asking
) -> None:
    """IF NOT EXISTS does not help two that create at once: one fails, here at each table."""
    shop.fill()
    failed: list[str] = []

    class Late(_Broken):
        def together(self, statements: list[str], token: str | None = None) -> None:
            self._late(statements[1:])
            self._inner.together(statements, token)  # type: ignore[attr-defined]

        def execute(self, sql_text: str, token: str | None = None) -> None:
            self._late([sql_text])
            self._inner.execute(sql_text, token)  # type: ignore[attr-defined]

        def _late(self, statements: list[str]) -> None:
            made = [text for text in statements if text.startswith("CREATE TABLE IF NOT EXISTS")]
            if made and not set(made) & set(failed):
                failed.extend(made)
                for text in statements:
                    asking.run(text)
                raise StatementFailed("duplicate key value", state="23505")

    assert shop.load(lambda: Late(connect())).applied == [1]  # type: ignore[abstract,arg-type]
    assert len(failed) == 2 + len(shop.tables)
    asking.holds(shop, 1)


def test_a_publish_that_did_nothing_is_not_called_done(
    shop: Shop, connect: Connect, asking: Asking
) -> None:
    """The ledger is read after each publish, whatever the driver said."""
    shop.fill()

    class Idle(_Broken):
        def together(self, statements: list[str], token: str | None = None) -> None:
            if not any("load_ledger_tables" in text for text in statements[1:2]):
                self._inner.together(statements, token)  # type: ignore[attr-defined]

        def execute(self, sql_text: str, token: str | None = None) -> None:
            self._inner.execute(sql_text, token)  # type: ignore[attr-defined]

    with pytest.raises(LoadFailed, match="Entry 1 was published, and the ledger does not hold it"):
        shop.load(lambda: Idle(connect()))  # type: ignore[abstract,arg-type]
    assert asking.ledger(shop) == []


def test_one_loader_knows_a_later_entry(shop: Shop, connect: Connect, asking: Asking) -> None:
    """Two runs at once: one has seen entry 3, the other only entry 2; none is skipped."""
    shop.fill()
    shop.change(2)
    early = list(shop.entries)
    shop.change(3)
    from src.pipeline.load import load

    found = at_once(
        lambda: load(shop.loader(connect), early), lambda: load(shop.loader(connect), shop.entries)
    )
    assert [one for one in found if isinstance(one, LoadFailed)] in ([], [found[0]])
    asking.holds(shop, 3)
    assert asking.ledger(shop) == [1, 2, 3]
    asking.is_clean(shop)


def test_a_loader_that_was_overtaken_loses_nothing(
    shop: Shop,
    connect: Connect,
    through_proxy: Callable[[str], Connect],
    proxy: Proxy,
    asking: Asking,
) -> None:
    """Rule 12: the faster one applies the entry and drops all its staging tables; the slower
    finds them gone at its next statement, and the ledger says why.
    """
    for place in ("^COPY .*_1r_", "^COPY .*_3k_", "^BEGIN", "^LOCK"):
        shop.fill() if not shop.entries else shop.change(len(shop.entries) + 40)
        number = len(shop.entries)
        # An earlier BEGIN is that of the schema's changes, of which there are none later on.
        applied_here: list[list[int]] = []

        def overtake(found: list[list[int]] = applied_here) -> None:
            found.append(shop.load(connect).applied)

        fault = Fault(place, action=overtake)
        if number == 1:
            shop.load(connect)
            number = shop.change(2).number
        proxy.faults[:] = [fault]
        slow = shop.load(through_proxy("psycopg2"))
        assert fault.done
        assert (applied_here, slow.applied) == ([[number]], [])
        asking.holds(shop, number)
        asking.is_clean(shop)


def test_a_live_loaders_tables_are_not_dropped(
    shop: Shop,
    connect: Connect,
    through_proxy: Callable[[str], Connect],
    proxy: Proxy,
    asking: Asking,
) -> None:
    """Rule 12: a second loader that fails leaves the first one's staging tables alone."""
    shop.fill()
    seen: list[list[str]] = []

    def fail() -> None:
        before = asking.staging(shop)
        with pytest.raises(LoadFailed):
            shop.load(lambda: _Broken(connect()))  # type: ignore[abstract,arg-type]
        seen.append(before)
        assert set(before) <= set(asking.staging(shop))

    proxy.faults.append(Fault("^COPY .*_2r_", action=fail))
    assert shop.load(through_proxy("psycopg2")).applied == [1]
    assert seen and seen[0]
    asking.holds(shop, 1)
    asking.is_clean(shop)


class _Broken:
    """A connection on which no COPY works."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def execute(self, sql_text: str, token: str | None = None) -> None:
        if sql_text.startswith("COPY"):
            raise StatementFailed("no COPY today", state="XX000")
        self._inner.execute(sql_text, token)  # type: ignore[attr-defined]


def test_what_dead_loads_left_is_dropped_by_the_next(
    shop: Shop, connect: Connect, asking: Asking
) -> None:
    """Rule 12: of applied entries at once; of waiting ones when no loader can be alive."""
    shop.fill()
    shop.load(connect)
    back = f"{shop.name}_back"
    now = datetime.now(UTC)
    load = lambda age: (now - age).strftime("%Y%m%dT%H%M%S000Z-abcdef-123456")  # noqa: E731
    minute, days = timedelta(minutes=1), timedelta(days=2)
    dead = [
        sql.staging_name(1, load(minute), 1, 1, "r", "fact_sale"),
        sql.staging_name(7, load(days), 1, 1, "r", "fact_sale"),
    ]
    # A statement of the Data API lives for a day at most.
    alive = [
        sql.staging_name(7, load(age), 1, 1, "r", "fact_sale")
        for age in (minute, timedelta(hours=24))
    ]
    for name in (*dead, *alive, "stage_of_a_person"):
        asking.run(f'CREATE TABLE {back}."{name}" (x int)')
    shop.load(connect)
    assert sorted(asking.staging(shop)) == sorted([*alive, "stage_of_a_person"])


def test_serializable_conflicts_are_taken_again(
    shop: Shop,
    connect: Connect,
    through_proxy: Callable[[str], Connect],
    proxy: Proxy,
    asking: Asking,
) -> None:
    """Rules 16, 17: under SERIALIZABLE another writer makes the publish fail with 1023."""
    shop.fill()
    shop.load(connect)
    shop.change(2)
    target = f"{shop.name}.fact_sale"
    proxy.faults.append(
        # Both read and write what the other writes: one of them has to go.
        Fault('^INSERT INTO "[^"]*"."fact_sale"', action=lambda: asking.run(_crossing(target)))
    )
    serializable = through_proxy("psycopg2")

    def connect_serializable() -> object:
        connection = serializable()
        connection.execute("SET default_transaction_isolation TO 'serializable'")
        return connection

    messages: list[str] = []
    run = Run(a_run().id, a_run().started, lambda step, rows: messages.append(step))
    assert shop.load(connect_serializable, run).applied == [2]  # type: ignore[arg-type]
    assert any("1023" in step for step in messages), messages
    assert asking.ledger(shop) == [1, 2]
    asking.is_clean(shop)


def _crossing(target: str) -> str:
    return (
        "BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; "
        f"SELECT SUM(pieces) FROM {target}; "
        f"UPDATE {target} SET pieces = pieces WHERE sale_key = "
        f"(SELECT MIN(sale_key) FROM {target}); COMMIT"
    )


@pytest.mark.parametrize(
    "said",
    [
        "1023 Serializable isolation violation on table - 100, transactions forming the cycle",
        "1018 DETAIL: Relation does not exist.",
        "could not complete because of conflict with concurrent transaction",
        "could not open relation with OID 4711",
        "ERROR: 1023",
    ],
)
def test_the_errors_of_rule_17_are_conflicts(said: str) -> None:
    """Rule 17: by their text, as drivers give Redshift's SQLSTATE in different ways or not."""
    assert StatementFailed(said, state="XX000").conflict


def test_a_deadlock_is_a_conflict() -> None:
    """Rule 17: PostgreSQL's, and so the stand-in's."""
    assert StatementFailed("deadlock detected", state="40P01").conflict


@pytest.mark.parametrize("said", ["column x1023 does not exist", "value 1018 is too long"])
def test_other_errors_are_not(said: str) -> None:
    assert not StatementFailed(said, state="XX000").conflict


def test_delays_are_bounded_and_drawn() -> None:
    """Rule 17: bounded, jittered back-off."""
    patience = Patience(attempts=20, first=0.1, longest=2.0)
    for attempt in range(1, 20):
        drawn = {patience.delay(attempt) for _ in range(20)}
        whole = min(0.1 * 2 ** (attempt - 1), 2.0)
        assert len(drawn) > 1
        assert all(whole / 2 <= delay <= whole for delay in drawn)

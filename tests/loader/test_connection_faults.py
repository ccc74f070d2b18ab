"""The connection breaks at every statement of a load, in each of four ways, under two drivers.

Whatever breaks, the load ends with the right rows by itself; and where the warehouse stays away,
with one sentence, after which the next load goes on.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from src.errors import LoadFailed
from src.io.redshift import Connect
from src.io.redshift_retry import Patience
from tests.loader.asking import Asking
from tests.loader.proxy import MOMENTS, Fault, Moment, Proxy
from tests.loader.shop import Shop

# Where a load can break, by the statement that it breaks at.
PLACES = {
    "look at the schema": "information_schema.columns",
    "create staging": "^CREATE TABLE .*stage_",
    "COPY of rows": "^COPY .*_1r_",
    "COPY of keys": "^COPY .*_2k_",
    "BEGIN": "^BEGIN",
    "lock": "^LOCK",
    "proofs": "^INSERT INTO .*load_ledger_tables",
    "DELETE": "^DELETE",
    "INSERT": '^INSERT INTO "[^"]*"."fact_sale"',
    "proof of the end": "^SELECT SUM",
    "ledger row": '^INSERT INTO .*load_ledger" ',
    "COMMIT": "^COMMIT",
    "drop of staging": "^DROP TABLE .*stage_",
    "who applied it": "loaded_by.* WHERE",
    "accounting": "rows_before.*load_ledger_tables.* WHERE .entry. = 2",
}


def prepared(shop: Shop, connect: Connect) -> None:
    """A warehouse that holds entry 1, and entry 2 waiting."""
    shop.fill()
    shop.load(connect)
    shop.change(2)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("place", PLACES)
def test_a_broken_connection_costs_nothing(
    shop: Shop,
    connect: Connect,
    through_proxy: Callable[[str], Connect],
    proxy: Proxy,
    asking: Asking,
    place: str,
    moment: Moment,
) -> None:
    """Rules 12, 17: also at COMMIT, where the ledger says what became of it."""
    prepared(shop, connect)
    proxy.faults.append(fault := Fault(PLACES[place], moment))
    result = shop.load(through_proxy("psycopg2"))
    assert fault.done
    assert result.applied == [2]
    asking.holds(shop, 2)
    assert asking.ledger(shop) == [1, 2]
    assert [one.after for one in result.tables] == [
        len(shop.at[2][one.table]) for one in result.tables
    ]
    asking.is_clean(shop)


@pytest.mark.parametrize("place", ["COPY of rows", "INSERT", "COMMIT", "ledger row"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_redshift_connector_survives_the_same(
    shop: Shop,
    connect: Connect,
    through_proxy: Callable[[str], Connect],
    proxy: Proxy,
    asking: Asking,
    place: str,
    moment: Moment,
) -> None:
    prepared(shop, connect)
    proxy.faults.append(fault := Fault(PLACES[place], moment))
    assert shop.load(through_proxy("redshift_connector")).applied == [2]
    assert fault.done
    asking.holds(shop, 2)
    asking.is_clean(shop)


def test_a_lost_answer_at_commit_and_again_at_the_ledger_read_after_it(
    shop: Shop,
    connect: Connect,
    through_proxy: Callable[[str], Connect],
    proxy: Proxy,
    asking: Asking,
) -> None:
    prepared(shop, connect)
    committed = Fault("^COMMIT", "unanswered")
    read = Fault('ORDER BY "entry" DESC', "before")
    proxy.faults.append(committed)
    read.hits = -2  # the two reads before the publish
    proxy.faults.append(read)
    assert shop.load(through_proxy("psycopg2")).applied == [2]
    assert committed.done
    # The publish was not sent a second time: the ledger held the entry.
    assert sum(text.startswith("DELETE") for text in proxy.statements) == 3
    asking.holds(shop, 2)
    asking.is_clean(shop)


@pytest.mark.parametrize("place", ["COPY of rows", "DELETE", "COMMIT"])
@pytest.mark.parametrize("moment", ["before", "during", "unanswered"])
def test_a_warehouse_that_stays_away_is_one_sentence_and_the_next_load_goes_on(
    shop: Shop,
    connect: Connect,
    through_proxy: Callable[[str], Connect],
    proxy: Proxy,
    asking: Asking,
    place: str,
    moment: Moment,
) -> None:
    prepared(shop, connect)

    proxy.faults.append(Fault(PLACES[place], moment, for_good=True))
    with pytest.raises(LoadFailed) as caught:
        shop.load(
            through_proxy("psycopg2"), patience=Patience(attempts=3, first=0.01, longest=0.02)
        )
    said = str(caught.value)
    assert "the connection broke" in said and "'starlift load' continues there" in said
    for table in shop.tables:
        now = asking.table(shop, table.name)
        assert now in (shop.at[1][table.name], shop.at[2][table.name])
    shop.load(connect)
    asking.holds(shop, 2)
    assert asking.ledger(shop) == [1, 2]
    asking.is_clean(shop)


def test_the_first_load_of_all_survives_a_break_at_each_statement_of_its_ddl(
    make_shop: Callable[..., Shop],
    through_proxy: Callable[[str], Connect],
    proxy: Proxy,
    asking: Asking,
) -> None:
    """Rule 12: preparing is repeatable."""
    for pattern in ("^CREATE SCHEMA", "^CREATE TABLE .*load_ledger", "^COMMENT", "^COMMIT"):
        for moment in MOMENTS:
            shop = make_shop()
            shop.fill()
            proxy.faults[:] = [Fault(pattern, moment)]
            assert shop.load(through_proxy("psycopg2")).applied == [1]
            asking.holds(shop, 1)
            asking.is_clean(shop)

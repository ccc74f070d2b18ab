"""What a load refuses to publish: each proof, nothing changed, and the sentence that says why."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from src.errors import CheckRefused, LoadFailed
from src.io.entry import ChangeSet
from src.io.redshift import Connect
from src.io.redshift_publish import StagedChange
from tests.loader.asking import Asking
from tests.loader.shop import FACT_SALE, Shop, sale_row

NOON = datetime(2025, 1, 1, 12)


def sale(key: int, version: int = 10, amount: str = "1.00") -> tuple[Any, ...]:
    return (key, key, version, NOON, Decimal(amount), 1)


@pytest.fixture
def loaded(shop: Shop, connect: Connect) -> Shop:
    shop.fill()
    shop.load(connect)
    return shop


def refused(shop: Shop, connect: Connect, asking: Asking) -> str:
    """The sentence with which entry 2 is refused; nothing is published, nothing is left."""
    with pytest.raises(CheckRefused) as caught:
        shop.load(connect)
    asking.holds(shop, 1)
    assert asking.ledger(shop) == [1]
    asking.is_clean(shop)
    return str(caught.value)


def test_a_doubled_primary_key(loaded: Shop, any_connect: Connect, asking: Asking) -> None:
    """Rules 20, 21: staging is unique, or nothing is published; under every driver."""
    loaded.commit({"fact_sale": {5: [sale(5), sale(5, amount="2.00")]}})
    said = refused(loaded, any_connect, asking)
    assert "fact_sale: 1 primary keys stand more than once" in said
    assert "Nothing was published" in said


def test_a_null_in_a_key_does_not_get_past_copy(
    loaded: Shop, connect: Connect, asking: Asking
) -> None:
    """Rule 21: key columns are NOT NULL in the staging tables too."""
    loaded.commit({"fact_sale": {5: [(None, *sale(5)[1:])]}})
    with pytest.raises(LoadFailed, match="COPY of fact_sale was refused"):
        loaded.load(connect)
    asking.holds(loaded, 1)
    asking.is_clean(loaded)


def test_a_null_in_a_key_is_seen_by_the_proof_too(
    loaded: Shop, connect: Connect, asking: Asking
) -> None:
    """Rule 21: in a staging table that somebody else has made, without NOT NULL."""
    back = f"{loaded.name}_back"
    asking.run(
        f"CREATE TABLE {back}.made_by_hand AS SELECT CAST(NULL AS BIGINT) AS sale_key, "
        "5 AS sale_id, 10 AS item_version_key, GETDATE() AS sold_at, 1.00 AS amount, 1 AS pieces"
    )
    sums = {"amount": "1.00", "pieces": "1"}
    change = StagedChange(FACT_SALE, FACT_SALE.columns, "made_by_hand", None, 1, 1, sums)
    publication = loaded.loader(connect).publication(loaded.entries[0], 1, [change], "by hand")
    [(table, problem)] = connect().query(publication.problems())
    assert table == "fact_sale" and "1 rows have a null key" in problem


def test_rows_whose_key_is_not_replaced(loaded: Shop, connect: Connect, asking: Asking) -> None:
    """Rule 21: such a row would be inserted beside the one that it does not replace."""

    def other_keys(change: ChangeSet) -> ChangeSet:
        keys = loaded._files("other", loaded.tables[1], "keys", [(7, 7)], ["sale_key", "sale_id"])
        return replace(change, keys=keys)

    loaded.commit({"fact_sale": {5: [sale(5)]}}, twist=other_keys)
    assert "1 rows have a key that is not among those replaced" in refused(loaded, connect, asking)


def test_another_natural_key_under_a_surrogate_key(
    loaded: Shop, connect: Connect, asking: Asking
) -> None:
    """Rule 20: two natural keys under one hash are refused, not overwritten."""
    loaded.commit({"fact_sale": {5: [(5, 4711, *sale(5)[2:])]}})
    said = refused(loaded, connect, asking)
    assert "1 keys stand for another natural key in the table" in said


def test_a_row_that_moved_to_a_key_that_does_not_delete_it(
    loaded: Shop, connect: Connect, asking: Asking
) -> None:
    """Rule 20: the same row under another key to replace by would stand twice, under one key."""
    [first, *_] = loaded.now["dim_item"][1]
    moved = (first[0], 2, *first[2:])
    loaded.commit({"dim_item": {2: [moved]}})
    said = refused(loaded, connect, asking)
    assert "1 keys stand for another natural key in the table" in said


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"row_count": 2}, "1 rows in the staging table, 2 in the log"),
        ({"total": 61}, "60 rows would be there, 61 in the log"),
        ({"sums": {"amount": "1.01", "pieces": "1"}}, "1.00 is the sum of amount, 1.01 in the log"),
        ({"sums": {"amount": "1.00", "pieces": "7"}}, "1 is the sum of pieces, 7 in the log"),
    ],
)
def test_counts_and_sums_are_those_of_the_log(
    loaded: Shop, connect: Connect, asking: Asking, wrong: dict[str, Any], sentence: str
) -> None:
    loaded.commit({"fact_sale": {5: [sale(5)]}}, twist=lambda change: replace(change, **wrong))
    assert sentence in refused(loaded, connect, asking)


def test_a_sale_of_an_item_that_is_not_there(
    loaded: Shop, any_connect: Connect, asking: Asking
) -> None:
    """Rule 20: a declared foreign key is proved after all tables are replaced."""
    loaded.commit({"fact_sale": {5: [sale(5, version=777)]}})
    said = refused(loaded, any_connect, asking)
    assert "fact_sale: 1 rows name a item_version_key that dim_item lacks" in said


def test_an_item_and_its_sale_come_together(loaded: Shop, connect: Connect, asking: Asking) -> None:
    """The proof of references looks at the state that would be published."""
    item = [(9990, 999, 999, 0, "New", None, None, True)]
    loaded.commit({"dim_item": {999: item}, "fact_sale": {5: [sale(5, version=9990)]}})
    assert loaded.load(connect).applied == [2]
    asking.holds(loaded, 2)


def test_all_that_is_wrong_is_said_at_once(loaded: Shop, connect: Connect, asking: Asking) -> None:
    loaded.commit(
        {"fact_sale": {5: [sale(5), sale(5)]}, "basket_item": {1: [(1, 1, 1), (1, 1, 1)]}},
        twist=lambda change: replace(change, total=1),
    )
    said = refused(loaded, connect, asking)
    for part in ("fact_sale: ", "basket_item: ", "stand more than once", "would be there, 1 in"):
        assert part in said


def test_rows_that_somebody_else_added_are_noticed(
    loaded: Shop, connect: Connect, asking: Asking
) -> None:
    """The total of the log is the table's, so that foreign rows do not stay unseen."""
    asking.run(f"INSERT INTO {loaded.name}.fact_sale VALUES (5000, 5000, 10, NULL, 1.00, 1)")
    loaded.commit({"fact_sale": {5: [sale_row(5, random.Random(1), [10])]}})
    with pytest.raises(CheckRefused, match="61 rows would be there, 60 in the log"):
        loaded.load(connect)
    assert asking.ledger(loaded) == [1]


def test_a_loader_that_does_not_see_all_rows_is_refused(
    loaded: Shop, connect: Connect, asking: Asking, as_admin: Callable[[str], None]
) -> None:
    """Rule 24: row-level security that hides rows from the loader shows in the counts.

    The policy is PostgreSQL's: as on Redshift it filters SELECT and DELETE and lets INSERT pass.
    """
    target = f"{loaded.name}.fact_sale"
    as_admin(f"ALTER TABLE {target} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    as_admin(f"CREATE POLICY hidden ON {target} USING (sale_key <> 5) WITH CHECK (true)")
    loaded.commit({"fact_sale": {5: [sale(5)]}})
    with pytest.raises(CheckRefused, match="fact_sale: "):
        loaded.load(connect)
    as_admin(f"ALTER TABLE {target} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
    asking.holds(loaded, 1)
    assert loaded.load(connect).applied == [2]
    asking.holds(loaded, 2)

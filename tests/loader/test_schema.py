"""Tables, comments, grants: made from the contract, evolved without loss, kept by every load."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from src.contract.column import Column
from src.contract.table import Table
from src.contract.types import BIGINT, INTEGER, varchar
from src.errors import LoadFailed
from src.io.redshift import Connect
from src.settings import RedshiftSettings
from tests.loader.asking import Asking
from tests.loader.proxy import Fault, Proxy
from tests.loader.shop import BASKET_ITEM, DIM_ITEM, FACT_SALE, Shop


def with_column(table: Table, column: Column) -> Table:
    """The table with a column more, or with another of that name."""
    kept = [one for one in table.columns if one.name != column.name]
    at = table.names.index(column.name) if column.name in table.names else len(kept)
    return replace(table, columns=(*kept[:at], column, *kept[at:]))


@pytest.fixture
def loaded(shop: Shop, connect: Connect) -> Shop:
    shop.fill()
    shop.load(connect)
    return shop


def test_what_the_contract_declares_is_in_the_catalog(loaded: Shop, asking: Asking) -> None:
    """Rules 9, 20: lengths in bytes, keys, distribution, sort key, words."""
    columns = asking.rows(
        "SELECT column_name, data_type, character_maximum_length, is_nullable FROM "
        f"information_schema.columns WHERE table_schema = '{loaded.name}' "
        "AND table_name = 'dim_item' ORDER BY ordinal_position"
    )
    assert columns[0] == ("item_version_key", "bigint", None, "NO")
    assert columns[4] == ("title", "character varying", 40, "YES")
    [(style, sort)] = asking.rows(
        f"SELECT diststyle, sortkey1 FROM svv_table_info WHERE \"table\" = 'fact_sale' "
        f"AND \"schema\" = '{loaded.name}'"
    )
    assert (style, sort) == ("KEY(sale_key)", "sold_at")
    keys = asking.rows(
        "SELECT constraint_type FROM information_schema.table_constraints WHERE "
        f"table_schema = '{loaded.name}' AND table_name = 'fact_sale' "
        "AND constraint_type = 'PRIMARY KEY'"
    )
    assert keys == [("PRIMARY KEY",)]
    words = asking.rows(
        f"SELECT obj_description('{loaded.name}.fact_sale'::regclass), "
        f"col_description('{loaded.name}.fact_sale'::regclass, 5)"
    )
    assert words == [("one sale", "price paid")]


def test_a_new_column_a_longer_text_and_new_words(
    loaded: Shop,
    through_proxy: Callable[[str], Connect],
    proxy: Proxy,
    asking: Asking,
) -> None:
    """Rule 19: additive, outside of a transaction where Redshift asks for that, repeatable."""
    item = with_column(DIM_ITEM, Column("title", varchar(80), "its title"))
    item = with_column(item, Column("colour", varchar(20), "its colour"))
    loaded.tables = (item, FACT_SALE, BASKET_ITEM)
    rows = [(990, 99, 99, 0, "x" * 80, None, None, True, "red")]
    loaded.commit({"dim_item": {99: rows}})
    connect = through_proxy("psycopg2")
    assert loaded.load(connect).applied == [2]
    assert asking.rows(f"SELECT title, colour FROM {loaded.name}.dim_item WHERE item_key = 99") == [
        ("x" * 80, "red")
    ]
    assert asking.one(f"SELECT COUNT(*) FROM {loaded.name}.dim_item WHERE colour IS NULL") > 0
    sent = proxy.statements
    widened = next(at for at, text in enumerate(sent) if "TYPE VARCHAR(80)" in text)
    assert sent[:widened].count("BEGIN") == sent[:widened].count("COMMIT")
    assert (
        asking.one(f"SELECT col_description('{loaded.name}.dim_item'::regclass, 5)") == "its title"
    )
    # Nothing is left to be changed.
    before = len(sent)
    loaded.load(connect)
    assert not [text for text in sent[before:] if text.startswith(("ALTER", "COMMENT", "CREATE"))]


@pytest.mark.parametrize("moment", ["before", "unanswered"])
@pytest.mark.parametrize("pattern", ["TYPE VARCHAR", "ADD COLUMN", "^COMMIT"])
def test_evolution_survives_a_broken_connection(
    loaded: Shop,
    through_proxy: Callable[[str], Connect],
    proxy: Proxy,
    asking: Asking,
    pattern: str,
    moment: str,
) -> None:
    item = with_column(DIM_ITEM, Column("title", varchar(80), "its title"))
    item = with_column(item, Column("colour", varchar(20), "its colour"))
    loaded.tables = (item, FACT_SALE, BASKET_ITEM)
    loaded.commit({"dim_item": {99: [(990, 99, 99, 0, "x" * 80, None, None, True, "red")]}})
    proxy.faults.append(fault := Fault(pattern, moment))  # type: ignore[arg-type]
    assert loaded.load(through_proxy("psycopg2")).applied == [2]
    assert fault.done
    asking.is_clean(loaded)


REFUSED: dict[str, tuple[Table, str]] = {
    "a shorter text": (
        with_column(DIM_ITEM, Column("title", varchar(10), "its title")),
        'ALTER TABLE "{front}"."dim_item" ALTER COLUMN "title" TYPE VARCHAR(10)',
    ),
    "another type": (
        with_column(FACT_SALE, Column("pieces", INTEGER, "pieces", nullable=False)),
        'ALTER TABLE "{front}"."fact_sale" RENAME COLUMN "pieces_new" TO "pieces"',
    ),
    "null that was not": (
        with_column(FACT_SALE, Column("pieces", BIGINT, "pieces")),
        'ALTER TABLE "{front}"."fact_sale" DROP COLUMN "pieces"',
    ),
    "no null any more": (
        with_column(DIM_ITEM, Column("title", varchar(40), "its title", nullable=False)),
        'ADD COLUMN "title_new" VARCHAR(40) DEFAULT … NOT NULL',
    ),
    "a new column without null": (
        with_column(DIM_ITEM, Column("size", BIGINT, "its size", nullable=False)),
        'ALTER TABLE "{front}"."dim_item" ADD COLUMN "size" BIGINT NOT NULL DEFAULT …',
    ),
    "a column that is gone and may not be null": (
        replace(FACT_SALE, columns=FACT_SALE.columns[:-1]),
        'ALTER TABLE "{front}"."fact_sale" DROP COLUMN "pieces"',
    ),
}


@pytest.mark.parametrize("change", REFUSED)
def test_what_could_lose_data_is_refused_with_the_statement_for_a_person(
    loaded: Shop, connect: Connect, asking: Asking, change: str
) -> None:
    """Rule 19."""
    table, statement = REFUSED[change]
    kept = list(loaded.entries)
    loaded.tables = tuple(table if one.name == table.name else one for one in loaded.tables)
    with pytest.raises(LoadFailed) as caught:
        loaded.load(connect)
    assert statement.format(front=loaded.name) in str(caught.value)
    assert loaded.entries == kept and asking.ledger(loaded) == [1]


def test_all_refusals_are_said_at_once(loaded: Shop, connect: Connect) -> None:
    loaded.tables = (
        with_column(DIM_ITEM, Column("title", varchar(10), "its title")),
        with_column(FACT_SALE, Column("pieces", INTEGER, "pieces", nullable=False)),
        BASKET_ITEM,
    )
    with pytest.raises(LoadFailed) as caught:
        loaded.load(connect)
    assert "Column title" in str(caught.value) and "Column pieces" in str(caught.value)


def test_an_entry_that_waited_for_a_load_may_be_older_than_the_contract(
    shop: Shop, any_connect: Connect, asking: Asking
) -> None:
    """Rule 5: its files have fewer columns; what came later is null until it is built."""
    shop.fill()
    shop.change(2)
    newer = (with_column(DIM_ITEM, Column("colour", varchar(9), "its colour")), FACT_SALE)
    shop.tables = (*newer, BASKET_ITEM)
    shop.commit({"dim_item": {1: [(10, 1, 1, 0, "Tea", None, None, True, "red")]}})
    assert shop.load(any_connect).applied == [1, 2, 3]
    found = asking.rows(f"SELECT item_key, colour FROM {shop.name}.dim_item ORDER BY 2, 1")
    assert found[0] == (1, "red") and {row[1] for row in found[1:]} == {None}


@pytest.fixture
def roles(asking: Asking, address: object, as_admin: Callable[[str], None]) -> Iterator[list[str]]:
    """Three roles: for analysts, for those who may see names, and for a loading program."""
    names = ["t_analysts", "t_care", "t_loading"]
    for name in names:
        asking.run(f"CREATE ROLE {name}")
    yield names
    for name in names:
        as_admin(f"DROP OWNED BY {name}")
        asking.run(f"DROP ROLE {name}")


def may(asking: Asking, role: str, what: str, right: str = "SELECT") -> bool:
    kind = "column" if what.count(".") == 2 else "table"
    if kind == "column":
        table, _, column = what.rpartition(".")
        given = f"has_column_privilege('{role}', '{table}', '{column}', '{right}')"
    else:
        given = f"has_table_privilege('{role}', '{what}', '{right}')"
    return bool(asking.one(f"SELECT {given}"))


def test_readers_read_the_front_room_without_personal_data(
    shop: Shop, any_connect: Connect, asking: Asking, roles: list[str]
) -> None:
    """The back room is the loader's; a column tagged PII needs a role that is named for it."""
    analysts, care, loading = roles
    shop.settings = RedshiftSettings(readers=[analysts], pii_readers=[care], loader=loading)
    shop.fill()
    shop.load(any_connect)
    front, back = shop.name, f"{shop.name}_back"
    assert may(asking, analysts, f"{front}.fact_sale")
    assert may(asking, analysts, f"{front}.dim_item.title")
    assert not may(asking, analysts, f"{front}.dim_item.owner")
    assert may(asking, care, f"{front}.dim_item.owner")
    for role in (analysts, care):
        assert not asking.one(f"SELECT has_schema_privilege('{role}', '{back}', 'USAGE')")
        assert not may(asking, role, f"{back}.load_ledger")
        assert not may(asking, role, f"{front}.fact_sale", "INSERT")
    assert may(asking, loading, f"{front}.fact_sale", "INSERT")
    assert may(asking, loading, f"{back}.load_ledger", "DELETE")
    assert asking.one(f"SELECT has_schema_privilege('{loading}', '{back}', 'CREATE')")
    # A column that is tagged later leaves the hands of those who could read it.
    shop.tables = (
        with_column(DIM_ITEM, replace(DIM_ITEM.column("title"), pii="name")),
        FACT_SALE,
        BASKET_ITEM,
    )
    shop.load(any_connect)
    assert not may(asking, analysts, f"{front}.dim_item.title")
    assert may(asking, analysts, f"{front}.dim_item.item_id")


def test_a_role_that_does_not_exist_is_one_sentence(
    shop: Shop, connect: Connect, asking: Asking
) -> None:
    shop.settings = RedshiftSettings(readers=["nobody_here"])
    shop.fill()
    with pytest.raises(LoadFailed, match='role "nobody_here" does not exist'):
        shop.load(connect)
    shop.settings = RedshiftSettings()
    assert shop.load(connect).applied == [1]


def test_grants_comments_and_views_survive_every_kind_of_load(
    shop: Shop, connect: Connect, asking: Asking, roles: list[str]
) -> None:
    """Rule 23: no table is ever dropped."""
    shop.fill()
    shop.load(connect)
    front = shop.name
    oid = asking.one(f"SELECT '{front}.fact_sale'::regclass::oid")
    asking.run(f"GRANT USAGE ON SCHEMA {front} TO {roles[0]}")
    asking.run(f"GRANT SELECT ON {front}.fact_sale TO {roles[0]}")
    asking.run(f"CREATE VIEW {front}.bound AS SELECT sale_key, amount FROM {front}.fact_sale")
    asking.run(
        f"CREATE VIEW {front}.late AS SELECT sale_key, amount FROM {front}.fact_sale "
        "WITH NO SCHEMA BINDING"
    )
    shop.change(2)
    shop.fill(3)
    shop.tables = (
        DIM_ITEM,
        with_column(FACT_SALE, Column("note", varchar(9), "a note")),
        BASKET_ITEM,
    )
    assert shop.load(connect).applied == [2, 3]
    assert asking.one(f"SELECT COUNT(*) FROM {front}.fact_sale WHERE note IS NULL") == 60
    assert asking.one(f"SELECT '{front}.fact_sale'::regclass::oid") == oid
    assert may(asking, roles[0], f"{front}.fact_sale")
    assert asking.one(f"SELECT obj_description('{front}.fact_sale'::regclass)") == "one sale"
    rows = asking.rows(f"SELECT sale_key, amount FROM {front}.fact_sale ORDER BY 1")
    for view in ("bound", "late"):
        assert asking.rows(f"SELECT * FROM {front}.{view} ORDER BY 1") == rows


def test_readers_see_the_old_warehouse_or_the_new_one(
    loaded: Shop,
    through_proxy: Callable[[str], Connect],
    proxy: Proxy,
    asking: Asking,
) -> None:
    """Write, audit, publish: before COMMIT nobody sees anything, and no reader is kept waiting."""
    loaded.change(2)
    asking.run("SET lock_timeout TO 2000")
    for pattern in ("^DELETE", '^INSERT INTO "[^"]*"."basket_item"', "^SELECT SUM", "^COMMIT"):
        proxy.faults.append(Fault(pattern, action=lambda: asking.holds(loaded, 1)))
    assert loaded.load(through_proxy("psycopg2")).applied == [2]
    assert all(fault.done for fault in proxy.faults)
    asking.holds(loaded, 2)

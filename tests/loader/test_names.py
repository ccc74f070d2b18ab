"""Names that hurt: quotes, semicolons, %s, reserved words, long and non-ASCII ones, anywhere."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from src.contract.column import Column
from src.contract.table import Reference, Table
from src.contract.types import BIGINT, decimal, varchar
from src.errors import UsageError
from src.io import redshift_sql as sql
from src.io.redshift import Connect
from src.settings import RedshiftSettings
from tests.loader.asking import Asking
from tests.loader.shop import Shop

HOSTILE = [
    'double"quote',
    "single'quote",
    "semi;colon; drop table x",
    "per%s cent %(x)s %%",
    "select",
    "user",
    "größe ünd 表",
    "new\nline",
    "dollar$1 :name ?",
    "--comment /* x */",
    "{brace} {0}",
    "a" * 63,
]


def table_named(text: str) -> tuple[Table, Table]:
    """Two tables that bear the text, in its columns and in a reference too."""
    parent = Table(
        name=text,
        kind="dimension",
        grain=f"one {text.strip()}",
        columns=(
            Column(text, BIGINT, f"key of {text}", nullable=False),
            Column("label", varchar(80), f"it's {text}"),
        ),
        primary_key=(text,),
        natural_key=(text,),
        replace_by=text,
        replace_natural=(),
        sort_key=(text,),
    )
    child = Table(
        name=f"c_{text}"[:63],
        kind="fact",
        grain="one child",
        columns=(
            Column("id", BIGINT, "key", nullable=False),
            Column(text, BIGINT, "its parent"),
            Column("am" + text[:50], decimal(10, 2), "amount", nullable=False, additive=True),
        ),
        primary_key=("id",),
        natural_key=("id",),
        replace_by="id",
        replace_natural=(),
        references=(Reference(text, text, text),),
    )
    return parent, child


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_of_tables_and_columns(
    make_shop: Callable[..., Shop], any_connect: Connect, asking: Asking, text: str
) -> None:
    """Rule 32 and before: under every driver; names of staging tables never carry them."""
    shop = make_shop(tables=table_named(text))
    parent, child = shop.tables
    shop.commit(
        {
            parent.name: {1: [(1, text)], 2: [(2, None)]},
            child.name: {7: [(7, 1, Decimal("1.25"))], 8: [(8, None, Decimal("2.00"))]},
        },
        whole=[parent.name, child.name],
    )
    shop.commit({parent.name: {2: [(2, "two")]}, child.name: {8: []}})
    assert shop.load(any_connect).applied == [1, 2]
    asking.holds(shop, 2)
    noted = asking.rows(f"SELECT table_name FROM {shop.name}_back.load_ledger_tables")
    assert {row[0] for row in noted} == {parent.name, child.name}
    asking.is_clean(shop)
    # And once more: the tables are found as they are, nothing is made anew.
    assert shop.load(any_connect).applied == []


@pytest.mark.parametrize("text", ["it's", "a;b", "100 %s", "sp ace", "Größe", 'q"q', "#x?y&z=1+2"])
def test_hostile_paths(
    make_shop: Callable[..., Shop], any_connect: Connect, asking: Asking, text: str
) -> None:
    shop = make_shop()
    shop.root = shop.root / text
    shop.url = f"{shop.url}/{text}"
    shop.fill()
    shop.change(2)
    assert shop.load(any_connect).applied == [1, 2]
    asking.holds(shop, 2)


def test_a_role_with_quotes(shop: Shop, connect: Connect, asking: Asking) -> None:
    role = f"{shop.name} o'neill\"; x"
    asking.run(f"CREATE ROLE {sql.name(role)}")
    shop.settings = RedshiftSettings(readers=[role])
    shop.fill()
    shop.load(connect)
    literal = role.replace("'", "''")
    assert asking.one(
        f"SELECT has_table_privilege('{literal}', '{shop.name}.basket_item', 'SELECT')"
    )
    asking.drop(shop)
    asking.run(f"DROP ROLE {sql.name(role)}")


@pytest.mark.parametrize("text", ["back\\slash", "nul\0"])
def test_what_no_literal_can_say_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be written into SQL that means the same"):
        sql.literal(text)


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 127, "表" * 42])
def test_staging_names_are_plain_and_short(text: str) -> None:
    """Rules 12, 32: whatever the table is called; never longer than PostgreSQL's 63 bytes."""
    for number in (1, 17):
        load = "20251121T145300123Z-a1b2c3-d4e5f6"
        name = sql.staging_name(123_456, load, 8, number, "k", text)
        assert name.isascii() and len(name) <= 63
        assert name.replace("_", "").isalnum() and name == name.lower()
        assert sql.of_staging_name(name) == (123_456, "20251121145300")


def test_names_of_127_bytes_are_quoted_whole() -> None:
    """Redshift's longest name. The stand-in cuts at PostgreSQL's 63 bytes, so it is text here."""
    parent, _ = table_named("n" * 127)
    assert sql.create_table(parent, "s").count('"' + "n" * 127 + '"') == 4

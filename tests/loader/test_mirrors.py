"""Tables of the back room: loaded and proved like all others, and closed to readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import psycopg2.errors
import pytest

from src.io.redshift import Connect
from src.settings import RedshiftSettings
from tests.loader.asking import Asking, quoted
from tests.loader.shop import BASKET_ITEM, DIM_ITEM, FACT_SALE, Rows, Shop

MIRROR = replace(BASKET_ITEM, name="basket_item", kind="mirror", room="back")


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(tables=(DIM_ITEM, FACT_SALE, MIRROR))


def mirrored(asking: Asking, shop: Shop) -> Rows:
    names = ", ".join(quoted(name) for name in MIRROR.names)
    rows = asking.rows(f"SELECT {names} FROM {quoted(f'{shop.name}_back', MIRROR.name)}")
    return sorted(rows, key=repr)


def test_a_mirror_is_loaded_into_the_back_room_by_whole_and_by_keys(
    shop: Shop, any_connect: Connect, asking: Asking
) -> None:
    shop.fill()
    shop.load(any_connect)
    first = mirrored(asking, shop)
    assert first == shop.at[1]["basket_item"] != []
    shop.change(2)
    result = shop.load(any_connect)
    assert mirrored(asking, shop) == shop.at[2]["basket_item"] != first
    assert {loaded.table for loaded in result.tables} == {"dim_item", "fact_sale", "basket_item"}
    assert asking.table(shop, "basket_item") == []
    assert set(asking.staging(shop)) == {"basket_item"}
    # A second look finds nothing to change: the table in the back room is known as it is.
    assert shop.load(any_connect).applied == []


def test_a_column_more_reaches_the_mirror(shop: Shop, connect: Connect, asking: Asking) -> None:
    shop.fill()
    shop.load(connect)
    more = replace(BASKET_ITEM.column("item_id"), name="shelf", nullable=True)
    shop.tables = (DIM_ITEM, FACT_SALE, replace(MIRROR, columns=(*MIRROR.columns, more)))
    shop.load(connect)
    found = asking.rows(f"SELECT shelf FROM {quoted(f'{shop.name}_back', MIRROR.name)}")
    assert {value for (value,) in found} == {None}


def test_readers_are_denied_the_mirror_and_the_loader_has_it(
    shop: Shop, connect: Connect, asking: Asking, as_admin: Callable[[str], None]
) -> None:
    roles = [f"{shop.name}_{who}" for who in ("analyst", "care", "loading")]
    for role in roles:
        asking.run(f"CREATE ROLE {role}")
    try:
        analyst, care, loading = roles
        shop.settings = RedshiftSettings(readers=[analyst], pii_readers=[care], loader=loading)
        shop.fill()
        shop.load(connect)
        back = quoted(f"{shop.name}_back", MIRROR.name)
        for role in (analyst, care):
            asking.run(f"SET ROLE {role}")
            assert asking.one(f"SELECT count(*) FROM {shop.name}.fact_sale") == 60
            with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="permission denied"):
                asking.one(f"SELECT count(*) FROM {back}")
            asking.run("RESET ROLE")
        asking.run(f"SET ROLE {loading}")
        assert asking.one(f"SELECT count(*) FROM {back}") == len(shop.at[1]["basket_item"])
        asking.run("RESET ROLE")
    finally:
        asking.drop(shop)
        for role in roles:
            as_admin(f"DROP OWNED BY {role}")
            asking.run(f"DROP ROLE {role}")

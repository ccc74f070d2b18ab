"""Which keys a change touches, and which staged rows these keys are made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pyspark.sql import DataFrame

from src.pipeline.affected import affected_keys, restricted_inputs
from src.pipeline.hits import Held
from src.transforms.warehouses import WAREHOUSES
from tests.conftest import Frame

CHINOOK = WAREHOUSES["chinook"]
ORIGIN = "raw_file string, raw_line bigint, raw_id bigint, arrived_at timestamp"
Staged = dict[str, DataFrame]
# The keys of sources; that of rows comes before those that the rows name.
KEYS = ("invoice_line_id", "invoice_id", "customer_id", "employee_id", "track_id", "album_id")


def at(line: int, day: int = 1) -> tuple[object, ...]:
    """The origin of a row: its file is named for the day of its arrival."""
    return (f"{day}.csv", line, day, f"2021-01-0{day}")


@pytest.fixture(scope="module")
def staged(frame: Frame) -> Staged:
    """A small lake: line 100 moved from invoice 1 to 2, invoice 3 from customer 7 to 8."""
    return {
        "invoice": frame(
            [
                (1, 7, "2021-01-01", *at(2)),
                (2, 7, "2021-01-01", *at(3)),
                (3, 7, "2021-01-01", *at(4)),
                (3, 8, "2021-01-01", *at(2, day=2)),
                (4, 9, "2021-01-01", *at(5)),
                (5, 8, "2021-01-02", *at(3, day=2)),
            ],
            f"invoice_id int, customer_id int, invoice_date timestamp, {ORIGIN}",
        ),
        "invoice_line": frame(
            [
                (100, 1, 50, *at(2)),
                (100, 2, 50, *at(2, day=2)),
                (101, 3, 51, *at(3)),
                (102, 4, 50, *at(4)),
            ],
            f"invoice_line_id int, invoice_id int, track_id int, {ORIGIN}",
        ),
        "customer": frame(
            [(7, None, *at(2)), (8, 5, *at(3)), (8, 6, *at(2, day=2))],
            f"customer_id int, support_rep_id int, {ORIGIN}",
        ),
        "employee": frame(
            [(5, None, *at(2)), (6, 5, *at(3)), (6, None, *at(2, day=2))],
            f"employee_id int, reports_to int, {ORIGIN}",
        ),
        "track": frame(
            [(50, 1, *at(2)), (51, 2, *at(3)), (50, 3, *at(2, day=2))],
            f"track_id int, album_id int, {ORIGIN}",
        ),
        "playlist_track": frame(
            [(1, 50, *at(2)), (1, 51, *at(3)), (2, 50, *at(4)), (3, 52, *at(5))],
            f"playlist_id int, track_id int, {ORIGIN}",
        ),
        "playlist": frame([(1, *at(2))], f"playlist_id int, {ORIGIN}"),
        "artist": frame([(11, *at(2))], f"artist_id int, {ORIGIN}"),
        "album": frame(
            [(1, 11, *at(2)), (2, 11, *at(3)), (2, 12, *at(2, day=2))],
            f"album_id int, artist_id int, {ORIGIN}",
        ),
    }


def reader(staged: Staged) -> Callable[[str, Held | None], DataFrame]:
    return lambda source, values: staged[source]


def keys_of(table: str, staged: Staged, source: str, condition: str) -> list[tuple[int, ...]]:
    changed = {source: Held(staged[source].where(condition))}
    found = affected_keys(CHINOOK.table(table), CHINOOK, changed, reader(staged))
    assert found.columns == list(CHINOOK.table(table).replace_natural)
    return sorted(tuple(row) for row in found.collect())


@pytest.mark.parametrize(
    ("table", "source", "condition", "expected"),
    [
        ("fact_invoice", "invoice", "invoice_id = 2", [(2,)]),
        # The line stood on invoice 1 before: that one shrinks.
        ("fact_invoice", "invoice_line", "invoice_line_id = 100 AND raw_id = 2", [(1,), (2,)]),
        ("fact_invoice", "invoice_line", "invoice_line_id = 101", [(3,)]),
        # All invoices that ever named the customer.
        ("fact_invoice", "customer", "customer_id = 7", [(1,), (2,), (3,)]),
        ("fact_invoice", "customer", "customer_id = 8", [(3,), (5,)]),
        # A later version touches only what was sold at its time or after.
        ("fact_invoice", "customer", "customer_id = 8 AND raw_id = 2", [(5,)]),
        ("fact_invoice", "track", "track_id = 50", [(1,), (2,), (4,)]),
        ("fact_invoice_line", "invoice_line", "invoice_line_id = 100", [(100,)]),
        ("fact_invoice_line", "invoice", "invoice_id = 2", [(100,)]),
        ("fact_invoice_line", "invoice", "invoice_id = 3", [(101,)]),
        ("fact_invoice_line", "customer", "customer_id = 7", [(100,), (101,)]),
        ("dim_customer", "customer", "customer_id = 8", [(8,)]),
        # Of members that others name, those without a row of their own.
        ("dim_customer", "invoice", "invoice_id = 3 AND raw_id = 2", []),
        ("dim_customer", "invoice", "invoice_id = 4", [(9,)]),
        ("dim_employee", "employee", "employee_id = 6 AND raw_id = 2", [(6,)]),
        ("dim_employee", "customer", "customer_id = 8 AND raw_id = 2", []),
        ("dim_employee", "customer", "customer_id = 7", []),
        ("dim_album", "track", "track_id = 50 AND raw_id = 2", [(3,)]),
        ("dim_artist", "album", "album_id = 2 AND raw_id = 2", [(12,)]),
        ("dim_track", "playlist_track", "playlist_id = 2 OR playlist_id = 3", [(52,)]),
        ("dim_track", "invoice_line", "invoice_line_id = 102", []),
        ("dim_playlist_track", "playlist_track", "track_id = 51", [(1,)]),
        ("dim_playlist", "playlist_track", "track_id = 50", [(2,)]),
    ],
)
def test_a_change_touches_the_keys_that_it_names_or_ever_named(
    staged: Staged, table: str, source: str, condition: str, expected: list[tuple[int, ...]]
) -> None:
    assert keys_of(table, staged, source, condition) == expected


def rows_of(rows: DataFrame) -> list[tuple[int, int]]:
    """A row's key and the day it came."""
    key = next(name for name in KEYS if name in rows.columns)
    return sorted((row[key], row["raw_id"]) for row in rows.collect())


def test_the_rows_for_an_invoice_are_the_latest_versions_and_all_its_customers(
    frame: Frame, staged: Staged
) -> None:
    keys = Held(frame([(3,)], "invoice_id int"))
    found = restricted_inputs(CHINOOK.table("fact_invoice"), CHINOOK, keys, reader(staged))
    assert {name: rows_of(rows) for name, rows in found.items()} == {
        "invoice": [(3, 2)],
        "invoice_line": [(101, 1)],
        "customer": [(8, 1), (8, 2)],
        "track": [(51, 1)],
    }


def test_a_line_that_moved_away_is_seen_where_it_went(frame: Frame, staged: Staged) -> None:
    keys = Held(frame([(1,)], "invoice_id int"))
    found = restricted_inputs(CHINOOK.table("fact_invoice"), CHINOOK, keys, reader(staged))
    # Its latest version stands on invoice 2, so invoice 1 has no line left.
    lines = found["invoice_line"].select("invoice_line_id", "invoice_id").collect()
    assert [tuple(row) for row in lines] == [(100, 2)]


def test_a_source_that_stands_in_several_inputs_is_read_once(frame: Frame, staged: Staged) -> None:
    keys = Held(frame([(5,), (6,)], "employee_id int"))
    found = restricted_inputs(CHINOOK.table("dim_employee"), CHINOOK, keys, reader(staged))
    assert rows_of(found["employee"]) == [(5, 1), (6, 1), (6, 2)]
    # Both have rows of their own: who names them does not matter.
    assert rows_of(found["customer"]) == []


def test_who_names_a_member_without_a_row_is_read(frame: Frame, staged: Staged) -> None:
    keys = Held(frame([(9,), (7,)], "customer_id int"))
    found = restricted_inputs(CHINOOK.table("dim_customer"), CHINOOK, keys, reader(staged))
    assert rows_of(found["customer"]) == [(7, 1)]
    assert rows_of(found["invoice"]) == [(4, 1)]


def test_without_keys_every_source_comes_whole_in_the_versions_asked_for(staged: Staged) -> None:
    found = restricted_inputs(CHINOOK.table("fact_invoice"), CHINOOK, None, reader(staged))
    assert rows_of(found["invoice"]) == [(1, 1), (2, 1), (3, 2), (4, 1), (5, 2)]
    assert rows_of(found["invoice_line"]) == [(100, 2), (101, 1), (102, 1)]
    assert rows_of(found["customer"]) == [(7, 1), (8, 1), (8, 2)]
    assert rows_of(found["track"]) == [(50, 2), (51, 1)]


@pytest.mark.parametrize(
    ("table", "source", "expected"),
    [
        ("dim_artist", "album", [(1, 1), (2, 1), (2, 2)]),
        ("dim_album", "track", [(50, 1), (50, 2), (51, 1)]),
        ("dim_track", "invoice_line", [(100, 1), (100, 2), (101, 1), (102, 1)]),
        ("dim_customer", "invoice", [(1, 1), (2, 1), (3, 1), (3, 2), (4, 1), (5, 2)]),
        ("dim_employee", "customer", [(7, 1), (8, 1), (8, 2)]),
    ],
)
def test_every_version_that_names_a_member_is_seen(
    staged: Staged, table: str, source: str, expected: list[tuple[int, int]]
) -> None:
    # A member that only an older version names keeps its inferred row.
    found = restricted_inputs(CHINOOK.table(table), CHINOOK, None, reader(staged))
    assert rows_of(found[source]) == expected


def test_a_value_of_null_names_no_key(frame: Frame, staged: Staged) -> None:
    changed = {"customer": Held(staged["customer"].where("support_rep_id IS NULL"))}
    found = affected_keys(CHINOOK.table("dim_employee"), CHINOOK, changed, reader(staged))
    assert found.count() == 0


def test_a_rate_touches_the_orders_of_its_currency_and_day(frame: Frame) -> None:
    shop = WAREHOUSES["ecommerce"]
    orders = frame(
        [
            ("a", "EUR", "2021-03-01T23:59:59", *at(1)),
            ("b", "EUR", "2021-03-02T00:00:00", *at(2)),
            ("c", "SEK", "2021-03-01T12:00:00", *at(3)),
        ],
        f"order_id string, currency string, ordered_at timestamp, {ORIGIN}",
    )
    rates = frame(
        [("EUR", "2021-03-01", *at(1, day=2))], f"currency string, rate_date date, {ORIGIN}"
    )
    staged: Staged = {"order_line": orders, "exchange_rate": rates}
    changed = {"exchange_rate": Held(rates)}
    found = affected_keys(shop.table("fact_orders"), shop, changed, reader(staged))
    assert [tuple(row) for row in found.collect()] == [("a",)]

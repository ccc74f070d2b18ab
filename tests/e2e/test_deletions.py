"""Snapshots and tombstones through to the warehouse: facts go, members stay and are flagged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from src.transforms.warehouses import WAREHOUSES
from tests.deleting import RECORDS
from tests.e2e.test_increments import write

pytestmark = pytest.mark.long

TABLES = [table.name for table, _ in RECORDS.tables]
Delivery = Callable[[Path], None]


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WAREHOUSES, RECORDS.name, RECORDS)


def customers(folder: Path, day: int, *rows: str) -> None:
    lines = ["CustomerId,FirstName,LastName,Country,SupportRepId", *rows]
    write(folder, f"Customer-{day}.csv", "\n".join(lines) + "\n", day)


def playlist_tracks(folder: Path, day: int, *rows: str) -> None:
    lines = ["PlaylistId,TrackId", *rows]
    write(folder, f"PlaylistTrack-{day}.csv", "\n".join(lines) + "\n", day)


def tracks(folder: Path, day: int, *rows: str) -> None:
    header = "TrackId,Name,MediaTypeId,Milliseconds,Bytes,UnitPrice"
    write(folder, f"Track-{day}.csv", "\n".join([header, *rows]) + "\n", day)


def operations(folder: Path, name: str, day: int, header: str, *rows: str) -> None:
    write(folder, f"{name}-{day}.csv", "\n".join([f"Op,{header}", *rows]) + "\n", day)


INVOICE = "InvoiceId,CustomerId,InvoiceDate,BillingCountry,Total"
LINE = "InvoiceLineId,InvoiceId,TrackId,UnitPrice,Quantity"


def first(folder: Path) -> None:
    customers(folder, 0, "1,A,Alpha,Canada,1", "2,B,Beta,USA,1", "3,C,Gamma,Peru,1")
    playlist_tracks(folder, 0, "1,1", "1,2", "2,1")
    tracks(folder, 0, "1,One,1,1000,10,0.99", "2,Two,1,1000,20,0.99")
    operations(folder, "Employee", 0, "EmployeeId,LastName,FirstName", ",1,Boss,B")
    operations(
        folder,
        "Invoice",
        0,
        INVOICE,
        "I,1,1,2025-06-01,Canada,0.99",
        "I,2,2,2025-08-02,USA,0.99",
        ",3,9,2025-08-03,USA,0.99",
    )
    operations(folder, "InvoiceLine", 0, LINE, "I,1,1,1,0.99,1", "I,2,2,2,0.99,1", "I,3,3,1,0.99,1")


def second(folder: Path) -> None:
    """Customer 2 is gone, track 1, and all that was on playlists 1 and 2."""
    customers(folder, 30, "1,A,Alpha,Canada,1", "3,C,Gamma,Chile,1")
    playlist_tracks(folder, 30, "1,3")
    tracks(folder, 30, "2,Two,1,1000,20,0.99")
    operations(folder, "Invoice", 30, INVOICE, "D,3,,,,", "D,4,,,,")
    operations(folder, "InvoiceLine", 30, LINE, "D,3,,,,")
    operations(folder, "Employee", 30, "EmployeeId,LastName,FirstName", "D,1,,", "D,7,,")


def third(folder: Path) -> None:
    """Customer 2 is back; 3 is gone in a file of which a row is refused, which deletes nothing."""
    customers(folder, 60, "1,A,Alpha,Canada,1", "2,B,Beta,USA,1", "4,D,,Peru,not a number")
    # Older than its tombstone: it stays deleted.
    operations(folder, "Invoice", 20, INVOICE, "I,4,1,2025-07-01,Canada,5.00")
    # Its track was named and its invoice is gone; a line comes back after its tombstone.
    operations(folder, "InvoiceLine", 60, LINE, "U,3,1,2,0.99,2")


def found(home: Any) -> dict[str, Any]:
    return {table: home.table(table, warehouse="records") for table in TABLES}


@pytest.fixture(scope="module")
def whole(homes: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    raw = tmp_path_factory.mktemp("whole-raw")
    for deliver in (first, second, third):
        deliver(raw)
    with pytest.MonkeyPatch.context() as patch, homes("whole") as home:
        patch.setitem(WAREHOUSES, RECORDS.name, RECORDS)
        assert home.run("run", "records", "--raw", str(raw)) == 0
        return found(home)


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param((first, third, second), id="the second last"),
        pytest.param((third, second, first), id="in reverse", marks=pytest.mark.soak),
    ],
)
def test_any_cut_in_any_order_equals_one_run(
    homes: Any, tmp_path: Path, whole: dict[str, Any], cut: tuple[Delivery, ...]
) -> None:
    raw = tmp_path / "raw"
    with homes("cut") as home:
        for deliver in cut:
            deliver(raw)
            assert home.run("run", "records", "--raw", str(raw)) == 0
        assert found(home) == whole
        assert home.run("verify", "records") == 0


def test_members_stay_and_are_flagged(whole: dict[str, Any]) -> None:
    """The expected rows, written by hand from the deliveries."""
    members = [
        (row[2], row[9], str(row[17])[:10], str(row[18])[:10], row[19], row[20], row[21])
        for row in whole["dim_customer"]
        if row[2]
    ]
    first_day, back = "1900-01-01", "2025-08-14"
    gone, open_end = "2025-07-15", "2199-12-31"
    assert sorted(members) == [
        (1, "Canada", first_day, open_end, True, False, False),
        (2, "USA", first_day, gone, False, False, False),
        (2, "USA", gone, back, False, True, False),
        (2, "USA", back, open_end, True, False, False),
        (3, "Chile", gone, open_end, True, False, False),
        (3, "Peru", first_day, gone, False, False, False),
        # Only an invoice that was deleted names it: a staged row does.
        (9, None, first_day, open_end, True, False, True),
    ]
    employees = [(row[2], row[3], row[-2], row[-1]) for row in whole["dim_employee"] if row[2]]
    assert sorted(employees) == [(1, "Boss", False, False), (1, "Boss", True, False)]


def test_facts_and_bridges_of_what_is_gone_go(whole: dict[str, Any]) -> None:
    assert {row[1] for row in whole["fact_invoice"]} == {1, 2}
    assert {(row[1], row[3]) for row in whole["fact_invoice_line"]} == {(1, 1), (2, 2), (3, 1)}
    assert {(row[2], row[3]) for row in whole["dim_playlist_track"]} == {(1, 3)}
    # Track 1 is no longer sold: it stays a member, and what was sold of it keeps its size.
    sold = {row[1]: (row[2], row[-1]) for row in whole["dim_track"] if row[1] in (1, 3)}
    assert sold == {1: ("One", False), 3: (None, True)}
    assert {row[1]: row[-1] for row in whole["fact_invoice"]} == {1: 50, 2: 20}
    # Invoice 2 was made while customer 2 was deleted.
    versions = {row[0]: (row[2], row[20]) for row in whole["dim_customer"]}
    invoices = {row[1]: versions[row[5]] for row in whole["fact_invoice"]}
    assert invoices == {1: (1, False), 2: (2, True)}

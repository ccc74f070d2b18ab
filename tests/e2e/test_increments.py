"""Files that come one after the other give the same star as all of them at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from src.pipeline import prune
from tests.e2e.test_chinook_real import TABLES

DAY = 86_400


@pytest.fixture(autouse=True)
def as_in_a_large_lake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Increments read by key, as they do where there is much to leave out."""
    monkeypatch.setattr(prune, "FROM_ROWS", 0)


def write(folder: Path, name: str, text: str, day: int) -> None:
    """A raw file that arrived on a day of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    at = 1_750_000_000 + day * DAY
    os.utime(file, (at, at))


def first(folder: Path) -> None:
    write(folder, "Artist.csv", "ArtistId,Name\n1,AC/DC\n2,Accept\n", 0)
    write(folder, "Album.csv", "AlbumId,Title,ArtistId\n1,Rock,1\n2,Balls,2\n3,Lost,9\n", 0)
    write(folder, "Genre.csv", "GenreId,Name\n1,Rock\n", 0)
    write(folder, "MediaType.csv", "MediaTypeId,Name\n1,MPEG\n", 0)
    write(
        folder,
        "Track.csv",
        "TrackId,Name,AlbumId,MediaTypeId,GenreId,Composer,Milliseconds,Bytes,UnitPrice\n"
        "1,One,1,1,1,,1000,10,0.99\n2,Two,2,1,1,Me,2000,20,0.99\n",
        0,
    )
    write(folder, "Playlist.csv", "PlaylistId,Name\n1,Music\n", 0)
    write(folder, "PlaylistTrack.csv", "PlaylistId,TrackId\n1,1\n1,2\n", 0)
    write(
        folder, "Employee.csv", "EmployeeId,LastName,FirstName,ReportsTo\n1,Boss,B,\n2,Rep,R,1\n", 0
    )
    write(
        folder,
        "Customer.csv",
        "CustomerId,FirstName,LastName,Country,SupportRepId\n1,A,Alpha,Canada,2\n2,B,Beta,USA,2\n",
        0,
    )
    write(
        folder,
        "Invoice.csv",
        "InvoiceId,CustomerId,InvoiceDate,BillingCountry,Total\n"
        "1,1,2025-06-01,Canada,1.98\n2,2,2025-06-02,USA,0.99\n",
        0,
    )
    write(
        folder,
        "InvoiceLine.csv",
        "InvoiceLineId,InvoiceId,TrackId,UnitPrice,Quantity\n"
        "1,1,1,0.99,1\n2,1,2,0.99,1\n3,2,1,0.99,1\n",
        0,
    )


def second(folder: Path) -> None:
    """A customer moves, one comes after its invoices, a line changes its invoice."""
    write(
        folder,
        "Customer-2.csv",
        "CustomerId,FirstName,LastName,Country,SupportRepId\n1,A,Alpha,Germany,1\n3,C,Gamma,France,7\n",
        30,
    )
    write(
        folder,
        "Invoice-2.csv",
        "InvoiceId,CustomerId,InvoiceDate,BillingCountry,Total\n"
        "3,1,2025-12-01,Germany,1.98\n4,4,2025-12-02,Peru,0.99\n2,3,2025-06-02,France,1.98\n",
        30,
    )
    write(
        folder,
        "InvoiceLine-2.csv",
        "InvoiceLineId,InvoiceId,TrackId,UnitPrice,Quantity\n"
        "4,3,2,0.99,2\n5,4,77,0.99,1\n2,2,2,0.99,1\n6,99,1,0.99,1\n",
        30,
    )


def third(folder: Path) -> None:
    """What was inferred gets its own row; a track is corrected; an invoice comes after its line."""
    write(
        folder,
        "Track-3.csv",
        "TrackId,Name,AlbumId,MediaTypeId,GenreId,Composer,Milliseconds,Bytes,UnitPrice\n"
        "77,Late,3,1,1,,3000,30,0.99\n2,Two (live),2,1,,Me,2000,25,0.99\n",
        60,
    )
    write(folder, "Artist-3.csv", "ArtistId,Name\n9,Found\n", 60)
    write(
        folder,
        "Invoice-3.csv",
        "InvoiceId,CustomerId,InvoiceDate,BillingCountry,Total\n99,2,2026-01-01,USA,0.99\n",
        60,
    )
    write(folder, "PlaylistTrack-3.csv", "PlaylistId,TrackId\n1,77\n8,1\n", 60)


pytestmark = pytest.mark.long

Delivery = Callable[[Path], None]


@pytest.fixture(scope="module")
def whole(homes: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The star after one full run over everything."""
    raw = tmp_path_factory.mktemp("whole-raw")
    for deliver in (first, second, third):
        deliver(raw)
    with homes("whole") as home:
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        return {table: home.table(table) for table in TABLES}


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param((first, second, third), id="in order", marks=pytest.mark.soak),
        pytest.param((third, second, first), id="in reverse"),
    ],
)
def test_any_cut_in_any_order_equals_one_run(
    homes: Any, tmp_path: Path, whole: dict[str, Any], cut: tuple[Delivery, ...]
) -> None:
    raw = tmp_path / "raw"
    with homes("cut") as home:
        for deliver in cut:
            deliver(raw)
            assert home.run("run", "chinook", "--raw", str(raw)) == 0
        found = {table: home.table(table) for table in TABLES}
        for table in TABLES:
            assert found[table] == whole[table], table
        assert home.run("verify", "chinook") == 0


def test_the_star_is_what_the_three_deliveries_mean(whole: dict[str, Any]) -> None:
    """The expected rows, written by hand from the deliveries."""
    customers = [
        (row[2], row[9], str(row[17])[:10], row[19], row[21]) for row in whole["dim_customer"]
    ]
    assert sorted(row for row in customers if row[0]) == [
        (1, "Canada", "1900-01-01", False, False),
        (1, "Germany", "2025-07-15", True, False),
        (2, "USA", "1900-01-01", True, False),
        (3, "France", "1900-01-01", True, False),
        (4, None, "1900-01-01", True, True),
    ]
    invoices = {
        row[1]: (str(row[14]), str(row[15]), row[17], row[18]) for row in whole["fact_invoice"]
    }
    assert invoices == {
        1: ("1.98", "0.99", 1, 10),
        2: ("1.98", "1.98", 2, 35),
        3: ("1.98", "1.98", 2, 50),
        4: ("0.99", "0.99", 1, 30),
        99: ("0.99", "0.99", 1, 10),
    }
    assert sorted((row[2], row[3]) for row in whole["dim_playlist_track"]) == [
        (1, 1),
        (1, 2),
        (1, 77),
        (8, 1),
    ]
    tracks = {row[1]: (row[2], row[8], row[13]) for row in whole["dim_track"]}
    assert tracks[77] == ("Late", 1, False)
    assert tracks[2] == ("Two (live)", None, False)


def test_an_increment_replaces_only_the_keys_it_touches(homes: Any, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    with homes("keys") as home:
        first(raw)
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        second(raw)
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        changes = {c["table"]: c for c in home.entries()[-1]["built"]["changes"]}
    # Customers 1 and 3, and 4, whom only an invoice names; employee 7 and track 77, whom nothing
    # else names; invoices 2, 3, 4, 99, and 1, which lost a line. No member that has a row of its
    # own and only was named again, no artist, album, genre, playlist or day. Line 1 was sold
    # before customer 1 moved and stays as it is.
    assert {name: change["key_count"] for name, change in changes.items()} == {
        "dim_customer": 3,
        "dim_employee": 1,
        "dim_track": 1,
        "fact_invoice": 5,
        "fact_invoice_line": 5,
    }
    assert not any(change["whole"] for change in changes.values())


def test_a_repeated_delivery_and_a_rebuild_change_no_row(
    homes: Any, tmp_path: Path, whole: dict[str, Any]
) -> None:
    raw = tmp_path / "raw"
    with homes("again") as home:
        for deliver in (first, second, third):
            deliver(raw)
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        for file in ("Customer.csv", "Invoice-2.csv", "Track-3.csv"):
            shutil.copy2(raw / file, raw / file.replace(".csv", "-again.csv"))
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        assert {table: home.table(table) for table in TABLES} == whole
        assert home.run("run", "chinook", "--raw", str(raw), "--full") == 0
        assert {table: home.table(table) for table in TABLES} == whole

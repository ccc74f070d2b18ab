"""The clean sample of chinook: its bytes, its integrity, and the habits of its customers."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import phonenumbers
import pytest

from src.sample import people, sales
from src.sample.chinook import COLUMNS, sample_chinook
from src.sample.places import COUNTRIES

ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("STARLIFT_SHARED_DATA", ROOT.parent / "shared/data")) / "chinook"
ROWS = 30_000

# Chinook's own lengths, in characters.
LIMITS = {
    "Artist": {"Name": 120},
    "Album": {"Title": 160},
    "Track": {"Name": 200, "Composer": 220},
    "Customer": {
        "FirstName": 40, "LastName": 20, "Company": 80, "Address": 70, "City": 40, "State": 40,
        "Country": 40, "PostalCode": 10, "Phone": 24, "Fax": 24, "Email": 60,
    },
    "Employee": {
        "FirstName": 20, "LastName": 20, "Title": 30, "Address": 70, "PostalCode": 10,
        "Phone": 24, "Email": 60,
    },
}  # fmt: skip
REFERENCES = (
    ("Album", "ArtistId", "Artist", "ArtistId"),
    ("Track", "AlbumId", "Album", "AlbumId"),
    ("Track", "GenreId", "Genre", "GenreId"),
    ("Track", "MediaTypeId", "MediaType", "MediaTypeId"),
    ("PlaylistTrack", "PlaylistId", "Playlist", "PlaylistId"),
    ("PlaylistTrack", "TrackId", "Track", "TrackId"),
    ("Employee", "ReportsTo", "Employee", "EmployeeId"),
    ("Customer", "SupportRepId", "Employee", "EmployeeId"),
    ("Invoice", "CustomerId", "Customer", "CustomerId"),
    ("InvoiceLine", "InvoiceId", "Invoice", "InvoiceId"),
    ("InvoiceLine", "TrackId", "Track", "TrackId"),
)


def digest(folder: Path) -> str:
    """One number for all bytes below a folder."""
    total = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("clean") / "new" / "raw"
    sample_chinook(out, rows=ROWS, seed=7)
    return out


@pytest.fixture(scope="module")
def shop(folder: Path) -> duckdb.DuckDBPyConnection:
    """The sample in DuckDB, which shares no code with Starlift."""
    connection = duckdb.connect()
    for table in COLUMNS:
        connection.execute(
            f'create table "{table}" as select * from read_csv(?, header=true, '
            "all_varchar=true, quote='\"', escape='\"', delim=',', strict_mode=true)",
            [str(folder / f"{table}.csv")],
        )
    return connection


def one(shop: duckdb.DuckDBPyConnection, query: str) -> object:
    row = shop.execute(query).fetchone()
    assert row is not None
    return row[0]


def number(shop: duckdb.DuckDBPyConnection, query: str) -> float:
    return float(str(one(shop, query)))


# ── bytes ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("dirty", [False, True])
def test_bytes_do_not_depend_on_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dirty: bool
) -> None:
    sample_chinook(tmp_path / "a", rows=5000, dirty=dirty)
    monkeypatch.setattr(sales, "BLOCKS_PER_CHUNK", 2)
    monkeypatch.setattr(people, "CUSTOMERS_PER_CHUNK", 7)
    sample_chinook(tmp_path / "b", rows=5000, dirty=dirty)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")


def test_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    """A new interpreter orders its sets and dictionaries of texts in another way."""
    sample_chinook(tmp_path / "a", rows=3000, seed=3)
    script = (
        "import sys; from pathlib import Path; from src.sample.chinook import sample_chinook; "
        "sample_chinook(Path(sys.argv[1]), rows=3000, seed=3)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "b")], check=True, cwd=ROOT, env=environment
    )
    assert digest(tmp_path / "a") == digest(tmp_path / "b")


def test_bytes_do_not_depend_on_the_machine(tmp_path: Path) -> None:
    """Lines come from integers alone; this number was computed once and holds everywhere."""
    sample_chinook(tmp_path / "a", rows=2240, seed=0)
    lines = (tmp_path / "a" / "InvoiceLine.csv").read_bytes()
    assert hashlib.sha256(lines).hexdigest()[:16] == "48afd3aeaa4dfcde"


def test_another_seed_is_another_shop(tmp_path: Path) -> None:
    sample_chinook(tmp_path / "a", rows=100, seed=1)
    sample_chinook(tmp_path / "b", rows=100, seed=2)
    for table in ("Customer", "Track", "Invoice", "InvoiceLine", "PlaylistTrack"):
        name = f"{table}.csv"
        assert (tmp_path / "a" / name).read_bytes() != (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("rows", [1, 2, 539, 540, 541, 2240, 12_345])
def test_any_number_of_rows(tmp_path: Path, rows: int) -> None:
    written = sample_chinook(tmp_path / "a", rows=rows)
    assert written["InvoiceLine"] == rows
    for table, records in written.items():
        assert (tmp_path / "a" / f"{table}.csv").read_bytes().count(b"\n") == records + 1
    assert abs(written["Invoice"] - rows / 5.4) <= 40


def test_format_is_that_of_the_real_files(folder: Path) -> None:
    cell = rb'("([^"\n]|"")+")?'
    record = re.compile(rb"%s(,%s)*" % (cell, cell))
    for table, columns in COLUMNS.items():
        raw = (folder / f"{table}.csv").read_bytes()
        assert raw.endswith(b'"\n')
        assert b"\r" not in raw
        lines = raw.splitlines()
        assert lines[0] == ",".join(f'"{column}"' for column in columns).encode()
        assert all(record.fullmatch(line) for line in lines[:3000])
    assert sorted(path.stem for path in folder.iterdir()) == sorted(COLUMNS)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real Chinook is not at {REAL}")
def test_names_and_headers_are_the_real_ones(folder: Path) -> None:
    real = sorted(REAL.glob("*.csv"))
    assert [path.name for path in real] == sorted(path.name for path in folder.iterdir())
    for path in real:
        theirs = path.read_bytes().splitlines()
        ours = (folder / path.name).read_bytes().splitlines()
        assert ours[0] == theirs[0]
        if path.stem not in ("PlaylistTrack", "InvoiceLine"):  # small numbers coincide at times
            assert not set(ours[1:]) & set(theirs[1:])


# ── integrity ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("table", "column", "other", "key"), REFERENCES)
def test_every_reference_is_met(
    shop: duckdb.DuckDBPyConnection, table: str, column: str, other: str, key: str
) -> None:
    orphans = one(
        shop,
        f"select count(*) from {table} t where {column} is not null "
        f"and not exists (from {other} o where o.{key} = t.{column})",
    )
    assert orphans == 0


def test_keys_are_unique_and_count_up(shop: duckdb.DuckDBPyConnection) -> None:
    for table, columns in COLUMNS.items():
        if table != "PlaylistTrack":
            key = columns[0]
            query = f"select bool_and({key}::bigint = rowid + 1) from {table}"
            assert one(shop, query) is True, table
    pairs = "select count(*) - count(distinct (PlaylistId, TrackId)) from PlaylistTrack"
    assert one(shop, pairs) == 0


def test_totals_are_the_sums_of_the_lines(shop: duckdb.DuckDBPyConnection) -> None:
    wrong = one(
        shop,
        "select count(*) from Invoice i full join (select InvoiceId, "
        "sum(UnitPrice::decimal(10,2) * Quantity::int) s from InvoiceLine group by 1) l "
        "using (InvoiceId) where i.Total::decimal(12,2) is distinct from l.s",
    )
    assert wrong == 0
    other_price = (
        "select count(*) from InvoiceLine l join Track t using (TrackId) "
        "where l.UnitPrice <> t.UnitPrice"
    )
    assert one(shop, other_price) == 0


def test_billing_address_is_the_customers(shop: duckdb.DuckDBPyConnection) -> None:
    wrong = one(
        shop,
        "select count(*) from Invoice join Customer using (CustomerId) where "
        "(BillingAddress, BillingCity, BillingState, BillingCountry, BillingPostalCode) "
        "is distinct from (Address, City, State, Country, PostalCode)",
    )
    assert wrong == 0


def test_text_fits_chinooks_columns(shop: duckdb.DuckDBPyConnection) -> None:
    for table, limits in LIMITS.items():
        for column, limit in limits.items():
            assert number(shop, f"select max(length({column})) from {table}") <= limit, column


def test_films_are_on_no_list_of_music(shop: duckdb.DuckDBPyConnection) -> None:
    mixed = (
        "select count(*) from PlaylistTrack join Playlist p using (PlaylistId) "
        "join Track t using (TrackId) where (p.Name = 'Late Series') <> (t.UnitPrice = '1.99')"
    )
    assert one(shop, mixed) == 0


# ── habits ───────────────────────────────────────────────────────────────────────────────────


def test_few_tracks_sell_much(shop: duckdb.DuckDBPyConnection) -> None:
    share = number(
        shop,
        "select sum(n) / (select count(*) from InvoiceLine) from (select count(*) n "
        "from InvoiceLine group by TrackId order by n desc limit 35)",
    )
    assert 0.2 < share < 0.4


def test_sales_grow_and_follow_month_and_weekday(shop: duckdb.DuckDBPyConnection) -> None:
    def counts(part: str) -> dict[int, int]:
        query = f"select {part}(InvoiceDate::timestamp), count(*) from Invoice group by 1"
        return dict(shop.execute(query).fetchall())

    years = counts("year")
    assert sorted(years) == [2021, 2022, 2023, 2024, 2025]
    assert all(years[year] < years[year + 1] for year in range(2021, 2025))
    months, weekdays, hours = counts("month"), counts("dayofweek"), counts("hour")
    assert months[12] > 1.3 * months[2]
    assert weekdays[5] > 1.15 * weekdays[2]
    assert hours[20] > 5 * hours[4]
    ascending = (
        "select bool_and(d >= p) from (select InvoiceDate d, lag(InvoiceDate) over "
        "(order by InvoiceId::bigint) p from Invoice) where p is not null"
    )
    assert one(shop, ascending) is True


def test_some_customers_are_more_faithful(shop: duckdb.DuckDBPyConnection) -> None:
    best, mean = shop.execute(
        "select max(n), avg(n) from (select count(*) n from Invoice group by CustomerId)"
    ).fetchall()[0]
    assert best > 2.5 * mean
    assert number(shop, "select count(distinct Country) from Customer") >= 20


def test_empty_cells_and_odd_letters(shop: duckdb.DuckDBPyConnection) -> None:
    def share(table: str, condition: str) -> float:
        return number(shop, f"select avg(({condition})::int) from {table}")

    assert 0.75 < share("Customer", "Company is null") < 0.92
    assert 0.72 < share("Customer", "Fax is null") < 0.88
    assert 0.35 < share("Customer", "State is null") < 0.6
    assert 0.22 < share("Track", "Composer is null") < 0.38
    assert share("Track", "contains(Name, '\"')") > 0.01
    assert share("Track", "contains(Name, ',')") > 0.01
    assert share("Artist", "regexp_matches(Name, '[^\\x00-\\x7f]')") > 0.05
    assert 0.9 < share("InvoiceLine", "Quantity = '1'") < 0.99
    assert share("Playlist", "Name in (select Name from Playlist group by 1 having count(*) > 1)")


def test_phones_are_valid_in_their_country(shop: duckdb.DuckDBPyConnection) -> None:
    codes = {country.name: country.iso2 for country in COUNTRIES}
    rows = shop.execute("select Country, Phone from Customer where Phone is not null").fetchall()
    wrong = [
        row
        for row in rows
        if not phonenumbers.is_valid_number(phonenumbers.parse(row[1], codes[row[0]]))
    ]
    assert not wrong

"""The real Chinook database through the main job, held against facts computed from its files.

The oracle is DuckDB over the CSV files, and the figures that are known of this database.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

TABLES = (
    "dim_date",
    "dim_artist",
    "dim_album",
    "dim_genre",
    "dim_media_type",
    "dim_track",
    "dim_playlist",
    "dim_playlist_track",
    "dim_employee",
    "dim_customer",
    "fact_invoice",
    "fact_invoice_line",
)


@pytest.fixture(scope="module")
def home(homes: Any, shared_chinook: Path) -> Iterator[Any]:
    with homes("real") as home:
        assert home.run("run", "chinook", "--raw", str(shared_chinook)) == 0
        yield home


@pytest.fixture(scope="module")
def raw(shared_chinook: Path) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect()
    for file in shared_chinook.glob("*.csv"):
        database.execute(
            f"CREATE VIEW {file.stem} AS SELECT * FROM "
            f"read_csv('{file}', header=true, all_varchar=true, nullstr='')"
        )
    return database


def test_every_raw_row_is_accounted_for(home: Any, raw: duckdb.DuckDBPyConnection) -> None:
    files = home.raw_files()
    assert len(files) == 11
    for path, counted in files.items():
        (rows,) = raw.execute(f"SELECT count(*) FROM {Path(path).stem}").fetchone()
        assert (counted["records"], counted["staged"]) == (rows, rows), path
        assert (counted["quarantined"], counted["duplicates"]) == (0, 0), path
        assert counted["bytes_read"] == counted["size"], path
    assert files["Invoice.csv"]["sums"]["total"]["staged"] == "2328.60"


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("dim_track", 3503),
        ("fact_invoice", 412),
        ("fact_invoice_line", 2240),
        ("dim_customer", 59),
        ("dim_employee", 8),
        ("dim_playlist_track", 8715),
        ("dim_playlist", 18),
        ("dim_album", 347),
        ("dim_artist", 275),
        ("dim_genre", 25),
        ("dim_media_type", 5),
    ],
)
def test_row_counts_are_those_of_the_database(home: Any, table: str, rows: int) -> None:
    special = 2 if table.startswith("dim_") and table != "dim_playlist_track" else 0
    assert home.query(f"SELECT COUNT(*) FROM chinook.{table}") == [(rows + special,)]


def test_revenue_is_right_to_the_cent_by_header_and_by_lines(home: Any) -> None:
    assert home.query(
        "SELECT (SELECT SUM(total) FROM chinook.fact_invoice), "
        "(SELECT SUM(lines_total) FROM chinook.fact_invoice), "
        "(SELECT SUM(revenue) FROM chinook.fact_invoice_line)"
    ) == [(Decimal("2328.60"),) * 3]


def test_revenue_by_year(home: Any) -> None:
    assert home.query(
        "SELECT d.year, SUM(f.total) FROM chinook.fact_invoice f "
        "JOIN chinook.dim_date d ON d.date_key = f.date_key GROUP BY d.year ORDER BY d.year"
    ) == [
        (2021, Decimal("449.46")),
        (2022, Decimal("481.45")),
        (2023, Decimal("469.58")),
        (2024, Decimal("477.53")),
        (2025, Decimal("450.58")),
    ]


def test_top_genres_countries_representatives_and_customers(home: Any) -> None:
    lines = "FROM chinook.fact_invoice_line f "
    assert home.query(
        f"SELECT g.name, SUM(f.revenue) {lines} "
        "JOIN chinook.dim_track t ON t.track_key = f.track_key "
        "JOIN chinook.dim_genre g ON g.genre_key = t.genre_key "
        "GROUP BY g.name ORDER BY 2 DESC LIMIT 3"
    ) == [
        ("Rock", Decimal("826.65")),
        ("Latin", Decimal("382.14")),
        ("Metal", Decimal("261.36")),
    ]
    assert home.query(
        "SELECT billing_country, SUM(total) FROM chinook.fact_invoice "
        "GROUP BY billing_country ORDER BY 2 DESC LIMIT 3"
    ) == [
        ("USA", Decimal("523.06")),
        ("Canada", Decimal("303.96")),
        ("France", Decimal("195.10")),
    ]
    assert home.query(
        f"SELECT e.last_name, SUM(f.revenue) {lines} "
        "JOIN chinook.dim_employee e ON e.employee_key = f.support_rep_key AND e.is_current "
        "GROUP BY e.last_name ORDER BY 2 DESC"
    ) == [
        ("Peacock", Decimal("833.04")),
        ("Park", Decimal("775.40")),
        ("Johnson", Decimal("720.16")),
    ]
    assert home.query(
        f"SELECT c.last_name, SUM(f.revenue) {lines} "
        "JOIN chinook.dim_customer c ON c.customer_version_key = f.customer_version_key "
        "GROUP BY c.last_name ORDER BY 2 DESC LIMIT 3"
    ) == [
        ("Holý", Decimal("49.62")),
        ("Cunningham", Decimal("47.62")),
        ("Rojas", Decimal("46.62")),
    ]


def test_a_bridge_joined_into_a_fact_inflates_it(home: Any) -> None:
    assert home.query(
        "SELECT SUM(f.revenue) FROM chinook.fact_invoice_line f "
        "JOIN chinook.dim_playlist_track b ON b.track_key = f.track_key"
    ) == [(Decimal("5738.28"),)]


def test_details_of_the_database_survive(home: Any, raw: duckdb.DuckDBPyConnection) -> None:
    assert home.query(
        "SELECT COUNT(*) FROM chinook.dim_track WHERE composer IS NULL AND track_key > 0 "
        "OR composer IS NULL AND track_key < -2"
    ) == [(977,)]
    assert (
        home.query("SELECT COUNT(*) FROM chinook.dim_track WHERE name LIKE '%\"%'")
        == raw.execute("SELECT count(*) FROM Track WHERE Name LIKE '%\"%'").fetchall()
    )
    assert home.query("SELECT COUNT(*) - COUNT(DISTINCT name) FROM chinook.dim_playlist") == [(4,)]


def test_facts_agree_with_the_files_row_by_row(home: Any, raw: duckdb.DuckDBPyConnection) -> None:
    expected = raw.execute(
        "SELECT InvoiceLineId::INT, InvoiceId::INT, TrackId::INT, UnitPrice::DECIMAL(10,2), "
        "Quantity::INT, strftime(InvoiceDate::TIMESTAMP, '%Y%m%d')::INT, CustomerId::INT, "
        "SupportRepId::INT FROM InvoiceLine JOIN Invoice USING (InvoiceId) "
        "JOIN Customer USING (CustomerId) ORDER BY 1"
    ).fetchall()
    assert (
        home.query(
            "SELECT f.invoice_line_id, f.invoice_id, f.track_id, f.unit_price, f.quantity, "
            "f.date_key, c.customer_id, e.employee_id FROM chinook.fact_invoice_line f "
            "JOIN chinook.dim_customer c ON c.customer_version_key = f.customer_version_key "
            "JOIN chinook.dim_employee e ON e.employee_key = f.support_rep_key ORDER BY 1"
        )
        == expected
    )


def test_a_second_run_stages_nothing_changes_nothing_and_says_so(
    home: Any, shared_chinook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = home.entries()
    assert home.run("run", "chinook", "--raw", str(shared_chinook)) == 0
    assert "Nothing new" in capsys.readouterr().out
    assert home.entries() == before


def test_verify_holds_and_finds_what_someone_changed_by_hand(
    home: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert home.run("verify", "chinook") == 0
    at = home.endpoint
    import psycopg2

    connection = psycopg2.connect(
        host=at.host, port=at.port, dbname=at.database, user=at.user, password=at.password
    )
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            change = "UPDATE chinook.fact_invoice SET total = total {} 1 WHERE invoice_id = 7"
            cursor.execute(change.format("+"))
            assert home.run("verify", "chinook") == 1
            cursor.execute(change.format("-"))
    finally:
        connection.close()
    assert "sum of total" in capsys.readouterr().err
    assert home.run("verify", "chinook") == 0


@pytest.mark.long
def test_raw_files_are_left_as_they_were(
    homes: Any, home: Any, shared_chinook: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "raw"
    shutil.copytree(shared_chinook, copy)
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in copy.iterdir()}
    with homes("untouched") as other:
        assert other.run("stage", "chinook", "--raw", str(copy)) == 0
    assert {f: (f.read_bytes(), f.stat().st_mtime_ns) for f in copy.iterdir()} == before

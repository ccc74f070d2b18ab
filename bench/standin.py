"""Measure COPY and UNLOAD of the stand-in beside PostgreSQL's own COPY of the same rows.

    PYTHONPATH=. python bench/standin.py [--rows 10000000] [--home DIR]

The rows have eight columns as of an order line. PostgreSQL's figures are those of the very server
behind the stand-in: COPY FROM and COPY TO of a CSV file that psycopg2 reads and writes. Also
measured: the start of a new home and of one that is there, and 50 clients that each run 100 small
statements.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.orc
import pyarrow.parquet

from src.standin.catalog import ADMIN
from src.standin.server import Endpoint, Standin

COLUMNS = (
    "id bigint, customer int, product int, quantity smallint, price decimal(18,2), "
    "at timestamp, day date, note varchar(40)"
)
FILES = 8
CLIENTS, STATEMENTS = 50, 100


def rows_of(first: int, count: int) -> pa.Table:
    """Rows that are functions of their number, so that every run has the same."""
    ids = pa.array(range(first, first + count), pa.int64())
    small = pc.subtract(ids, pc.multiply(pc.divide(ids, 9973), 9973))
    stamps = pc.cast(
        pc.add(pc.multiply(ids, 61_000_000), 1_600_000_000_000_000), pa.timestamp("us")
    )
    return pa.table(
        {
            "id": ids,
            "customer": pc.cast(small, pa.int32()),
            "product": pc.cast(pc.add(small, 7), pa.int32()),
            "quantity": pc.cast(pc.divide(small, 1000), pa.int16()),
            "price": pc.cast(pc.divide(pc.cast(small, pa.float64()), 8), pa.decimal128(18, 2)),
            "at": stamps,
            "day": pc.cast(stamps, pa.date32()),
            "note": pc.binary_join_element_wise("note of", pc.cast(small, pa.string()), " "),
        }
    )


def write_files(lake: Path, rows: int) -> int:
    """The rows as Parquet, ORC and CSV; the bytes of the CSV."""
    size = 0
    for number in range(FILES):
        first = rows * number // FILES
        table = rows_of(first, rows * (number + 1) // FILES - first)
        pyarrow.parquet.write_table(table, lake / f"p{number}.parquet")
        pyarrow.orc.write_table(table, lake / f"o{number}.orc")
        options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
        pyarrow.csv.write_csv(table, lake / f"c{number}.csv", options)
        size += (lake / f"c{number}.csv").stat().st_size
    return size


def connection_to(endpoint: Endpoint) -> psycopg2.extensions.connection:
    """An autocommit connection to the stand-in."""
    connection = psycopg2.connect(
        host=endpoint.host, port=endpoint.port, dbname=endpoint.database, user=endpoint.user,
        password=endpoint.password,
    )  # fmt: skip
    connection.autocommit = True
    return connection


def connection_behind(home: Path) -> psycopg2.extensions.connection:
    """An autocommit connection past the stand-in, to its PostgreSQL."""
    lines = (home / "pgdata" / "postmaster.pid").read_text().splitlines()
    password = json.loads((home / "secrets.json").read_text())["admin"]
    connection = psycopg2.connect(
        host=lines[4], port=lines[3], dbname="dev", user=ADMIN, password=password
    )
    connection.autocommit = True
    return connection


def timed(name: str, rows: int, work: Callable[[], object]) -> None:
    """Run ``work`` and print its seconds and rows a second."""
    start = time.monotonic()
    work()
    seconds = time.monotonic() - start
    rate = f"{rows / seconds / 1000:10,.0f} k rows/s" if rows else ""
    print(f"{name:<44}{seconds:8.2f} s{rate}", flush=True)


def measure_loads(endpoint: Endpoint, home: Path, lake: Path, rows: int) -> None:
    """COPY of each format and UNLOAD, then the same by PostgreSQL itself."""
    size = write_files(lake, rows)
    print(f"{rows:,} rows, {size / 1e6:,.0f} MB as CSV")
    client = connection_to(endpoint).cursor()
    authority = "IAM_ROLE default"
    client.execute(f"CREATE TABLE t ({COLUMNS})")
    for name, prefix, form in (
        ("COPY, Parquet", "p", "FORMAT AS PARQUET"),
        ("COPY, ORC", "o", "FORMAT AS ORC"),
        ("COPY, CSV", "c", "CSV"),
    ):
        client.execute("TRUNCATE t")
        text = f"COPY t FROM 's3://lake/{prefix}' {authority} {form}"
        timed(name, rows, lambda text=text: client.execute(text))
        client.execute("SELECT COUNT(*) FROM t")
        assert client.fetchone() == (rows,)
    for name, form in (("UNLOAD, Parquet", "FORMAT AS PARQUET"), ("UNLOAD, CSV", "FORMAT AS CSV")):
        text = f"UNLOAD ('SELECT * FROM t') TO 's3://lake/out/{name[8:]}/' {authority} {form}"
        timed(name, rows, lambda text=text: client.execute(text))
    with connection_behind(home) as plain, plain.cursor() as behind:
        behind.execute("SET default_transaction_isolation TO 'read committed'")
        behind.execute(f"CREATE TABLE plain ({COLUMNS})")

        def load() -> None:
            for number in range(FILES):
                with (lake / f"c{number}.csv").open("rb") as file:
                    behind.copy_expert("COPY plain FROM STDIN (FORMAT csv)", file, 1 << 20)

        def unload() -> None:
            with (lake / "plain.csv").open("wb") as file:
                behind.copy_expert("COPY plain TO STDOUT (FORMAT csv)", file, 1 << 20)

        timed("PostgreSQL's COPY FROM, CSV", rows, load)
        timed("PostgreSQL's COPY TO, CSV", rows, unload)


def measure_clients(endpoint: Endpoint) -> None:
    """Many clients at once, each with small statements of its own."""
    opened = [connection_to(endpoint) for _ in range(CLIENTS)]

    def work(number: int) -> None:
        with opened[number].cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE mine_{number} (n int, v varchar(20))")
            for n in range(STATEMENTS // 2):
                cursor.execute(f"INSERT INTO mine_{number} VALUES (%s, NVL(NULL, 'x'))", (n,))
                cursor.execute(f"SELECT COUNT(*), MAX(n) FROM mine_{number}")

    with ThreadPoolExecutor(CLIENTS) as pool:
        timed(
            f"{CLIENTS} clients, {STATEMENTS} statements each", 0,
            lambda: list(pool.map(work, range(CLIENTS))),
        )  # fmt: skip
    for connection in opened:
        connection.close()


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors")
    with tempfile.TemporaryDirectory(prefix="slr-", dir=options.home) as folder:
        home, lake = Path(folder) / "home", Path(folder) / "lake"
        lake.mkdir()
        standin = Standin(home, buckets={"lake": lake})
        timed("start, a new home", 0, standin.start)
        standin.stop()
        timed("start, a home that is there", 0, standin.start)
        endpoint = standin.start()
        try:
            measure_clients(endpoint)
            measure_loads(endpoint, home, lake, options.rows)
        finally:
            timed("stop", 0, standin.stop)


if __name__ == "__main__":
    main()

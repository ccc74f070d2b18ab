"""The complete UCI Online Retail set, raw to warehouse, against DuckDB over the raw files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.e2e.home import Home

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(homes: Any, shared_ecommerce: Path) -> Iterator[Home]:
    """Half a million lines run as a job of their own: the tests' session is set for a few rows."""
    with homes("ecommerce-real") as home:
        done = subprocess.run(
            [sys.executable, "-m", "src.cli", "run", "ecommerce", "--raw", str(shared_ecommerce)],
            env={**os.environ, "STARLIFT_HOME": str(home.path), "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=580,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        yield home


@pytest.fixture(scope="module")
def raw(shared_ecommerce: Path) -> duckdb.DuckDBPyConnection:
    """Lines as ``l`` with the columns of their order, customers as ``c``, products as ``p``."""
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE l AS SELECT o.* EXCLUDE (lines), line.* FROM (SELECT o, unnest(o.lines) "
        f"AS line FROM read_json('{shared_ecommerce}/orders/*.json', "
        "format = 'newline_delimited', columns = {order_id: 'VARCHAR', customer_id: 'VARCHAR', "
        "ordered_at: 'TIMESTAMP', status: 'VARCHAR', lines: 'STRUCT(line_number INT, "
        "product_id VARCHAR, quantity INT, unit_price DECIMAL(18,4))[]'}) o)"
    )
    for name, folder in (("c", "customers"), ("p", "products")):
        connection.execute(
            f"CREATE TABLE {name} AS SELECT * FROM read_csv('{shared_ecommerce}/{folder}/*.csv', "
            "all_varchar = true)"
        )
    return connection


def one(home: Home, sql: str) -> tuple[Any, ...]:
    return home.query(sql)[0]


def test_the_figures_of_the_data_set(home: Home) -> None:
    fact = "FROM ecommerce.fact_orders"
    assert one(home, f"SELECT count(*), count(DISTINCT order_id) {fact}") == (541_909, 25_900)
    assert one(home, f"SELECT sum(net_amount), sum(reporting_net_amount) {fact}") == (
        Decimal("9747747.9340"),
        Decimal("9747747.9340"),
    )
    assert one(
        home,
        "SELECT count(DISTINCT CASE WHEN is_cancelled THEN order_id END), "
        "sum(CASE WHEN is_cancelled THEN 1 ELSE 0 END), "
        "sum(CASE WHEN is_return AND NOT is_cancelled THEN 1 ELSE 0 END), "
        f"sum(CASE WHEN customer_key = -1 THEN 1 ELSE 0 END) {fact}",
    ) == (3836, 9288, 1336, 135_080)
    customers = "FROM ecommerce.dim_customer WHERE customer_id IS NOT NULL"
    assert one(home, f"SELECT count(DISTINCT customer_id) {customers}") == (4372,)
    moved = f"SELECT customer_id {customers} GROUP BY 1 HAVING count(DISTINCT country) > 1"
    assert len(home.query(moved)) == 8
    products = "FROM ecommerce.dim_product WHERE product_id IS NOT NULL"
    assert one(home, f"SELECT count(DISTINCT product_id) {products}") == (4070,)


def test_every_line_is_the_line_of_its_order(home: Home, raw: duckdb.DuckDBPyConnection) -> None:
    sums = (
        "SELECT order_id, count(*), sum({quantity}), sum({gross}), min(product_id), "
        "max(product_id) FROM {table} GROUP BY order_id"
    )
    expected = raw.execute(
        sums.format(quantity="quantity", gross="quantity * unit_price", table="l")
    ).fetchall()
    found = home.query(
        sums.format(
            quantity="quantity", gross="gross_amount", table="ecommerce.fact_orders"
        ).replace("min(product_id)", "min(product_id COLLATE ucs_basic)").replace(
            "max(product_id)", "max(product_id COLLATE ucs_basic)")
    )  # fmt: skip
    assert sorted(found) == sorted(expected)


def test_a_line_has_the_country_that_its_customer_had_then(
    home: Home, raw: duckdb.DuckDBPyConnection
) -> None:
    expected = raw.execute(
        "SELECT count(*) FROM l JOIN (SELECT customer_id, country, CAST(updated_at AS TIMESTAMP) "
        "AS since, lead(CAST(updated_at AS TIMESTAMP)) OVER w AS until, row_number() OVER w AS n "
        "FROM c WINDOW w AS (PARTITION BY customer_id ORDER BY CAST(updated_at AS TIMESTAMP))) c "
        "ON l.customer_id = c.customer_id AND (n = 1 OR l.ordered_at >= since) "
        "AND (until IS NULL OR l.ordered_at < until) WHERE c.country = 'Germany'"
    ).fetchall()[0]
    found = one(
        home,
        "SELECT count(*) FROM ecommerce.fact_orders f JOIN ecommerce.dim_customer c "
        "ON c.customer_version_key = f.customer_version_key WHERE c.country_code = 'DE'",
    )
    assert found == expected


def test_every_file_and_line_is_accounted_for(home: Home, shared_ecommerce: Path) -> None:
    files = home.raw_files("ecommerce")
    assert len(files) == 309
    orders = [file for file in files.values() if file["source"] == "order_line"]
    assert sum(file["records"] for file in orders) == 541_909
    assert sum(file["quarantined"] + file["duplicates"] for file in orders) == 0
    # Of two names of one product at one time the later line counts.
    assert files["products/products.csv"]["conflicts"] == 5
    for path, file in files.items():
        assert file["bytes_read"] == (shared_ecommerce / path).stat().st_size

"""Unmodified clients in an environment of their own; results are literal values."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import psycopg2
import pytest

from src.standin.server import Endpoint
from tests.clients.conftest import HERE, Run, result

pytestmark = pytest.mark.long


def test_sqlalchemy(run: Run) -> None:
    found = result(run("python", str(HERE / "program_sqlalchemy.py")))
    for driver in ("psycopg2", "redshift_connector"):
        assert found[driver] == {
            "rows": ["Al", "Zoë"],
            "tables": ["frame", "people"],
            "views": ["late"],
            "columns": ["id", "name", "paid", "extra"],
            "types": ["BIGINT", "VARCHAR(20)", "NUMERIC(9, 2)"],
            "nullable": False,
            "primary_key": ["id"],
            "unique": [["name"]],
            "options": {
                "redshift_diststyle": "KEY",
                "redshift_distkey": "name",
                "redshift_sortkey": ["name", "paid"],
                "redshift_interleaved_sortkey": None,
            },
            "late": ["name"],
            "frame": [[1, "x", 0.5], [2, None, 1.5]],
        }


def test_awswrangler(run: Run) -> None:
    found = result(run("python", str(HERE / "program_awswrangler.py")))
    second = [[2, "AL"], [3, "Cy"]]
    for method in ("drop", "cascade", "truncate", "delete"):
        assert found[f"overwrite {method}"] == second
    merged = [[1, "Zoë"], *second]
    assert found["upsert"] == merged
    assert found["to_sql"] == merged
    assert sorted(map(tuple, found["append"])) == [(1, "Zoë"), (2, "AL"), (2, "Al"), (3, "Cy")]
    assert found["files"] == [[1, "Zoë"], [2, "Al"]]
    assert found["unload"] == [[1, "Zoë"], [2, "AL"], [2, "Al"], [3, "Cy"]]
    assert (found["unloaded files"], found["table"]) == (2, 4)


def test_dbt(run: Run, client_endpoint: Endpoint, tmp_path: Path) -> None:
    project = tmp_path / "shop"
    shutil.copytree(HERE / "dbt_project", project)

    def dbt(*arguments: str) -> str:
        return run("dbt", *arguments, "--profiles-dir", str(project), cwd=project)

    assert "All checks passed" in dbt("debug")
    dbt("build")
    seeds = project / "seeds" / "raw_orders.csv"
    seeds.write_text(seeds.read_text().replace("2.25", "4.50").replace("3,a,,", "3,a,7,"))
    (project / "tests" / "total.sql").unlink()
    dbt("build")
    dbt("docs", "generate")
    catalog = json.loads((project / "target" / "catalog.json").read_text())
    orders = catalog["nodes"]["model.shop.orders"]
    assert list(orders["columns"]) == ["id", "customer", "amount", "ordered_at"]
    assert orders["metadata"]["comment"] == "One row an order."
    assert orders["stats"]["diststyle"]["value"] == "KEY(customer)"
    assert catalog["nodes"]["model.shop.late"]["metadata"]["type"] == "LATE BINDING VIEW"
    connection = psycopg2.connect(
        host=client_endpoint.host, port=client_endpoint.port, dbname=client_endpoint.database,
        user=client_endpoint.user, password=client_endpoint.password,
    )  # fmt: skip
    with connection.cursor() as cursor:
        for sql, rows in (
            ("SELECT customer, total::text FROM late ORDER BY 1", [("a", "8.50"), ("b", "4.50")]),
            ("SELECT id, amount::text FROM by_merge ORDER BY 1",
             [(1, "1.50"), (2, "4.50"), (3, "7.00")]),
            ("SELECT id, amount::text FROM by_delete ORDER BY 1",
             [(1, "1.50"), (2, "2.25"), (3, "7.00")]),
            ("SELECT id, count(*), count(dbt_valid_to) FROM orders_history GROUP BY 1 ORDER BY 1",
             [(1, 1, 0), (2, 2, 1), (3, 2, 1)]),
        ):  # fmt: skip
            cursor.execute("SET search_path TO dbt_shop")
            cursor.execute(sql)
            assert cursor.fetchall() == rows
    connection.close()

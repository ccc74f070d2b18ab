"""DuckDB's postgres extension on an attached stand-in; results are literal values."""

from __future__ import annotations

import pytest

from tests.clients.conftest import HERE, Run, result

pytestmark = pytest.mark.long


def test_duckdb(run: Run) -> None:
    found = result(run("python", str(HERE / "program_duckdb.py")))
    # As in Redshift's catalog, a late-binding view has no columns, and DuckDB does not find it.
    assert found["tables"] == [["bound"], ["every"]]
    assert "late does not exist" in str(found["late"])
    assert found["columns"] == [
        ["id", "BIGINT", "NO", "PRI"],
        ["small", "SMALLINT", "YES", None],
        ["n", "INTEGER", "YES", None],
        ["amount", "DECIMAL(12,2)", "YES", None],
        ["whole", "DECIMAL(18,0)", "YES", None],
        ["r", "FLOAT", "YES", None],
        ["d", "DOUBLE", "YES", None],
        ["yes", "BOOLEAN", "YES", None],
        ["c", "VARCHAR", "YES", None],
        ["v", "VARCHAR", "YES", None],
        ["long", "VARCHAR", "YES", None],
        ["day", "DATE", "YES", None],
        ["at", "TIMESTAMP", "YES", None],
        ["zoned", "TIMESTAMP WITH TIME ZONE", "YES", None],
        ["t", "TIME", "YES", None],
        ["extra", "VARCHAR", "YES", None],
    ]
    assert found["rows"] == [
        ["1", "2", "3", "4.50", "7", "1.5", "2.25", "True", "ab ", "Zoë", "x", "2024-02-29",
         "2024-02-29 12:34:56.789000", "2024-02-29 10:34:56+00:00", "01:02:03",
         '{"a":[1,"b"]}'],
        ["2", *[None] * 15],
    ]  # fmt: skip
    assert found["pushed down"] == [["1"]]
    assert found["null"] == [["2"]]
    assert found["joined"] == [["Zoë", "one"]]
    assert found["scanned"] == [["2"]]
    # In this version postgres_query() reads by COPY, as from PostgreSQL, unless it is told.
    assert 'syntax error at or near "("' in str(found["query by copy"])
    assert found["query"] == [["Zoë", "b", "2024-03-01 00:00:00"]]


def test_duckdb_writes_as_far_as_redshift_lets_it(run: Run) -> None:
    found = result(run("python", str(HERE / "program_duckdb.py"), "write"))
    assert found["made"] == [["1", "x", "1.50"]]
    assert found["kept"] == [["1"]]
    assert "COPY from STDIN" in str(found["inserted"])
    assert "Redshift has no system columns" in str(found["deleted"])
    assert 'unsupported type "INTEGER[]"' in str(found["list"])

"""UNLOAD to delimited text, CSV and Parquet: files, names, options, errors."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest
import redshift_connector

from src.standin.server import Endpoint
from tests.standin.helpers import Connection, Db, Files

ROWS = "SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL UNION ALL SELECT 3, '' ORDER BY a"


def unload(query: str, url: str, options: str = "") -> str:
    return f"UNLOAD ($q${query}$q$) TO '{url}' IAM_ROLE default {options}"


def names(files: Files) -> list[str]:
    found = (path for path in files.folder.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(files.folder)) for path in found)


@pytest.mark.parametrize(
    ("query", "options", "text"),
    [
        (ROWS, "", "1|x\n2|\n3|\n"),
        (ROWS, "NULL AS '\\N'", "1|x\n2|\\N\n3|\n"),
        (ROWS, "DELIMITER ',' ADDQUOTES", '"1","x"\n"2",""\n"3",""\n'),
        (ROWS, "HEADER", "a|b\n1|x\n2|\n3|\n"),
        (ROWS, "CSV", '1,x\n2,\n3,""\n'),
        (ROWS, "FORMAT AS CSV DELIMITER ';' HEADER", 'a;b\n1;x\n2;\n3;""\n'),
        (ROWS, "FIXEDWIDTH 'a:3,b:2'", "1  x \n2    \n3    \n"),
        ("SELECT E'a|b\\\\c\\nd' AS v, 1", "ESCAPE", "a\\|b\\\\c\\\nd|1\n"),
        ("SELECT E'a|b' AS v", "", "a|b\n"),
        ("SELECT 'say \"hi\", you' AS v, true, 1.50, DATE '2024-02-29'", "CSV",
         '"say ""hi"", you",t,1.50,2024-02-29\n'),
    ],
)  # fmt: skip
def test_text(db: Db, files: Files, query: str, options: str, text: str) -> None:
    assert db.run(unload(query, f"{files.url}/out_", options)) == "UNLOAD"
    assert names(files) == ["out_0000_part_00"]
    assert (files.folder / "out_0000_part_00").read_text() == text


def test_what_was_unloaded_with_escape_loads_again(db: Db, files: Files) -> None:
    db.run("CREATE TABLE t (a int, b varchar(20), c timestamp, d float)")
    db.run(r"INSERT INTO t VALUES (1, E'a|b\\\n''\"é', '2024-02-29 01:02:03.5', 0.1), "
           r"(2, '', NULL, 1e300), (NULL, E'\\N', '1900-01-01', -0.0)")  # fmt: skip
    for options, back in (
        ("ESCAPE NULL AS '@@'", "ESCAPE NULL AS '@@'"),
        ("ESCAPE ADDQUOTES NULL AS '@@'", "ESCAPE REMOVEQUOTES NULL AS '@@'"),
        ("CSV GZIP", "CSV GZIP"),
        ("PARQUET", "FORMAT AS PARQUET"),
    ):
        url = f"{files.url}/{abs(hash(options))}/"
        db.run(unload("SELECT * FROM t", url, options))
        db.run("CREATE TABLE u (LIKE t)")
        db.run(f"COPY u FROM '{url}' IAM_ROLE default {back}")
        for one, two in (("t", "u"), ("u", "t")):
            left = db.rows(f"SELECT * FROM {one} MINUS SELECT * FROM {two}")
            # CSV has one way to write an empty text and a null that is read as text.
            assert left == [] or (options.startswith("CSV") and len(left) < 2), (options, left)
        db.run("DROP TABLE u")


def test_parquet_types(db: Db, files: Files) -> None:
    db.run(
        "CREATE TABLE t (a smallint, b int, c bigint, d decimal(12,3), e float, f real, "
        "g boolean, h date, i timestamp, j timestamptz, k varchar(20), l char(3), m super)"
    )
    db.run(
        "INSERT INTO t VALUES (1, 2, 3, 4.5, 0.1, 0.5, true, '2024-02-29', "
        "'2024-02-29 01:02:03.123456', '2024-02-29 01:02:03+02', 'é, \"x\"', 'ab', "
        """json_parse('{"a":[1]}')), (NULL, NULL, NULL, NULL, 'NaN', '-Infinity', false, NULL, """
        "NULL, NULL, '', '', NULL)"
    )
    db.run(unload("SELECT * FROM t ORDER BY a", f"{files.url}/p/", "FORMAT AS PARQUET"))
    assert names(files) == ["p/0000_part_00.parquet"]
    table = pyarrow.parquet.read_table(files.folder / "p" / "0000_part_00.parquet")
    assert table.schema.types == [
        pa.int16(), pa.int32(), pa.int64(), pa.decimal128(12, 3), pa.float64(), pa.float32(),
        pa.bool_(), pa.date32(), pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.string(),
        pa.string(), pa.string(),
    ]  # fmt: skip
    first, second = table.to_pylist()
    assert first | {"j": None} == {
        "a": 1, "b": 2, "c": 3, "d": Decimal("4.500"), "e": 0.1, "f": 0.5, "g": True,
        "h": dt.date(2024, 2, 29), "i": dt.datetime(2024, 2, 29, 1, 2, 3, 123456), "j": None,
        "k": 'é, "x"', "l": "ab ", "m": '{"a": [1]}',
    }  # fmt: skip
    assert first["j"] == dt.datetime(2024, 2, 28, 23, 2, 3, tzinfo=dt.UTC)
    assert (second["a"], second["k"], second["f"]) == (None, "", float("-inf"))
    error = db.error(unload("SELECT sum(d) AS s FROM t", f"{files.url}/q/", "PARQUET"))
    assert "no declared scale" in str(error)
    assert names(files) == ["p/0000_part_00.parquet"]


@pytest.mark.parametrize("form", ["PARQUET", "CSV"])
def test_partitions(db: Db, files: Files, form: str) -> None:
    db.run("CREATE TABLE t (a int, day date, kind varchar(9))")
    db.run("INSERT INTO t SELECT i, DATE '2024-01-01' + i % 3, CASE WHEN i % 2 = 0 THEN 'even' END "
           "FROM generate_series(1, 100) AS s(i)")  # fmt: skip
    db.run(unload("SELECT * FROM t", f"{files.url}/p", f"{form} PARTITION BY (day, kind)"))
    suffix = ".parquet" if form == "PARQUET" else ""
    assert names(files) == sorted(
        f"p/day=2024-01-0{day}/kind={kind}/0000_part_00{suffix}"
        for day in (1, 2, 3)
        for kind in ("even", "__HIVE_DEFAULT_PARTITION__")
    )
    reader = (
        "read_parquet('{}/**/*.parquet')"
        if form == "PARQUET"
        else "read_csv('{}/**/0000*', columns={{'a': 'INT'}}, hive_partitioning=true)"
    ).format(files.folder)
    found = duckdb.sql(f"SELECT day::varchar, count(*), sum(a) FROM {reader} GROUP BY 1 ORDER BY 1")
    assert found.fetchall() == [
        (f"2024-01-0{r + 1}", *(f(i for i in range(1, 101) if i % 3 == r) for f in (_count, sum)))
        for r in range(3)
    ]


def _count(values: Any) -> int:
    return len(list(values))


def test_include_and_manifest(db: Db, files: Files) -> None:
    options = "PARQUET PARTITION BY (b) INCLUDE MANIFEST VERBOSE"
    db.run(unload("SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, 'y'", f"{files.url}/m/", options))
    manifest = json.loads((files.folder / "m" / "manifest").read_text())
    assert [entry["url"] for entry in manifest["entries"]] == [
        f"{files.url}/m/b=x/0000_part_00.parquet", f"{files.url}/m/b=y/0000_part_00.parquet",
    ]  # fmt: skip
    for entry in manifest["entries"]:
        path = files.folder / entry["url"].removeprefix(files.url + "/")
        assert entry["meta"] == {"content_length": path.stat().st_size, "record_count": 1}
        assert pyarrow.parquet.read_schema(path).names == ["a", "b"]
    assert manifest["meta"]["record_count"] == 2
    # The manifest is one that COPY takes.
    db.run("CREATE TABLE t (a int, b varchar(5))")
    db.run(f"COPY t FROM '{files.url}/m/manifest' IAM_ROLE default FORMAT AS PARQUET MANIFEST")
    assert db.rows("SELECT * FROM t ORDER BY a") == [(1, "x"), (2, "y")]


def test_what_is_there_stays_unless_it_is_said(db: Db, files: Files) -> None:
    url = f"{files.url}/o_"
    db.run(unload("SELECT 1", url))
    error = db.error(unload("SELECT 2", url))
    assert error.pgcode == "XX000"
    assert "Specified unload destination on S3 is not empty" in str(error)
    assert (files.folder / "o_0000_part_00").read_text() == "1\n"
    db.run(unload("SELECT 2", url, "ALLOWOVERWRITE"))
    assert (files.folder / "o_0000_part_00").read_text() == "2\n"
    db.run(unload("SELECT 3", url, "PARALLEL OFF EXTENSION 'txt' CLEANPATH"))
    assert names(files) == ["o_000.txt"]
    assert (files.folder / "o_000.txt").read_text() == "3\n"


@pytest.mark.parametrize(
    ("option", "suffix", "opened"), [("GZIP", ".gz", gzip.open), ("BZIP2", ".bz2", bz2.open)]
)
def test_compression(
    db: Db, files: Files, option: str, suffix: str, opened: Callable[..., Any]
) -> None:
    db.run(unload(ROWS, f"{files.url}/c", option))
    assert names(files) == [f"c0000_part_00{suffix}"]
    with opened(files.folder / f"c0000_part_00{suffix}", "rt") as file:
        assert file.read() == "1|x\n2|\n3|\n"


def test_large_results_are_cut_into_files(db: Db, files: Files) -> None:
    query = "SELECT i, repeat('x', 100) FROM generate_series(1, 200000) AS s(i)"
    db.run(unload(query, f"{files.url}/l_", "CSV MAXFILESIZE 5 MB"))
    found = names(files)
    assert found == [f"l_0000_part_0{n}" for n in range(len(found))] and len(found) > 2
    lines = sum((files.folder / name).read_text().count("\n") for name in found)
    assert lines == 200_000
    assert "200000 record(s) unloaded successfully" in "".join(db.connection.notices)


def test_it_sees_the_transaction_it_is_in(
    connect: Callable[..., Connection], schema: str, files: Files
) -> None:
    connection = connect(options=f"-c search_path={schema}")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (7)")
        cursor.execute(unload("SELECT TOP 1 a, a + 1 AS b, b + 1 FROM t", f"{files.url}/t"))
        assert (files.folder / "t0000_part_00").read_text() == "7|8|9\n"
        with pytest.raises(Exception, match="division by zero"):
            cursor.execute(unload("SELECT 1 / (a - 7) FROM t", f"{files.url}/u"))
    connection.rollback()
    assert names(files) == ["t0000_part_00"]


def test_redshift_connector_unloads_anew_each_time(endpoint: Endpoint, files: Files) -> None:
    with redshift_connector.connect(
        host=endpoint.host, port=endpoint.port, database=endpoint.database, user=endpoint.user,
        password=endpoint.password, ssl=False,
    ) as connection, connection.cursor() as cursor:  # fmt: skip
        cursor.execute("CREATE TEMP TABLE t (a int)")
        for value in (1, 2):
            cursor.execute(f"INSERT INTO t VALUES ({value})")
            cursor.execute(unload("SELECT sum(a) FROM t", f"{files.url}/r", "ALLOWOVERWRITE"))
            assert (files.folder / "r0000_part_00").read_text() == f"{value * (value + 1) // 2}\n"


@pytest.mark.parametrize(
    ("query", "options", "said"),
    [
        ("SELECT 1 LIMIT 5", "", "Limit clause is not supported"),
        ("SELECT 1", "PARQUET HEADER", "HEADER is not supported for UNLOAD to PARQUET"),
        ("SELECT 1", "CSV ADDQUOTES", "ADDQUOTES is not supported for UNLOAD to CSV"),
        ("SELECT 1", "FORMAT AS JSON", "no UNLOAD to JSON"),
        ("SELECT 1", "MASTER_SYMMETRIC_KEY 'x' ENCRYPTED", "no UNLOAD with MASTER"),
        ("SELECT 1", "CLEANPATH ALLOWOVERWRITE", "not both"),
        ("SELECT 1", "MAXFILESIZE 4.9 MB", "between 5 MB"),
        ("SELECT 1", "DELIMITER 'é'", "single one-byte"),
        ("SELECT 1 AS a", "PARTITION BY (b)", '"b" is not in the query'),
        ("SELECT 1 AS a", "PARTITION BY (a)", "at least one column"),
        ("SELECT nowhere", "", "does not exist"),
        ("SELECT DISTINCT ON (a) a FROM t", "", "DISTINCT ON"),
    ],
)
def test_refused(db: Db, files: Files, query: str, options: str, said: str) -> None:
    assert said in str(db.error(unload(query, f"{files.url}/x", options)))
    assert names(files) == []


def test_authorization_is_asked_for(db: Db) -> None:
    assert "IAM_ROLE or CREDENTIALS is missing" in str(
        db.error("UNLOAD ('SELECT 1') TO 's3://l/x'")
    )


def test_floats_are_whole_in_parquet_and_shown_with_15_digits(
    connect: Callable[..., Connection], files: Files, endpoint: Endpoint
) -> None:
    connection = connect()  # in a transaction, whose settings must be left as they were
    db = Db(connection)
    for name in ("first", "second"):
        db.run(unload("SELECT 0.1::float8 + 0.2::float8 AS f", f"{files.url}/{name}", "PARQUET"))
        table = pyarrow.parquet.read_table(files.folder / f"{name}0000_part_00.parquet")
        assert table.column("f").to_pylist() == [0.1 + 0.2]
        assert db.one("SELECT (0.1::float8 + 0.2::float8)::varchar") == "0.3"
        connection.commit()
    with redshift_connector.connect(
        host=endpoint.host, port=endpoint.port, database=endpoint.database, user=endpoint.user,
        password=endpoint.password, ssl=False,
    ) as other, other.cursor() as cursor:  # fmt: skip
        cursor.execute(unload("SELECT 0.1::float8 + 0.2::float8 AS f", f"{files.url}/p", "PARQUET"))
        cursor.execute("SELECT (0.1::float8 + 0.2::float8)::varchar")
        assert cursor.fetchone() == ["0.3"]
    table = pyarrow.parquet.read_table(files.folder / "p0000_part_00.parquet")
    assert table.column("f").to_pylist() == [0.1 + 0.2]

"""What COPY from ORC and Parquet refuses: REDSHIFT.md's ten faults (TRUNCATE is among the DDL)."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.orc
import pytest

from tests.standin.helpers import Db, Files, copy


@pytest.fixture
def one_row(files: Files) -> pa.Table:
    table = pa.table(
        {
            "id": pa.array([1], pa.int64()),
            "name": pa.array(["ééé"]),
            "price": pa.array([Decimal("1.50")], pa.decimal128(9, 2)),
        }
    )
    files.orc("f", table)
    return table


GOOD = "(id bigint, name varchar(6), price decimal(9,2))"


@pytest.mark.usefixtures("one_row")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"meta": None}, "does not have 'meta' key"),
        ({"meta": {}}, "does not have 'meta' key"),
        ({"meta": {"content_length": 7}}, "content_length"),
        ({"meta": {"content_length": 10**6}}, "content_length"),
        ({"meta": {"content_length": True}}, "not a number of bytes"),
        ({"url": "s3://lake/not/there", "meta": {"content_length": 1}}, "not found"),
        ({"url": "s3a://lake/f"}, "whole s3:// object path"),
        ({"url": "s3://lake/folder/"}, "whole s3:// object path"),
        ({"url": "s3://elsewhere/f"}, "elsewhere is not mapped"),
        ({"url": "s3://lake/../f"}, "cannot be read from a mapped folder"),
    ],
)
def test_manifest_faults(db: Db, files: Files, change: dict[str, object], said: str) -> None:
    db.run(f"CREATE TABLE t {GOOD}")
    error = db.error(copy("t", files.manifest(files.entry("f", **change))))
    assert said in str(error)
    assert error.pgcode == "XX000"
    assert db.one("SELECT count(*) FROM t") == 0


@pytest.mark.usefixtures("one_row")
@pytest.mark.parametrize(
    ("columns", "code", "said"),
    [
        ("(id bigint, name varchar(6))", "15007", "Table columns: 2, Data columns: 3"),
        ("(id bigint, name varchar(6), price decimal(9,2), x int)", "15007", "Table columns: 4"),
        ("(id int, name varchar(6), price decimal(9,2))", "15007", "table int4, file int64"),
        ("(id bigint, name varchar(6), price decimal(9,3))", "15007", "numeric(9,3)"),
        ("(id bigint, name varchar(6), price decimal(10,2))", "15007", "numeric(10,2)"),
        ("(id bigint, name varchar(5), price decimal(9,2))", "15001", "Table: 5, Data: 6"),
        ("(id bigint, name char(6), price decimal(9,2))", "15001", "multi-byte"),
        ("(id bigint, name date, price float)", "15007", "price (column 3"),
    ],
)
def test_file_faults(db: Db, files: Files, columns: str, code: str, said: str) -> None:
    db.run(f"CREATE TABLE t {columns}")
    error = db.error(copy("t", files.manifest("f")))
    assert (error.pgcode, f"code:      {code}" in str(error)) == ("XX000", True)
    assert error.diag.message_primary == "Spectrum Scan Error"
    assert said in str(error)


def test_a_null_where_none_may_be(db: Db, files: Files) -> None:
    files.orc("f", pa.table({"a": pa.array([1, None], pa.int32())}))
    db.run("CREATE TABLE t (a int NOT NULL)")
    assert "not-null field: column a, row 2" in str(db.error(copy("t", files.manifest("f"))))


def test_the_row_of_a_fault_is_counted_over_batches(db: Db, files: Files) -> None:
    count = 70_000
    files.orc("f", pa.table({"a": pa.array(["ok"] * (count - 1) + ["longer"])}))
    db.run("CREATE TABLE t (a varchar(5))")
    assert "Data: 6" in str(db.error(copy("t", files.manifest("f"))))
    assert db.rows(
        "SELECT line_number, trim(colname), trim(raw_field_value) FROM stl_load_errors "
        "WHERE tbl = 't'::regclass::oid"
    ) == [(count, "a", "longer")]


@pytest.mark.usefixtures("one_row")
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("MANIFEST MAXERROR 5", "MAXERROR argument is not supported for ORC based COPY"),
        ("MANIFEST REGION 'eu-west-1'", "REGION argument is not supported for ORC based COPY"),
        ("MANIFEST ACCEPTANYDATE", "ACCEPTANYDATE argument is not supported"),
        ("MANIFEST IGNOREALLERRORS", "IGNOREALLERRORS argument is not supported"),
        ("MANIFEST EXPLICIT_IDS", "no COPY with EXPLICIT_IDS"),
        ("MANIFEST NONSENSE", 'syntax error at or near "NONSENSE"'),
        ("MANIFEST SERIALIZETOJSON", "SERIALIZETOJSON argument is not supported for ORC"),
    ],
)
def test_option_faults(db: Db, files: Files, more: str, said: str) -> None:
    db.run(f"CREATE TABLE t {GOOD}")
    assert said in str(db.error(copy("t", files.manifest("f"), more=more)))


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("COPY t FROM 's3://lake/m' IAM_ROLE default FORMAT AS SHAPEFILE", "from SHAPEFILE"),
        ("COPY t FROM 's3://lake/m' FORMAT AS ORC", "IAM_ROLE or CREDENTIALS is missing"),
        ("COPY t FROM STDIN", "PostgreSQL's"),
        ("COPY t TO STDOUT", "PostgreSQL's"),
        ("COPY (SELECT 1) TO STDOUT", "syntax error"),
        ("COPY t FROM '/etc/passwd'", "s3:// locations only"),
    ],
)
def test_what_copy_is_not(db: Db, sql: str, said: str) -> None:
    db.run("CREATE TABLE t (a int)")
    assert said in str(db.error(sql))


def test_missing_table_is_42p01(db: Db, files: Files) -> None:
    files.orc("f", pa.table({"x": pa.array([1], pa.int32())}))
    error = db.error(copy("nowhere", files.manifest("f")))
    assert error.pgcode == "42P01"
    assert "nowhere" in str(error) and "standin" not in str(error)
    db.run("CREATE TABLE t (a int)")
    assert db.error(copy("t (b)", files.manifest("f"))).pgcode == "42703"


def test_broken_manifest_and_file(db: Db, files: Files) -> None:
    db.run("CREATE TABLE t (a int)")
    (files.folder / "m").write_text("{not json")
    assert "correct json" in str(db.error(copy("t", f"{files.url}/m")))
    (files.folder / "f").write_bytes(b"ORC? no")
    assert "cannot be read as ORC" in str(db.error(copy("t", files.manifest("f"))))
    assert "cannot be read as PARQUET" in str(db.error(copy("t", files.manifest("f"), "PARQUET")))
    assert db.one("SELECT 1") == 1


def test_what_postgresql_refuses_is_a_load_error_too(db: Db, files: Files) -> None:
    files.orc("f", pa.table({"x": pa.array(["a\0b"])}))
    db.run("CREATE TABLE t (a varchar(9))")
    assert db.error(copy("t", files.manifest("f"))).pgcode == "22021"
    assert "0x00" in db.one(
        "SELECT error_message FROM sys_load_error_detail WHERE table_id = 't'::regclass::oid"
    )

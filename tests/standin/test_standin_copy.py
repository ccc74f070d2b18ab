"""COPY from ORC and Parquet: what is loaded, and in which transaction."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import psycopg2
import pyarrow as pa
import pyarrow.orc
import pytest

from tests.standin.helpers import Db, Files, copy

EVERY_TYPE = """(
    a smallint, b int, c bigint, d decimal(12,2), e decimal(38,10), f varchar(20), g char(3),
    h date, i timestamp, j boolean, k double precision, l real, m decimal(18,18), n decimal(5,0)
)"""


def every_type(with_nulls: bool) -> pa.Table:
    rows: list[tuple[object, ...]] = [
        (
            1, 2, 3, Decimal("1234567890.12"), Decimal("-1234567890123456789012345678.0123456789"),
            "Zoë", "abc", dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 12, 30, 15, 123456),
            True, 1.5, 0.25, Decimal("0.123456789012345678"), Decimal("99999"),
        ),
        (
            -32768, -(2**31), -(2**63), Decimal("-0.01"), Decimal("0.0000000001"),
            "", "a", dt.date(1900, 1, 1), dt.datetime(1900, 1, 1),
            False, -0.0, 1e10, Decimal("-0.000000000000000001"), Decimal("-10000"),
        ),
        (
            32767, 2**31 - 1, 2**63 - 1, Decimal("0.00"), Decimal("0"),
            "x" * 20, "", dt.date(2199, 12, 31), dt.datetime(2199, 12, 31, 23, 59, 59, 999999),
            True, 1e300, -1.0, Decimal("0.100000000000000000"), Decimal("0"),
        ),
    ]  # fmt: skip
    if with_nulls:
        rows.insert(1, (None,) * 14)
        rows.append((None,) * 14)
    types = [
        pa.int16(), pa.int32(), pa.int64(), pa.decimal128(12, 2), pa.decimal128(38, 10),
        pa.string(), pa.string(), pa.date32(), pa.timestamp("us"), pa.bool_(), pa.float64(),
        pa.float32(), pa.decimal128(18, 18), pa.decimal128(5, 0),
    ]  # fmt: skip
    columns = zip(*rows, strict=True)
    return pa.table(
        {
            f"file_{index}": pa.array(list(column), kind)
            for index, (column, kind) in enumerate(zip(columns, types, strict=True))
        }
    )


def as_read(table: pa.Table) -> list[tuple[object, ...]]:
    rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    # CHAR is padded by PostgreSQL and by Redshift's drivers alike.
    return [
        tuple(v.ljust(3) if at == 6 and isinstance(v, str) else v for at, v in enumerate(row))
        for row in rows
    ]


@pytest.mark.parametrize("form", ["ORC", "PARQUET"])
@pytest.mark.parametrize("with_nulls", [False, True])
def test_every_type_arrives_as_it_was(db: Db, files: Files, form: str, with_nulls: bool) -> None:
    table = every_type(with_nulls)
    (files.orc if form == "ORC" else files.parquet)("f", table)
    db.run(f"CREATE TABLE t {EVERY_TYPE}")
    assert db.run(copy("t", files.manifest("f"), form)) == f"COPY {len(table)}"
    assert db.rows("SELECT * FROM t") == as_read(table)


def test_decimals_of_all_shapes(db: Db, files: Files) -> None:
    rng = np.random.default_rng(5)
    with decimal.localcontext() as context:
        context.prec = 50
        for number, (precision, scale) in enumerate(
            [(1, 0), (4, 4), (9, 5), (17, 3), (18, 0), (18, 17), (19, 0), (19, 19), (38, 0),
             (38, 37), (20, 3)]
        ):  # fmt: skip
            values: list[Decimal | None] = [
                Decimal(int("".join(map(str, rng.integers(0, 10, precision)))) * sign).scaleb(
                    -scale
                )
                for sign in (1, -1)
                for _ in range(50)
            ]
            values += [None, Decimal(0), Decimal(10**precision - 1).scaleb(-scale)]
            column = pa.array(values, pa.decimal128(precision, scale))
            files.orc(f"f{number}", pa.table({"v": column}))
            db.run(f"CREATE TABLE t{number} (v decimal({precision},{scale}))")
            db.run(copy(f"t{number}", files.manifest(f"f{number}")))
            assert [row[0] for row in db.rows(f"SELECT v FROM t{number}")] == values


def test_slices_and_many_batches(db: Db, files: Files) -> None:
    count = 100_003
    table = pa.table(
        {
            "a": pa.array(range(count), pa.int64()),
            "b": pa.array([None if n % 7 == 0 else f"n{n}" for n in range(count)]),
            "c": pa.array([None if n % 5 == 0 else n % 3 == 0 for n in range(count)]),
        }
    )
    files.orc("f", table)
    db.run("CREATE TABLE t (a bigint, b varchar(20), c boolean)")
    db.run(copy("t", files.manifest("f", "f")))
    assert db.rows("SELECT count(*), sum(a), count(b), sum(c::int) FROM t") == [
        (
            2 * count,
            count * (count - 1),
            2 * sum(n % 7 != 0 for n in range(count)),
            2 * sum(n % 5 != 0 and n % 3 == 0 for n in range(count)),
        )
    ]
    assert db.one("SELECT count(*) FROM t WHERE b <> 'n' || a") == 0


def test_int96_and_timestamps_with_zone(db: Db, files: Files) -> None:
    when = dt.datetime(2024, 5, 6, 7, 8, 9, 123456)
    column = pa.array([when], pa.timestamp("ns"))
    files.parquet("f", pa.table({"a": column}), use_deprecated_int96_timestamps=True)
    db.run("CREATE TABLE t (a timestamp)")
    db.run(copy("t", files.manifest("f"), "PARQUET"))
    files.parquet("g", pa.table({"a": pa.array([when], pa.timestamp("us", "UTC"))}))
    db.run(copy("t", files.manifest("g"), "PARQUET"))
    assert db.rows("SELECT a FROM t") == [(when,), (when,)]


def test_timestamps_of_other_units(db: Db, files: Files) -> None:
    when = dt.datetime(1969, 12, 31, 23, 59, 59, 999000)
    files.parquet("ms", pa.table({"a": pa.array([when], pa.timestamp("ms"))}))
    db.run("CREATE TABLE t (a timestamp)")
    db.run(copy("t", files.manifest("ms"), "PARQUET"))
    # ORC has nanoseconds: what is below a microsecond is cut off towards the past.
    files.orc("ns", pa.table({"a": pa.array([-1], pa.timestamp("ns"))}))
    db.run(copy("t", files.manifest("ns")))
    assert db.rows("SELECT a FROM t ORDER BY a") == [(when,), (when.replace(microsecond=999999),)]


def test_nanoseconds_are_refused(db: Db, files: Files) -> None:
    column = pa.array([dt.datetime(2024, 5, 6)], pa.timestamp("ns"))
    files.parquet("f", pa.table({"a": column}), version="2.6")
    db.run("CREATE TABLE t (a timestamp)")
    assert "far year" in str(db.error(copy("t", files.manifest("f"), "PARQUET")))


def test_column_list_orders_and_fills(db: Db, files: Files) -> None:
    files.orc("f", pa.table({"x": pa.array([1], pa.int32()), "y": pa.array(["u"])}))
    db.run("CREATE TABLE t (a varchar(5), b varchar(9) DEFAULT 'd', c int)")
    db.run(copy("t (c, a)", files.manifest("f")))
    assert db.rows("SELECT a, b, c FROM t") == [("u", "d", 1)]


def test_prefix_without_manifest(db: Db, files: Files) -> None:
    for number in range(3):
        files.orc(f"part-{number}", pa.table({"x": pa.array([number], pa.int32())}))
    files.orc("other", pa.table({"x": pa.array([9], pa.int32())}))
    (files.folder / "_SUCCESS").touch()
    db.run("CREATE TABLE t (a int)")
    db.run(copy("t", f"{files.url}/part-", more=""))
    assert db.rows("SELECT a FROM t ORDER BY a") == [(0,), (1,), (2,)]
    assert "does not exist" in str(db.error(copy("t", f"{files.url}/nothing", more="")))


def test_names_that_are_no_data_are_passed_over(db: Db, files: Files) -> None:
    (files.folder / "d").mkdir()
    files.orc("d/part", pa.table({"x": pa.array([5], pa.int32())}))
    for name in ("_SUCCESS", ".hidden", "#temp"):
        (files.folder / "d" / name).write_text("no ORC")
    db.run("CREATE TABLE t (a int)")
    db.run(copy("t", f"{files.url}/d/", more=""))
    assert db.rows("SELECT a FROM t") == [(5,)]


def test_fillrecord(db: Db, files: Files) -> None:
    files.orc("f", pa.table({"x": pa.array([1], pa.int32())}))
    db.run("CREATE TABLE t (a int, b varchar(5), c decimal(9,2))")
    db.run(copy("t", files.manifest("f"), more="MANIFEST FILLRECORD"))
    assert db.rows("SELECT * FROM t") == [(1, None, None)]
    db.run("CREATE TABLE none (a int)")
    files.orc("two", pa.table({"x": pa.array([1], pa.int32()), "y": pa.array(["u"])}))
    error = db.error(copy("none", files.manifest("two"), more="MANIFEST FILLRECORD"))
    assert "Table columns: 1, Data columns: 2" in str(error)


def test_missing_file_that_is_not_mandatory_is_skipped(db: Db, files: Files) -> None:
    files.orc("f", pa.table({"x": pa.array([1], pa.int32())}))
    db.run("CREATE TABLE t (a int)")
    db.run(copy("t", files.manifest("f", files.entry("gone", mandatory=False))))
    assert db.one("SELECT count(*) FROM t") == 1
    error = db.error(copy("t", files.manifest(files.entry("gone", mandatory=None))))
    assert "No files of the manifest were found" in str(error)


# -- transactions ----------------------------------------------------------------------------


def test_copy_into_an_uncommitted_table(
    connect: Callable[..., psycopg2.extensions.connection], schema: str, files: Files
) -> None:
    files.orc("f", pa.table({"x": pa.array([1, 2], pa.int32())}))
    connection = connect()
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {schema}")
        cursor.execute("CREATE TABLE t (a int)")
        cursor.execute(copy("t", files.manifest("f")))
        cursor.execute("CREATE TEMP TABLE u (LIKE t); " + copy("u", files.manifest("f")))
        assert cursor.statusmessage == "COPY 2"
        cursor.execute("SELECT (SELECT count(*) FROM t) + (SELECT count(*) FROM u)")
        assert cursor.fetchall() == [(4,)]
    connection.rollback()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_regclass('{schema}.t')")
        assert cursor.fetchall() == [(None,)]


def test_a_failed_copy_rolls_back_and_its_error_stays(
    connect: Callable[..., psycopg2.extensions.connection], schema: str, files: Files, other: Db
) -> None:
    files.orc("f", pa.table({"x": pa.array(["abc", "abcdef"])}))
    connection = connect()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {schema}.t (a varchar(5))")
        connection.commit()
        cursor.execute(f"INSERT INTO {schema}.t VALUES ('kept?')")
        with pytest.raises(psycopg2.InternalError):
            cursor.execute(copy(f"{schema}.t", files.manifest("f")))
        with pytest.raises(psycopg2.errors.InFailedSqlTransaction):
            cursor.execute("SELECT 1")
    connection.rollback()
    assert other.one("SELECT count(*) FROM t") == 0
    assert other.rows(
        "SELECT trim(filename), line_number, trim(colname), err_code, trim(col_length), "
        "trim(raw_field_value) FROM stl_load_errors WHERE tbl = 't'::regclass::oid"
    ) == [(f"{files.url}/f", 2, "a", 15001, "5", "abcdef")]
    [(message, column)] = other.rows(
        "SELECT error_message, column_type FROM sys_load_error_detail "
        "WHERE table_id = 't'::regclass::oid"
    )
    assert "Table: 5, Data: 6" in message
    assert column == "character varying(5)"


def test_several_statements_in_one_query(db: Db, files: Files) -> None:
    files.orc("f", pa.table({"x": pa.array([1, 2], pa.int32())}))
    load = copy("t", files.manifest("f"))
    db.run(f"CREATE TABLE t (a int); {load}; {load} -- twice")
    assert db.one(f"{load}; SELECT count(*) FROM t") == 6
    # All of it is one transaction, as with PostgreSQL and Redshift.
    db.error(f"DELETE FROM t; {load}; SELECT 1/0")
    assert db.one("SELECT count(*) FROM t") == 6
    assert db.error(f"DELETE FROM t; {copy('t', files.url + '/gone')}; SELECT 1").pgcode == "XX000"
    assert db.one("SELECT count(*) FROM t") == 6


def test_two_clients_copy_at_once(db: Db, other: Db, files: Files) -> None:
    import threading

    count = 300_000
    files.orc("f", pa.table({"x": pa.array(range(count), pa.int64())}))
    db.run("CREATE TABLE t (a bigint)")
    url = files.manifest("f")
    second = threading.Thread(target=lambda: other.run(copy("t", url)))
    second.start()
    db.run(copy("t", url))
    second.join(30)
    assert db.one("SELECT count(*) FROM t") == 2 * count


def test_option_without_effect(db: Db, files: Files) -> None:
    files.parquet("f", pa.table({"x": pa.array([1], pa.int32())}))
    db.run("CREATE TABLE t (a int)")
    more = "SERIALIZETOJSON MANIFEST STATUPDATE OFF ACCEPTINVCHARS AS '^' MAXERROR 0"
    db.run(copy("t", files.manifest("f"), "PARQUET", more))
    connector = (
        f'COPY "t" ("a") FROM \'{files.url}/manifest\' FORMAT AS PARQUET SERIALIZETOJSON manifest '
        "CREDENTIALS 'aws_iam_role=arn:aws:iam::1:role/x'"
    )
    db.run(connector)
    assert db.one("SELECT count(*) FROM t") == 2
    db.run("CREATE TABLE u (a super)")
    assert "jsonb" in str(db.error(copy("u", files.manifest("f"), "PARQUET")))


def rows_known(db: Db, table: str) -> float:
    """How many rows the planner takes a table for; -1 where it knows nothing."""
    return float(
        db.one(
            "SELECT c.reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE c.relname = '{table}' AND n.nspname = current_schema()"
        )
    )


def test_statistics_of_what_was_loaded(db: Db, files: Files) -> None:
    """Without them a join with ten million rows is planned as one with a few."""
    files.parquet("f", pa.table({"x": pa.array([1, 2, 3], pa.int32())}))
    url = files.manifest("f")
    db.run("CREATE TABLE t (a int)")
    db.run(copy("t", url, "PARQUET", "MANIFEST STATUPDATE OFF"))
    assert rows_known(db, "t") == -1
    db.run(copy("t", url, "PARQUET"))
    assert rows_known(db, "t") == 6
    # A table that has statistics gets new ones when asked.
    db.run(copy("t", url, "PARQUET"))
    assert rows_known(db, "t") == 6
    db.run(copy("t", url, "PARQUET", "MANIFEST STATUPDATE ON"))
    assert rows_known(db, "t") == 12
    db.run("BEGIN; CREATE TABLE u (a int)")
    db.run(copy("u", url, "PARQUET"))
    assert rows_known(db, "u") == 3
    db.run("ROLLBACK")


def test_statistics_are_taken_of_a_table_and_run_nothing_else(db: Db) -> None:
    db.run("CREATE TABLE t (a int); CREATE TABLE kept (a int)")
    for target in ("t; DROP TABLE kept", "t (a); DROP TABLE kept"):
        assert db.error(f"SELECT standin.update_statistics('{target}', true)")
    assert db.one("SELECT count(*) FROM kept") == 0


def test_lock_takes_no_snapshot(
    connect: Callable[..., psycopg2.extensions.connection], schema: str, db: Db
) -> None:
    db.run("CREATE TABLE t (a int)")
    connection = connect(options=f"-c search_path={schema}")
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE t IN SHARE ROW EXCLUSIVE MODE")
        connection.rollback()
        cursor.execute("LOCK TABLE t IN ACCESS SHARE MODE")
        db.run("INSERT INTO t VALUES (1)")
        cursor.execute("SELECT count(*) FROM t")
        assert cursor.fetchone() == (1,)
        db.run("INSERT INTO t VALUES (2)")
        cursor.execute("SELECT count(*) FROM t")
        assert cursor.fetchone() == (1,)
    connection.rollback()


def test_s3_by_boto3(db: Db, files: Files) -> None:
    """The second reader, against an S3 client that is only as much of one as it needs."""
    from src.standin.copy_command import CopyCommand
    from src.standin.copy_files import files_of
    from src.standin.objects import ObjectProblem, S3Store

    class Missing(Exception):
        response = {"Error": {"Code": "404"}}  # noqa: RUF012

    class Body:
        def __init__(self, data: bytes) -> None:
            self.data = data

        def iter_chunks(self, size: int) -> list[bytes]:
            return [self.data[at : at + size] for at in range(0, len(self.data), size)]

    class Client:
        def path(self, key: str) -> bytes:
            try:
                return (files.folder / key.rpartition("/")[2]).read_bytes()
            except FileNotFoundError:
                raise Missing from None

        def head_object(self, Bucket: str, Key: str) -> dict[str, int]:  # noqa: N803
            return {"ContentLength": len(self.path(Key))}

        def get_object(self, Bucket: str, Key: str) -> dict[str, Body]:  # noqa: N803
            return {"Body": Body(self.path(Key))}

    files.orc("f", pa.table({"x": pa.array([1], pa.int32())}))
    reader = S3Store(Client())
    command = CopyCommand(("t",), None, files.manifest("f"), "ORC", True)
    assert files_of(command, reader) == [f"{files.url}/f"]
    with reader.open(f"{files.url}/f") as file:
        assert pa.orc.ORCFile(file).nrows == 1
    with pytest.raises(ObjectProblem) as caught:
        reader.size(f"{files.url}/gone")
    assert caught.value.missing

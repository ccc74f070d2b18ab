"""COPY from CSV, delimited text, fixed widths and JSON: values, options, errors by row."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import json
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.standin.helpers import Db, Files


def put(files: Files, name: str, data: str | bytes) -> str:
    raw = data.encode() if isinstance(data, str) else data
    (files.folder / name).write_bytes(raw)
    return f"{files.url}/{name}"


def load(url: str, options: str, target: str = "t") -> str:
    return f"COPY {target} FROM '{url}' IAM_ROLE default {options}"


TYPES = (
    "(a smallint, b int, c bigint, d decimal(8,2), e float, f boolean, g date, h timestamp, "
    "i varchar(10), j char(3), k timestamptz)"
)


def test_csv_of_every_type(db: Db, files: Files) -> None:
    db.run(f"CREATE TABLE t {TYPES}")
    url = put(
        files, "f.csv",
        "a,b,c,d,e,f,g,h,i,j,k\n"
        '1,2,3,4.50,5.5,t,2024-02-29,2024-02-29 01:02:03.5,"x, ""y""\nz",ab,'
        "2024-01-01 12:00:00+02\n"
        ",,,,,,,,,,\n"
        "-32768,-2147483648,-9223372036854775808,-0.01,1e-5,FALSE,1900-01-01,2199-12-31 23:59:59,"
        "é,,2024-01-01 00:00:00\n",
    )  # fmt: skip
    assert db.run(load(url, "CSV IGNOREHEADER 1")) == "COPY 3"
    utc = dt.UTC
    assert db.rows("SELECT * FROM t ORDER BY a NULLS LAST") == [
        (-32768, -(2**31), -(2**63), Decimal("-0.01"), 1e-5, False, dt.date(1900, 1, 1),
         dt.datetime(2199, 12, 31, 23, 59, 59), "é", "   ", dt.datetime(2024, 1, 1, tzinfo=utc)),
        (1, 2, 3, Decimal("4.50"), 5.5, True, dt.date(2024, 2, 29),
         dt.datetime(2024, 2, 29, 1, 2, 3, 500000), 'x, "y"\nz', "ab ",
         dt.datetime(2024, 1, 1, 10, tzinfo=utc)),
        (None,) * 8 + ("", "   ", None),
    ]  # fmt: skip


def test_the_fast_way_and_the_exact_way_agree(db: Db, files: Files) -> None:
    count = 60_000
    lines = [f"{n},{n * 3 % 1000 / 4},name {n},2024-01-{n % 28 + 1:02}" for n in range(count)]
    fast = put(files, "fast", "\n".join(lines) + "\n")
    # Blank lines are what the fast way does not take.
    slow = put(files, "slow", "\n\n".join(lines) + "\n")
    for name, url, more in (("t", fast, ""), ("u", slow, "IGNOREBLANKLINES")):
        db.run(f"CREATE TABLE {name} (a int, b decimal(9,2), c varchar(20), d date)")
        assert db.run(load(url, f"CSV {more}", name)) == f"COPY {count}"
    assert db.one("SELECT count(*) FROM (SELECT * FROM t MINUS SELECT * FROM u) AS x") == 0
    assert db.rows("SELECT sum(a), sum(b), max(d) FROM t") == [
        (count * (count - 1) // 2, sum(Decimal(n * 3 % 1000) / 4 for n in range(count)),
         dt.date(2024, 1, 28))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("option", "squeeze"),
    [("GZIP", gzip.compress), ("BZIP2", bz2.compress),
     ("ZSTD", lambda data: pa.compress(data, "zstd", asbytes=True))],
)  # fmt: skip
def test_compression(db: Db, files: Files, option: str, squeeze: object) -> None:
    assert callable(squeeze)
    url = put(files, "f", squeeze(b"1|a\n2|b\n"))
    db.run("CREATE TABLE t (a int, b varchar(5))")
    db.run(load(url, option))
    assert db.rows("SELECT * FROM t ORDER BY a") == [(1, "a"), (2, "b")]
    wrong = put(files, "g", b"1|a\n")
    assert "cannot be read" in str(db.error(load(wrong, option)))


@pytest.mark.parametrize(
    ("data", "options", "rows"),
    [
        ("1|a\n2|\n", "", [(1, "a"), (2, "")]),
        ("1|a\n2|\n", "EMPTYASNULL", [(1, "a"), (2, None)]),
        ("1|  \n", "BLANKSASNULL", [(1, None)]),
        ("1|a  \n", "TRIMBLANKS", [(1, "a")]),
        ("1|\\N\n\\N|b\n", "", [(1, None), (None, "b")]),
        ("1|-\n", "NULL AS '-'", [(1, None)]),
        ("1;a\n", "DELIMITER ';'", [(1, "a")]),
        ("1\ta\n", r"DELIMITER '\t'", [(1, "a")]),
        ("1|toolongtext\n", "TRUNCATECOLUMNS", [(1, "toolo")]),
        ("1|éééé\n", "TRUNCATECOLUMNS", [(1, "éé")]),
        ("2147483647|a\n", "", [(2147483647, "a")]),
        ("1|a\\|b\n2|c\\\nd\n3|\\\\\n", "ESCAPE", [(1, "a|b"), (2, "c\nd"), (3, "\\")]),
        ("1|'a|b'\n2|\"c\"\n", "REMOVEQUOTES", [(1, "a|b"), (2, "c")]),
        ("001ab   \n002c\n", "FIXEDWIDTH 'a:3,b:5'", [(1, "ab"), (2, "c")]),
        ("x\ny\n1|a\n", "IGNOREHEADER 2", [(1, "a")]),
        ("1|a\r\n2|b\r\n", "", [(1, "a"), (2, "b")]),
        ("1|a\n\n2|b\n", "IGNOREBLANKLINES", [(1, "a"), (2, "b")]),
        ("1\n2|b\n", "FILLRECORD", [(1, None), (2, "b")]),
        ("1|\"a\"\n", "", [(1, '"a"')]),
        ("1,%a%%,b%\n", "CSV QUOTE '%'", [(1, "a%,b")]),
        ("1,\n", "CSV", [(1, "")]),
        ("1,\"\\N\"\n2,\\N\n", "CSV", [(1, "\\N"), (2, None)]),
        (b"\xef\xbb\xbf1,a\n", "CSV", [(1, "a")]),
        ("1,a".encode("utf-16"), "CSV ENCODING UTF16", [(1, "a")]),
        (b"1|a\xffb\n", "ACCEPTINVCHARS AS '^'", [(1, "a^b")]),
        ("1|a\n", "NOLOAD", []),
    ],
)  # fmt: skip
def test_text_options(
    db: Db, files: Files, data: str | bytes, options: str, rows: list[object]
) -> None:
    db.run("CREATE TABLE t (a int, b varchar(5))")
    db.run(load(put(files, "f", data), options))
    assert db.rows("SELECT * FROM t ORDER BY a") == rows


@pytest.mark.parametrize(
    ("text", "options", "value"),
    [
        ("2024-02-29", "", dt.datetime(2024, 2, 29)),
        ("29.02.2024", "DATEFORMAT 'DD.MM.YYYY' TIMEFORMAT 'DD.MM.YYYY'", dt.datetime(2024, 2, 29)),
        ("Feb-29-2024", "DATEFORMAT 'MON-DD-YYYY' TIMEFORMAT 'MON-DD-YYYY'",
         dt.datetime(2024, 2, 29)),
        ("02/29/2024", "DATEFORMAT 'auto' TIMEFORMAT 'auto'", dt.datetime(2024, 2, 29)),
        ("20240229", "DATEFORMAT 'auto' TIMEFORMAT 'auto'", dt.datetime(2024, 2, 29)),
        ("2024-02-30", "ACCEPTANYDATE", None),
        ("nonsense", "ACCEPTANYDATE", None),
    ],
)  # fmt: skip
def test_dates(db: Db, files: Files, text: str, options: str, value: dt.datetime | None) -> None:
    db.run("CREATE TABLE t (a date, b timestamp)")
    db.run(load(put(files, "f", f"{text}|{text}\n"), options))
    assert db.rows("SELECT * FROM t") == [(value.date() if value else None, value)]


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("1700000000", "epochsecs", dt.datetime(2023, 11, 14, 22, 13, 20)),
        ("1700000000123", "epochmillisecs", dt.datetime(2023, 11, 14, 22, 13, 20, 123000)),
        ("2024-02-29T01:02:03.195Z", "auto", dt.datetime(2024, 2, 29, 1, 2, 3, 195000)),
        ("01:02:03 29/02/2024", "HH:MI:SS DD/MM/YYYY", dt.datetime(2024, 2, 29, 1, 2, 3)),
        ("02/29/2024 1:02:03 PM", "MM/DD/YYYY HH12:MI:SS AM", dt.datetime(2024, 2, 29, 13, 2, 3)),
    ],
)
def test_timeformats(db: Db, files: Files, text: str, form: str, value: dt.datetime) -> None:
    db.run("CREATE TABLE t (a timestamp)")
    db.run(load(put(files, "f", f"{text}\n"), f"TIMEFORMAT '{form}'"))
    assert db.rows("SELECT * FROM t") == [(value,)]


def test_decimals_are_cut_or_rounded(db: Db, files: Files) -> None:
    url = put(files, "f", "1.239\n-1.239\n")
    db.run("CREATE TABLE t (a decimal(5,2))")
    db.run(load(url, ""))
    db.run(load(url, "ROUNDEC"))
    assert db.rows("SELECT a FROM t ORDER BY a") == [
        (Decimal(text),) for text in ("-1.24", "-1.23", "1.23", "1.24")
    ]


# -- errors ----------------------------------------------------------------------------------

ERRORS = (
    "query, trim(filename), line_number, trim(colname), trim(type), trim(col_length), "
    "trim(raw_field_value), err_code, trim(err_reason)"
)


@pytest.mark.parametrize(
    ("line", "column", "code", "reason"),
    [
        ("x1|a|1.5|2024-01-01|t", "a", 1207, "Invalid digit, Value 'x', Pos 0, Type: Integer"),
        ("1|toolong|1.5|2024-01-01|t", "b", 1204, "String length exceeds DDL length"),
        ("1|a|1..5|2024-01-01|t", "c", 1207, "Invalid digit, Value '.', Pos 1, Type: Decimal"),
        ("1|a|12345.5|2024-01-01|t", "c", 1209, "Overflow for NUMERIC(5,2)"),
        ("1|a|1000|2024-01-01|t", "c", 1209, "Overflow for NUMERIC(5,2)"),
        ("2147483648|a|1|2024-01-01|t", "a", 1222, "Overflow, Value out of range for type "
         "Integer"),
        ("1|a|1.5|2024-02-30|t", "d", 1205, "Invalid date format or value"),
        ("1|a|1.5|2024-1|t", "d", 1205, "Invalid Date Format - length must be 10 or more"),
        ("1|a|1.5|2024-01-01|maybe", "e", 1210, "Unknown boolean format"),
        ("1|a|1.5|2024-01-01", "d", 1214, "Delimiter not found"),
        ("1|a|1.5|2024-01-01|t|more", "", 1202, "Extra column(s) found"),
        ("|a|1.5|2024-01-01|t", "a", 1213, "Missing data for not-null field"),
        ("99999999999|a|1|2024-01-01|t", "a", 1222, "Overflow, Value out of range for type "
         "Integer"),
    ],
)  # fmt: skip
def test_each_error_is_told_by_row(
    db: Db, files: Files, line: str, column: str, code: int, reason: str
) -> None:
    db.run("CREATE TABLE t (a int NOT NULL, b varchar(5), c decimal(5,2), d date, e boolean)")
    good = "7|ok|1.25|2024-01-01|f\n"
    url = put(files, "f", good * 2 + line + "\n" + good)
    error = db.error(load(url, ""))
    assert (error.pgcode, error.diag.message_primary) == (
        "XX000",
        "Load into table 't' failed.  Check 'stl_load_errors' system table for details.",
    )
    [(file, number, name, err, why, raw)] = db.rows(
        "SELECT trim(filename), line_number, trim(colname), err_code, trim(err_reason), "
        "trim(raw_line) FROM stl_load_errors WHERE tbl = 't'::regclass::oid"
    )
    assert (file, number, name, err, why, raw) == (url, 3, column, code, reason, line)
    assert db.one("SELECT count(*) FROM t") == 0


def test_booleans_and_fixed_texts_of_all_forms(db: Db, files: Files) -> None:
    forms = ("t", "TRUE", "y", "yes", "1", "f", "false", "N", "no", "0")
    db.run("CREATE TABLE t (a boolean, b char(3), c float8)")
    # Blanks at the end do not count for the length of a CHAR.
    db.run(load(put(files, "f", "".join(f"{form}|ab    |1e308\n" for form in forms)), ""))
    assert db.rows("SELECT a, count(*), max(b), max(c) FROM t GROUP BY a ORDER BY a") == [
        (False, 5, "ab ", 1e308),
        (True, 5, "ab ", 1e308),
    ]
    db.error(load(put(files, "g", "t|ab|1e400\n"), ""))
    assert db.one(
        "SELECT trim(err_reason) FROM stl_load_errors WHERE tbl = 't'::regclass::oid"
    ) == ("Float overflow")


def test_maxerror_loads_what_is_right(db: Db, files: Files) -> None:
    db.run("CREATE TABLE t (a int, b varchar(3))")
    lines = [f"{n}|ok" for n in range(50_000)]
    lines[10], lines[40_000] = "bad|ok", "5|toolong"
    url = put(files, "f", "\n".join(lines) + "\n")
    # As many errors as MAXERROR says are too many.
    assert db.error(load(url, "MAXERROR 2")).pgcode == "XX000"
    assert db.run(load(url, "MAXERROR 3")) == "COPY 49998"
    notices = "".join(db.connection.notices)
    assert "49998 record(s) loaded successfully" in notices
    assert "2 record(s) could not be loaded" in notices
    last = "query = (SELECT max(query) FROM stl_load_errors WHERE tbl = 't'::regclass::oid)"
    assert db.rows(
        f"SELECT line_number, trim(colname), trim(type), trim(col_length), trim(raw_field_value) "
        f"FROM stl_load_errors WHERE {last} ORDER BY 1"
    ) == [(11, "a", "int4", "0", "bad"), (40_001, "b", "varchar", "3", "toolong")]


def test_lines_are_counted_through_quoted_newlines(db: Db, files: Files) -> None:
    db.run("CREATE TABLE t (a int, b varchar(20))")
    url = put(files, "f", 'h,h\n1,"x\ny\nz"\nbad,b\n"2","unfinished\n3,c\n')
    db.run(load(url, "CSV IGNOREHEADER 1 MAXERROR 10"))
    assert db.rows("SELECT a, b FROM t ORDER BY a") == [(1, "x\ny\nz"), (3, "c")]
    assert db.rows(
        "SELECT line_number, err_code, trim(err_reason) FROM stl_load_errors "
        "WHERE tbl = 't'::regclass::oid ORDER BY 1"
    ) == [
        (5, 1207, "Invalid digit, Value 'b', Pos 0, Type: Integer"),
        (6, 1216, "Invalid quote formatting for CSV"),
    ]


def test_bytes_that_are_no_utf8(db: Db, files: Files) -> None:
    db.run("CREATE TABLE t (a varchar(9), b char(5))")
    url = put(files, "f", b"ok|ok\n\xa4|x\nx|\xc3\xa9\n")
    db.run(load(url, "MAXERROR 9"))
    assert db.rows("SELECT trim(err_reason) FROM stl_load_errors WHERE tbl = 't'::regclass::oid "
                   "ORDER BY line_number") == [
        ("String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex sequence: a4 "
         "(error 3)",),
        ("Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: "
         "c3 a9",),
    ]  # fmt: skip


# -- JSON ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "document"),
    [
        ("'auto'", '{"a": 1, "b": "x", "c": 1.10, "d": {"k": [1, null]}, "more": 1}'),
        ("'auto'", '\n{"d": {"k":[1,null]},\n "c": "1.10", "b": "x", "a": 1}\n'),
        ("'auto ignorecase'", '{"A": 1, "B": "x", "C": 1.1, "D": {"k": [1, null]}}'),
    ],
)
def test_json_by_name(db: Db, files: Files, form: str, document: str) -> None:
    db.run("CREATE TABLE t (a int, b varchar(9), c decimal(5,2), d super)")
    url = put(files, "f", document + document.replace("x", "é") + '{"b": null}')
    db.run(load(url, f"FORMAT AS JSON {form}"))
    nested = '{"k":[1,null]}'
    assert db.rows("SELECT a, b, c, d FROM t ORDER BY b NULLS LAST") == [
        (1, "x", Decimal("1.10"), nested), (1, "é", Decimal("1.10"), nested),
        (None, None, None, None),
    ]  # fmt: skip


def test_json_by_paths(db: Db, files: Files) -> None:
    paths = put(files, "paths", json.dumps(
        {"jsonpaths": ["$['id']", "$.name.first", "$['tags'][1]", "$.name"]}))  # fmt: skip
    url = put(files, "data", '{"id": 5, "name": {"first": "Zoë", "n": 1.0}, "tags": ["a", "b"]}\n'
                             '{"id": 6}')  # fmt: skip
    db.run("CREATE TABLE t (a int, b varchar(9), c varchar(9), d varchar(99))")
    db.run(load(url, f"JSON '{paths}'"))
    assert db.rows("SELECT * FROM t ORDER BY a") == [
        (5, "Zoë", "b", '{"first":"Zoë","n":1.0}'), (6, None, None, None),
    ]  # fmt: skip
    assert "Number of jsonpaths" in str(db.error(load(url, f"JSON '{paths}'", "t (a)")))


def test_json_noshred_and_errors(db: Db, files: Files) -> None:
    url = put(files, "f", '{"a": [1, 2]}\n{"b": "x"}')
    db.run("CREATE TABLE t (a super)")
    db.run(load(url, "FORMAT JSON 'noshred'"))
    assert db.rows("SELECT a FROM t") == [('{"a":[1,2]}',), ('{"b":"x"}',)]
    broken = put(files, "g", '{"a": 1}\n{"a": }\n{"a": 3}\n')
    db.run("CREATE TABLE u (a int)")
    db.run(load(broken, "JSON 'auto' MAXERROR 5", "u"))
    assert db.rows("SELECT a FROM u ORDER BY a") == [(1,), (3,)]
    assert db.rows(
        "SELECT line_number, err_code FROM stl_load_errors WHERE tbl = 'u'::regclass::oid"
    ) == [(2, 1216)]


def test_a_large_json_document_is_read_in_pieces(db: Db, files: Files) -> None:
    count = 40_000
    rows = ({"a": n, "b": "ü" * (n % 50)} for n in range(count))
    url = put(files, "f", "".join(json.dumps(row, ensure_ascii=False) for row in rows))
    db.run("CREATE TABLE t (a int, b varchar(100))")
    db.run(load(url, "JSON 'auto'"))
    assert db.rows("SELECT count(*), sum(a), sum(len(b)) FROM t") == [
        (count, count * (count - 1) // 2, sum(n % 50 for n in range(count)))
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("CSV FIXEDWIDTH '1'", "syntax error"),
        ("CSV ESCAPE", "CSV is not supported with ESCAPE"),
        ("JSON 'auto' DELIMITER ','", "JSON is not supported with DELIMITER"),
        ("LZOP", "no COPY with LZOP"),
        ("FORMAT AS AVRO 'auto'", "no COPY from AVRO"),
        ("CSV MAXERROR 1000000", "MAXERROR must be between"),
        ("JSON 'other'", "is not 'auto'"),
        ("DATEFORMAT 'YYYY-YYYY'", "does not understand the format"),
    ],
)
def test_what_text_formats_do_not_take(db: Db, files: Files, options: str, said: str) -> None:
    db.run("CREATE TABLE t (a date)")
    assert said in str(db.error(load(put(files, "f", "1\n"), options)))


def test_serializetojson(db: Db, files: Files) -> None:
    nested = pa.table({"a": pa.array([{"x": 1, "y": ["é"]}, None]), "b": pa.array([[1, 2], []])})
    files.parquet("f", nested)
    db.run("CREATE TABLE t (a super, b super)")
    url = files.manifest("f")
    role = "IAM_ROLE default FORMAT AS PARQUET"
    db.run(f"COPY t FROM '{url}' {role} SERIALIZETOJSON MANIFEST")
    assert db.rows("SELECT a, b FROM t") == [
        ('{"x":1,"y":["é"]}', "[1,2]"), (None, "[]"),
    ]  # fmt: skip
    assert "15007" in str(db.error(f"COPY t FROM '{url}' {role} MANIFEST"))

"""Cells of text become typed columns or reasons: each kind of text by example."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import Row

from src.contract.checks import Accepted, Check, Holds, NotNull, Pattern, Range
from src.contract.column import Column, Impute
from src.contract.source import Source
from src.contract.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    INTEGER,
    SMALLINT,
    TIMESTAMP,
    Type,
    decimal,
    varchar,
)
from src.transforms.parse import parse
from tests.conftest import Frame

Parsed = Callable[..., list[Row]]
RECORD = "raw_id bigint, raw_line bigint, raw string, lines int, broken string, "


def source_of(*columns: Column, checks: Sequence[Any] = (), zone: str = "UTC") -> Source:
    return Source(
        "thing",
        "Thing",
        "one thing",
        columns,
        (columns[0].name,),
        checks=tuple(checks),
        zone=zone,
    )


@pytest.fixture(scope="module")
def parsed(frame: Frame) -> Parsed:
    """Parses one row of cells a record and returns the rows in the order given."""

    def run(source: Source, *cells: Sequence[str | None], broken: str | None = None) -> list[Row]:
        struct = ", ".join(f"{column.name}: string" for column in source.columns)
        names = [column.name for column in source.columns]
        rows = frame(
            [
                (7, line, "raw", 1, broken, dict(zip(names, row, strict=True)))
                for line, row in enumerate(cells)
            ],
            RECORD + f"cells struct<{struct}>",
        )
        return sorted(parse(rows, source).collect(), key=lambda row: row["raw_line"])

    return run


def values(parsed: Parsed, kind: Type, texts: Sequence[str | None], zone: str = "UTC") -> list[Any]:
    rows = parsed(source_of(Column("it", kind, "it"), zone=zone), *[(text,) for text in texts])
    return [row["it"] for row in rows]


def reasons(parsed: Parsed, column: Column, text: str | None) -> list[str]:
    row = parsed(source_of(column), (text,))[0]
    return list(row["reasons"])


def utc(text: str) -> datetime:
    """What Spark hands to Python of an instant: local time without a zone."""
    instant = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return instant.astimezone().replace(tzinfo=None)


WHOLE = {
    "5": 5,
    "+5": 5,
    "-5": -5,
    "007": 7,
    " 5\t": 5,
    "\u00a05\u200b": 5,
    "1.0": 1,
    "1.": 1,
    "-3.000": -3,
    "1.5E3": 1500,
    "1E3": 1000,
    "2.9999999999999996": 3,
    "2147483647": 2147483647,
    "-2147483648": -2147483648,
    "2147483648": None,
    "-2147483649": None,
    "2147483648.0": None,
    "18446744073709551617.0": None,
    "1.5": None,
    "1.000000004": None,
    "1,000": None,
    "0x1F": None,
    "1_000": None,
    "12abc": None,
    "--1": None,
    ".": None,
    "": None,
    "Infinity": None,
}


def test_integers_are_read_as_people_and_programs_write_them(parsed: Parsed) -> None:
    assert dict(zip(WHOLE, values(parsed, INTEGER, list(WHOLE)), strict=True)) == WHOLE


@pytest.mark.parametrize(("kind", "bits"), [(SMALLINT, 15), (INTEGER, 31), (BIGINT, 63)])
def test_integers_end_exactly_at_the_range_of_their_type(
    parsed: Parsed, kind: Type, bits: int
) -> None:
    inside = [2**bits - 1, -(2**bits)]
    outside = [2**bits, -(2**bits) - 1]
    texts = [text for number in inside + outside for text in (f"{number}", f"{number}.0")]
    expected = [number for number in inside for _ in range(2)] + [None] * 4
    assert values(parsed, kind, texts) == expected


AMOUNTS = {
    "5.94": "5.94",
    "5.9399999999999995": "5.94",
    "5.940000000000001": "5.94",
    "0.1": "0.10",
    "-0.99": "-0.99",
    "+1": "1.00",
    ".5": "0.50",
    "1e2": "100.00",
    "1.25E+1": "12.50",
    "99999999.99": "99999999.99",
    "-99999999.99": "-99999999.99",
    "99999999.9999999999": None,
    "100000000": None,
    "5.941": None,
    "0.005": None,
    "1.00001": None,
    "1,50": None,
    "$5": None,
    "1e-5": None,
    "1e400": None,
    "abc": None,
    "Infinity": None,
}


def test_amounts_lose_binary_noise_and_nothing_else(parsed: Parsed) -> None:
    found = values(parsed, decimal(10, 2), list(AMOUNTS))
    shown = [None if value is None else str(value) for value in found]
    assert dict(zip(AMOUNTS, shown, strict=True)) == AMOUNTS


def test_noise_ends_at_a_billionth(parsed: Parsed) -> None:
    texts = ["1.000000001", "1.0000000011", "0.999999999", "0.9999999989"]
    assert values(parsed, decimal(10, 2), texts) == [Decimal("1.00"), None, Decimal("1.00"), None]


def test_a_monstrous_exponent_is_refused_at_once(parsed: Parsed) -> None:
    began = time.monotonic()
    assert values(parsed, decimal(10, 2), ["1e-999999999", "1E999999999"]) == [None, None]
    assert values(parsed, INTEGER, ["1.0e-999999999", "1e99999999"]) == [None, None]
    assert time.monotonic() - began < 30


TIMES = {
    "2021-01-05": "2021-01-05 00:00:00",
    "2021/1/5": "2021-01-05 00:00:00",
    "2021-1-5 7:30": "2021-01-05 07:30:00",
    "2021-01-05T13:45:00": "2021-01-05 13:45:00",
    "2021-01-05 13:45:00.5": "2021-01-05 13:45:00.500000",
    "2021-01-05 13:45:00.123456789": "2021-01-05 13:45:00.123456",
    "2021-01-05T13:45:00Z": "2021-01-05 13:45:00",
    "2021-01-05T13:45Z": "2021-01-05 13:45:00",
    "2021-01-05 13:45 +02:00": "2021-01-05 11:45:00",
    "2021-01-05 13:45:00 UTC": "2021-01-05 13:45:00",
    "2021-01-05T13:45:00+05:30": "2021-01-05 08:15:00",
    "2021-01-05T13:45:00-0800": "2021-01-05 21:45:00",
    "2021-01-05T13:45:00+02": "2021-01-05 11:45:00",
    "1900-01-01": "1900-01-01 00:00:00",
    "2199-12-30 23:59:59": "2199-12-30 23:59:59",
    "2199-12-31": None,
    "1899-12-31 23:59:59": None,
    "1900-01-01T00:00:00+01:00": None,
    "0001-01-01": None,
    "9999-12-31": None,
    "2021-02-29": None,
    "2021-13-01": None,
    "2021-01-05 24:00:00": None,
    "2021-01-05 12:60:00": None,
    "05.01.2021": None,
    "01/05/2021": None,
    "2021": None,
    "2021-01": None,
    "13:45:00": None,
    "now": None,
    "today": None,
    "epoch": None,
    "1609854300": None,
    "2021-01-05 13:45:00 Europe/Berlin": None,
    "2021-01-05 13:45:00+99:99": None,
    "2021-01-05x": None,
}


def test_instants_of_every_iso_kind_are_utc(parsed: Parsed) -> None:
    expected = {text: utc(value) if value else None for text, value in TIMES.items()}
    assert dict(zip(TIMES, values(parsed, TIMESTAMP, list(TIMES)), strict=True)) == expected


def test_times_without_a_zone_are_in_the_zone_of_their_source(parsed: Parsed) -> None:
    texts = [
        "2021-01-05 13:45:00",
        "2021-07-05 13:45:00",
        "2021-07-05T13:45:00Z",
        "2021-07-05 13:45:00-04:00",
        "2021-07-05",
    ]
    assert values(parsed, TIMESTAMP, texts, zone="Europe/Berlin") == [
        utc("2021-01-05 12:45:00"),
        utc("2021-07-05 11:45:00"),
        utc("2021-07-05 13:45:00"),
        utc("2021-07-05 17:45:00"),
        utc("2021-07-04 22:00:00"),
    ]


def test_dates_may_carry_midnight_and_no_other_time(parsed: Parsed) -> None:
    texts = ["2021-01-05", "2021-01-05 00:00:00", "2021-01-05T00:00", "2021-01-05 13:45:00", "x"]
    day = date(2021, 1, 5)
    assert values(parsed, DATE, texts) == [day, day, day, None, None]
    # The zone of a source is one of instants: a day stays the day that is written.
    assert values(parsed, DATE, ["2021-01-05"], zone="Asia/Tokyo") == [day]


def test_dates_and_numbers_in_the_form_of_their_supplier(parsed: Parsed) -> None:
    def read(kind: Type, written: Any, *texts: str) -> list[Any]:
        column = Column("it", kind, "it", written=written)
        return [row["it"] for row in parsed(source_of(column), *[(text,) for text in texts])]

    may = date(2024, 5, 3)
    assert read(DATE, "d/m/y", "3/5/2024", "03.05.2024", "2024-05-03") == [may] * 3
    assert read(DATE, "m/d/y", "5/3/2024", "13/1/2024") == [may, None]
    assert read(DATE, "d/m/y", "3/5/24", "3/5/024", "3-5-24") == [may, None, None]
    assert read(DATE, "month name", "3-MAY-24") == [may]
    assert read(DATE, "yyyymmdd", "20240503", "20241303", "2024-05-03") == [may, None, may]
    assert read(DATE, "month name", "3-MAY-2024", "May 3, 2024", "3 Mai 2024") == [may, may, None]
    assert read(TIMESTAMP, "m/d/y", "5/3/2024 12:05 AM", "5/3/2024 1:05 pm", "5/3/2024 13:05") == [
        utc("2024-05-03 00:05:00"),
        utc("2024-05-03 13:05:00"),
        utc("2024-05-03 13:05:00"),
    ]
    amount = decimal(18, 4)
    assert read(amount, "1,234.5", "1,234.50", "-$1,234,567.5", "7", "12%", "1,23", "1.234,5") == [
        *map(Decimal, ("1234.50", "-1234567.5", "7", "12")),
        None,
        None,
    ]
    assert read(amount, "1.234,5", "1.234,50", "12,5 €", "1 234", "7", "1.5", "1,234.5") == [
        *map(Decimal, ("1234.50", "12.5", "1234", "7")),
        None,
        None,
    ]


def test_codes_in_the_form_of_their_supplier(parsed: Parsed) -> None:
    def read(written: Any, *texts: str) -> list[Any]:
        column = Column("it", varchar(12), "it", written=written)
        return [row["it"] for row in parsed(source_of(column), *[(text,) for text in texts])]

    numbers = ["17505.0", "17505", "85123A", "17505.00", "1.5", "A1.0", ".0", "007.0"]
    assert read("number as text", *numbers) == [
        *("17505", "17505", "85123A", "17505.00", "1.5", "A1.0", ".0", "007"),
    ]
    assert read("currency", "eur", "EUR", "GBp", "€", "euro") == ["EUR", "EUR", "GBp", "€", "euro"]


def test_booleans_in_the_words_that_databases_use(parsed: Parsed) -> None:
    true = ["true", "TRUE", "t", "Yes", "y", "1", "1.0"]
    false = ["false", "F", "no", "N", "0", "0.0"]
    found = values(parsed, BOOLEAN, [*true, *false, "2", "on"])
    assert found == [True] * 7 + [False] * 6 + [None] * 2


def test_text_is_trimmed_of_every_kind_of_blank_and_inner_blanks_stay(parsed: Parsed) -> None:
    texts = [" a b ", "\ta\r\n", "\u00a0a\u3000", "\ufeffa\u200b", "   ", "", "\u00a0"]
    assert values(parsed, varchar(10), texts) == ["a b", "a", "a", "a", None, None, None]


def test_text_is_measured_in_bytes(parsed: Parsed) -> None:
    texts = ["abcd", "abcde", "éé", "éé!", "😀", "😀!"]
    assert values(parsed, varchar(4), texts) == ["abcd", None, "éé", None, "😀", None]


def test_words_for_a_missing_value_are_null_where_no_person_writes_them(parsed: Parsed) -> None:
    words = ["NULL", "\\N", "<null>", " NULL "]
    more = ["null", "Null", "None", "NaN", "N/A", "#N/A", "-"]
    number = source_of(Column("it", INTEGER, "it"))
    for row in parsed(number, *[(word,) for word in words + more]):
        assert (row["it"], row["reasons"]) == (None, [])
    assert values(parsed, varchar(10), words + more) == [None] * len(words) + more


def test_a_cell_that_the_file_lacks_is_null(frame: Frame) -> None:
    source = source_of(Column("a", INTEGER, "a"), Column("b", varchar(9), "b"))
    rows = frame(
        [(7, 2, "1", 1, None, {"a": "1"})],
        RECORD + "cells struct<a: string>",
    )
    found = parse(rows, source).select("a", "b", "reasons")
    expected = frame([(1, None, [])], "a int, b string, reasons array<string>")
    assert_df_equality(found, expected, ignore_nullable=True)


def test_every_refusal_says_what_was_expected_and_what_was_found(parsed: Parsed) -> None:
    def one(kind: Type, text: str) -> str:
        (sentence,) = reasons(parsed, Column("it", kind, "it"), text)
        return sentence

    assert one(INTEGER, "abc") == (
        "it: expected a whole number from -2147483648 to 2147483647, found 'abc'"
    )
    assert one(decimal(10, 2), "1.005") == (
        "it: expected a number with at most 2 decimals and 8 digits before them, found '1.005'"
    )
    assert one(TIMESTAMP, "x") == (
        "it: expected a time like 2021-01-31 13:45:00 from 1900-01-01 to 2199-12-31, found 'x'"
    )
    assert one(DATE, "x") == (
        "it: expected a date like 2021-01-31 from 1900-01-01 to 2199-12-31, found 'x'"
    )
    assert one(BOOLEAN, "x") == "it: expected true or false, found 'x'"
    assert one(varchar(3), "abcd") == "it: expected at most 3 bytes of text, found 'abcd'"


def test_a_long_value_is_quoted_by_its_start_and_its_size(parsed: Parsed) -> None:
    (sentence,) = reasons(parsed, Column("it", varchar(5), "it"), "é" * 100)
    assert sentence == f"it: expected at most 5 bytes of text, found '{'é' * 57}…' (200 bytes)"
    (sentence,) = reasons(parsed, Column("it", varchar(5), "it"), "x" * 60)
    assert sentence.endswith(f"found '{'x' * 60}'")


def test_a_row_collects_all_its_reasons_at_once(parsed: Parsed) -> None:
    source = source_of(
        Column("id", INTEGER, "id", nullable=False),
        Column("at", TIMESTAMP, "at", nullable=False),
        Column("price", decimal(10, 2), "price"),
        Column("name", varchar(3), "name"),
        Column("quantity", INTEGER, "quantity"),
        checks=(Range("quantity", low="1"), Accepted("name", ("a", "b"))),
    )
    bad, good, blank = parsed(
        source,
        ("x", "y", "z", "long", "0"),
        ("1", "2021-01-01", "1", "a", "1"),
        (None, None, None, None, None),
    )
    assert bad["reasons"] == [
        "id: expected a whole number from -2147483648 to 2147483647, found 'x'",
        "at: expected a time like 2021-01-31 13:45:00 from 1900-01-01 to 2199-12-31, found 'y'",
        "price: expected a number with at most 2 decimals and 8 digits before them, found 'z'",
        "name: expected at most 3 bytes of text, found 'long'",
        "quantity: expected at least 1, found '0'",
    ]
    assert good["reasons"] == []
    assert blank["reasons"] == [
        "id: expected a value, found none",
        "at: expected a value, found none",
    ]


def test_a_record_that_cannot_be_split_has_that_one_reason(parsed: Parsed) -> None:
    source = source_of(Column("id", INTEGER, "id", nullable=False))
    (row,) = parsed(source, ("x",), broken="wrong number of cells")
    assert row["reasons"] == ["wrong number of cells"]


def test_imputed_values_are_named_in_the_row(parsed: Parsed) -> None:
    source = source_of(
        Column("id", INTEGER, "id"),
        Column("name", varchar(20), "name", impute=Impute("(unnamed)", "reports need one")),
        Column("size", INTEGER, "size", nullable=False, impute=Impute("1", "most are")),
    )
    rows = parsed(source, ("1", "a", "5"), ("2", " ", None), ("3", "NULL", "2"), ("4", "b", "x"))
    assert [(row["name"], row["size"], row["imputed_columns"]) for row in rows] == [
        ("a", 5, None),
        ("(unnamed)", 1, "name,size"),
        ("(unnamed)", 2, "name"),
        ("b", None, None),
    ]
    assert [len(row["reasons"]) for row in rows] == [0, 0, 0, 1]


CHECKED: list[tuple[Check, list[str | None], str]] = [
    (Range("it", low="1"), ["0", "-5"], "it: expected at least 1, found '0'"),
    (Range("it", high="3"), ["4"], "it: expected at most 3, found '4'"),
    (Range("it", low="1", high="3"), ["0", "4"], "it: expected 1 to 3, found '0'"),
    (Accepted("it", ("1", "2", "3")), ["5"], "it: expected one of 1, 2, 3, found '5'"),
    (Pattern("it", "[1-3]", "a digit to 3"), ["31"], "it: expected a digit to 3, found '31'"),
    (NotNull("it"), [None], "it: expected a value, found none"),
    (Holds("odd or null", "it IN (1, 2, 3)"), ["4"], "odd or null: expected it IN (1, 2, 3)"),
]


@pytest.mark.parametrize(("check", "bad", "sentence"), CHECKED, ids=lambda it: str(it)[:20])
def test_checks_refuse_or_warn_by_their_severity(
    parsed: Parsed, check: Any, bad: list[str | None], sentence: str
) -> None:
    column = Column("it", INTEGER, "it")
    good = ["1", "2", "3"] + ([] if isinstance(check, NotNull) else [None])
    texts = [(text,) for text in good + bad]
    refused = parsed(source_of(column, checks=(check,)), *texts)
    assert [bool(row["reasons"]) for row in refused] == [False] * len(good) + [True] * len(bad)
    assert refused[len(good)]["reasons"] == [sentence]
    assert all(row["warnings"] == [] for row in refused)
    warn = type(check)(**{**vars(check), "severity": "warn"})
    warned = parsed(source_of(column, checks=(warn,)), *texts)
    assert all(row["reasons"] == [] for row in warned)
    found = [list(row["warnings"]) for row in warned]
    assert found == [[]] * len(good) + [[check.name]] * len(bad)


def test_amounts_that_hold_no_number_are_named_for_the_accounting(parsed: Parsed) -> None:
    source = source_of(
        Column("id", INTEGER, "id"),
        Column("total", decimal(10, 2), "total", additive=True),
        Column("price", decimal(10, 2), "price"),
    )
    rows = parsed(source, ("1", "1.00", "x"), ("2", "x", "1"), ("3", "", "1"), ("4", "1.005", "1"))
    assert [list(row["unparsed"]) for row in rows] == [[], ["total"], [], ["total"]]


def test_range_holds_for_amounts_and_times(parsed: Parsed) -> None:
    source = source_of(
        Column("total", decimal(10, 2), "total"),
        Column("at", TIMESTAMP, "at"),
        checks=(Range("total", low="0.01", high="1.50"), Range("at", low="2021-01-01")),
    )
    rows = parsed(
        source,
        ("0.01", "2021-01-01"),
        ("1.50", "2021-06-01"),
        ("0.00", "2021-01-01"),
        ("1.51", "2020-12-31 23:59:59"),
    )
    assert [len(row["reasons"]) for row in rows] == [0, 0, 1, 2]

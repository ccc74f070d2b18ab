"""Cells of text become typed columns, or reasons why a row is refused: the staging contract.

A parser is a pure function of Spark columns. Every refusal is one sentence, and a row collects
all of them at once.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.checks import Accepted, Holds, NotNull, Pattern, Range, RowCheck
from src.contract.column import Column
from src.contract.source import TOMBSTONE, Source
from src.transforms.written import in_plain_form, once

# Blanks that spreadsheets and web forms leave around values: also no-break and zero-width ones.
WHITESPACE = " \t\r\n\x0b\x0c\u00a0\u2007\u202f\u3000\u200b\ufeff"
# How databases and spreadsheets write a missing value. In text columns only the spellings that
# no person types by accident; a name may well be "Null".
NULL_WORDS_TEXT = ("NULL", "\\N", "<null>")
NULL_WORDS_OTHER = (
    *NULL_WORDS_TEXT,
    *("null", "Null", "None", "NaN", "nan", "NA", "N/A", "n/a", "#N/A", "-"),
    *("0000-00-00", "0000-00-00 00:00:00"),
)
# Instants outside are refused: ORC and Parquet readers overflow on years 1 and 9999, and open
# versions of a history end at 2199-12-31.
EARLIEST = "1900-01-01"
LATEST = "2199-12-31"

_TIMESTAMP = (
    r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}"
    r"([ T]\d{1,2}:\d{2}(:\d{2}([.]\d{1,9})?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?$"
)
_NO_SECONDS = r"([ T]\d{1,2}:\d{2}) ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)$"
_HAS_ZONE = r":\d{2}([.]\d+)? ?(Z|UTC|[+-]\d{2}(:?\d{2})?)$"
_INTEGERS = {
    "smallint": (-(2**15), 2**15 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}


def parse(records: DataFrame, source: Source) -> DataFrame:
    """One row a record: the source's typed columns beside the record's own.

    ``records`` has raw_id, raw_line, raw, lines, broken and cells (struct of text). Added are
    all columns of the contract, ``imputed_columns`` where it imputes, ``reasons`` (array of
    sentences; empty for a good row), ``warnings`` (names of row checks of severity warn that
    failed) and ``unparsed`` (names of additive columns whose text is no number).
    """
    given = set(records.schema["cells"].dataType.names)  # type: ignore[attr-defined]
    cleaned = records.select(
        "*",
        *[
            _clean(F.col(f"cells.{column.name}") if column.name in given else None, column).alias(
                _text(column)
            )
            for column in source.columns
        ],
    )
    # All columns go along by "*": naming each is a call to Java, and Spark prunes them anyway.
    typed = cleaned.select(
        "*",
        *[_value(column, source).alias(column.name) for column in source.columns],
        *([_imputed(source).alias("imputed_columns")] if source.imputes else []),
    )
    errors = [check for check in source.row_checks if check.severity == "error"]
    warns = [check for check in source.row_checks if check.severity == "warn"]
    reasons = [_refusal(column, source) for column in source.columns] + [
        _unless_tombstone(check, source, failure(check, _text_of(check, source)))
        for check in errors
    ]
    names = [
        _unless_tombstone(check, source, F.when(_fails(check), F.lit(check.name)))
        for check in warns
    ]
    unparsed = [
        F.when(F.col(_text(column)).isNotNull() & F.col(column.name).isNull(), F.lit(column.name))
        for column in source.additive
    ]
    kept = [
        "raw_id",
        "raw_line",
        "raw",
        "lines",
        "cells",
        "broken",
        *[column.name for column in source.columns],
        *(["imputed_columns"] if source.imputes else []),
    ]
    texts = {"reason": reasons, "warning": names, "unparsed": unparsed}
    told = typed.select(
        "*",
        *[
            text.alias(f"{kind} {index}")
            for kind, found in texts.items()
            for index, text in enumerate(found)
        ],
    )
    lists = {
        kind: _listed([F.col(f"`{kind} {index}`") for index in range(len(found))])
        for kind, found in texts.items()
    }
    return told.select(
        *kept,
        F.when(F.col("broken").isNotNull(), F.array("broken"))
        .otherwise(lists["reason"])
        .alias("reasons"),
        lists["warning"].alias("warnings"),
        lists["unparsed"].alias("unparsed"),
    )


def _listed(texts: list[SparkColumn]) -> SparkColumn:
    """The texts that are not null, as an array; made only for the few rows that have any."""
    empty = F.array().cast("array<string>")
    if not texts:
        return empty
    return F.when(F.coalesce(*texts).isNotNull(), F.array_compact(F.array(*texts))).otherwise(empty)


def _text(column: Column) -> str:
    """The name under which a column's cleaned text stands beside its typed value."""
    return f"text of {column.name}"


def _clean(cell: SparkColumn | None, column: Column) -> SparkColumn:
    """The cell trimmed; null when it is blank or spells a missing value."""
    if cell is None:
        return F.lit(None).cast("string")
    # Trimming many kinds of blanks is dear; the first and the last character tell who needs it.
    blanks = F.lit(WHITESPACE)
    ends_blank = F.contains(blanks, F.substring(cell, 1, 1)) | F.contains(
        blanks, F.substring(cell, -1, 1)
    )
    trimmed = F.when(ends_blank, F.btrim(cell, blanks)).otherwise(cell)
    words = NULL_WORDS_TEXT if column.type.is_text else NULL_WORDS_OTHER
    return F.when((trimmed != "") & ~trimmed.isin(*words), trimmed)


def _value(column: Column, source: Source) -> SparkColumn:
    """The typed value of a column's text; null when there is none or it cannot be parsed."""
    text = F.col(_text(column))
    if column.written:
        plain = in_plain_form(text, column.written)
        value = once(plain, lambda plain: _typed(plain, column, source.zone))
    else:
        value = _typed(text, column, source.zone)
    if column.impute:
        imputed = F.lit(column.impute.value).cast(column.type.spark_name)
        value = F.when(text.isNull(), imputed).otherwise(value)
    return value


def _typed(text: SparkColumn, column: Column, zone: str) -> SparkColumn:
    kind = column.type.name
    if kind == "varchar":
        return F.when(F.octet_length(text) <= column.type.args[0], text)
    if kind in _INTEGERS:
        return _integer(text, kind)
    if kind == "decimal":
        return _decimal(text, *column.type.args)
    if kind == "timestamp":
        return _instant(text, zone)
    if kind == "date":
        instant = _instant(text, "UTC")
        return F.when(instant == F.date_trunc("day", instant), instant.cast("date"))
    return _boolean(text)


def _integer(text: SparkColumn, kind: str) -> SparkColumn:
    """A whole number, also written ``1.0`` or ``1E3``; null outside the type's range."""
    # Spark's cast from text cuts decimals off, so it is trusted only where there is no point; its
    # cast from decimal wraps around at the type's range, the one from text does not.
    plain = F.when(F.instr(text, ".") == 0, text.cast(kind))
    return F.coalesce(plain, _rounded(text, 0).cast("string").cast(kind))


def _decimal(text: SparkColumn, precision: int, scale: int) -> SparkColumn:
    """An exact amount: binary noise below 1e-9 is rounded away, more real decimals are null."""
    return _rounded(text, scale).cast(f"decimal({precision},{scale})")


def _rounded(text: SparkColumn, scale: int) -> SparkColumn:
    """The number within 1e-9 of the text that has ``scale`` decimals; null when there is none."""
    # Java takes minutes to round 1e-50000000, so an exponent has two digits at most.
    plain = (F.instr(text, "e") == 0) & (F.instr(text, "E") == 0)
    exact = F.when(plain | text.rlike("[eE][+-]?[0-9]{1,2}$"), text).cast("decimal(32,12)")
    rounded = F.round(exact, scale)
    noise = F.abs(exact - rounded)
    near = noise <= F.lit("0.000000001").cast("decimal(28,12)")
    return F.when(near, rounded)


def _instant(text: SparkColumn, zone: str) -> SparkColumn:
    """An instant in UTC; null when it is no ISO date or time, impossible, or out of range."""
    dashed = F.when(F.instr(text, "/") > 0, F.translate(text, "/", "-")).otherwise(text)
    # Spark reads a zone only behind seconds; the second try costs only where the first gives null.
    with_seconds = F.regexp_replace(dashed, _NO_SECONDS, "$1:00$2")
    instant = F.coalesce(dashed.cast("timestamp"), with_seconds.cast("timestamp"))
    if zone != "UTC":
        instant = F.when(text.rlike(_HAS_ZONE), instant).otherwise(
            F.to_utc_timestamp(instant, zone)
        )
    in_range = (instant >= F.lit(EARLIEST).cast("timestamp")) & (
        instant < F.lit(LATEST).cast("timestamp")
    )
    return F.when(text.rlike(_TIMESTAMP) & in_range, instant)


def _boolean(text: SparkColumn) -> SparkColumn:
    word = F.lower(text)
    return F.when(word.isin("true", "t", "yes", "y", "1", "1.0"), F.lit(True)).when(
        word.isin("false", "f", "no", "n", "0", "0.0"), F.lit(False)
    )


def _imputed(source: Source) -> SparkColumn:
    names = [
        F.when(F.col(_text(column)).isNull(), F.lit(column.name))
        for column in source.columns
        if column.impute
    ]
    listed = F.concat_ws(",", *names)
    return F.when(listed != "", listed)


def _is_tombstone(source: Source) -> SparkColumn:
    return F.coalesce(F.col(_text(source.column(str(source.op)))) == TOMBSTONE, F.lit(False))


def _needed(column: str, source: Source) -> bool:
    """Whether a tombstone needs the column too; it may lack all others."""
    return not source.op or column in source.record_key


def _unless_tombstone(check: RowCheck, source: Source, found: SparkColumn) -> SparkColumn:
    """Null for a tombstone where the check asks for values that it may lack."""
    asks = isinstance(check, Holds) or (
        isinstance(check, NotNull) and not _needed(check.column, source)
    )
    return F.when(~_is_tombstone(source), found) if source.op and asks else found


def _refusal(column: Column, source: Source) -> SparkColumn:
    """Null, or the sentence that says why the column's text is refused."""
    text = F.col(_text(column))
    found = _found(text)
    bad = text.isNotNull() & F.col(column.name).isNull()
    sentence = F.when(bad, F.concat(F.lit(refusal_of_type(column)), found))
    if not column.nullable and not column.impute:
        missing = text.isNull()
        if not _needed(column.name, source):
            missing = missing & ~_is_tombstone(source)
        sentence = F.when(missing, F.lit(f"{column.name}: expected a value, found none")).otherwise(
            sentence
        )
    return sentence


def refusal_of_type(column: Column) -> str:
    """How the reason begins of a cell that is not of the column's type."""
    return f"{column.name}: expected {_expected(column)}, found "


def _found(text: SparkColumn) -> SparkColumn:
    size = F.length(text)
    return F.when(size <= 60, F.concat(F.lit("'"), text, F.lit("'"))).otherwise(
        F.concat(
            F.lit("'"),
            F.substring(text, 1, 57),
            F.lit("…' ("),
            F.octet_length(text),
            F.lit(" bytes)"),
        )
    )


def _expected(column: Column) -> str:
    kind = column.type.name
    if kind == "varchar":
        return f"at most {column.type.args[0]} bytes of text"
    if kind in _INTEGERS:
        low, high = _INTEGERS[kind]
        return f"a whole number from {low} to {high}"
    if kind == "decimal":
        precision, scale = column.type.args
        return f"a number with at most {scale} decimals and {precision - scale} digits before them"
    if kind == "timestamp":
        return f"a time like 2021-01-31 13:45:00 from {EARLIEST} to {LATEST}"
    if kind == "date":
        return f"a date like 2021-01-31 from {EARLIEST} to {LATEST}"
    return "true or false"


def _text_of(check: RowCheck, source: Source) -> str | None:
    if isinstance(check, Holds):
        return None
    return _text(source.column(check.column))


def failure(check: RowCheck, text: str | None = None) -> SparkColumn:
    """Null where a row check holds, else the sentence; ``text`` names the column to quote."""
    if isinstance(check, Holds):
        return F.when(_fails(check), F.lit(f"{check.title}: expected {check.condition}"))
    shown = _found(F.col(text or check.column).cast("string"))
    if isinstance(check, NotNull):
        return F.when(_fails(check), F.lit(f"{check.column}: expected a value, found none"))
    if isinstance(check, Accepted):
        expected = "one of " + ", ".join(check.values)
    elif isinstance(check, Range):
        expected = check.expected
    else:
        expected = check.meaning
    return F.when(
        _fails(check), F.concat(F.lit(f"{check.column}: expected {expected}, found "), shown)
    )


def _fails(check: RowCheck) -> SparkColumn:
    return F.coalesce(~holds(check), F.lit(False))


def holds(check: RowCheck) -> SparkColumn:
    """The condition of a row check; null where it says nothing (a missing value)."""
    if isinstance(check, Holds):
        return F.expr(check.condition)
    value = F.col(check.column)
    if isinstance(check, NotNull):
        return value.isNotNull()
    if isinstance(check, Accepted):
        return value.isin(*check.values)
    if isinstance(check, Pattern):
        return value.rlike(f"^(?:{check.regex})$")
    low = value >= F.lit(check.low) if check.low is not None else F.lit(True)
    high = value <= F.lit(check.high) if check.high is not None else F.lit(True)
    return low & high

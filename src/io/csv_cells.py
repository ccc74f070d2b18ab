"""The cells of a CSV record, or why it cannot be split into them."""

from __future__ import annotations

import re
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.io.csv_header import CsvLayout
from src.io.line_text import is_utf8, quotes

# Files that were put together have their header again. So many of its names tell.
HEADER_AGAIN = "the header again: expected a row"
NAMES_TOLD = 3

# What Spark's parser passes over at the start of a cell.
_BLANKS = r"[\x00-\x20]*"


def split_cells(whole: DataFrame, layout: CsvLayout) -> DataFrame:
    """Split each record into cells and say why a record cannot be split."""
    width = len(layout.columns)
    named = width - layout.ends_empty
    schema = ", ".join(f"c{index} string" for index in range(width)) + ", malformed string"
    options = {
        "sep": layout.delimiter,
        "escape": '"',
        "mode": "PERMISSIVE",
        "columnNameOfCorruptRecord": "malformed",
        "maxCharsPerColumn": "-1",
        # Some programs put a blank behind each delimiter, and a quote behind that opens a cell.
        "ignoreLeadingWhiteSpace": "true",
    }
    # from_csv normalises line ends, and would keep the carriage return of a CRLF file.
    ends_in_cr = F.col("raw").endswith("\r")
    cut = F.expr("substring(raw, 1, length(raw) - 1)")
    texts = whole.withColumn("text", F.when(ends_in_cr, cut).otherwise(F.col("raw")))
    parsed = texts.withColumn("parsed", F.from_csv("text", schema, options))
    text = F.col("text")
    sign = re.escape(layout.delimiter)
    # Most exports quote every cell or none. Where all quotes are those of the delimiters between
    # quoted cells, and of the ends, there is nothing to look for; regular expressions are dear.
    between = F.lit(f'"{layout.delimiter}"')
    inner = F.octet_length(text) - F.octet_length(F.replace(text, between, F.lit("")))
    all_quoted = (
        (quotes(text) == 2 * width)
        & (inner == 3 * (width - 1))
        & text.startswith('"')
        & text.endswith('"')
        # Else the quote of an end is one of a delimiter's, counted twice: "a","b"c","
        & ~text.startswith(between)
        & ~text.endswith(between)
    )
    has_quote = (F.instr("raw", '"') > 0) & ~all_quoted
    # An opening quote after which there is no other: stray quotes before it made the count even.
    unclosed = text.rlike(f'(^|{sign}){_BLANKS}"[^"{sign}][^"]*$')
    after_quote = F.regexp_replace(text, '"[^"]*"', '"').rlike(f'(^|{sign}){_BLANKS}"+[^"{sign}]')
    broken = (
        F.when(~is_utf8(F.col("raw")), F.lit("broken UTF-8: expected UTF-8 text"))
        .when(F.instr("raw", "\0") > 0, F.lit("a NUL character: expected text"))
        .when(
            has_quote & (quotes(F.col("raw")) % 2 == 1),
            F.lit("a quote that is never closed: expected quotes in pairs"),
        )
        .when(
            has_quote & after_quote,
            F.lit("text after a closing quote: expected a delimiter"),
        )
        .when(
            has_quote & unclosed,
            F.lit("a quote that is never closed: expected quotes in pairs"),
        )
        .when(
            F.col("parsed.malformed").isNotNull() | _has_one_more(layout),
            F.lit(f"wrong number of cells: expected {named} as in the header"),
        )
    )
    cells = [
        F.col(f"parsed.c{index}").alias(name)
        for index, name in enumerate(layout.columns)
        if name is not None
    ]
    broken = F.coalesce(broken, F.when(_is_header(layout), F.lit(HEADER_AGAIN)))
    return parsed.select(
        "raw_id",
        "raw_line",
        "raw",
        "lines",
        broken.alias("broken"),
        F.struct(*cells).alias("cells"),
    )


def _has_one_more(layout: CsvLayout) -> SparkColumn:
    """Whether something stands behind the delimiter in which rows end."""
    if not layout.ends_empty:
        return F.lit(False)
    last = F.col(f"parsed.c{len(layout.columns) - 1}")
    return F.coalesce(F.trim(last) != "", F.lit(False))


def _is_header(layout: CsvLayout) -> SparkColumn:
    """Whether a record repeats the header: its first cells are their own columns' names.

    One cell may do so by chance. Null where a cell is.
    """
    places = [place for place, name in enumerate(layout.columns) if name][:NAMES_TOLD]
    same = [
        F.lower(F.translate(F.col(f"parsed.c{place}"), " _-.", "")) == name
        for place, name in zip(places, layout.names, strict=False)
    ]
    return reduce(lambda left, right: left & right, same) if len(same) > 1 else F.lit(False)

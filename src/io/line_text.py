"""What the text of physical lines tells, whatever their format: blanks, quotes, valid bytes."""

from __future__ import annotations

from pyspark.sql import functions as F
from pyspark.sql.column import Column


def quotes(value: Column) -> Column:
    """How many double quotes there are."""
    return F.octet_length(value) - F.octet_length(F.replace(value, F.lit('"'), F.lit("")))


def is_blank(value: Column) -> Column:
    """Whether there is nothing but blanks, tabs and carriage returns."""
    # The first character tells for almost every line; only where it is blank the rest is looked at.
    starts_blank = F.substring(value, 1, 1).isin("", " ", "\t", "\r")
    return starts_blank & (F.trim(F.translate(value, "\r\t", "  ")) == "")


def is_utf8(value: Column) -> Column:
    """Whether the bytes of a text column are valid UTF-8 (Spark does not check when reading)."""
    if hasattr(F, "is_valid_utf8"):
        valid: Column = F.is_valid_utf8(value)
        return valid
    # decode() puts a replacement character for a broken byte, so the round trip differs.
    binary = value.cast("binary")
    return F.encode(F.decode(binary, "UTF-8"), "UTF-8") == binary

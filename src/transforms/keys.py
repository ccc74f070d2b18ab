"""The frozen key function: surrogate keys from natural keys, without a look-up.

The same natural key gives the same 64-bit key in every run, file and engine: XXH64 with seed 42
over the canonical text of the parts, each with its length in bytes before it (``-`` for null).
Golden values in the tests hold it; a change would orphan every row ever loaded.
"""

from __future__ import annotations

from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

UNKNOWN = -1
NOT_APPLICABLE = -2


def surrogate_key(*parts: str | SparkColumn) -> SparkColumn:
    """The key of a natural key; never null, never -1 or -2.

    Canonical text: integers in decimal digits, decimals with their scale, dates and instants as
    ISO text in UTC, booleans as true and false, text as it is.
    """
    columns = [F.col(part) if isinstance(part, str) else part for part in parts]
    hashed = F.xxhash64(F.concat(*[_canonical(column) for column in columns]))
    # The two reserved keys move to values that are as likely as any other; if a natural key
    # already lives there, the gate's collision check refuses, as for every collision.
    return (
        F.when(hashed == UNKNOWN, F.lit(1).cast("bigint"))
        .when(hashed == NOT_APPLICABLE, F.lit(2).cast("bigint"))
        .otherwise(hashed)
    )


def reference_key(*parts: str | SparkColumn, missing: int = UNKNOWN) -> SparkColumn:
    """The key that a row's reference points at; ``missing`` when a part of it is null."""
    columns = [F.col(part) if isinstance(part, str) else part for part in parts]
    present = columns[0].isNotNull()
    for column in columns[1:]:
        present = present & column.isNotNull()
    return F.when(present, surrogate_key(*columns)).otherwise(F.lit(missing).cast("bigint"))


def _canonical(column: SparkColumn) -> SparkColumn:
    text = column.cast("string")
    return F.coalesce(F.concat(F.octet_length(text).cast("string"), F.lit(":"), text), F.lit("-"))


def date_key(day: SparkColumn) -> SparkColumn:
    """The key of a calendar day, yyyymmdd; the unknown member's key for null."""
    return F.coalesce(F.date_format(day, "yyyyMMdd").cast("int"), F.lit(UNKNOWN))

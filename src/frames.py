"""Small DataFrames from values that the driver holds.

Spark's createDataFrame sends a Python list through Python worker processes, seconds for ten rows;
here the rows travel as one JSON literal and never leave the JVM.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F


def small_frame(spark: SparkSession, rows: Iterable[Sequence[object]], schema: str) -> DataFrame:
    """The rows as a DataFrame; ``schema`` is a DDL string of string, long, int and boolean columns.

    Times travel as microseconds in a long column.
    """
    names = [part.split("`")[1] if "`" in part else part.split()[0] for part in schema.split(",")]
    text = json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False)
    return spark.range(1).select(
        F.inline(F.from_json(F.lit(text), f"array<struct<{_colons(schema)}>>"))
    )


def _colons(schema: str) -> str:
    """``a long, b string`` as the fields of a struct type: ``a: long, b: string``."""
    fields = []
    for part in schema.split(","):
        name, kind = part.strip().rsplit(" ", 1)
        fields.append(f"{name}: {kind}")
    return ", ".join(fields)


def where_computed(rows: DataFrame, condition: Column) -> DataFrame:
    """The rows for which a costly computed condition holds.

    Spark would push a plain filter below the projections that compute its columns, and so repeat
    all of parsing for every column that the condition names (measured: ten times slower). A
    generator is not pushed through.
    """
    row = F.array(F.struct(*[F.col(f"`{name}`") for name in rows.columns]))
    return rows.select(F.inline(F.when(condition, row)))

"""DataFrames made and kept where Spark's own ways cost too much.

Spark's createDataFrame sends a Python list through Python worker processes, seconds for ten rows;
here the rows travel as one JSON literal and never leave the JVM.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from py4j.protocol import Py4JError
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F


def small_frame(spark: SparkSession, rows: Iterable[Sequence[object]], schema: str) -> DataFrame:
    """The rows as a DataFrame; ``schema`` is a DDL string of string, long, int and boolean columns.

    Times travel as microseconds in a long column.
    """
    names = _names(schema)
    text = json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False)
    return spark.range(1).select(
        F.inline(F.from_json(F.lit(text), f"array<struct<{_colons(schema)}>>"))
    )


def _names(schema: str) -> list[str]:
    return [field.rsplit(" ", 1)[0].strip().strip("`") for field in schema.split(",")]


def _colons(schema: str) -> str:
    """``a long, b string`` as the fields of a struct type: ``a: long, b: string``."""
    fields = []
    for part in schema.split(","):
        name, kind = part.strip().rsplit(" ", 1)
        fields.append(f"{name}: {kind}")
    return ", ".join(fields)


# Up to here a look-up is an expression; a broadcast costs a Spark job of its own.
FEW = 16


def look_up(
    rows: DataFrame, on: Sequence[str], entries: Sequence[Sequence[object]], schema: str
) -> DataFrame:
    """The rows with the columns that ``entries`` give for their values of ``on``.

    ``schema`` names the columns of the entries, those of ``on`` first; entries are distinct in
    these. Rows that no entry names, and nulls in ``on``, get null.
    """
    names = _names(schema)
    kinds = [field.rsplit(" ", 1)[1].strip() for field in schema.split(",")]
    answers = names[len(on) :]
    if len(entries) > FEW or not entries:
        table = small_frame(rows.sparkSession, entries, schema)
        return rows.join(F.broadcast(table), on=list(on), how="left").select(
            *[f"`{name}`" for name in [*rows.columns, *answers]]
        )
    # One expression for all answers, so that the values are compared once a row.
    found = F.lit(None)
    for entry in entries:
        matches = F.lit(True)
        for column, value in zip(on, entry, strict=False):
            matches = matches & (F.col(f"`{column}`") == F.lit(value))
        answer = F.struct(
            *[
                F.lit(value).cast(kind).alias(name)
                for name, kind, value in zip(
                    answers, kinds[len(on) :], entry[len(on) :], strict=True
                )
            ]
        )
        found = F.when(matches, answer).otherwise(found)
    matched = rows.select("*", found.alias("look-up found"))
    return matched.select(
        *[f"`{name}`" for name in rows.columns],
        *[F.col("look-up found")[name].alias(name) for name in answers],
    )


def kept(rows: DataFrame) -> DataFrame:
    """The rows, computed once, as a plan of a single leaf.

    Of rows that are merely cached each further step analyses, optimises and compares again all that
    they were made of; where rows are joined with what was made of them, that doubles with every
    step. Spark has no public name for the leaf; where it cannot be had the rows are merely cached.
    Rows that are such a leaf are returned as they are: cached again they would be held twice.
    """
    execution = rows._jdf.queryExecution()
    if execution.analyzed().nodeName() == "InMemoryRelation":
        return rows
    rows.cache()
    spark = rows.sparkSession
    try:
        plan = execution.withCachedData()
        datasets = getattr(spark._jvm.org.apache.spark.sql, "Dataset$")  # type: ignore[union-attr]
        leaf = getattr(datasets, "MODULE$").ofRows(spark._jsparkSession, plan)
    except (Py4JError, TypeError):
        return rows
    return DataFrame(leaf, spark)


def where_computed(rows: DataFrame, condition: Column) -> DataFrame:
    """The rows for which a costly computed condition holds.

    Spark would push a plain filter below the projections that compute its columns, and so repeat
    all of parsing for every column that the condition names (measured: ten times slower). A
    generator is not pushed through.
    """
    row = F.array(F.struct(*[F.col(f"`{name}`") for name in rows.columns]))
    return rows.select(F.inline(F.when(condition, row)))

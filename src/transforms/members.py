"""Members that no source row carries: unknown, not applicable, and inferred ones."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.column import Column
from src.contract.table import Table
from src.transforms.history import FIRST, OPEN
from src.transforms.keys import NOT_APPLICABLE, UNKNOWN


def with_inferred(members: DataFrame, *named: DataFrame, key: Sequence[str]) -> DataFrame:
    """The members, and one bare row for each key that ``named`` rows carry and no member has.

    Each frame of ``named`` holds the key's columns under the key's names; keys with a null part
    name nobody. Adds ``is_inferred``; all other columns of an inferred row are null.
    """
    keys = named[0].select(*key)
    for frame in named[1:]:
        keys = keys.unionByName(frame.select(*key))
    missing = (
        keys.dropna()
        .dropDuplicates()
        .join(members.select(*key).dropDuplicates(), on=list(key), how="left_anti")
        .withColumn("is_inferred", F.lit(True))
    )
    known = members.withColumn("is_inferred", F.lit(False))
    return known.unionByName(missing, allowMissingColumns=True)


def special_members(spark_like: DataFrame, table: Table) -> DataFrame:
    """The unknown (-1) and the not-applicable (-2) member of a dimension.

    Every key column holds the member's number, so that a member points at its like in other
    dimensions; text columns that may not be null, and the first text column, say what it is.
    ``spark_like`` is any frame of the session in which the rows are made.
    """
    session = spark_like.sparkSession
    rows = session.range(1).select(
        F.explode(
            F.array(
                *[
                    F.struct(
                        *[_special(c, table, number, word).alias(c.name) for c in table.columns]
                    )
                    for number, word in (
                        (UNKNOWN, "(unknown)"),
                        (NOT_APPLICABLE, "(not applicable)"),
                    )
                ]
            )
        ).alias("member")
    )
    return rows.select("member.*")


def _special(column: Column, table: Table, number: int, word: str) -> SparkColumn:
    kind = column.type.spark_name
    if column.name in table.natural_key and column.nullable:
        return F.lit(None).cast(kind)
    if column.name.endswith("_key") and column.type.is_number:
        return F.lit(number).cast(kind)
    if column.name == "valid_from":
        return F.lit(FIRST).cast(kind)
    if column.name == "valid_to":
        return F.lit(OPEN).cast(kind)
    if column.name == "is_current":
        return F.lit(True)
    if column.name in ("is_inferred", "is_deleted"):
        return F.lit(False)
    if column.type.is_text and column.type.args[0] >= len(word) and column.name in _labels(table):
        return F.lit(word)
    return F.lit(None).cast(kind)


def _labels(table: Table) -> set[str]:
    texts = [
        column
        for column in table.columns
        if column.type.is_text and not (column.name in table.natural_key and column.nullable)
    ]
    return {column.name for column in texts if not column.nullable} | {
        column.name for column in texts[:1]
    }

"""Rows that were one raw record (the lines of an order) stand or fall together.

A total over half the lines of an order would be silently wrong, so a record is staged with all
its rows or goes to quarantine with all of them.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from src.contract.source import Source

RECORD = ["raw_id", "raw_line"]


def content(source: Source) -> list[str]:
    """The columns in which two elements of a record are compared: all but their place in it."""
    place = f"{source.explode}[]"
    return [column.name for column in source.columns if column.header != place]


def stand_or_fall(rows: DataFrame, source: Source) -> DataFrame:
    """The rows with ``reasons`` of their whole record.

    A row that has a reason keeps its own; two rows of one record under one key with different
    values are refused, because nothing says which of them holds; all other rows of the record
    are refused with the first of its reasons. Identical rows are no reason: they are duplicates.
    """
    of_key = Window.partitionBy(*RECORD, *source.key)
    of_record = Window.partitionBy(*RECORD)
    key = ", ".join(name for name in source.key if name not in source.record_key)
    differs = F.size(F.collect_set(F.struct(*content(source))).over(of_key)) > 1
    conflict = f"conflict: {key} stands twice in its record, with different values"
    good = F.size("reasons") == 0
    own = rows.withColumn(
        "reasons", F.when(good & differs, F.array(F.lit(conflict))).otherwise(F.col("reasons"))
    )
    first = F.min(F.when(~good, F.col("reasons")[0])).over(of_record)
    with_record = F.array(F.concat(F.lit("refused with its record: "), F.col("first reason")))
    # A helper column with a blank in its name: no contract can declare it.
    return (
        own.withColumn("first reason", first)
        .withColumn(
            "reasons",
            F.when(good & F.col("first reason").isNotNull(), with_record).otherwise(
                F.col("reasons")
            ),
        )
        .drop("first reason")
    )


def judge_records(rows: DataFrame, source: Source, identity: list[str]) -> DataFrame:
    """The rows with ``fate``: ``keep``, ``duplicate`` or ``conflict``, one for a whole record.

    Of the records of a file that share the identity, those with equal rows are duplicates of the
    last of them; of the different ones the last is kept, the others are conflicts. An element
    that repeats another of its record is a duplicate.
    """
    names = content(source)
    copies = Window.partitionBy(*RECORD, *names).orderBy(F.lit(0))
    counted = rows.withColumn("nth copy", F.row_number().over(copies))
    records = (
        counted.where(F.col("nth copy") == 1)
        .groupBy(*RECORD, *identity)
        .agg(F.sort_array(F.collect_list(F.struct(*names))).alias("all rows"))
    )
    same = ["raw_id", *identity]
    in_content = Window.partitionBy(*same, "all rows").orderBy(F.desc("raw_line"))
    in_identity = Window.partitionBy(*same).orderBy(F.desc("raw_line"))
    fates = records.select(
        *RECORD,
        F.row_number().over(in_content).alias("nth record"),
        F.row_number().over(in_identity).alias("nth of identity"),
    ).select(
        *RECORD,
        F.when(F.col("nth record") > 1, "duplicate")
        .when(F.col("nth of identity") > 1, "conflict")
        .otherwise("keep")
        .alias("fate of record"),
    )
    repeats = (F.col("nth copy") > 1) & (F.col("fate of record") == "keep")
    return (
        counted.join(fates, on=RECORD, how="inner")
        .withColumn("fate", F.when(repeats, "duplicate").otherwise(F.col("fate of record")))
        .select(*rows.columns, "fate")
    )

"""Duplicates inside one raw file: identical rows are dropped, conflicting ones kept apart."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.source import Source
from src.transforms.whole_records import judge_records


def identity(source: Source) -> list[str]:
    """What makes two rows of a file versions of the same thing: natural key and business time.

    Of an exploded source it is the record's: an order's lines are versions as a whole.
    """
    return [*source.record_key, *([source.business_time] if source.business_time else [])]


def identity_hash(source: Source) -> SparkColumn:
    """A hash of a row's identity. Only finds candidates: rows that share it are then compared."""
    return F.xxhash64(*identity(source))


def may_be_doubled(source: Source) -> SparkColumn:
    """Over the good rows of one identity in one file: whether duplicates may be among them."""
    if not source.explode:
        return F.count("*") > 1
    several = F.min("raw_line") != F.max("raw_line")
    return several | (F.size(F.collect_set(F.xxhash64(*source.key))) < F.count("*"))


def judge(rows: DataFrame, source: Source) -> DataFrame:
    """The rows with ``fate``: ``keep``, ``duplicate`` or ``conflict``.

    Within one file and identity, of rows that agree in all columns the last is looked at and the
    others are duplicates; of the different rows that remain the last line is kept, the others
    are conflicts. Exploded records are judged as a whole.
    """
    if source.explode:
        return judge_records(rows, source, identity(source))
    same = ["raw_id", *identity(source)]
    columns = [column.name for column in source.columns]
    content = F.struct(*columns)
    # Helper columns have a blank in their names, which no contract can declare.
    in_content = Window.partitionBy(*same, "all columns").orderBy(F.desc("raw_line"))
    in_identity = Window.partitionBy(*same).orderBy(F.desc("raw_line"))
    return (
        rows.withColumn("all columns", content)
        .withColumn("nth copy", F.row_number().over(in_content))
        .withColumn("nth row", F.row_number().over(in_identity))
        .withColumn(
            "fate",
            F.when(F.col("nth copy") > 1, "duplicate")
            .when(F.col("nth row") > 1, "conflict")
            .otherwise("keep"),
        )
        .drop("all columns", "nth copy", "nth row")
    )

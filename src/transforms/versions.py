"""Versions of one natural key across raw files, and which of them counts."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.source import Source


def version_order(source: Source) -> list[SparkColumn]:
    """The total order of versions: business time, arrival, path, line."""
    business = [F.col(source.business_time)] if source.business_time else []
    return [*business, F.col("arrived_at"), F.col("raw_file"), F.col("raw_line")]


def version_time(source: Source) -> SparkColumn:
    """When a version took effect: its business time, else the arrival of its raw file."""
    business = [F.col(source.business_time)] if source.business_time else []
    return F.coalesce(*business, F.col("arrived_at"))


def latest_version(rows: DataFrame, source: Source) -> DataFrame:
    """One row a natural key: its last version. Of an exploded source, all rows of the last record.

    A newer version of an order carries all its lines: those that it leaves out are gone.
    """
    newest = Window.partitionBy(*source.record_key).orderBy(
        *[column.desc() for column in version_order(source)]
    )
    nth = F.rank() if source.explode else F.row_number()
    # A blank in the helper's name: no contract can declare it.
    return (
        rows.withColumn("nth newest", nth.over(newest))
        .where(F.col("nth newest") == 1)
        .drop("nth newest")
    )

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


def latest_version(rows: DataFrame, source: Source) -> DataFrame:
    """One row a natural key: its last version."""
    newest = Window.partitionBy(*source.key).orderBy(
        *[column.desc() for column in version_order(source)]
    )
    # A blank in the helper's name: no contract can declare it.
    return (
        rows.withColumn("nth newest", F.row_number().over(newest))
        .where(F.col("nth newest") == 1)
        .drop("nth newest")
    )

"""Versions of one natural key across raw files, and which of them counts."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.source import Source

# Marks tombstones among the versions of a source that can delete. A blank in the name: no contract
# can declare it.
DELETED = "is deleted"


def version_order(source: Source) -> list[SparkColumn]:
    """The total order of versions: business time, arrival, path, line.

    Two versions of one path that arrived at the same instant are told apart by their raw_id.
    """
    business = [F.col(source.business_time)] if source.business_time else []
    return [*business, F.col("arrived_at"), F.col("raw_file"), F.col("raw_line"), F.col("raw_id")]


def version_time(source: Source) -> SparkColumn:
    """When a version took effect: its business time, else the arrival of its raw file."""
    business = [F.col(source.business_time)] if source.business_time else []
    return F.coalesce(*business, F.col("arrived_at"))


def is_tombstone(versions: DataFrame) -> SparkColumn | None:
    """Whether a version is a tombstone; None where the source cannot delete."""
    return F.col(DELETED) if DELETED in versions.columns else None


def latest_version(rows: DataFrame, source: Source, *, keep_deleted: bool = False) -> DataFrame:
    """One row a natural key: its last version. Of an exploded source, all rows of the last record.

    A newer version of an order carries all its lines: those that it leaves out are gone. A key
    whose last version is a tombstone has no row; with ``keep_deleted`` it has the last one that
    is none, marked in ``is deleted``, if there ever was one.
    """
    in_order = [column.desc() for column in version_order(source)]
    of_key = Window.partitionBy(*source.record_key)
    marked = DELETED in rows.columns
    rows_first = [F.col(DELETED)] if marked and keep_deleted else []
    nth = F.rank() if source.explode else F.row_number()
    # Helper columns have a blank in their names, which no contract can declare.
    found = rows.withColumn("nth newest", nth.over(of_key.orderBy(*rows_first, *in_order)))
    if marked and keep_deleted:
        found = found.withColumn("gone now", F.first(DELETED).over(of_key.orderBy(*in_order)))
    last = found.where(F.col("nth newest") == 1).drop("nth newest")
    if not marked:
        return last
    last = last.where(~F.col(DELETED))
    return last.withColumn(DELETED, F.col("gone now")).drop("gone now") if keep_deleted else last

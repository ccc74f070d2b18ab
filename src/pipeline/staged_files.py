"""How staged rows lie in files: by month where the source has one, sorted by what they are read by.

Staging writes them, compaction writes them anew.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.source import Source
from src.io.lake import Lake
from src.io.measure import Probe


def write_staged(
    lake: Lake, source: Source, rows: DataFrame, folder: str, files: int | None = None
) -> None:
    """Write the staged columns of the rows; ``files`` is how many where there are no months."""
    columns = [column.name for column in source.staged_columns]
    order = source.look_up or source.key
    if source.month_of:
        monthly = rows.select(*columns, F.date_format(source.month_of, "yyyy-MM").alias("month"))
        # Brought together by month, so that a month is one file and not one for every task.
        sorted_rows = monthly.repartition("month").sortWithinPartitions("month", *source.look_up)
        lake.write(sorted_rows, folder, partition_by="month")
        return
    chosen = rows.select(*columns)
    if files == 1:
        chosen = chosen.coalesce(1)
    elif files:
        # Each file holds a range of its own, so that bounds tell which file to read.
        chosen = chosen.repartitionByRange(files, *order)
    lake.write(chosen.sortWithinPartitions(*order), folder)


def staged_probe(source: Source, folder: str) -> Probe:
    """What to measure of the staged files in a folder."""
    return Probe(
        folder,
        source.staged_columns,
        bounds=source.look_up,
        sums=[column.name for column in source.additive],
        by_raw=True,
    )

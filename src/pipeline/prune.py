"""Reading by key without reading everything: which files, and which stretches of them.

Files name the least and greatest value of their look-up columns, and rows lie sorted by them, so
that ORC and Parquet leave out stretches that hold none of the wanted values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyspark.sql import DataFrame, Row, Window
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn
from pyspark.sql.types import IntegralType

from src.io.entry import DataFile

# Looking at the values costs Spark jobs of their own: worth it only beside so many files or rows.
FROM_FILES = 64
FROM_ROWS = 200_000
# Into how many ranges wanted numbers are put: a few late ones must not make one range of all.
RANGES = 64
# How many rows a reader leaves out together; a range costs each row that is read two comparisons.
STRETCH = 10_000

Numbered = tuple[int, DataFile]


@dataclass(frozen=True)
class Ranges:
    """Where the wanted values of a column lie, as text: low and high of each range."""

    column: str
    is_number: bool
    ranges: tuple[tuple[str, str], ...]

    def may_be_in(self, file: DataFile) -> bool:
        """Whether the file can hold a wanted value. Numbers compare by value, all else as text."""
        low, high = file.low.get(self.column), file.high.get(self.column)
        if low is None or high is None:
            return True
        if self.is_number:
            return any(
                int(low) <= int(end) and int(start) <= int(high) for start, end in self.ranges
            )
        return any(low <= end and start <= high for start, end in self.ranges)

    def condition(self) -> SparkColumn | None:
        """What the wanted values fulfil, for readers to leave out rows; None where none helps."""
        if not self.is_number or not self.ranges:
            return None
        column = F.col(self.column)
        return reduce(or_, [column.between(int(start), int(end)) for start, end in self.ranges])


def is_worth_it(files: Sequence[Numbered]) -> bool:
    return len(files) >= FROM_FILES or sum(file.rows for _, file in files) >= FROM_ROWS


def narrowed(rows: DataFrame, ranges: Sequence[Ranges]) -> DataFrame:
    """The rows without those that lie outside the ranges, as far as readers can leave them out."""
    for one in ranges:
        if (condition := one.condition()) is not None:
            rows = rows.where(condition)
    return rows


def ranges_of(
    values: DataFrame, columns: Sequence[str], files: Sequence[Numbered] = ()
) -> list[Ranges]:
    """The ranges of the values, by column; those of whole numbers leave out the widest gaps.

    Of gaps that are too narrow to leave out a whole file or stretch of ``files`` there are none.
    """
    if not columns:
        return []
    bounds: Row = values.agg(
        *[F.min(name).cast("string").alias(f"low {name}") for name in columns],
        *[F.max(name).cast("string").alias(f"high {name}") for name in columns],
    ).collect()[0]
    found = []
    for name in columns:
        low, high = bounds[f"low {name}"], bounds[f"high {name}"]
        if low is None:
            continue
        is_number = isinstance(values.schema[name].dataType, IntegralType)
        gaps = _widest_gaps(values, name, _least_gap(files, name)) if is_number else []
        starts = [low, *(end for _, end in gaps)]
        ends = [*(start for start, _ in gaps), high]
        found.append(Ranges(name, is_number, tuple(zip(starts, ends, strict=True))))
    return found


def _least_gap(files: Sequence[Numbered], name: str) -> int:
    """How many numbers are missing at least where a whole file or stretch of one is left out.

    The numbers are taken as spread evenly over the rows of the files.
    """
    known = [file for _, file in files if file.low.get(name) and file.high.get(name)]
    rows = sum(file.rows for file in known)
    if not rows:
        return 1
    low = min(int(str(file.low[name])) for file in known)
    span = max(int(str(file.high[name])) for file in known) - low + 1
    return max(1, min(STRETCH, rows // len(known)) * span // rows)


def _widest_gaps(values: DataFrame, name: str, least: int) -> list[tuple[str, str]]:
    """Between which neighbours the widest gaps are, in order."""
    following = F.lead(name).over(Window.orderBy(name))
    gaps = (
        values.select(name)
        .dropna()
        .dropDuplicates()
        .select(F.col(name).cast("long").alias("start"), following.cast("long").alias("end"))
        .where(F.col("end") - F.col("start") > least)
        .orderBy((F.col("end") - F.col("start")).desc())
        .limit(RANGES - 1)
        .collect()
    )
    return [(str(row["start"]), str(row["end"])) for row in sorted(gaps)]

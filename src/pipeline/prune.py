"""Reading by key without reading everything: which files, and which stretches of them.

The driver looks the wanted values up in the columns that they stand in (src/pipeline/hits.py).
Only files that hold some are read; and as rows lie sorted by look-up columns, ORC and Parquet
leave out stretches between those that do. Of more values than a driver should hold, the least and
greatest values of files and the gaps between the wanted ones tell what can be left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Literal

import numpy
from pyspark.sql import DataFrame, Row, Window
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn
from pyspark.sql.types import DataType, IntegralType, NumericType

from src.io.entry import DataFile
from src.io.store import Store
from src.pipeline.hits import Held, hits, is_small, may_hold, wanted_of

if TYPE_CHECKING:
    import pyarrow as pa

# Looking at the values costs Spark jobs of their own: worth it only beside so many files or rows.
FROM_FILES = 64
FROM_ROWS = 200_000
# Into how many ranges wanted numbers are put: a few late ones must not make one range of all.
RANGES = 64
# How many rows a reader leaves out together; a range costs each row that is read two comparisons.
STRETCH = 10_000

Numbered = tuple[int, DataFile]
# How bounds, which are text, compare: whole numbers and other numbers by value.
Kind = Literal["whole", "number", "text"]


@dataclass(frozen=True)
class Ranges:
    """Where the wanted values of a column lie, as text: low and high of each range."""

    column: str
    kind: Kind
    ranges: tuple[tuple[str, str], ...]

    def may_be_in(self, file: DataFile) -> bool:
        """Whether the file can hold a wanted value. Numbers compare by value, all else as text."""
        low, high = file.low.get(self.column), file.high.get(self.column)
        if low is None or high is None:
            return True
        if self.kind == "text":
            return any(low <= end and start <= high for start, end in self.ranges)
        return any(
            Decimal(low) <= Decimal(end) and Decimal(start) <= Decimal(high)
            for start, end in self.ranges
        )

    def condition(self) -> SparkColumn | None:
        """What the wanted values fulfil, for readers to leave out rows; None where none helps."""
        if self.kind != "whole" or not self.ranges:
            return None
        column = F.col(self.column)
        return reduce(or_, [column.between(int(start), int(end)) for start, end in self.ranges])


def reached(
    store: Store, values: Held, files: Sequence[Numbered]
) -> tuple[list[Numbered], list[Ranges]]:
    """The files that can hold the values, and where in them the values lie."""
    wanted = wanted_of(store, values) if is_small([file for _, file in files]) else None
    if wanted is None:
        rows = values.rows
        known = [name for name in rows.columns if all(name in file.low for _, file in files)]
        ranges = ranges_of(rows, known, files)
        return [pair for pair in files if all(one.may_be_in(pair[1]) for one in ranges)], ranges
    near = [pair for pair in files if may_hold(pair[1], wanted)]
    found = hits(store, [file for _, file in near], wanted)
    chosen = [pair for pair, rows in zip(near, found, strict=True) if rows is None or len(rows)]
    known_rows = [rows for rows in found if rows is not None]
    if len(known_rows) < len(found):
        return chosen, []
    return chosen, _ranges_of_hits(known_rows, chosen)


def _ranges_of_hits(found: Sequence[pa.Table], files: Sequence[Numbered]) -> list[Ranges]:
    """The ranges in which rows were found, by column of whole numbers."""
    import pyarrow as pa

    if not any(len(rows) for rows in found):
        return []
    ranges = []
    for name, kind in zip(found[0].schema.names, found[0].schema.types, strict=True):
        if pa.types.is_integer(kind):
            columns = [rows[name].to_numpy() for rows in found if len(rows)]
            numbers = numpy.unique(numpy.concatenate(columns).astype(numpy.int64))
            ranges.append(_ranges_of_numbers(name, numbers, _least_gap(files, name)))
    return ranges


def _ranges_of_numbers(name: str, numbers: numpy.ndarray, least: int) -> Ranges:
    """The sorted numbers in as many ranges as there may be, without the widest gaps."""
    gaps = numpy.diff(numbers)
    wide = numpy.flatnonzero(gaps > least)
    widest = numpy.sort(wide[numpy.argsort(-gaps[wide], kind="stable")][: RANGES - 1])
    starts = [numbers[0], *numbers[widest + 1]]
    ends = [*numbers[widest], numbers[-1]]
    return Ranges(name, "whole", tuple((str(a), str(b)) for a, b in zip(starts, ends, strict=True)))


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
        kind = _kind(values.schema[name].dataType)
        gaps = _widest_gaps(values, name, _least_gap(files, name)) if kind == "whole" else []
        starts = [low, *(end for _, end in gaps)]
        ends = [*(start for start, _ in gaps), high]
        found.append(Ranges(name, kind, tuple(zip(starts, ends, strict=True))))
    return found


def _kind(of: DataType) -> Kind:
    if isinstance(of, IntegralType):
        return "whole"
    return "number" if isinstance(of, NumericType) else "text"


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

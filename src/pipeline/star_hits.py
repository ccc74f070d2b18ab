"""Questions about a star table as it is now: the fold of its change sets, in the driver.

src/pipeline/star.py is the same fold in Spark, for any number of values. Both take a row for one
that counts unless a later change set replaces its key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.table import Table
from src.io.entry import ChangeSet, DataFile
from src.io.lake import Lake
from src.io.lake_state import LakeState
from src.io.store import Store
from src.pipeline.at_once import FILES, at_once
from src.pipeline.hits import Wanted, distinct_values, is_small, rows_within
from src.pipeline.prune import is_worth_it, narrowed, ranges_of
from src.pipeline.star import current_rows, keys_of, told_by

if TYPE_CHECKING:
    import pyarrow as pa

Changes = Sequence[tuple[int, ChangeSet]]
# Of so many rows the driver sums columns: it holds those of a change set at once.
MOST_SUMMED = 2_000_000


class CannotTell(Exception):
    """The driver is not the place to look: too many values or rows, or a file lacks a column.

    A column of a type that the values are not of is as good as none.
    """


def values_in(store: Store, files: Sequence[DataFile], name: str) -> pa.Array:
    """The distinct values of a column, null among them. Raises CannotTell."""
    found = distinct_values(store, files, [name])
    if found is None:
        raise CannotTell
    return found[name]


def missing_values(
    table: Table, store: Store, changes: Changes, name: str, wanted: pa.Array
) -> int:
    """How many of the distinct values no row of the table carries; null is carried by none.

    Raises CannotTell.
    """
    import pyarrow.compute as pc

    left = wanted.drop_null()
    if not len(left):
        return int(wanted.null_count)
    # The newest rows first: an increment mostly refers to what came with it.
    for rows in _live(table, store, changes, [name], {name: left}):
        left = left.filter(pc.invert(pc.is_in(left, value_set=rows[name])))
        if not len(left):
            break
    return int(len(left) + wanted.null_count)


def deleted_rows(table: Table, lake: Lake, state: LakeState, keys: Sequence[DataFile]) -> int:
    """How many rows the table now holds of the keys that a change set replaces."""
    changes = state.changes.get(table.name, [])
    by = _by(table)
    try:
        wanted = {by: values_in(lake.store, keys, by)}
        return sum(len(rows) for rows in _live(table, lake.store, changes, [by], wanted))
    except CannotTell:
        return _deleted_rows(table, lake, changes, keys_of(table, lake, keys))


def _deleted_rows(table: Table, lake: Lake, changes: Changes, replaced: DataFrame) -> int:
    """The same in Spark. The first natural column tells where in the files the keys may lie."""
    files = [(number, file) for number, change in changes for file in change.rows]
    first = table.replace_natural[0]
    by = told_by(table)
    now = current_rows(table, lake, changes, list(dict.fromkeys([*by, first])))
    # Of text nothing is known but its least and greatest value.
    if is_worth_it(files) and table.column(first).type.is_integer:
        now = narrowed(now, ranges_of(replaced, [first], files))
    return now.join(F.broadcast(replaced.select(*by)), on=by, how="left_semi").count()


def rows_and_sums(
    table: Table, store: Store, changes: Changes, names: Sequence[str]
) -> tuple[int, dict[str, Decimal]]:
    """How many rows the table holds, and the exact sums of columns of numbers, without null.

    Raises CannotTell.
    """
    if sum(change.row_count for _, change in changes) > MOST_SUMMED:
        raise CannotTell
    count, sums = 0, dict.fromkeys(names, Decimal(0))
    for rows in _live(table, store, changes, names, {}):
        count += len(rows)
        for name in names:
            sums[name] += _sum(rows[name])
    return count, sums


def _sum(column: pa.ChunkedArray) -> Decimal:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_decimal(kind)):
        raise CannotTell
    # Surrogate keys are 64 bits: their sum is not. No sum of 2 million decimals(38) has 76 digits.
    scale = kind.scale if pa.types.is_decimal(kind) else 0
    return pc.sum(column.cast(pa.decimal256(76, scale))).as_py() or Decimal(0)


def _live(
    table: Table, store: Store, changes: Changes, names: Sequence[str], wanted: Wanted
) -> Iterator[pa.Table]:
    """The columns of the rows that count, by file, those of the last change set first.

    Of ``wanted`` columns only the rows that hold one of the values.
    """
    import pyarrow.compute as pc

    by = _by(table)
    if not is_small([file for _, change in changes for file in change.files]):
        raise CannotTell
    replaced: list[pa.ChunkedArray] = []
    # Mostly a file holds none of the wanted values: its keys are read where it does.
    wide = list(dict.fromkeys([*names, by]))

    def of_file(file: DataFile) -> pa.Table:
        rows = _rows(store, file, wide if replaced and not wanted else names, wanted)
        if len(rows) and replaced:
            if by not in rows.schema.names:
                rows = _rows(store, file, wide, wanted)
            for keys in replaced:
                rows = rows.filter(pc.invert(pc.is_in(rows[by], value_set=keys)))
        return rows.select(names)

    for _, change in reversed(changes):
        yield from at_once(of_file, change.rows, FILES)
        if change.whole:
            return
        replaced += at_once(lambda file: _rows(store, file, [by], {})[by], change.keys, FILES)


def _rows(store: Store, file: DataFile, names: Sequence[str], wanted: Wanted) -> pa.Table:
    found = rows_within(store, file, names, wanted)
    if found is None:
        raise CannotTell
    return found


def _by(table: Table) -> str:
    by = told_by(table)
    return by[0] if len(by) == 1 else table.replace_by

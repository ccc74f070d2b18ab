"""Which rows hold wanted values, told in the driver from the columns of the values alone.

An increment wants few values, and mostly finds none of them in the history: new rows have new
keys. Least and greatest values of files cannot tell that once rows come late; the columns can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, IntegralType, StringType

from src.io.columns import read_columns
from src.io.entry import DataFile
from src.io.store import Store
from src.pipeline.at_once import FILES, at_once

if TYPE_CHECKING:
    import pyarrow as pa

# Up to so many values and rows of files the driver looks them up; beyond, Spark does.
MOST_VALUES = 1_000_000
MOST_ROWS = 100_000_000
# A table of so many places takes as many bytes, for each file that is looked at.
MOST_SPAN = 20_000_000

# By column, the distinct values that are wanted.
Wanted = Mapping[str, "pa.Array"]


@dataclass(frozen=True)
class Held:
    """Rows, and the files that hold every value of their columns, and may hold others.

    Of rows that are computed nobody knows such files (None): only Spark knows the values.
    ``names`` are the columns' names in the files, where they differ.
    """

    rows: DataFrame
    files: Sequence[DataFile] | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def values(self, columns: Sequence[str], under: Sequence[str] = ()) -> Held:
        """The values of some columns, without null, under other names if given.

        They are distinct where Spark will be asked for them.
        """
        pairs = list(zip(columns, under or columns, strict=True))
        rows = self.rows.select(*[F.col(column).alias(name) for column, name in pairs]).dropna()
        if self.files is None:
            rows = rows.dropDuplicates()
        names = {name: self.names.get(column, column) for column, name in pairs}
        return Held(rows, self.files, names)


def wanted_of(store: Store, values: Held) -> Wanted | None:
    """The distinct values of each column, without null.

    Left out are columns whose values Arrow and Spark may tell apart in other ways. None when no
    column is left, or when the values are too many.
    """
    kinds = {
        column.name: kind
        for column in values.rows.schema.fields
        if (kind := _arrow_type(column.dataType)) is not None
    }
    if not kinds:
        return None
    if values.files:
        names = {name: values.names.get(name, name) for name in kinds}
        found = distinct_values(store, values.files, list(names.values()))
        if found and all(is_like(found[names[name]].type, kind) for name, kind in kinds.items()):
            return {name: found[names[name]].cast(kind).drop_null() for name, kind in kinds.items()}
    return _values_by_spark(values.rows, kinds)


def distinct_values(
    store: Store, files: Sequence[DataFile], names: Sequence[str]
) -> dict[str, pa.Array] | None:
    """The distinct values of the columns in the files, null among them.

    None when they stand in too many rows, or when a file lacks a column or has it in a type that
    is not like the others'.
    """
    import pyarrow as pa

    if sum(file.rows for file in files) > MOST_VALUES:
        return None
    tables = at_once(lambda file: read_columns(store, file, names), files, FILES)
    known = [table for table in tables if table is not None]
    if len(known) < len(tables):
        return None
    if not known:
        return {name: pa.array([], pa.int64()) for name in names}
    first = {name: known[0][name].type for name in names}
    if not all(is_like(rows[name].type, kind) for rows in known for name, kind in first.items()):
        return None
    # A column may be wider in files of a newer contract.
    rows = pa.concat_tables(known, promote_options="permissive")
    return {name: rows[name].unique() for name in names}


def _values_by_spark(rows: DataFrame, kinds: Mapping[str, pa.DataType]) -> Wanted | None:
    import pyarrow as pa

    # What looks rows up by them computes them again.
    values = rows.cache()
    # One column of lists: a row for each value would take longer to pass than to look up.
    found = (
        values.select(*kinds)
        .limit(MOST_VALUES + 1)
        .agg(
            F.count("*").alias("rows"), *[F.collect_set(name).alias(f"of {name}") for name in kinds]
        )
        .collect()[0]
    )
    if found["rows"] > MOST_VALUES:
        return None
    return {name: pa.array(found[f"of {name}"], kind) for name, kind in kinds.items()}


def _arrow_type(kind: DataType) -> pa.DataType | None:
    import pyarrow as pa

    if isinstance(kind, IntegralType):
        return pa.int64()
    if isinstance(kind, StringType):
        return pa.string()
    return pa.date32() if isinstance(kind, DateType) else None


def is_like(one: pa.DataType, other: pa.DataType) -> bool:
    """Whether values of the types are told to be equal in one way: whole numbers, or one type."""
    import pyarrow as pa

    return bool(one == other or (pa.types.is_integer(one) and pa.types.is_integer(other)))


def is_small(files: Sequence[DataFile]) -> bool:
    """Whether the driver may look values up in so many rows."""
    return sum(file.rows for file in files) <= MOST_ROWS


def may_hold(file: DataFile, wanted: Wanted) -> bool:
    """Whether the bounds of the file's columns leave room for a wanted value of each."""
    return all(_may_hold(file, name, values) for name, values in wanted.items())


def _may_hold(file: DataFile, name: str, values: pa.Array) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    low, high = file.low.get(name), file.high.get(name)
    if low is None or high is None:
        return True
    # Bounds are text; that of numbers and of dates is read as such.
    try:
        bounds = pa.array([low, high]).cast(values.type)
    except pa.ArrowInvalid:
        return True
    within = pc.and_(pc.greater_equal(values, bounds[0]), pc.less_equal(values, bounds[1]))
    return bool(pc.any(within, min_count=0).as_py())


def hits(store: Store, files: Sequence[DataFile], wanted: Wanted) -> list[pa.Table | None]:
    """By file, the wanted columns of its rows that hold a wanted value in each of them.

    None for a file of which nobody knows.
    """
    return at_once(lambda file: rows_within(store, file, list(wanted), wanted), files, FILES)


def rows_within(
    store: Store, file: DataFile, names: Sequence[str], wanted: Wanted
) -> pa.Table | None:
    """The named columns of the file's rows that hold a wanted value in each wanted one of them.

    None where the file lacks a column, or has a wanted one in a type that is not like the values':
    nobody knows what its rows hold.
    """
    rows = read_columns(store, file, names)
    if rows is None or not all(
        is_like(rows[name].type, values.type) for name, values in wanted.items()
    ):
        return None
    for name, values in wanted.items():
        rows = rows.filter(_is_wanted(rows[name], values))
    return rows


def _is_wanted(column: pa.ChunkedArray, values: pa.Array) -> pa.Array | pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(values.type) and len(values) and not column.null_count:
        span = pc.max(values).as_py() - pc.min(values).as_py()
        if span <= MOST_SPAN:
            # Numbers that lie close are looked up by their place: four times as fast.
            found = numpy.isin(column.to_numpy(), values.to_numpy(), kind="table")
            return pa.array(found)
    return pc.is_in(column, value_set=values)

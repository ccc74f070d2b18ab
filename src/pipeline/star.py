"""The star tables as they are now: the fold of their change sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.table import Table
from src.contract.warehouse import Warehouse
from src.io.columns import unlike_types
from src.io.entry import ChangeSet, DataFile
from src.io.lake import Lake


def current_rows(
    table: Table, lake: Lake, changes: Sequence[tuple[int, ChangeSet]], names: Sequence[str]
) -> DataFrame:
    """The rows of a star table after the given change sets, with the named columns.

    A row counts unless a later change set replaces its key.
    """
    by = told_by(table)
    wanted = [name for name in table.names if name in {*names, *by}]
    columns = [table.column(name) for name in wanted]
    result: DataFrame | None = None
    for _, change in changes:
        rows = lake.read(change.rows, columns)
        if change.whole or result is None:
            result = rows
            continue
        keys = keys_of(table, lake, change.keys).select(*by)
        result = result.join(keys, on=by, how="left_anti").select(*wanted)
        result = result.unionByName(rows)
    if result is None:
        result = lake.read((), columns)
    return result.select(*names)


def as_stored(table: Table, lake: Lake, changes: Sequence[tuple[int, ChangeSet]]) -> Table:
    """The table with the types that its files have, where its contract has others by now.

    A table whose contract changes is written whole: its change sets are of one contract.
    """
    file = next((file for _, change in changes for file in change.rows), None)
    unlike = unlike_types(lake.store, file, table.columns) if file else {}
    columns = [replace(one, type=unlike.get(one.name, one.type)) for one in table.columns]
    return replace(table, columns=tuple(columns))


def rows_as_of(warehouse: Warehouse, lake: Lake, name: str, entry: int | None) -> DataFrame:
    """The rows of a star table in the lake by primary key, now or after an entry of the log.

    Columns are of the types that they had then. Raises UsageError for a table or an entry that is
    none, or that has expired.
    """
    table = warehouse.table(name)
    changes = lake.log.state(entry).changes.get(name, [])
    was = as_stored(table, lake, changes)
    return current_rows(was, lake, changes, table.names).orderBy(*table.primary_key)


def key_columns(table: Table) -> list[Column]:
    """The columns of the files of replaced keys."""
    return [table.column(name) for name in (table.replace_by, *table.replace_natural)]


def keys_of(table: Table, lake: Lake, files: Sequence[DataFile]) -> DataFrame:
    """The replaced keys in the files of a change set, with their natural columns."""
    return lake.read(files, key_columns(table))


def told_by(table: Table) -> list[str]:
    """The columns by which rows and replaced keys are told to be the same.

    Whole numbers are a fraction of the surrogate key's bytes, which no encoding makes smaller. A
    dimension's special members may have the numbers of a natural key: theirs are surrogate keys.
    """
    natural = list(table.replace_natural)
    if table.kind != "dimension" and all(table.column(name).type.is_integer for name in natural):
        return natural
    return [table.replace_by]

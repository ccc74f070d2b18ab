"""The star tables as they are now: the fold of their change sets."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.column import Column
from src.contract.table import Table
from src.io.entry import ChangeSet, DataFile
from src.io.lake import Lake
from src.io.lake_state import LakeState


def current_rows(
    table: Table, lake: Lake, changes: Sequence[tuple[int, ChangeSet]], names: Sequence[str]
) -> DataFrame:
    """The rows of a star table after the given change sets, with the named columns.

    A row counts unless a later change set replaces its key.
    """
    wanted = [name for name in table.names if name in {*names, table.replace_by}]
    columns = [table.column(name) for name in wanted]
    result: DataFrame | None = None
    for _, change in changes:
        rows = lake.read(change.rows, columns)
        if change.whole or result is None:
            result = rows
            continue
        keys = _keys(table, lake, change.keys)
        result = result.join(keys, on=table.replace_by, how="left_anti").select(*wanted)
        result = result.unionByName(rows)
    if result is None:
        result = lake.read((), columns)
    return result.select(*names)


def _keys(table: Table, lake: Lake, files: Sequence[DataFile]) -> DataFrame:
    columns: list[Column] = [
        table.column(name) for name in (table.replace_by, *table.replace_natural)
    ]
    return lake.read(files, columns).select(table.replace_by)


def deleted_rows(table: Table, lake: Lake, state: LakeState, keys: Sequence[DataFile]) -> int:
    """How many rows the table now holds of the keys that a change set replaces."""
    now = current_rows(table, lake, state.changes.get(table.name, []), [table.replace_by])
    held = now.join(F.broadcast(_keys(table, lake, keys)), on=table.replace_by, how="left_semi")
    return held.count()

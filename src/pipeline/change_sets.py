"""Change sets as they are written: where their files lie, and what is measured of them.

Building and compacting both write them; `star` folds them.
"""

from __future__ import annotations

from src.contract.table import Table
from src.io.entry import ChangeSet
from src.io.measure import Measured, Probe
from src.pipeline.star import key_columns


def rows_folder(run_id: str, table: Table) -> str:
    """Where a run writes the rows of a change set."""
    return f"star/{run_id}/{table.name}/rows"


def keys_folder(run_id: str, table: Table) -> str:
    """Where a run writes the keys that a change set replaces."""
    return f"star/{run_id}/{table.name}/keys"


def rows_probe(table: Table, folder: str) -> Probe:
    """What is measured of the written rows: their number, and the sums of additive columns."""
    return Probe(folder, table.columns, sums=[column.name for column in table.additive])


def keys_probe(table: Table, folder: str) -> Probe:
    """What is measured of the written keys: their number."""
    return Probe(folder, key_columns(table))


def measured_change(
    table: Table, rows: Measured, keys: Measured | None, *, total: int
) -> ChangeSet:
    """The change set of written files; without keys it replaces the whole table.

    ``total`` is the number of rows of the table after it.
    """
    return ChangeSet(
        table=table.name,
        whole=keys is None,
        keys=keys.files if keys else (),
        rows=rows.files,
        key_count=keys.rows if keys else 0,
        row_count=rows.rows,
        total=total,
        sums={name: str(value) for name, value in rows.sums.items()},
        columns=tuple(table.names),
    )

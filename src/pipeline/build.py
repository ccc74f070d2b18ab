"""Build: staged entries that no build has read become change sets of star tables.

Each table is computed for the keys that the new staged rows can touch, from all staged rows of
those keys; or as a whole, when it is new, when its rules changed, or when asked to. The gate
looks at what was written before the entry is committed.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import reduce

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.types import IntegralType

from src.contract.column import Column
from src.contract.table import Table
from src.contract.warehouse import StarFunction, Warehouse
from src.io.lake import Lake
from src.io.log import BuiltPart, ChangeSet, DataFile, Entry, LakeState
from src.io.measure import Measured, Probe, measure
from src.pipeline.affected import affected_keys, restricted_inputs
from src.pipeline.at_once import at_once
from src.pipeline.fingerprints import (
    settings_of,
    source_fingerprints,
    table_fingerprints,
)
from src.pipeline.gate import Finding, gate
from src.pipeline.gate_facts import Parents, Subject
from src.pipeline.star import deleted_rows
from src.runs import Run
from src.settings import Rules
from src.transforms.dates import Calendar
from src.transforms.keys import surrogate_key
from src.transforms.members import special_members


@dataclass
class BuildResult:
    """What building did: the entry to commit (None when nothing changed), findings of the gate."""

    entry: Entry | None
    changes: tuple[ChangeSet, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Made:
    """A table's rows and keys as written; ``keys`` None when the whole table is replaced."""

    table: Table
    function: StarFunction
    inputs: dict[str, DataFrame]
    keys: DataFrame | None


def plan_build(
    warehouse: Warehouse, state: LakeState, rules: Rules, full: bool
) -> tuple[dict[str, str], list[str]]:
    """Which tables a build would make and why (``whole: reason`` or ``keys``), and notes."""
    wanted = table_fingerprints(warehouse, rules)
    sources = source_fingerprints(warehouse)
    changed = {*state.unbuilt, *state.withdrawn}
    plan = {}
    for table, _ in warehouse.tables:
        known = state.table_fingerprints.get(table.name)
        if table.name not in state.changes:
            plan[table.name] = "whole: never built"
        elif full:
            plan[table.name] = "whole: --full"
        elif known != wanted[table.name]:
            plan[table.name] = "whole: its rules changed"
        elif any(given.source in changed for given in table.inputs):
            plan[table.name] = "keys"
    notes = [
        f"the rules of staging changed for {name}: its staged rows are those of the old rules "
        "until its raw files are staged again"
        for name, known in sorted(state.source_fingerprints.items())
        if name in sources and sources[name] != known
    ]
    return plan, notes


def build(
    warehouse: Warehouse,
    lake: Lake,
    state: LakeState,
    run: Run,
    rules: Rules,
    *,
    full: bool = False,
) -> BuildResult:
    """Build what the plan says and return the entry to commit.

    Raises CheckRefused when the gate refuses or the accounting does not add up; then nothing is
    committed, the failing rows are kept below refused/, and the next run builds again.
    """
    plan, notes = plan_build(warehouse, state, rules, full)
    result = BuildResult(None, notes=notes)
    if not plan:
        return result
    staged = _Staged(warehouse, lake, state)
    changed = {source: staged.fresh(source) for source in {**state.unbuilt, **state.withdrawn}}
    made = []
    for table, function in warehouse.tables:
        if table.name not in plan:
            continue
        keys = None
        if plan[table.name] == "keys":
            keys = _write_keys(table, warehouse, lake, changed, staged, run)
            if keys is None:
                continue
        inputs = restricted_inputs(table, warehouse, keys, staged)
        made.append(_Made(table, function, inputs, keys))
    run.progress("building star tables", 0)
    at_once(lambda one: _write_rows(one, lake, run, rules), made)
    rows = measure(lake, {one.table.name: _rows_probe(one.table, run) for one in made})
    run.progress("building star tables", sum(found.rows for found in rows.values()))
    keys_found = measure(
        lake,
        {one.table.name: _keys_probe(one.table, run) for one in made if one.keys is not None},
    )
    changes = {
        one.table.name: _change_set(one, lake, state, rows[one.table.name], keys_found)
        for one in made
    }
    subjects = [
        Subject(
            one.table,
            one.inputs,
            one.keys,
            lake.read(changes[one.table.name].rows, one.table.columns),
            changes[one.table.name],
            state.total(one.table.name),
        )
        for one in made
    ]
    parents = Parents(warehouse, lake, state, changes)
    result.findings, accounting = gate(subjects, parents, run)
    result.changes = tuple(
        ChangeSet(**{**vars(change), "accounting": accounting.get(name, {})})
        for name, change in changes.items()
    )
    fingerprints = table_fingerprints(warehouse, rules)
    result.entry = Entry(
        run.id,
        run.at,
        built=BuiltPart(
            through=state.last,
            changes=result.changes,
            fingerprints={name: fingerprints[name] for name in plan},
            warnings=tuple(finding.sentence for finding in result.findings),
        ),
    )
    return result


class _Staged:
    """Reads staged rows: all live ones of a source, or those that may hold given values."""

    def __init__(self, warehouse: Warehouse, lake: Lake, state: LakeState) -> None:
        self.warehouse = warehouse
        self.lake = lake
        self.state = state

    def fresh(self, source: str) -> DataFrame:
        """The staged rows that no build has read yet, and those taken back since the last one."""
        rows = self._read(source, self.state.unbuilt.get(source, []))
        withdrawn = self.state.withdrawn.get(source, [])
        if withdrawn:
            raw_ids = sorted({raw for _, raws in withdrawn for raw in raws})
            gone = self.lake.read([file for file, _ in withdrawn], self._columns(source))
            rows = rows.unionByName(gone.where(F.col("raw_id").isin(raw_ids)))
        return rows

    def __call__(self, source: str, values: DataFrame | None) -> DataFrame:
        files = self.state.staged.get(source, [])
        if values is not None:
            files = _pruned(files, values)
        return self._read(source, files)

    def _columns(self, source: str) -> tuple[Column, ...]:
        return self.warehouse.source(source).staged_columns

    def _read(self, source: str, files: list[tuple[int, DataFile]]) -> DataFrame:
        """The rows of the files that still count."""
        by_removed: dict[tuple[int, ...], list[DataFile]] = {}
        for number, file in files:
            by_removed.setdefault(tuple(self.state.taken_back(number, file)), []).append(file)
        frames = []
        for removed, some in (by_removed or {(): []}).items():
            rows = self.lake.read(some, self._columns(source))
            frames.append(rows.where(~F.col("raw_id").isin(*removed)) if removed else rows)
        return reduce(lambda left, right: left.unionByName(right), frames)


# Bounds are worth a Spark job of their own only where they can spare many files.
PRUNE_FROM_FILES = 8


def _pruned(files: list[tuple[int, DataFile]], values: DataFrame) -> list[tuple[int, DataFile]]:
    """The files whose bounds of the look-up columns overlap those of the values."""
    columns = [name for name in values.columns if all(name in file.low for _, file in files)]
    if len(files) < PRUNE_FROM_FILES or not columns:
        return files
    # Bounds are kept as text; numbers are compared as numbers, dates and text as text.
    bounds: Row = values.agg(
        *[F.min(name).cast("string").alias(f"low {name}") for name in columns],
        *[F.max(name).cast("string").alias(f"high {name}") for name in columns],
    ).collect()[0]
    numbers = {name for name in columns if isinstance(values.schema[name].dataType, IntegralType)}

    def overlaps(file: DataFile) -> bool:
        for name in columns:
            texts = [bounds[f"low {name}"], bounds[f"high {name}"], file.low[name], file.high[name]]
            if None in texts:
                continue
            ends = [int(text) for text in texts] if name in numbers else texts
            low, high, file_low, file_high = ends
            if file_high < low or file_low > high:
                return False
        return True

    return [(number, file) for number, file in files if overlaps(file)]


def _folder(table: Table, run: Run, part: str) -> str:
    return f"star/{run.id}/{table.name}/{part}"


def _key_columns(table: Table) -> list[str]:
    return [table.replace_by, *table.replace_natural]


def _write_keys(
    table: Table,
    warehouse: Warehouse,
    lake: Lake,
    changed: dict[str, DataFrame],
    staged: _Staged,
    run: Run,
) -> DataFrame | None:
    """Write the affected keys and return them as read back; None when there are none."""
    found = affected_keys(table, warehouse, changed, staged)
    key = surrogate_key(*table.replace_natural).alias(table.replace_by)
    folder = _folder(table, run, "keys")
    lake.write(found.select(key, *table.replace_natural).coalesce(1), folder)
    files = measure(lake, {"keys": _keys_probe(table, run)})["keys"].files
    if not files:
        return None
    return lake.read(files, [table.column(name) for name in _key_columns(table)])


def _write_rows(made: _Made, lake: Lake, run: Run, rules: Rules) -> None:
    table = made.table
    if table.inputs:
        names = inspect.signature(made.function).parameters
        given = {**made.inputs, **settings_of(made.function, rules)}
        rows = made.function(**{name: given[name] for name in names})
    else:
        calendar = rules.calendar
        days = Calendar(calendar.first, calendar.last, calendar.fiscal_start_month)
        rows = made.function(lake.spark, days)
    if made.keys is not None:
        rows = rows.join(
            F.broadcast(made.keys.select(table.replace_by)), on=table.replace_by, how="left_semi"
        )
    elif table.kind == "dimension":
        rows = rows.select(*table.names).unionByName(special_members(rows, table))
    typed = rows.select(*[F.col(c.name).cast(c.type.spark_name) for c in table.columns])
    # Sorted within each file: Redshift's zone maps and ORC's statistics both profit.
    lake.write(typed.sortWithinPartitions(*table.sort_key), _folder(table, run, "rows"))


def _rows_probe(table: Table, run: Run) -> Probe:
    return Probe(
        _folder(table, run, "rows"),
        table.columns,
        sums=[column.name for column in table.additive],
    )


def _keys_probe(table: Table, run: Run) -> Probe:
    return Probe(_folder(table, run, "keys"), [table.column(name) for name in _key_columns(table)])


def _change_set(
    made: _Made,
    lake: Lake,
    state: LakeState,
    rows: Measured,
    keys_found: dict[str, Measured],
) -> ChangeSet:
    table = made.table
    whole = made.keys is None
    keys = Measured() if whole else keys_found[table.name]
    before = state.total(table.name)
    deleted = before if whole else deleted_rows(table, lake, state, keys.files)
    return ChangeSet(
        table=table.name,
        whole=whole,
        keys=keys.files,
        rows=rows.files,
        key_count=keys.rows,
        row_count=rows.rows,
        total=before - deleted + rows.rows,
        sums={name: str(value) for name, value in rows.sums.items()},
        columns=tuple(table.names),
    )

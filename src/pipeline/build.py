"""Build: staged entries that no build has read become change sets of star tables.

Each table is computed for the keys that the new staged rows can touch, from all staged rows of
those keys; or as a whole, when it is new, when its rules changed, or when asked to. The gate
looks at what was written before the entry is committed.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.column import Column
from src.contract.table import Table
from src.contract.warehouse import StarFunction, Warehouse
from src.frames import kept
from src.io.entry import BuiltPart, ChangeSet, DataFile, Entry
from src.io.lake import Lake
from src.io.lake_state import LakeState
from src.io.measure import Measured, measure
from src.pipeline.affected import Asked, affected_keys, asked_alike, restricted_inputs
from src.pipeline.at_once import at_once
from src.pipeline.change_sets import (
    keys_folder,
    keys_probe,
    measured_change,
    rows_folder,
    rows_probe,
)
from src.pipeline.difference import Difference, difference
from src.pipeline.fingerprints import settings_of, table_fingerprints
from src.pipeline.gate import Finding, gate
from src.pipeline.gate_facts import Parents, Subject
from src.pipeline.hits import Held
from src.pipeline.prune import is_worth_it, narrowed, reached
from src.pipeline.snapshots import changed_snapshots, read_changes, snapshots_of
from src.pipeline.star import keys_of
from src.pipeline.star_hits import deleted_rows
from src.runs import Run
from src.settings import Rules
from src.transforms.dates import Calendar
from src.transforms.keys import surrogate_key
from src.transforms.members import special_members

# How a plan names a table that is built for the keys which can have changed.
BY_KEYS = "keys"


@dataclass
class BuildResult:
    """What building did: the entry to commit (None when nothing changed), findings of the gate.

    ``differences`` compare each table that was built as a whole with the rows it had before.
    """

    entry: Entry | None
    changes: tuple[ChangeSet, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True)
class _Made:
    """A table's rows and keys as written; ``keys`` None when the whole table is replaced."""

    table: Table
    function: StarFunction
    inputs: dict[str, DataFrame]
    keys: _Keys | None


@dataclass(frozen=True)
class _Keys:
    """Keys that a change set replaces, as written and as read back."""

    measured: Measured
    rows: DataFrame


def plan_build(warehouse: Warehouse, state: LakeState, rules: Rules, full: bool) -> dict[str, str]:
    """Which tables a build would make and why: ``whole: reason`` or ``keys``."""
    wanted = table_fingerprints(warehouse, rules)
    changed = {*state.unbuilt, *state.withdrawn, *changed_snapshots(warehouse, state)}
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
            plan[table.name] = BY_KEYS
    return plan


def build(
    warehouse: Warehouse,
    lake: Lake,
    state: LakeState,
    run: Run,
    rules: Rules,
    *,
    full: bool = False,
    accept_drop: bool = False,
) -> BuildResult:
    """Build what the plan says and return the entry to commit.

    Raises CheckRefused when the gate refuses or the accounting does not add up; then nothing is
    committed, the failing rows are kept below refused/, and the next run builds again.
    """
    plan = plan_build(warehouse, state, rules, full)
    result = BuildResult(None)
    if not plan:
        return result
    staged = _Staged(warehouse, lake, state)
    snapshots = snapshots_of(warehouse, state)
    changed = {
        source: staged.fresh(source)
        for source in {**state.unbuilt, **state.withdrawn, **changed_snapshots(warehouse, state)}
    }
    by_keys = [table for table, _ in warehouse.tables if plan.get(table.name) == BY_KEYS]
    asked = asked_alike(by_keys, warehouse, changed, staged)

    def make(one: tuple[Table, StarFunction]) -> _Made | None:
        table, function = one
        keys = None
        if plan[table.name] == BY_KEYS:
            keys = _write_keys(table, warehouse, lake, changed, staged, asked, run)
            if keys is None:
                return None
        held = Held(keys.rows, keys.measured.files) if keys else None
        inputs = restricted_inputs(table, warehouse, held, staged, snapshots)
        if keys is not None:
            # They are few, and read by the table's function, by its accounting and by its checks.
            inputs = {name: kept(rows) for name, rows in inputs.items()}
        made = _Made(table, function, inputs, keys)
        _write_rows(made, lake, run, rules)
        return made

    planned = [(table, function) for table, function in warehouse.tables if table.name in plan]
    run.progress("building star tables", 0)
    # Facts look the most up: they begin first.
    made = [one for one in reversed(at_once(make, planned[::-1])) if one]
    rows = measure(
        lake,
        {one.table.name: rows_probe(one.table, rows_folder(run.id, one.table)) for one in made},
    )
    run.progress("building star tables", sum(found.rows for found in rows.values()))
    changes = {
        change.table: change
        for change in at_once(lambda one: _change_set(one, lake, state, rows[one.table.name]), made)
    }
    subjects = [
        Subject(
            one.table,
            one.inputs,
            one.keys.rows if one.keys else None,
            lake.read(changes[one.table.name].rows, one.table.columns),
            changes[one.table.name],
            state.total(one.table.name),
        )
        for one in made
    ]
    parents = Parents(warehouse, lake, state, changes)
    result.findings, accounting = gate(subjects, parents, run, accept_drop=accept_drop)
    result.differences = at_once(
        lambda one: difference(one, lake, state.changes[one.name], changes[one.name]),
        [one.table for one in made if one.keys is None and one.table.name in state.changes],
    )
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

    def fresh(self, source: str) -> Held:
        """The staged rows that no build has read yet, and those taken back since the last one.

        Of snapshots, those that differ from the one before, and rows of what they lack.
        """
        changed = changed_snapshots(self.warehouse, self.state).get(source)
        unbuilt = self.state.unbuilt.get(source, [])
        if changed:
            rows = read_changes(self.warehouse.source(source), self.state, changed, self._of_files)
        else:
            rows = self._read(source, unbuilt)
        withdrawn = self.state.withdrawn.get(source, [])
        if withdrawn:
            raw_ids = sorted({raw for _, raws in withdrawn for raw in raws})
            gone = self.lake.read([file for file, _ in withdrawn], self._columns(source))
            rows = rows.unionByName(gone.where(F.col("raw_id").isin(raw_ids)))
        # Of snapshots and of what was taken back, most rows of the files are not meant.
        is_all = not changed and not withdrawn
        return Held(rows, [file for _, file in unbuilt] if is_all else None)

    def __call__(self, source: str, values: Held | None) -> DataFrame:
        files = self.state.staged.get(source, [])
        if values is None or not is_worth_it(files):
            return self._read(source, files)
        chosen, ranges = reached(self.lake.store, values, files)
        return narrowed(self._read(source, chosen), ranges)

    def _of_files(self, source: str, raw_ids: Collection[int]) -> DataFrame:
        """The live rows of some raw file versions."""
        wanted = set(raw_ids)
        files = [
            (number, file)
            for number, file in self.state.staged.get(source, [])
            if not wanted.isdisjoint(file.raw_ids)
        ]
        return self._read(source, files).where(F.col("raw_id").isin(*wanted))

    def _columns(self, source: str) -> tuple[Column, ...]:
        return self.warehouse.source(source).staged_columns

    def _read(self, source: str, files: list[tuple[int, DataFile]]) -> DataFrame:
        return self.lake.read_live(self.state, files, self._columns(source))


def _write_keys(
    table: Table,
    warehouse: Warehouse,
    lake: Lake,
    changed: dict[str, Held],
    staged: _Staged,
    asked: Asked,
    run: Run,
) -> _Keys | None:
    """Write the affected keys and return them as read back; None when there are none."""
    found = affected_keys(table, warehouse, changed, staged, asked)
    key = surrogate_key(*table.replace_natural).alias(table.replace_by)
    # In the table's types: those of a source may be narrower.
    natural = [
        F.col(name).cast(table.column(name).type.spark_name).alias(name)
        for name in table.replace_natural
    ]
    folder = keys_folder(run.id, table)
    lake.write(found.select(key, *natural).coalesce(1), folder)
    measured = measure(lake, {"keys": keys_probe(table, folder)})["keys"]
    if not measured.files:
        return None
    return _Keys(measured, keys_of(table, lake, measured.files))


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
        keys = F.broadcast(made.keys.rows.select(table.replace_by))
        rows = rows.join(keys, on=table.replace_by, how="left_semi")
    elif table.kind == "dimension":
        rows = rows.select(*table.names).unionByName(special_members(rows, table))
    typed = rows.select(*[F.col(c.name).cast(c.type.spark_name) for c in table.columns])
    # Sorted within each file: Redshift's zone maps and ORC's statistics both profit.
    lake.write(typed.sortWithinPartitions(*table.sort_key), rows_folder(run.id, table))


def _change_set(
    made: _Made,
    lake: Lake,
    state: LakeState,
    rows: Measured,
) -> ChangeSet:
    table = made.table
    keys = made.keys.measured if made.keys else None
    before = state.total(table.name)
    deleted = before if keys is None else deleted_rows(table, lake, state, keys.files)
    return measured_change(table, rows, keys, total=before - deleted + rows.rows)

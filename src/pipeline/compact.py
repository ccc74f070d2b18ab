"""Compact: many small files become few, and many change sets one, by one entry of the log.

No row changes. What a run or a load still has to take keeps its files: staged files that no build
has read are left alone, and the change sets of earlier entries stay until they expire.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.source import Source
from src.contract.table import Table
from src.contract.warehouse import Warehouse
from src.errors import CheckRefused
from src.io.entry import ChangeSet, CompactedPart, DataFile, Entry
from src.io.lake import Lake
from src.io.lake_state import LakeState
from src.io.manifest import manifest_of
from src.io.measure import Measured, Probe, measure
from src.pipeline.at_once import at_once
from src.pipeline.change_sets import (
    keys_folder,
    keys_probe,
    measured_change,
    rows_folder,
    rows_probe,
)
from src.pipeline.staged_files import staged_probe, write_staged
from src.pipeline.star import current_rows, key_columns, keys_of
from src.pipeline.write import QUARANTINE
from src.runs import Run

# A run compacts by itself what has gathered more than so many small files or change sets.
MANY = 8
SMALL = 16 * 1024 * 1024
# What merged files grow to where rows have no month.
FULL = 128 * 1024 * 1024

Numbered = tuple[int, DataFile]


@dataclass(frozen=True)
class Work:
    """What a compaction would merge: staged files by source, quarantine, and star tables.

    Of ``whole`` tables all rows are written anew; of ``folded`` ones the change sets by key
    become one, and the rows below them stay where they are.
    """

    staged: dict[str, tuple[Numbered, ...]]
    quarantine: tuple[Numbered, ...]
    whole: tuple[str, ...]
    folded: tuple[str, ...]
    snapshot: bool

    def __bool__(self) -> bool:
        return bool(self.staged or self.quarantine or self.whole or self.folded)


def work_due(warehouse: Warehouse, state: LakeState) -> Work:
    """What has gathered so many small files that a run merges them before it ends."""
    whole: list[str] = []
    folded: list[str] = []
    for table in _tables(warehouse, state):
        by_key = [change for _, change in state.changes[table.name] if not change.whole]
        if len(by_key) > MANY:
            # Reading many changed rows beside few others costs more than writing all of them.
            many = 2 * sum(change.row_count for change in by_key) >= state.total(table.name)
            (whole if many else folded).append(table.name)
    staged = {source.name: _gathered(source, state, MANY) for source in warehouse.sources}
    return Work(
        {name: files for name, files in staged.items() if files},
        tuple(state.quarantine) if len(state.quarantine) > MANY else (),
        tuple(whole),
        tuple(folded),
        snapshot=False,
    )


def work_whole(warehouse: Warehouse, state: LakeState) -> Work:
    """All that can be merged, and every star table as one complete set of rows."""
    whole = [table.name for table in _tables(warehouse, state) if not _is_current(table, state)]
    staged = {source.name: _gathered(source, state, 1) for source in warehouse.sources}
    return Work(
        {name: files for name, files in staged.items() if files},
        tuple(state.quarantine) if len(state.quarantine) > 1 else (),
        tuple(whole),
        (),
        snapshot=True,
    )


def _tables(warehouse: Warehouse, state: LakeState) -> list[Table]:
    return [table for table, _ in warehouse.tables if table.name in state.changes]


def _is_current(table: Table, state: LakeState) -> bool:
    """Whether star_current holds the table as it is now."""
    changes = state.changes[table.name]
    return len(changes) == 1 and all(
        file.path.startswith("star_current/") for file in changes[0][1].rows
    )


def _gathered(source: Source, state: LakeState, most: int) -> tuple[Numbered, ...]:
    """Small built files of the source, where more than ``most`` lie together in one month.

    Asked for all, a file counts as well of which rows were taken back: they are left out.
    """
    waiting = {file.path for files in state.unbuilt.values() for _, file in files}
    waiting |= {file.path for files in state.withdrawn.values() for file, _ in files}
    groups: dict[str, list[Numbered]] = {}
    found: list[Numbered] = []
    for number, file in state.staged.get(source.name, []):
        if file.path in waiting:
            continue
        if most == 1 and state.taken_back(number, file):
            found.append((number, file))
        elif file.size < SMALL:
            groups.setdefault(_month(file), []).append((number, file))
    for files in groups.values():
        if len(files) > most:
            found += files
    return tuple(found)


def _month(file: DataFile) -> str:
    """The month's folder of a staged file; '' where rows have no month."""
    folder = posixpath.basename(posixpath.dirname(file.path))
    return folder if folder.startswith("month=") else ""


def compact(warehouse: Warehouse, lake: Lake, state: LakeState, run: Run, work: Work) -> Entry:
    """Write what the work says and return the entry to commit.

    Raises CheckRefused when the merged rows are not those that were there: nothing is committed.
    """
    removed: list[str] = []
    files: dict[str, tuple[DataFile, ...]] = {}
    run.progress("compacting staged files", 0)
    sources = [warehouse.source(name) for name in work.staged]
    merged = at_once(lambda one: _merge(lake, state, one, work.staged[one.name], run), sources)
    for source, found in zip(sources, merged, strict=True):
        if found:
            files[source.name] = found
        removed += [file.path for _, file in work.staged[source.name]]
    quarantine: tuple[DataFile, ...] = ()
    if work.quarantine:
        quarantine = _merge_quarantine(lake, state, work.quarantine, run)
        removed += [file.path for _, file in work.quarantine]
    run.progress("compacting star tables", 0)

    def fold(name: str) -> ChangeSet:
        table = warehouse.table(name)
        if name in work.whole:
            return _whole(table, lake, state, run, work.snapshot)
        return _folded(table, lake, state, run)

    changes = at_once(fold, [*work.whole, *work.folded])
    for change in changes:
        for _, old in state.changes[change.table]:
            if change.whole or not old.whole:
                removed += [file.path for file in old.files]
    if work.snapshot:
        # Readers find every table in one entry, also those that are as they were.
        named = {change.table for change in changes}
        changes += [
            state.changes[table.name][0][1]
            for table in _tables(warehouse, state)
            if table.name not in named
        ]
    part = CompactedPart(files, quarantine, tuple(changes), tuple(removed), work.snapshot)
    return Entry(run.id, run.at, compacted=part)


def write_manifests(lake: Lake, copy_url: str, warehouse: Warehouse, entry: Entry) -> None:
    """Say beside star_current which files are its tables as of the entry, for other readers.

    ``star_current/<table>/<entry>.manifest`` has the form that COPY and Spectrum read; the
    greatest number is the newest. Written after the commit: a kill leaves the older one.
    """
    assert entry.compacted
    for change in entry.compacted.changes:
        manifest = manifest_of(lake.store, change.rows, f"{copy_url.rstrip('/')}/{warehouse.name}")
        path = f"star_current/{change.table}/{entry.number:08d}.manifest"
        lake.store.create(path, manifest.content)


def _merge(
    lake: Lake, state: LakeState, source: Source, old: Sequence[Numbered], run: Run
) -> tuple[DataFile, ...]:
    """Write the live rows of the files of a source anew, and prove them by raw file version."""
    rows = lake.read_live(state, old, source.staged_columns)
    size = sum(file.size for _, file in old)
    folder = f"staged/{source.name}/{run.id}"
    write_staged(lake, source, rows, folder, files=max(1, size // FULL))
    found = measure(lake, {"merged": staged_probe(source, folder)})["merged"]
    amounts = [column.name for column in source.additive]
    before = {
        row["raw_id"]: (row["rows"], *[Decimal(row[name] or 0) for name in amounts])
        for row in rows.groupBy("raw_id")
        .agg(
            F.count("*").alias("rows"),
            *[F.sum(name).cast("string").alias(name) for name in amounts],
        )
        .collect()
    }
    after = {
        raw_id: (count, *[found.sums_by_raw[raw_id][name] for name in amounts])
        for raw_id, count in found.rows_by_raw.items()
    }
    if not any(state.taken_back(number, file) for number, file in old):
        _prove(f"rows of {source.name}", sum(file.rows for _, file in old), found.rows)
    _prove(f"rows and sums of {source.name} by raw file", before, after)
    return found.files


def _merge_quarantine(
    lake: Lake, state: LakeState, old: Sequence[Numbered], run: Run
) -> tuple[DataFile, ...]:
    rows = lake.read_live(state, old, QUARANTINE)
    lake.write(rows.coalesce(1), f"quarantine/{run.id}")
    probe = Probe(f"quarantine/{run.id}", QUARANTINE, by_raw=True)
    found = measure(lake, {"merged": probe})["merged"]
    _prove("refused rows", rows.count(), found.rows)
    return found.files


def _whole(table: Table, lake: Lake, state: LakeState, run: Run, current: bool) -> ChangeSet:
    """All rows of a table as one change set; ``current`` puts them where other readers look."""
    rows = current_rows(table, lake, state.changes[table.name], table.names)
    folder = f"star_current/{table.name}/{run.id}" if current else rows_folder(run.id, table)
    found = _write_rows(table, lake, rows, folder)
    total = state.total(table.name)
    _prove(f"rows of {table.name}", total, found.rows)
    return measured_change(table, found, None, total=total)


def _folded(table: Table, lake: Lake, state: LakeState, run: Run) -> ChangeSet:
    """All change sets by key of a table as one."""
    changes = [pair for pair in state.changes[table.name] if not pair[1].whole]
    rows = current_rows(table, lake, changes, table.names)
    names = [column.name for column in key_columns(table)]
    keys = reduce(
        DataFrame.unionByName,
        [keys_of(table, lake, change.keys).select(*names) for _, change in changes],
    ).dropDuplicates([table.replace_by])
    found = _write_rows(table, lake, rows, rows_folder(run.id, table))
    folder = keys_folder(run.id, table)
    lake.write(keys.coalesce(1), folder)
    found_keys = measure(lake, {"keys": keys_probe(table, folder)})["keys"]
    _prove(f"rows of {table.name}", rows.count(), found.rows)
    _prove(f"keys of {table.name}", keys.count(), found_keys.rows)
    return measured_change(table, found, found_keys, total=state.total(table.name))


def _write_rows(table: Table, lake: Lake, rows: DataFrame, folder: str) -> Measured:
    lake.write(rows.sortWithinPartitions(*table.sort_key), folder)
    return measure(lake, {"rows": rows_probe(table, folder)})["rows"]


def _prove(what: str, before: object, after: object) -> None:
    if before != after:
        raise CheckRefused(
            f"Compaction would change {what}, and nothing was committed",
            expected=str(before)[:200],
            found=str(after)[:200],
            do="run 'starlift verify', and report this as a defect of Starlift",
        )

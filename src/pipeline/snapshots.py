"""Which raw files of a source are complete sets, and what came or went of them since a build."""

from __future__ import annotations

from collections.abc import Callable, Collection

from pyspark.sql import DataFrame

from src.contract.source import Source
from src.contract.warehouse import Warehouse
from src.io.entry import RawFile
from src.io.lake_state import LakeState
from src.transforms.deletions import Snapshot, changed_by_snapshots, since_last_complete

# Reads the live rows of some raw file versions of a source.
ReadFiles = Callable[[str, Collection[int]], DataFrame]


def snapshots_of(warehouse: Warehouse, state: LakeState) -> dict[str, list[Snapshot]]:
    """By source of snapshots, its live raw files; one with a refused row is not complete."""
    found: dict[str, list[Snapshot]] = {
        source.name: [] for source in warehouse.sources if source.delivery == "snapshot"
    }
    for raw in state.raw_files.values():
        if raw.source in found:
            found[raw.source].append(_snapshot(raw, is_complete=raw.quarantined == 0))
    return found


def changed_snapshots(warehouse: Warehouse, state: LakeState) -> dict[str, set[int]]:
    """By source, the snapshots that came or went since the last build, empty files among them."""
    found: dict[str, set[int]] = {}
    lately = {
        raw_id: state.raw_files[raw_id]
        for raw_id, number in state.taken_in.items()
        if number > state.built_through and raw_id in state.raw_files
    } | {
        raw_id: raw
        for raw_id, raw in state.taken_away.items()
        if state.removed[raw_id] > state.built_through
    }
    for raw_id, raw in lately.items():
        if warehouse.source(raw.source).delivery == "snapshot":
            found.setdefault(raw.source, set()).add(raw_id)
    return found


def read_changes(
    source: Source, state: LakeState, changed: Collection[int], read: ReadFiles
) -> DataFrame:
    """The live rows of keys that are other than at the last build because of the snapshots."""
    files = {raw.raw_id: raw for raw in state.raw_files.values() if raw.source == source.name}
    files |= {raw_id: state.taken_away[raw_id] for raw_id in changed if raw_id not in files}
    # Of one that came or went nothing tells here what it was before: it may have been complete.
    both = [
        _snapshot(raw, is_complete=raw.quarantined == 0 or raw_id in changed)
        for raw_id, raw in files.items()
    ]
    needed = since_last_complete(both, changed)
    rows = read(source.name, [one.raw_id for one in needed])
    return changed_by_snapshots(rows, source, needed, changed)


def _snapshot(raw: RawFile, *, is_complete: bool) -> Snapshot:
    return Snapshot(raw.raw_id, raw.arrived, raw.path, is_complete)

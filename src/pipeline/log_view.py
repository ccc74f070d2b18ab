"""What the log says, entry by entry: what each adds and removes, and how far each step has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from src.io.entry import BuiltPart, Entry, StagedPart
from src.io.lake_state import LakeState


@dataclass
class SourceChange:
    """What an entry does to one source: raw file versions, and rows by where they went."""

    added: int = 0
    removed: int = 0
    rows: int = 0
    staged: int = 0
    quarantined: int = 0
    duplicates: int = 0
    files: int = 0


@dataclass(frozen=True)
class TableChange:
    """What an entry does to one star table: all of it or by keys, its rows, and rows in all."""

    whole: bool
    keys: int
    rows: int
    total: int


@dataclass
class EntryView:
    """One entry. ``through`` is the entry up to which a build has read staged rows."""

    entry: int
    run: str
    at: str
    sources: dict[str, SourceChange] = field(default_factory=dict)
    tables: dict[str, TableChange] = field(default_factory=dict)
    through: int | None = None
    upkeep: dict[str, Any] = field(default_factory=dict)


def view_entries(entries: Iterable[Entry]) -> Iterator[EntryView]:
    """Each entry in order, one at a time."""
    source_of: dict[int, str] = {}
    for entry in entries:
        view = EntryView(entry.number, entry.run, entry.committed or entry.at)
        if entry.staged:
            view.sources = _sources(entry.staged, source_of)
        if entry.built:
            view.through = entry.built.through
            view.tables = _tables(entry.built)
        if entry.compacted:
            view.upkeep["compacted"] = {
                "removed": len(entry.compacted.removed),
                "added": len(entry.files),
                "snapshot": entry.compacted.snapshot,
            }
        if entry.expired:
            view.upkeep["expired"] = {"kept_from": entry.expired.kept_from}
        yield view


def _sources(part: StagedPart, source_of: dict[int, str]) -> dict[str, SourceChange]:
    """``source_of`` remembers the source of each raw file version of the entries before."""
    found: dict[str, SourceChange] = {}
    for raw_id in part.removed_raw_ids:
        source = source_of.get(raw_id, "")
        found.setdefault(source, SourceChange()).removed += 1
    for raw in part.raw_files:
        source_of[raw.raw_id] = raw.source
        change = found.setdefault(raw.source, SourceChange())
        change.added += 1
        change.rows += raw.records
        change.staged += raw.staged
        change.quarantined += raw.quarantined
        change.duplicates += raw.duplicates
    for source, files in part.files.items():
        found.setdefault(source, SourceChange()).files += len(files)
    return dict(sorted(found.items()))


def _tables(part: BuiltPart) -> dict[str, TableChange]:
    return {
        change.table: TableChange(change.whole, change.key_count, change.row_count, change.total)
        for change in part.changes
    }


@dataclass(frozen=True)
class Reached:
    """How far each step has come: the last entry with staged rows, the one up to which star rows
    are built, the last built entry, and the last one that the warehouse has (None: not known).
    """

    last: int
    staged: int
    built_through: int
    built: int
    loaded: int | None

    @property
    def sentence(self) -> str:
        """What waits, in words."""
        if not self.last:
            return "The log is empty: nothing was staged yet."
        staged = "everything that is staged is built"
        if self.staged > self.built_through:
            staged = f"staged entries after {self.built_through} wait for a build"
        if self.loaded is None:
            loaded = "what the warehouse holds is not known"
        elif self.loaded >= self.built:
            loaded = "everything that is built is loaded"
        elif self.loaded:
            loaded = f"built entries after {self.loaded} wait for a load"
        else:
            loaded = "nothing is loaded yet"
        return f"{self.last} entries: {staged}, {loaded}."


def reached(state: LakeState, loaded: int | None) -> Reached:
    """How far the steps have come; ``loaded`` is the last entry that the warehouse has."""
    return Reached(
        last=state.last,
        staged=max(state.taken_in.values(), default=0),
        built_through=state.built_through,
        built=max(state.built_entries, default=0),
        loaded=loaded,
    )

"""What the entries of a log say, folded: the only way to know what a lake holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from src.io.entry import NO_COUNTS, ChangeSet, CompactedPart, DataFile, Entry, RawFile


@dataclass
class LakeState:
    """What the entries say, folded: the only way to know what the lake holds.

    Raw files stand here without their sums and warnings, which only the entry that took them
    holds: a history of many files must fit into memory. ``removed`` has for a raw file version
    the last entry that took its rows back: those that earlier entries brought. The same entry, or
    a later one, may have brought them anew; ``taken_away`` has what was known of such a version,
    until a build has read that it went. ``compactions`` are the entries whose files hold rows
    of earlier entries, ``snapshot`` the last one from which alone a warehouse can be filled, and
    states before ``kept_from`` have expired.
    """

    last: int = 0
    raw_files: dict[int, RawFile] = field(default_factory=dict)
    taken_in: dict[int, int] = field(default_factory=dict)
    staged: dict[str, list[tuple[int, DataFile]]] = field(default_factory=dict)
    removed: dict[int, int] = field(default_factory=dict)
    taken_away: dict[int, RawFile] = field(default_factory=dict)
    quarantine: list[tuple[int, DataFile]] = field(default_factory=list)
    built_through: int = 0
    changes: dict[str, list[tuple[int, ChangeSet]]] = field(default_factory=dict)
    built_entries: list[int] = field(default_factory=list)
    source_fingerprints: dict[str, str] = field(default_factory=dict)
    table_fingerprints: dict[str, str] = field(default_factory=dict)
    compactions: list[int] = field(default_factory=list)
    snapshot: int = 0
    kept_from: int = 1

    @staticmethod
    def of(entries: Iterable[Entry]) -> LakeState:
        """The state after the given entries."""
        return LakeState().after(entries)

    def after(self, entries: Iterable[Entry]) -> LakeState:
        """This state, moved on by the entries that follow it."""
        for entry in entries:
            self._apply(entry)
        return self

    def _apply(self, entry: Entry) -> None:
        self.last = entry.number
        if entry.staged:
            for raw_id in entry.staged.removed_raw_ids:
                if raw := self.raw_files.pop(raw_id, None):
                    self.taken_away[raw_id] = raw
                self.removed[raw_id] = entry.number
            for raw in entry.staged.raw_files:
                self.raw_files[raw.raw_id] = replace(raw, sums=NO_COUNTS, warnings=NO_COUNTS)
                self.taken_in[raw.raw_id] = entry.number
            for source, files in entry.staged.files.items():
                self.staged.setdefault(source, []).extend((entry.number, file) for file in files)
            self.quarantine.extend((entry.number, file) for file in entry.staged.quarantine)
            self.source_fingerprints.update(entry.staged.fingerprints)
        if entry.built:
            self.built_through = entry.built.through
            self.taken_away = {
                raw_id: raw
                for raw_id, raw in self.taken_away.items()
                if self.removed[raw_id] > self.built_through
            }
            self.built_entries.append(entry.number)
            self.table_fingerprints.update(entry.built.fingerprints)
            for change in entry.built.changes:
                if change.whole:
                    self.changes[change.table] = []
                self.changes.setdefault(change.table, []).append((entry.number, change))
            if {one.table for one in entry.built.changes if one.whole} >= set(self.changes):
                self.snapshot = entry.number
        if entry.compacted:
            self._compact(entry.number, entry.compacted)
        if entry.expired:
            self.kept_from = entry.expired.kept_from

    def _compact(self, number: int, part: CompactedPart) -> None:
        gone = set(part.removed)
        self.compactions.append(number)
        for source, files in self.staged.items():
            self.staged[source] = [pair for pair in files if pair[1].path not in gone]
        for source, merged in part.files.items():
            self.staged.setdefault(source, []).extend((number, file) for file in merged)
        self.quarantine = [pair for pair in self.quarantine if pair[1].path not in gone]
        self.quarantine.extend((number, file) for file in part.quarantine)
        for change in part.changes:
            before = (
                []
                if change.whole
                else [pair for pair in self.changes[change.table] if pair[1].whole]
            )
            self.changes[change.table] = [*before, (number, change)]
        if part.snapshot:
            self.snapshot = number

    @property
    def files(self) -> list[DataFile]:
        """Every data file that a reader of this state may read."""
        found = [file for files in self.staged.values() for _, file in files]
        found += [file for _, file in self.quarantine]
        for changes in self.changes.values():
            found += [file for _, change in changes for file in change.files]
        return found

    def total(self, table: str) -> int:
        """Rows of a star table once all its change sets are applied."""
        changes = self.changes.get(table)
        return changes[-1][1].total if changes else 0

    def taken_back(self, number: int, file: DataFile) -> list[int]:
        """The raw file versions of which the file, added by that entry, no longer counts."""
        return sorted(raw for raw in file.raw_ids if self.removed.get(raw, 0) > number)

    def is_live(self, number: int, file: DataFile) -> bool:
        """Whether any row of the file, added by that entry, still counts."""
        return not file.raw_ids or len(self.taken_back(number, file)) < len(file.raw_ids)

    @property
    def withdrawn(self) -> dict[str, list[tuple[DataFile, list[int]]]]:
        """By source, files of which rows were taken back since the last build, and whose."""
        found: dict[str, list[tuple[DataFile, list[int]]]] = {}
        for source, files in self.staged.items():
            for number, file in files:
                raw_ids = self.taken_back(number, file)
                lately = [raw for raw in raw_ids if self.removed[raw] > self.built_through]
                if lately:
                    found.setdefault(source, []).append((file, lately))
        return found

    @property
    def unbuilt(self) -> dict[str, list[tuple[int, DataFile]]]:
        """Staged files that no build has read yet, and the entries that added them, by source.

        Compaction merges only what was built.
        """
        built = set(self.compactions)
        fresh = {
            source: [
                (number, file)
                for number, file in files
                if number > self.built_through and number not in built
            ]
            for source, files in self.staged.items()
        }
        return {source: files for source, files in fresh.items() if files}

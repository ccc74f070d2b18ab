"""The log: numbered entries, each created exactly once; the lake is what they say it is.

``log/00000001.json`` and so on. A run commits by creating the next number; who comes second is
told who won. Readers fold the entries in order into a LakeState and never list data folders.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from src.errors import LogConflict, StarliftError
from src.io.store import Store

FORMAT_VERSION = 1


@dataclass(frozen=True)
class DataFile:
    """A data file of the lake: path below the lake's root, rows, bytes.

    ``low`` and ``high`` hold the least and greatest value of the look-up columns as text, by
    column, for reading by key; ``raw_ids`` the raw file versions whose rows are in it.
    """

    path: str
    rows: int
    size: int
    low: dict[str, str | None] = field(default_factory=dict)
    high: dict[str, str | None] = field(default_factory=dict)
    raw_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class RawFile:
    """A raw file version and its accounting.

    ``arrived`` is in microseconds UTC, ``lines`` physical lines, ``records`` rows read, header
    and blank lines not counted. ``sums`` holds per additive column the exact decimal texts of
    what was read, staged, quarantined and dropped as duplicates, and how many cells could not
    be parsed.
    """

    raw_id: int
    source: str
    path: str
    size: int
    etag: str
    arrived: int
    bytes_read: int = 0
    lines: int = 0
    header_lines: int = 0
    records: int = 0
    staged: int = 0
    quarantined: int = 0
    duplicates: int = 0
    conflicts: int = 0
    warnings: dict[str, int] = field(default_factory=dict)
    sums: dict[str, dict[str, str | int]] = field(default_factory=dict)


@dataclass(frozen=True)
class StagedPart:
    """What staging adds: raw file versions taken, staged files by source, quarantine files."""

    raw_files: tuple[RawFile, ...]
    files: dict[str, tuple[DataFile, ...]]
    quarantine: tuple[DataFile, ...]
    fingerprints: dict[str, str]
    removed_raw_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class ChangeSet:
    """What a build brings for one star table.

    ``whole`` replaces every row; else ``keys`` are the files of replaced keys. ``rows`` are the
    files of all rows of those keys now. Counts and sums are those read back from the files;
    ``total`` is the table's row count once this change set is applied. ``columns`` names the
    columns of the row files in their order; a contract that is newer than the files may have more.
    """

    table: str
    whole: bool
    keys: tuple[DataFile, ...]
    rows: tuple[DataFile, ...]
    key_count: int
    row_count: int
    total: int
    sums: dict[str, str] = field(default_factory=dict)
    accounting: dict[str, int] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuiltPart:
    """What a build brings: change sets, up to which staged entry, rule fingerprints, warnings."""

    through: int
    changes: tuple[ChangeSet, ...]
    fingerprints: dict[str, str]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One commit: a staged part, a built part, or both."""

    run: str
    at: str
    staged: StagedPart | None = None
    built: BuiltPart | None = None
    number: int = 0


class Log:
    """The log of one warehouse's lake."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def entries(self) -> list[Entry]:
        """All entries in order. Raises StarliftError when a number is missing or unreadable."""
        entries: list[Entry] = []
        for stored in self.store.list("log"):
            name = stored.path.rsplit("/", 1)[-1]
            if not name.endswith(".json") or name.startswith("."):
                continue
            entry = _decode(self.store.read(stored.path), stored.path)
            if entry.number != len(entries) + 1:
                raise StarliftError(
                    "The log has a gap",
                    where=self.store.root,
                    expected=f"entry {len(entries) + 1}",
                    found=f"entry {entry.number}",
                    do="restore the missing file of the log; nothing was written",
                )
            entries.append(entry)
        return entries

    def commit(self, entry: Entry, number: int) -> Entry:
        """Create entry ``number``.

        Raises LogConflict when another run has that number; that run's work is committed, this
        run's folders stay and its work can be taken again by the next run.
        """
        numbered = Entry(entry.run, entry.at, entry.staged, entry.built, number)
        path = f"log/{number:08d}.json"
        text = json.dumps({"format": FORMAT_VERSION, **asdict(numbered)}, ensure_ascii=False)
        if self.store.create(path, text.encode()):
            return numbered
        winner = _decode(self.store.read(path), path)
        if winner.run == entry.run:
            return winner
        raise LogConflict(
            f"Another run committed entry {number} first",
            where=self.store.root,
            found=f"run {winner.run}",
            do="run again: this run changed nothing, and its files are taken by the next run",
        )


def _decode(content: bytes, path: str) -> Entry:
    try:
        data = json.loads(content)
        if data["format"] != FORMAT_VERSION:
            raise StarliftError(
                "The log was written by another version of Starlift",
                where=path,
                expected=f"format {FORMAT_VERSION}",
                found=f"format {data['format']}",
                do="use the version that wrote it, or a newer one",
            )
        return Entry(
            run=data["run"],
            at=data["at"],
            staged=_staged(data["staged"]),
            built=_built(data["built"]),
            number=data["number"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StarliftError(
            "An entry of the log cannot be read",
            where=path,
            found=f"{type(error).__name__}: {error}",
            do="restore the file from a copy; nothing was written",
        ) from error


def _files(items: Iterable[dict[str, Any]]) -> tuple[DataFile, ...]:
    return tuple(DataFile(**{**item, "raw_ids": tuple(item["raw_ids"])}) for item in items)


def _staged(data: dict[str, Any] | None) -> StagedPart | None:
    if data is None:
        return None
    return StagedPart(
        raw_files=tuple(RawFile(**item) for item in data["raw_files"]),
        files={source: _files(items) for source, items in data["files"].items()},
        quarantine=_files(data["quarantine"]),
        fingerprints=data["fingerprints"],
        removed_raw_ids=tuple(data["removed_raw_ids"]),
    )


def _built(data: dict[str, Any] | None) -> BuiltPart | None:
    if data is None:
        return None
    changes = tuple(
        ChangeSet(
            **{
                **item,
                "keys": _files(item["keys"]),
                "rows": _files(item["rows"]),
                "columns": tuple(item.get("columns", ())),
            }
        )
        for item in data["changes"]
    )
    return BuiltPart(data["through"], changes, data["fingerprints"], tuple(data["warnings"]))


@dataclass
class LakeState:
    """What the entries say, folded: the only way to know what the lake holds.

    ``removed`` has for a raw file version the last entry that took its rows back: those that
    earlier entries brought. The same entry, or a later one, may have brought them anew.
    ``taken_away`` has what was known of such a version.
    """

    last: int = 0
    raw_files: dict[int, RawFile] = field(default_factory=dict)
    taken_in: dict[int, int] = field(default_factory=dict)
    staged: dict[str, list[tuple[int, DataFile]]] = field(default_factory=dict)
    removed: dict[int, int] = field(default_factory=dict)
    taken_away: dict[int, RawFile] = field(default_factory=dict)
    quarantine: list[DataFile] = field(default_factory=list)
    built_through: int = 0
    changes: dict[str, list[tuple[int, ChangeSet]]] = field(default_factory=dict)
    built_entries: list[int] = field(default_factory=list)
    source_fingerprints: dict[str, str] = field(default_factory=dict)
    table_fingerprints: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(entries: Iterable[Entry]) -> LakeState:
        """The state after the given entries."""
        state = LakeState()
        for entry in entries:
            state._apply(entry)
        return state

    def _apply(self, entry: Entry) -> None:
        self.last = entry.number
        if entry.staged:
            for raw_id in entry.staged.removed_raw_ids:
                if raw := self.raw_files.pop(raw_id, None):
                    self.taken_away[raw_id] = raw
                self.removed[raw_id] = entry.number
            for raw in entry.staged.raw_files:
                self.raw_files[raw.raw_id] = raw
                self.taken_in[raw.raw_id] = entry.number
            for source, files in entry.staged.files.items():
                self.staged.setdefault(source, []).extend((entry.number, file) for file in files)
            self.quarantine.extend(entry.staged.quarantine)
            self.source_fingerprints.update(entry.staged.fingerprints)
        if entry.built:
            self.built_through = entry.built.through
            self.built_entries.append(entry.number)
            self.table_fingerprints.update(entry.built.fingerprints)
            for change in entry.built.changes:
                if change.whole:
                    self.changes[change.table] = []
                self.changes.setdefault(change.table, []).append((entry.number, change))

    def total(self, table: str) -> int:
        """Rows of a star table once all its change sets are applied."""
        changes = self.changes.get(table)
        return changes[-1][1].total if changes else 0

    def taken_back(self, number: int, file: DataFile) -> list[int]:
        """The raw file versions of which the file, added by that entry, no longer counts."""
        return sorted(raw for raw in file.raw_ids if self.removed.get(raw, 0) > number)

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
        """Staged files that no build has read yet, and the entries that added them, by source."""
        return {
            source: fresh
            for source, files in self.staged.items()
            if (fresh := [(number, file) for number, file in files if number > self.built_through])
        }

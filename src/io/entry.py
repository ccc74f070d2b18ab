"""Entries of the log: what one commit adds and removes, and how it is written as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from src.errors import StarliftError

# A reader of format 1 knows no compaction and would count rows twice: such entries are of 2.
FORMAT_VERSION = 2
# One for all raw files whose counts are not kept, as there are many of them.
NO_COUNTS: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class RawFile:
    """A raw file version and its accounting.

    ``arrived`` is in microseconds UTC, ``lines`` physical lines, ``records`` rows read, header
    and blank lines not counted. ``sums`` holds per additive column the exact decimal texts of
    what was read, staged, quarantined and dropped as duplicates, and how many cells could not
    be parsed. ``rules`` is the fingerprint of the source's rules by which it was staged.
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
    rules: str = ""


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

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The files of rows and of replaced keys."""
        return self.rows + self.keys


@dataclass(frozen=True)
class BuiltPart:
    """What a build brings: change sets, up to which staged entry, rule fingerprints, warnings."""

    through: int
    changes: tuple[ChangeSet, ...]
    fingerprints: dict[str, str]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompactedPart:
    """What compaction brings: files that stand for many, and the paths of those many.

    ``files`` (by source) and ``quarantine`` hold the rows of the removed ones that still counted.
    A change set of ``changes`` stands for those before it: one that is whole for all of its
    table, another for all change sets by key. ``snapshot`` says that every table is whole, so
    that a warehouse can be filled from this entry alone.
    """

    files: dict[str, tuple[DataFile, ...]]
    quarantine: tuple[DataFile, ...]
    changes: tuple[ChangeSet, ...]
    removed: tuple[str, ...]
    snapshot: bool = False


@dataclass(frozen=True)
class ExpiredPart:
    """What expiry decided: states before entry ``kept_from`` can no longer be read."""

    kept_from: int


@dataclass(frozen=True)
class Entry:
    """One commit: a staged part, a built part or both; or upkeep, which changes no row.

    ``at`` is when the run started, ``committed`` when the entry was written; older logs lack it.
    """

    run: str
    at: str
    staged: StagedPart | None = None
    built: BuiltPart | None = None
    number: int = 0
    compacted: CompactedPart | None = None
    expired: ExpiredPart | None = None
    committed: str = ""

    @property
    def is_upkeep(self) -> bool:
        """Whether the entry leaves every row and every reader's answer as they were."""
        return self.staged is None and self.built is None

    @property
    def files(self) -> list[DataFile]:
        """Every data file that the entry adds."""
        found: list[DataFile] = []
        for part in (self.staged, self.compacted):
            if part:
                found += [file for files in part.files.values() for file in files]
                found += part.quarantine
        for changed in (self.built, self.compacted):
            if changed:
                found += [file for change in changed.changes for file in change.files]
        return found


def encode(entry: Entry) -> bytes:
    """The entry as it stands in the log."""
    data = {"format": 2 if entry.is_upkeep else 1, **asdict(entry)}
    for part in ("compacted", "expired"):
        if data[part] is None:
            del data[part]
    return json.dumps(data, ensure_ascii=False).encode()


def decode(content: bytes, path: str) -> Entry:
    try:
        data = json.loads(content)
        if data["format"] not in range(1, FORMAT_VERSION + 1):
            raise StarliftError(
                "The log was written by another version of Starlift",
                where=path,
                expected=f"format {FORMAT_VERSION} or less",
                found=f"format {data['format']}",
                do="use the version that wrote it, or a newer one",
            )
        return Entry(
            run=data["run"],
            at=data["at"],
            staged=_staged(data["staged"]),
            built=_built(data["built"]),
            number=data["number"],
            compacted=_compacted(data.get("compacted")),
            expired=ExpiredPart(**data["expired"]) if data.get("expired") else None,
            committed=data.get("committed", ""),
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
        # Older logs name the rules once for all files of a source.
        raw_files=tuple(
            RawFile(**{"rules": data["fingerprints"].get(item["source"], ""), **item})
            for item in data["raw_files"]
        ),
        files={source: _files(items) for source, items in data["files"].items()},
        quarantine=_files(data["quarantine"]),
        fingerprints=data["fingerprints"],
        removed_raw_ids=tuple(data["removed_raw_ids"]),
    )


def _built(data: dict[str, Any] | None) -> BuiltPart | None:
    if data is None:
        return None
    changes = tuple(change_set(item) for item in data["changes"])
    return BuiltPart(data["through"], changes, data["fingerprints"], tuple(data["warnings"]))


def change_set(item: dict[str, Any]) -> ChangeSet:
    """A change set from its fields as JSON has them."""
    return ChangeSet(
        **{
            **item,
            "keys": _files(item["keys"]),
            "rows": _files(item["rows"]),
            "columns": tuple(item.get("columns", ())),
        }
    )


def _compacted(data: dict[str, Any] | None) -> CompactedPart | None:
    if data is None:
        return None
    return CompactedPart(
        files={source: _files(items) for source, items in data["files"].items()},
        quarantine=_files(data["quarantine"]),
        changes=tuple(change_set(item) for item in data["changes"]),
        removed=tuple(data["removed"]),
        snapshot=data["snapshot"],
    )

"""Checkpoints: the log folded up to an entry, so that readers need not read every entry.

``checkpoints/<fold>/<number>.jsonl.gz``, written once beside the log and never trusted over it: one
that is cut off, that another version of the fold wrote, or whose entry is no longer the one it
was made from, is passed over, and the entries are read. Records stand one a line, so that neither
writing nor reading holds the whole text.
"""

from __future__ import annotations

import gzip
import hashlib
import inspect
import io
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from functools import cache
from typing import Any

from src.errors import StarliftError
from src.io import entry as entry_module
from src.io import lake_state as state_module
from src.io.entry import NO_COUNTS, DataFile, RawFile, change_set
from src.io.lake_state import LakeState
from src.io.store import Store

# A checkpoint costs as much as the whole state; a reader reads at most so many entries after it.
EVERY = 100

_RAW = [one.name for one in fields(RawFile) if one.name not in ("sums", "warnings")]
_FILE = [one.name for one in fields(DataFile)]
_PLAIN = (
    "last",
    "built_through",
    "built_entries",
    "source_fingerprints",
    "table_fingerprints",
    "compactions",
    "snapshot",
    "kept_from",
)


@cache
def _folder() -> str:
    """Where checkpoints of this version's fold lie: another version may fold otherwise."""
    text = inspect.getsource(entry_module) + inspect.getsource(state_module)
    return f"checkpoints/{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def checkpoints(store: Store) -> list[tuple[int, str]]:
    """Number and path of each checkpoint of this version, newest first."""
    found = []
    for stored in store.list(_folder()):
        number = stored.path.rsplit("/", 1)[-1].removesuffix(".jsonl.gz")
        if number.isdecimal():
            found.append((int(number), stored.path))
    return sorted(found, reverse=True)


def write_checkpoint(store: Store, state: LakeState, last_entry: bytes) -> None:
    """Write the state after its last entry, whose stored bytes are given."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1, mtime=0) as file:
        for record in _records(state, last_entry):
            file.write(json.dumps(record, separators=(",", ":")).encode() + b"\n")
    store.create(f"{_folder()}/{state.last:08d}.jsonl.gz", packed.getvalue())


def read_checkpoint(
    store: Store, path: str, stored_entry: Callable[[int], bytes]
) -> LakeState | None:
    """The state in a checkpoint; None where it cannot be used."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(store.read(path))) as file:
            records = (json.loads(line) for line in file)
            head = next(records)
            if head["entry"] != _digest(stored_entry(head["state"]["last"])):
                return None
            return _folded(head["state"], records)
    except (
        StarliftError, OSError, EOFError, StopIteration, zlib.error,
        ValueError, KeyError, TypeError, AttributeError, IndexError,
    ):  # fmt: skip
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _records(state: LakeState, last_entry: bytes) -> Iterator[Any]:
    yield {"entry": _digest(last_entry), "state": {name: getattr(state, name) for name in _PLAIN}}
    for raw_id, number in state.taken_in.items():
        raw = state.raw_files.get(raw_id)
        yield ["raw", raw_id, number, raw and [getattr(raw, name) for name in _RAW]]
    for raw in state.taken_away.values():
        yield ["away", [getattr(raw, name) for name in _RAW]]
    for raw_id, number in state.removed.items():
        yield ["removed", raw_id, number]
    for source, files in state.staged.items():
        yield ["source", source]
        for number, file in files:
            yield ["staged", source, number, _values(file)]
    for number, file in state.quarantine:
        yield ["quarantine", number, _values(file)]
    for table, changes in state.changes.items():
        for number, change in changes:
            yield ["change", table, number, asdict(change)]
    yield ["end"]


def _values(file: DataFile) -> list[Any]:
    return [getattr(file, name) for name in _FILE]


def _raw(values: list[Any]) -> RawFile:
    return RawFile(**dict(zip(_RAW, values, strict=True)), warnings=NO_COUNTS, sums=NO_COUNTS)


def _file(values: list[Any]) -> DataFile:
    named = dict(zip(_FILE, values, strict=True))
    return DataFile(**{**named, "raw_ids": tuple(named["raw_ids"])})


def _folded(plain: dict[str, Any], records: Iterator[Any]) -> LakeState:
    """The state of the records. Raises ValueError when they end before the end."""
    state = LakeState(**{name: plain[name] for name in _PLAIN})
    kind = ""
    for kind, *rest in records:
        if kind == "raw":
            raw_id, number, values = rest
            state.taken_in[raw_id] = number
            if values:
                state.raw_files[raw_id] = _raw(values)
        elif kind == "away":
            raw = _raw(rest[0])
            state.taken_away[raw.raw_id] = raw
        elif kind == "removed":
            state.removed[rest[0]] = rest[1]
        elif kind == "source":
            state.staged[rest[0]] = []
        elif kind == "staged":
            state.staged[rest[0]].append((rest[1], _file(rest[2])))
        elif kind == "quarantine":
            state.quarantine.append((rest[0], _file(rest[1])))
        elif kind == "change":
            state.changes.setdefault(rest[0], []).append((rest[1], change_set(rest[2])))
    if kind != "end":
        raise ValueError("cut off")
    return state

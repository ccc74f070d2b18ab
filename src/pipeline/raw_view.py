"""Every raw file version: where it is in the lake, or why it was not taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from src.io.entry import Entry, RawFile
from src.io.raw_files import Candidate
from src.runs import time_text

TAKEN = "taken"
REPLACED = "replaced"
WAITING = "waiting"
REFUSED = "refused"
NO_SOURCE = "no source"


@dataclass(frozen=True)
class RawView:
    """One raw file version. ``state`` is one of

    - taken: its rows count; ``entry`` and ``run`` brought them;
    - replaced: they were taken back by the entry that ``why`` names;
    - waiting: the next run takes it;
    - refused: it belongs to a source and cannot be taken, ``why`` says what is wrong;
    - no source: it is passed over, ``why`` says which names are looked for.
    """

    path: str
    state: str
    size: int
    etag: str
    arrived: str
    source: str | None = None
    entry: int | None = None
    run: str | None = None
    rows: int | None = None
    staged: int | None = None
    quarantined: int | None = None
    duplicates: int | None = None
    why: str | None = None


def view_files(
    entries: Iterable[Entry], listed: Iterable[Candidate] | None, report: Mapping[str, Any]
) -> Iterator[RawView]:
    """The versions by path, older ones of a path first.

    ``listed`` is the raw folder as it is now, None where there is none to be listed; ``report``
    that of the last run that staged, which knows what it refused.
    """
    held: dict[int, tuple[RawFile, int, str]] = {}
    removed: dict[int, int] = {}
    for entry in entries:
        if not entry.staged:
            continue
        for raw_id in entry.staged.removed_raw_ids:
            removed[raw_id] = entry.number
        for raw in entry.staged.raw_files:
            held[raw.raw_id] = (raw, entry.number, entry.run)
    now = None if listed is None else {one.raw_id: one for one in listed}
    found = [
        _of_lake(raw, number, run, removed.get(raw.raw_id, 0), now)
        for raw, number, run in held.values()
    ]
    refused = {one["path"]: one for one in report.get("refused", ())}
    for raw_id, candidate in (now or {}).items():
        # A version that was taken back and stands there still is one to take again.
        if raw_id not in held or removed.get(raw_id, 0) > held[raw_id][1]:
            found.append(_not_taken(candidate, refused, str(report.get("run"))))
    yield from sorted(found, key=lambda one: (one.path, one.arrived, one.entry or 0))


def _of_lake(
    raw: RawFile, number: int, run: str, removed: int, now: Mapping[int, Candidate] | None
) -> RawView:
    replaced = removed > number
    why = f"its rows were taken back by entry {removed}" if replaced else None
    if not replaced and now is not None and raw.raw_id not in now:
        why = "this version is no longer in the raw folder; its rows count"
    return RawView(
        path=raw.path,
        state=REPLACED if replaced else TAKEN,
        size=raw.size,
        etag=raw.etag,
        arrived=_at(raw.arrived),
        source=raw.source,
        entry=number,
        run=run,
        rows=raw.records,
        staged=raw.staged,
        quarantined=raw.quarantined,
        duplicates=raw.duplicates,
        why=why,
    )


def _not_taken(candidate: Candidate, refused: Mapping[str, Any], run: str) -> RawView:
    stored = candidate.stored
    state, why = WAITING, "the next run takes it"
    last = refused.get(stored.path)
    if candidate.source is None:
        state, why = NO_SOURCE, str(candidate.reason)
    elif candidate.reason:
        state, why = REFUSED, f"{candidate.reason}, which is not read"
    elif last and (last["size"], last["etag"]) == (stored.size, stored.etag):
        state, why = REFUSED, f"{last['sentence']} (run {run})"
    elif last:
        why = f"the next run takes it; run {run} left out an older version: {last['sentence']}"
    return RawView(
        path=stored.path,
        state=state,
        size=stored.size,
        etag=stored.etag,
        arrived=_at(stored.modified),
        source=candidate.source,
        why=why,
    )


def _at(microseconds: int) -> str:
    return time_text(datetime.fromtimestamp(microseconds / 1_000_000, UTC))

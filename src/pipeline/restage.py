"""Re-stage: raw file versions that the lake holds are parsed again, after a fix of rules or files.

Which ones is a choice by file, run, arrival or reason of quarantine; without one they are those
whose source's rules have changed since they were staged. Each is read from the raw folder again
and must still be there as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

from src.contract.warehouse import Warehouse
from src.errors import RawFileRefused, UsageError
from src.io.entry import RawFile
from src.io.lake_state import LakeState
from src.io.raw_files import Candidate, candidate
from src.io.store import Store, Stored
from src.pipeline.fingerprints import source_fingerprints
from src.pipeline.take import Refusal, stat_now


@dataclass(frozen=True)
class Choice:
    """Which raw file versions to parse again; each criterion that is given must hold.

    ``files`` are paths below the raw folder, folders, or patterns with ``*``; ``run`` the run that
    staged them; ``since`` and ``until`` days of their arrival, UTC, both included; ``reason`` a
    text that stands in the reason of a row in quarantine.
    """

    files: tuple[str, ...] = ()
    run: str | None = None
    since: date | None = None
    until: date | None = None
    reason: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is chosen: then those are meant whose rules changed."""
        return self == Choice()


@dataclass(frozen=True)
class Restaged:
    """What parsing a raw file version again changed: its rows before and after, by where they are.

    ``before`` and ``after`` hold how many rows were staged, quarantined and dropped as duplicates.
    """

    path: str
    source: str
    before: dict[str, int]
    after: dict[str, int]


def restaged(before: RawFile, after: RawFile) -> Restaged:
    """What became of the rows of one raw file version."""
    return Restaged(after.path, after.source, _fates(before), _fates(after))


def _fates(raw: RawFile) -> dict[str, int]:
    return {
        "staged": raw.staged,
        "quarantined": raw.quarantined,
        "duplicates": raw.duplicates,
    }


def of_old_rules(warehouse: Warehouse, state: LakeState) -> dict[str, list[RawFile]]:
    """By source, the live raw file versions that were staged by other rules than today's."""
    rules = source_fingerprints(warehouse)
    found: dict[str, list[RawFile]] = {}
    for raw in state.raw_files.values():
        if raw.rules != rules.get(raw.source, raw.rules):
            found.setdefault(raw.source, []).append(raw)
    return found


def rule_notes(warehouse: Warehouse, state: LakeState, command: str) -> list[str]:
    """One sentence on what was staged by rules that changed since, with the command that helps."""
    old = of_old_rules(warehouse, state)
    if not old:
        return []
    held = Counter(raw.source for raw in state.raw_files.values())
    shares = [f"{source} {len(old[source])} of {held[source]}" for source in sorted(old)]
    return [
        f"raw files are staged by rules that have changed since: {', '.join(shares)}; "
        f"'{command}' parses them again"
    ]


def chosen(
    choice: Choice,
    warehouse: Warehouse,
    state: LakeState,
    runs: Callable[[], dict[int, str]],
    with_reason: Callable[[str], set[int]],
) -> list[RawFile]:
    """The live raw file versions of a choice, by path.

    ``runs`` names the run of each entry, ``with_reason`` finds raw file versions by a text of
    their reasons; each is asked only where the choice needs it. Raises UsageError when a choice
    names nothing that the lake holds.
    """
    if choice.is_empty:
        old = of_old_rules(warehouse, state).values()
        return _by_path(raw for some in old for raw in some)
    found = list(state.raw_files.values())
    if choice.files:
        found = [raw for raw in found if any(_named(raw.path, name) for name in choice.files)]
        _some(found, "path", ", ".join(choice.files))
    if choice.run:
        run_of = runs()
        found = [raw for raw in found if run_of.get(state.taken_in[raw.raw_id]) == choice.run]
        _some(found, "run", choice.run)
    if choice.since or choice.until:
        since, until = choice.since or date.min, choice.until or date.max
        found = [raw for raw in found if since <= _arrival(raw) <= until]
        _some(found, "arrival", f"{choice.since or '…'} to {choice.until or '…'}")
    if choice.reason:
        ids = with_reason(choice.reason)
        found = [raw for raw in found if raw.raw_id in ids]
        _some(found, "reason of quarantine", choice.reason)
    return _by_path(found)


def _by_path(raws: Iterable[RawFile]) -> list[RawFile]:
    return sorted(raws, key=lambda raw: (raw.path, raw.raw_id))


def _named(path: str, name: str) -> bool:
    folder = name.rstrip("/")
    return path == folder or path.startswith(f"{folder}/") or fnmatchcase(path, name)


def _arrival(raw: RawFile) -> date:
    return datetime.fromtimestamp(raw.arrived / 1_000_000, UTC).date()


def _some(found: list[RawFile], what: str, wanted: str) -> None:
    if not found:
        raise UsageError(
            f"The lake holds no raw file of this {what}",
            found=f"'{wanted}'",
            do="'starlift files' lists those that it holds",
        )


def again(
    chosen: Sequence[RawFile], raw: Store, warehouse: Warehouse
) -> tuple[list[Candidate], list[Refusal]]:
    """The chosen versions as candidates to stage, and a refusal for each that is no longer there.

    A version keeps the arrival that was recorded when it was first staged.
    """
    candidates, refusals = [], []
    found_now = stat_now(raw, [held.path for held in chosen])
    for held, now in zip(chosen, found_now, strict=True):
        stored = Stored(held.path, held.size, held.etag, held.arrived)
        judged = candidate(stored, warehouse.sources)
        if now is None:
            found = "no such file"
        elif (now.size, now.etag) != (held.size, held.etag):
            found = f"{now.size} bytes, changed since it was staged with {held.size}"
        elif judged.source is None:
            found = judged.reason or "a file of no source"
        else:
            candidates.append(judged)
            continue
        refusals.append((stored, _gone(held, raw, found)))
    return candidates, refusals


def _gone(held: RawFile, raw: Store, found: str) -> RawFileRefused:
    return RawFileRefused(
        f"The raw file {held.path} cannot be parsed again",
        where=raw.root,
        expected="the version that the lake holds",
        found=found,
        do="bring that version back; a changed one is taken by the next run",
    )

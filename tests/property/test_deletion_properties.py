"""Snapshots against an oracle that walks through the files one by one, as a person would.

Keys of one draw share its files; each draw has many keys, so that one computation serves them all.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from src.transforms.deletions import (
    Snapshot,
    changed_by_snapshots,
    since_last_complete,
    with_deletions,
)
from tests.conftest import Frame
from tests.property.test_affected_properties import SEED
from tests.unit.test_deletions import DAY, JANUARY, SCHEMA
from tests.unit.test_deletions import TIMED as SETS

KEYS = 60


@dataclass(frozen=True)
class Row:
    """One staged row: day of its business time, if it has one, and what else it says."""

    key: int
    at: int | None
    city: str
    file: Snapshot
    line: int


@dataclass(frozen=True)
class Version:
    """A version with the day it takes effect; a tombstone has no city."""

    at: int | None
    city: str | None
    arrived: int


def drawn(dice: random.Random) -> tuple[list[Snapshot], list[Row]]:
    """Up to eight files on few days, so that some arrive at once, and rows of half the keys."""
    files = [
        Snapshot(number, JANUARY + dice.randint(0, 6) * DAY, f"{dice.choice('ab')}.csv", True)
        for number in range(1, dice.randint(3, 9))
    ]
    files = [Snapshot(one.raw_id, one.arrived, one.path, dice.random() < 0.75) for one in files]
    rows = [
        Row(key, dice.choice([None, *range(-2, 9)]), dice.choice("xy"), file, 2 * key + again)
        for file in files
        for key in range(KEYS)
        if dice.random() < 0.5
        for again in range(dice.choice([1, 1, 1, 2]))
    ]
    return files, rows


def day_of(file: Snapshot) -> int:
    return (file.arrived - JANUARY) // DAY


def in_order(files: list[Snapshot]) -> list[Snapshot]:
    return sorted(files, key=lambda one: (one.arrived, one.path, one.raw_id))


def history(key: int, files: list[Snapshot], rows: list[Row]) -> list[Version]:
    """The versions of a key, tombstones among them, file by file."""
    versions = []
    is_there, back_at, gone_at, latest = False, None, None, None
    for file in in_order(files):
        own = sorted(
            (one for one in rows if (one.key, one.file) == (key, file)), key=lambda one: one.line
        )
        if not own and file.is_complete and is_there:
            times = [day_of(file), *([latest] if latest is not None else [])]
            is_there, back_at, gone_at = False, None, max(times)
            versions.append(Version(gone_at, None, day_of(file)))
        for one in own:
            if gone_at is not None and back_at is None:
                back_at = max(day_of(file), gone_at)
            is_there = True
            known = [time for time in (one.at, back_at) if time is not None]
            versions.append(Version(max(known) if known else None, one.city, day_of(file)))
            if one.at is not None:
                latest = one.at if latest is None else max(latest, one.at)
    return versions


def stamp(day: int | None) -> str | None:
    if day is None:
        return None
    return f"2021-01-{day + 1:02d}" if day >= 0 else f"2020-12-{32 + day:02d}"


def staged(frame: Frame, rows: list[Row]):  # type: ignore[no-untyped-def]
    return frame(
        [
            (one.key, stamp(one.at), one.city, one.file.path, one.line, one.file.raw_id,
             stamp(day_of(one.file)))
            for one in rows
        ],
        SCHEMA,
    )  # fmt: skip


@pytest.mark.parametrize("draw", range(3))
def test_versions_and_tombstones_are_those_of_a_walk_through_the_files(
    frame: Frame, draw: int
) -> None:
    files, rows = drawn(random.Random(f"{SEED} {draw}"))
    found = with_deletions(staged(frame, rows), SETS, files).collect()
    got = sorted(
        (one["id"], str(one["at"])[:10], str(one["city"]), str(one["arrived_at"])[:10],
         one["is deleted"])
        for one in found
    )  # fmt: skip
    expected = sorted(
        (key, str(stamp(one.at)), str(one.city), str(stamp(one.arrived)), one.city is None)
        for key in range(KEYS)
        for one in history(key, files, rows)
    )
    assert got == expected, f"STARLIFT_TEST_SEED={SEED}"


def states(versions: list[Version]) -> list[tuple[int | None, str | None]]:
    """What a member was and since when: versions that repeat the one before say nothing."""
    told: list[tuple[int | None, str | None]] = []
    for one in versions:
        if not told or told[-1] != (one.at, one.city):
            told.append((one.at, one.city))
    return told


@pytest.mark.parametrize("draw", range(3))
def test_no_key_that_is_other_than_before_is_missed(frame: Frame, draw: int) -> None:
    dice = random.Random(f"{SEED} {draw} changed")
    files, rows = drawn(dice)
    went = {one.raw_id for one in files if dice.random() < 0.15}
    came = {one.raw_id for one in files if dice.random() < 0.3} - went or {files[-1].raw_id} - went
    before = [one for one in files if one.raw_id not in came]
    after = [one for one in files if one.raw_id not in went]
    live = [one for one in rows if one.file in after]
    changed = came | went
    # What was there before is not known of the changed ones: they count as complete.
    both = [
        Snapshot(one.raw_id, one.arrived, one.path, one.is_complete or one.raw_id in changed)
        for one in files
    ]
    needed = since_last_complete(both, changed)
    some = [one for one in live if one.file.raw_id in {file.raw_id for file in needed}]
    found = changed_by_snapshots(staged(frame, some), SETS, needed, changed).collect()
    # Rows that went are looked at whatever they say.
    looked_at = {one["id"] for one in found} | {one.key for one in rows if one.file.raw_id in went}
    other = {
        key
        for key in range(KEYS)
        if states(history(key, before, rows)) != states(history(key, after, rows))
    }
    assert other <= looked_at, f"STARLIFT_TEST_SEED={SEED}: missed {sorted(other - looked_at)}"

"""Which raw file versions a restage chooses, and which it cannot take."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from src.errors import UsageError
from src.io.entry import Entry, RawFile, StagedPart
from src.io.lake_state import LakeState
from src.io.raw_files import list_raw
from src.io.store import LocalStore
from src.pipeline.fingerprints import source_fingerprints
from src.pipeline.restage import Choice, again, chosen, of_old_rules, rule_notes
from src.transforms.warehouses import WAREHOUSES

CHINOOK = WAREHOUSES["chinook"]
RULES = source_fingerprints(CHINOOK)


def day(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


def raw(number: int, source: str, path: str, arrived: str, rules: str | None = None) -> RawFile:
    return RawFile(
        number, source, path, 9, "e", day(arrived),
        rules=RULES[source] if rules is None else rules,
    )  # fmt: skip


RAWS = (
    raw(1, "genre", "a/Genre.csv", "2025-06-01T23:59:59"),
    raw(2, "genre", "b/Genre.csv", "2025-06-02T00:00:00", rules="old"),
    raw(3, "artist", "a/Artist.csv", "2025-06-03T12:00:00", rules="old"),
)
STATE = LakeState.of(
    [
        Entry("first", "", StagedPart(RAWS[:2], {}, (), {}), number=1),
        Entry("second", "", StagedPart(RAWS[2:], {}, (), {}), number=2),
    ]
)


def paths(choice: Choice) -> list[str]:
    def with_reason(text: str) -> set[int]:
        return {1, 3} if text == "postal_code" else set()

    runs = {1: "first", 2: "second"}
    return [one.path for one in chosen(choice, CHINOOK, STATE, lambda: runs, with_reason)]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(), ["a/Artist.csv", "b/Genre.csv"]),
        (Choice(files=("a/Genre.csv",)), ["a/Genre.csv"]),
        (Choice(files=("a/",)), ["a/Artist.csv", "a/Genre.csv"]),
        (Choice(files=("*/Genre.csv",)), ["a/Genre.csv", "b/Genre.csv"]),
        (Choice(files=("a/Genre.csv", "a/Artist.csv")), ["a/Artist.csv", "a/Genre.csv"]),
        (Choice(run="first"), ["a/Genre.csv", "b/Genre.csv"]),
        (Choice(since=date(2025, 6, 2)), ["a/Artist.csv", "b/Genre.csv"]),
        (Choice(until=date(2025, 6, 1)), ["a/Genre.csv"]),
        (Choice(since=date(2025, 6, 2), until=date(2025, 6, 2)), ["b/Genre.csv"]),
        (Choice(reason="postal_code"), ["a/Artist.csv", "a/Genre.csv"]),
        (Choice(run="first", reason="postal_code"), ["a/Genre.csv"]),
    ],
)
def test_what_a_choice_names(choice: Choice, expected: list[str]) -> None:
    assert paths(choice) == expected


@pytest.mark.parametrize(
    "choice",
    [
        Choice(files=("Genre.csv",)),
        Choice(files=("a/Gen",)),
        Choice(run="fir"),
        Choice(since=date(2025, 6, 4)),
        Choice(reason="nothing like it"),
    ],
)
def test_a_choice_that_names_nothing_is_a_mistake(choice: Choice) -> None:
    with pytest.raises(UsageError, match="The lake holds no raw file of this"):
        paths(choice)


def test_rules_are_judged_by_raw_file_version_and_not_by_source() -> None:
    old = of_old_rules(CHINOOK, STATE)
    assert {name: [raw.path for raw in some] for name, some in old.items()} == {
        "genre": ["b/Genre.csv"],
        "artist": ["a/Artist.csv"],
    }
    assert rule_notes(CHINOOK, STATE, "starlift restage chinook") == [
        "raw files are staged by rules that have changed since: artist 1 of 1, genre 1 of 2; "
        "'starlift restage chinook' parses them again"
    ]
    # One of the two is parsed again: the other is still of the old rules.
    new = replace(RAWS[1], rules=RULES["genre"])
    after = LakeState.of(
        [
            Entry("first", "", StagedPart(RAWS, {}, (), {}), number=1),
            Entry("again", "", StagedPart((new,), {}, (), {}, (2,)), number=2),
        ]
    )
    assert [raw.path for some in of_old_rules(CHINOOK, after).values() for raw in some] == [
        "a/Artist.csv"
    ]


def test_a_version_that_is_gone_or_changed_is_refused_and_keeps_its_recorded_arrival(
    tmp_path: Path,
) -> None:
    for name in ("Genre.csv", "Artist.csv", "Album.csv", "Track.csv"):
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    store = LocalStore(tmp_path)
    held = [
        RawFile(one.raw_id, str(one.source), one.stored.path, one.stored.size, one.stored.etag, 7)
        for one in list_raw(store, CHINOOK.sources)
    ]
    (tmp_path / "Album.csv").unlink()
    (tmp_path / "Artist.csv").write_text("longer\n", encoding="utf-8")
    os.utime(tmp_path / "Track.csv", (1, 1))
    candidates, refusals = again(held, store, CHINOOK)
    assert [(one.stored.path, one.stored.modified, one.raw_id) for one in candidates] == [
        ("Genre.csv", 7, next(raw.raw_id for raw in held if raw.path == "Genre.csv"))
    ]
    said = {stored.path: refusal.sentence() for stored, refusal in refusals}
    assert set(said) == {"Album.csv", "Artist.csv", "Track.csv"}
    assert "expected the version that the lake holds, found no such file" in said["Album.csv"]
    assert "7 bytes, changed since it was staged with 2" in said["Artist.csv"]
    assert "2 bytes, changed since it was staged with 2" in said["Track.csv"]

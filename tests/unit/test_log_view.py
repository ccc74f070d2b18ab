"""What the log and the raw files are said to be, from entries written by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from src.io.entry import BuiltPart, ChangeSet, DataFile, Entry, RawFile, StagedPart
from src.io.lake_state import LakeState
from src.io.raw_files import Candidate, raw_id
from src.io.store import Stored
from src.pipeline.log_view import SourceChange, TableChange, reached, view_entries
from src.pipeline.raw_view import RawView, view_files

NOON = 1_750_000_000_000_000


def stored(path: str, etag: str = "1", size: int = 10) -> Stored:
    return Stored(path, size, etag, NOON)


def raw(of: Stored, source: str = "genre", staged: int = 3, quarantined: int = 1) -> RawFile:
    return RawFile(
        raw_id(of), source, of.path, of.size, of.etag, of.modified,
        records=staged + quarantined, staged=staged, quarantined=quarantined,
    )  # fmt: skip


def staging(number: int, *taken: RawFile, removed: tuple[int, ...] = ()) -> Entry:
    files = {one.source: (DataFile(f"staged/{number}", one.staged, 1),) for one in taken}
    part = StagedPart(taken, files, (), {}, removed)
    return Entry(f"run-{number}", f"2025-01-0{number}T00:00:00Z", part, number=number)


def building(number: int, through: int) -> Entry:
    changes = (
        ChangeSet("dim_genre", False, (), (), key_count=2, row_count=2, total=9),
        ChangeSet("dim_date", True, (), (), key_count=0, row_count=5, total=5),
    )
    part = BuiltPart(through, changes, {})
    return Entry(f"run-{number}", f"2025-01-0{number}T00:00:00Z", built=part, number=number)


OLD, NEW, OTHER = stored("Genre.csv", "1"), stored("Genre.csv", "2"), stored("Artist.csv")
ENTRIES = [
    staging(1, raw(OLD), raw(OTHER, "artist", 5, 0)),
    building(2, 1),
    staging(3, raw(NEW, staged=4), removed=(raw_id(OLD),)),
]


def test_entries_say_what_they_add_and_remove_by_source_and_table() -> None:
    first, second, third = view_entries(ENTRIES)
    assert first.sources == {
        "artist": SourceChange(added=1, rows=5, staged=5, files=1),
        "genre": SourceChange(added=1, rows=4, staged=3, quarantined=1, files=1),
    }
    assert (second.through, second.sources) == (1, {})
    assert second.tables == {
        "dim_genre": TableChange(whole=False, keys=2, rows=2, total=9),
        "dim_date": TableChange(whole=True, keys=0, rows=5, total=5),
    }
    assert third.sources == {
        "genre": SourceChange(added=1, removed=1, rows=5, staged=4, quarantined=1, files=1)
    }


def test_how_far_each_step_has_come() -> None:
    state = LakeState.of(ENTRIES)
    said = {loaded: reached(state, loaded).sentence for loaded in (None, 0, 2)}
    assert said == {
        None: "3 entries: staged entries after 1 wait for a build, what the warehouse holds is not "
        "known.",
        0: "3 entries: staged entries after 1 wait for a build, nothing is loaded yet.",
        2: "3 entries: staged entries after 1 wait for a build, everything that is built is "
        "loaded.",
    }
    built = LakeState.of([*ENTRIES, building(4, 3)])
    assert reached(built, 2).sentence == (
        "4 entries: everything that is staged is built, built entries after 2 wait for a load."
    )
    assert reached(LakeState(), 0).sentence == "The log is empty: nothing was staged yet."


def view(listed: list[Candidate] | None, report: dict[str, object]) -> list[RawView]:
    return list(view_files(ENTRIES, listed, report))


def test_every_version_of_a_raw_file_and_where_it_is() -> None:
    broken, late = stored("Genre-3.csv"), stored("Genre-4.csv", "9")
    listed = [
        Candidate(NEW, "genre"),
        Candidate(OTHER, "artist"),
        Candidate(broken, "genre"),
        Candidate(late, "genre"),
        Candidate(stored("Genre.csv.gz"), "genre", "a .gz file"),
        Candidate(stored("notes.md"), None, "not a CSV or JSON file (.md)"),
        Candidate(stored("Track.csv"), "track"),
    ]
    report = {
        "run": "run-9",
        "refused": [
            {"path": "Genre-3.csv", "size": 10, "etag": "1", "sentence": "The file is empty."},
            {"path": "Genre-4.csv", "size": 10, "etag": "8", "sentence": "The file changed."},
        ],
    }
    found = [(one.path, one.state, one.entry, one.staged, one.why) for one in view(listed, report)]
    later = "the next run takes it; run run-9 left out an older version: The file changed."
    assert found == [
        ("Artist.csv", "taken", 1, 5, None),
        ("Genre-3.csv", "refused", None, None, "The file is empty. (run run-9)"),
        ("Genre-4.csv", "waiting", None, None, later),
        ("Genre.csv", "replaced", 1, 3, "its rows were taken back by entry 3"),
        ("Genre.csv", "taken", 3, 4, None),
        ("Genre.csv.gz", "refused", None, None, "a .gz file, which is not read"),
        ("Track.csv", "waiting", None, None, "the next run takes it"),
        ("notes.md", "no source", None, None, "not a CSV or JSON file (.md)"),
    ]


def test_a_version_that_is_gone_or_came_again() -> None:
    gone = "this version is no longer in the raw folder; its rows count"
    assert [(one.etag, one.state, one.why) for one in view([Candidate(OTHER, "artist")], {})] == [
        ("1", "taken", None),
        ("1", "replaced", "its rows were taken back by entry 3"),
        ("2", "taken", gone),
    ]
    # The older version stands there again: it is new to the lake.
    again = view([Candidate(OLD, "genre"), Candidate(OTHER, "artist")], {})
    assert [one.state for one in again] == ["taken", "waiting", "replaced", "taken"]
    # Where the raw folder cannot be looked at, nothing is said to be gone.
    assert {one.why for one in view(None, {})} == {None, "its rows were taken back by entry 3"}


def test_a_version_parsed_again_stands_once_with_its_last_entry() -> None:
    entries = [staging(1, raw(OLD)), staging(2, raw(OLD, staged=4), removed=(raw_id(OLD),))]
    (one,) = view_files(entries, [Candidate(OLD, "genre")], {})
    assert (one.state, one.entry, one.run, one.staged) == ("taken", 2, "run-2", 4)


@pytest.mark.long
def test_a_hundred_thousand_files_are_told_in_seconds() -> None:
    def entries() -> Iterator[Entry]:
        for number in range(1, 1001):
            files = [raw(stored(f"{number:04d}/{file:03d}.csv")) for file in range(100)]
            yield staging(number, *files)

    made = list(entries())
    start = time.process_time()
    assert sum(view.sources["genre"].added for view in view_entries(made)) == 100_000
    assert sum(one.staged or 0 for one in view_files(made, None, {})) == 300_000
    assert time.process_time() - start < 10

"""Files that cannot be taken whatever they hold: nothing in the lake could name them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from src.io.raw_files import Candidate, list_raw
from src.io.store import LocalStore
from src.pipeline.drift import Drifted, drift_notes
from src.pipeline.take import judge_heads
from src.transforms.warehouses import WAREHOUSES

CHINOOK = WAREHOUSES["chinook"]


def judged(folder: Path, candidates: list[Candidate] | None = None) -> tuple[list[str], list[str]]:
    """The paths of the files that are taken, and the sentences for the others."""
    store = LocalStore(folder)
    todo = candidates or list_raw(store, CHINOOK.sources)
    taken, refusals = judge_heads(CHINOOK, store, todo)
    return [one.candidate.stored.path for one in taken], [
        refusal.sentence() for _, refusal in refusals
    ]


@pytest.mark.parametrize(("size", "is_taken"), [(1024, True), (1025, False)])
def test_a_path_that_no_column_holds(tmp_path: Path, size: int, is_taken: bool) -> None:
    folders = ["ö" * 100] * 5
    name = "Genre-" + "1" * (size - len("Genre-.csv") - 5 * 201) + ".csv"
    path = "/".join([*folders, name])
    assert len(path.encode()) == size
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text("GenreId,Name\n1,Rock\n", encoding="utf-8")
    taken, sentences = judged(tmp_path)
    assert taken == ([path] if is_taken else [])
    if not is_taken:
        assert "path below the raw folder is too long" in sentences[0]
        assert "expected at most 1024 bytes, found 1025" in sentences[0]


@pytest.mark.parametrize(
    ("year", "is_taken"), [(1899, False), (1900, True), (1969, True), (2199, True), (2202, False)]
)
def test_a_time_at_which_no_file_arrived(tmp_path: Path, year: int, is_taken: bool) -> None:
    file = tmp_path / "Genre.csv"
    file.write_text("GenreId,Name\n1,Rock\n", encoding="utf-8")
    # A disk may not hold such a time; an object store's clock may.
    at = int(datetime(year, 6, 1, tzinfo=UTC).timestamp()) * 10**6
    store = LocalStore(tmp_path)
    (listed,) = list_raw(store, CHINOOK.sources)
    taken, sentences = judged(
        tmp_path, [replace(listed, stored=replace(listed.stored, modified=at))]
    )
    assert bool(taken) == is_taken
    if not is_taken:
        assert "expected a time from 1900-01-01 to 2199-12-31, UTC" in sentences[0]


def test_notes_name_no_more_columns_than_a_person_reads(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    stored = LocalStore(tmp_path).stat("a.csv")
    assert stored
    columns = ("x" * 5000, *[f"c{number}" for number in range(3000)])
    (note,) = drift_notes([Drifted("track", stored, "warn", "undeclared", columns)])
    assert len(note) < 300
    assert note.startswith(f"track: undeclared: {'x' * 60}…, c0, c1,")
    assert "c18 and 2981 more in a.csv" in note

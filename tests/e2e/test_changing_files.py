"""Raw files that change or go while they are staged cost the others nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from src.errors import RawFileRefused
from src.io.lake import Lake
from src.io.lake_state import LakeState
from src.io.raw_files import fresh, list_raw
from src.io.store import LocalStore
from src.pipeline.stage import StageResult, commit_staged, stage
from src.runs import Run
from src.settings_file import load_settings
from src.transforms.warehouses import WAREHOUSES
from tests.e2e.test_increments import write

pytestmark = pytest.mark.long

CHINOOK = WAREHOUSES["chinook"]


class Staging:
    """Stages a folder, and does something to it when a step is reached for the first time."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.raw = folder / "raw"
        self.lake = Lake(lambda: spark, LocalStore(folder / "lake"), load_settings("local").lake)
        self.runs = 0

    def run(self, step: str = "", deed: Callable[[], object] = lambda: None) -> StageResult:
        self.runs += 1
        waiting = [deed]

        def progress(reached: str, rows: int) -> None:
            if reached == step and waiting:
                waiting.pop()()

        run = Run(f"run-{self.runs}", datetime.now(UTC), progress)
        state = LakeState.of(self.lake.log.entries())
        store = LocalStore(self.raw)
        todo = fresh(list_raw(store, CHINOOK.sources), state)
        result = stage(CHINOOK, store, self.lake, todo, run, on_bad_file="skip")
        commit_staged(self.lake, result, state.last + 1)
        return result


@pytest.fixture
def staging(spark: SparkSession, tmp_path: Path) -> Staging:
    made = Staging(spark, tmp_path)
    write(made.raw, "Genre.csv", "GenreId,Name\n1,Rock\n2,Jazz\n", 0)
    write(made.raw, "Genre-2.csv", "GenreId,Name\n3,Blues\n", 1)
    write(made.raw, "Artist.csv", "ArtistId,Name\n1,AC/DC\n", 0)
    return made


def taken(result: StageResult) -> dict[str, int]:
    return {raw.path: raw.staged for raw in result.raw_files}


def test_a_file_that_changes_after_it_was_read_is_left_out_and_staged_by_the_next_run(
    staging: Staging,
) -> None:
    longer = "GenreId,Name\n3,Blues\n4,Folk\n"
    result = staging.run("staged", lambda: write(staging.raw, "Genre-2.csv", longer, 1))
    assert taken(result) == {"Artist.csv": 1, "Genre.csv": 2}
    (left,) = result.refused
    assert left.path == "Genre-2.csv"
    assert "changed while it was read in Genre-2.csv" in left.sentence
    assert taken(staging.run()) == {"Genre-2.csv": 2}
    # Readers see each row once: what the attempt that was given up wrote is named by no entry.
    state = LakeState.of(staging.lake.log.entries())
    genres = CHINOOK.source("genre")
    rows = staging.lake.read_live(state, state.staged["genre"], genres.staged_columns)
    assert sorted(row["genre_id"] for row in rows.collect()) == [1, 2, 3, 4]


def test_a_file_that_changes_without_changing_its_size_is_left_out(staging: Staging) -> None:
    result = staging.run(
        "staged", lambda: write(staging.raw, "Genre-2.csv", "GenreId,Name\n3,Swing\n", 2)
    )
    assert taken(result) == {"Artist.csv": 1, "Genre.csv": 2}
    assert [left.path for left in result.refused] == ["Genre-2.csv"]


@pytest.mark.parametrize("step", ["reading raw files", "staged"])
def test_a_file_that_goes_is_left_out(staging: Staging, step: str) -> None:
    result = staging.run(step, (staging.raw / "Artist.csv").unlink)
    assert taken(result) == {"Genre-2.csv": 1, "Genre.csv": 2}
    assert [left.path for left in result.refused] == ["Artist.csv"]


def test_a_file_that_goes_before_its_head_is_read_is_left_out(staging: Staging) -> None:
    store = LocalStore(staging.raw)
    todo = fresh(list_raw(store, CHINOOK.sources), LakeState())
    (staging.raw / "Artist.csv").unlink()
    run = Run("run", datetime.now(UTC))
    result = stage(CHINOOK, store, staging.lake, todo, run, on_bad_file="skip")
    assert taken(result) == {"Genre-2.csv": 1, "Genre.csv": 2}
    with pytest.raises(RawFileRefused, match=r"cannot be read in Artist\.csv"):
        stage(CHINOOK, store, staging.lake, todo, run)


def test_without_skip_a_file_that_changes_stops_the_run(staging: Staging) -> None:
    store = LocalStore(staging.raw)
    todo = fresh(list_raw(store, CHINOOK.sources), LakeState())

    def progress(reached: str, rows: int) -> None:
        if reached == "staged":
            write(staging.raw, "Genre.csv", "GenreId,Name\n", 1)

    with pytest.raises(RawFileRefused, match="1 raw files changed while they were read"):
        stage(CHINOOK, store, staging.lake, todo, Run("run", datetime.now(UTC), progress))
    assert not staging.lake.log.entries()

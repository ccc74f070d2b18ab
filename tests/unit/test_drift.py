"""Files that drifted from their source's declaration, by the policy for each kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from src.contract.source import Drift, Source
from src.contract.warehouse import Warehouse
from src.errors import RawFileRefused
from src.io.lake import Lake
from src.io.raw_files import list_raw
from src.io.store import LocalStore
from src.pipeline.stage import StageResult, stage
from src.runs import Run
from src.settings_file import load_settings
from src.transforms.warehouses import WAREHOUSES

pytestmark = pytest.mark.long

TRACK = WAREHOUSES["chinook"].source("track")
HEADER = "TrackId,Name,AlbumId,MediaTypeId,GenreId,Composer,Milliseconds,Bytes,UnitPrice\n"
ROW = "{0},Song,1,1,1,Me,{1},10,0.99\n"


def staged(
    spark: SparkSession, folder: Path, source: Source, files: dict[str, str], skip: bool = False
) -> StageResult:
    (folder / "raw").mkdir()
    for name, text in files.items():
        (folder / "raw" / name).write_text(text, encoding="utf-8")
    store = LocalStore(folder / "raw")
    lake = Lake(lambda: spark, LocalStore(folder / "lake"), load_settings("local").lake)
    warehouse = Warehouse("chinook", "", (source,), ())
    todo = list_raw(store, (source,))
    run = Run("run", datetime.now(UTC))
    policy = "skip" if skip else "fail"
    return stage(warehouse, store, lake, todo, run, on_bad_file=policy)


def taken(result: StageResult) -> dict[str, tuple[int, int]]:
    return {raw.path: (raw.staged, raw.quarantined) for raw in result.raw_files}


GOOD = HEADER + "".join(ROW.format(number, 1000) for number in range(4))
# Milliseconds have become minutes and seconds.
TIMES = HEADER + "".join(ROW.format(number, "3:25") for number in range(4))
# All but one, which is not 100 %.
NEARLY = HEADER + "".join(ROW.format(number, "3:25" if number else 9) for number in range(300))
SOME = HEADER + "".join(ROW.format(number, "3:25" if number < 2 else 9) for number in range(4))
CHANGED = (
    "track: changed type: declared as integer, and 100 % of cells are not: milliseconds in "
    "Track-2.csv and 1 more"
)


def test_a_column_of_another_type_is_named_once_beside_the_quarantine_of_its_rows(
    spark: SparkSession, tmp_path: Path
) -> None:
    files = {"Track-1.csv": GOOD, "Track-2.csv": TIMES, "Track-3.csv": TIMES, "Track-4.csv": SOME}
    result = staged(spark, tmp_path, TRACK, files)
    # In the last file half of the cells are numbers: that is no other type.
    assert result.notes == [CHANGED]
    assert taken(result) == {
        "Track-1.csv": (4, 0),
        "Track-2.csv": (0, 4),
        "Track-3.csv": (0, 4),
        "Track-4.csv": (2, 2),
    }


def test_where_the_source_fails_on_it_such_files_are_refused(
    spark: SparkSession, tmp_path: Path
) -> None:
    strict = replace(TRACK, changed_types="fail")
    files = {"Track-1.csv": GOOD, "Track-2.csv": NEARLY}
    with pytest.raises(RawFileRefused, match=r"Its columns drifted: milliseconds: changed type"):
        staged(spark, tmp_path, strict, files)
    (tmp_path / "skip").mkdir()
    result = staged(spark, tmp_path / "skip", strict, files, skip=True)
    assert taken(result) == {"Track-1.csv": (4, 0)}
    assert [one.path for one in result.refused] == ["Track-2.csv"]
    assert "99 % of cells are not in Track-2.csv" in result.refused[0].sentence


def test_where_the_source_ignores_it_only_the_rows_tell(
    spark: SparkSession, tmp_path: Path
) -> None:
    result = staged(spark, tmp_path, replace(TRACK, changed_types="ignore"), {"Track.csv": TIMES})
    assert result.notes == []
    assert taken(result) == {"Track.csv": (0, 4)}


NO_COMPOSER = "TrackId,Name,AlbumId,MediaTypeId,GenreId,Milliseconds,Bytes,UnitPrice\n"
NO_COMPOSER += "1,Song,1,1,1,1000,10,0.99\n"
NO_ID = HEADER.replace("TrackId,", "") + "Song,1,1,1,Me,1000,10,0.99\n"
EXTRA = HEADER.replace("\n", ",Mood\n") + "1,Song,1,1,1,Me,1000,10,0.99,sad\n"


@pytest.mark.parametrize(
    ("kind", "text", "note"),
    [
        ("new_columns", EXTRA, "track: undeclared columns, ignored: Mood in Track.csv"),
        (
            "missing_columns",
            NO_COMPOSER,
            "track: columns missing, left null: composer in Track.csv",
        ),
        (
            "missing_required",
            NO_ID,
            "track: required columns missing, rows in quarantine: track_id in Track.csv",
        ),
    ],
)
def test_columns_too_many_and_too_few(
    spark: SparkSession, tmp_path: Path, kind: str, text: str, note: str
) -> None:
    found: dict[Drift, list[str]] = {}
    policies: tuple[Drift, ...] = ("ignore", "warn", "fail")
    for policy in policies:
        folder = tmp_path / policy
        folder.mkdir()
        source = replace(TRACK, **{kind: policy})  # type: ignore[arg-type]
        if policy == "fail":
            with pytest.raises(RawFileRefused) as refused:
                staged(spark, folder, source, {"Track.csv": text})
            found[policy] = [refused.value.what]
            continue
        result = staged(spark, folder, source, {"Track.csv": text})
        assert taken(result) == {"Track.csv": (0, 1) if kind == "missing_required" else (1, 0)}
        found[policy] = result.notes
    assert found["ignore"] == []
    assert found["warn"] == [note]
    assert "olumns" in found["fail"][0]

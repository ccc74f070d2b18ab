"""Rows of raw file versions that were taken back, and came again, count once."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from src.io.entry import DataFile, Entry, RawFile, StagedPart
from src.io.lake import Lake
from src.io.lake_state import LakeState
from src.io.store import LocalStore
from src.pipeline.quarantine import quarantined
from src.pipeline.write import QUARANTINE
from src.settings_file import load_settings
from tests.conftest import Frame

OLD, NEW, OTHER = 1, 2, 3
COLUMNS = tuple(f"{column.name} {column.type.spark_name}" for column in QUARANTINE)


def refused(raw_id: int, line: int, reason: str) -> tuple[object, ...]:
    return ("event", "log.json", line, raw_id, reason, None, "{}", "r")


def raw(raw_id: int, quarantined: int) -> RawFile:
    return RawFile(raw_id, "event", f"{raw_id}.json", 9, "e", 0, quarantined=quarantined)


def taking(
    lake: Lake,
    number: int,
    frame: Frame,
    rows: list[tuple[object, ...]],
    raws: tuple[RawFile, ...],
    removed: tuple[int, ...] = (),
) -> Entry:
    """An entry whose quarantine holds the rows."""
    lake.write(frame(rows, ", ".join(COLUMNS)).coalesce(1), f"quarantine/{number}")
    files = tuple(
        DataFile(one.path, len(rows), one.size, raw_ids=tuple(sorted({raw.raw_id for raw in raws})))
        for one in lake.store.list(f"quarantine/{number}")
        if one.path.endswith(".orc") and "/." not in one.path
    )
    return Entry(f"r{number}", "", StagedPart(raws, {}, files, {}, removed), number=number)


def test_quarantine_of_a_version_that_was_replaced_and_came_again_counts_once(
    spark: SparkSession, frame: Frame, tmp_path: Path
) -> None:
    lake = Lake(lambda: spark, LocalStore(tmp_path), load_settings("local").lake)
    both = [refused(OLD, 1, "first reading"), refused(OTHER, 7, "of another file")]
    entries = [
        taking(lake, 1, frame, both, (raw(OLD, 1), raw(OTHER, 1))),
        taking(lake, 2, frame, [refused(NEW, 2, "of the newer version")], (raw(NEW, 1),), (OLD,)),
        taking(lake, 3, frame, [refused(OLD, 1, "second reading")], (raw(OLD, 1),), (NEW,)),
    ]
    rows, total = quarantined(lake, LakeState.of(entries), None)
    found = [(row["raw_id"], row["reasons"]) for row in rows]
    assert sorted(found) == [(OLD, "second reading"), (OTHER, "of another file")]
    assert total == 2


def test_an_entry_that_removes_a_version_and_adds_it_again_holds_its_rows(
    spark: SparkSession, frame: Frame, tmp_path: Path
) -> None:
    lake = Lake(lambda: spark, LocalStore(tmp_path), load_settings("local").lake)
    entries = [
        taking(lake, 1, frame, [refused(OLD, 1, "old rules")], (raw(OLD, 1),)),
        taking(lake, 2, frame, [refused(OLD, 1, "new rules")], (raw(OLD, 1),), (OLD,)),
    ]
    rows, total = quarantined(lake, LakeState.of(entries), None)
    assert [row["reasons"] for row in rows] == ["new rules"]
    assert total == 1

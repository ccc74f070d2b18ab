"""What the log says of a folder is what reading it back finds; leftovers of writers are nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

from pyspark.sql import SparkSession

from src.contract.column import Column
from src.contract.types import INTEGER
from src.io.lake import Lake
from src.io.measure import Probe, measure
from src.io.store import LocalStore
from src.settings import LakeSettings
from tests.conftest import Frame

COLUMNS = (Column("id", INTEGER, "an id"),)


def test_what_a_failed_task_left_behind_is_not_counted(
    spark: SparkSession, frame: Frame, tmp_path: Path
) -> None:
    lake = Lake(lambda: spark, LocalStore(tmp_path), LakeSettings(str(tmp_path), "orc", "zlib"))
    folder = "star/_run.1/dim_x/rows"
    lake.write(frame([(1,), (2,)], "id int").coalesce(1), folder)
    (whole,) = (tmp_path / folder).glob("part-*.orc")
    for left in ("_temporary/0/task_1", "__magic/job-1/tasks", "month=2021-01/.staging"):
        (tmp_path / folder / left).mkdir(parents=True)
        shutil.copyfile(whole, tmp_path / folder / left / whole.name)
    (tmp_path / folder / "_SUCCESS").write_bytes(b"{}")
    found = measure(lake, {"x": Probe(folder, COLUMNS, sums=["id"])})["x"]
    assert [file.path for file in found.files] == [f"{folder}/{whole.name}"]
    assert (found.rows, found.sums["id"]) == (2, 3)

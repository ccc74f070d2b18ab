"""The golden folder of chinook through the job's own script, every table row for row.

tests/golden/chinook/expected was written by the job once and checked by hand against the raw
files beside it; surrogate keys in it are golden too.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_chinook_real import TABLES

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "chinook"
# Arrival decides the order of versions: the first delivery came a month before the second.
ARRIVALS = {"first": 1_750_000_000, "second": 1_752_592_000}


@pytest.fixture(scope="module")
def found(homes: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    raw = tmp_path_factory.mktemp("golden") / "raw"
    shutil.copytree(GOLDEN / "raw", raw)
    for delivery, arrived in ARRIVALS.items():
        for file in (raw / delivery).iterdir():
            os.utime(file, (arrived, arrived))
    with homes("golden") as home:
        done = subprocess.run(
            [
                sys.executable,
                str(ROOT / "jobs" / "run_pipeline.py"),
                *("chinook", "--raw", str(raw), "--JOB_NAME", "x", "--JOB_RUN_ID=jr_1"),
            ],
            env={**os.environ, "STARLIFT_HOME": str(home.path), "PYTHONPATH": str(ROOT)},
            cwd=home.path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return {
            table: [
                ["" if value is None else str(value) for value in row] for row in home.table(table)
            ]
            for table in TABLES
            if table != "dim_date"
        }


@pytest.mark.parametrize("table", [table for table in TABLES if table != "dim_date"])
def test_the_golden_table(found: dict[str, list[list[str]]], table: str) -> None:
    file = GOLDEN / "expected" / f"{table}.csv"
    with file.open(encoding="utf-8", newline="") as text:
        _, *expected = csv.reader(text)
    assert found[table] == expected

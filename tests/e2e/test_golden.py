"""The golden folder of each warehouse through the job's own script, every table row for row.

tests/golden/<warehouse>/expected was written by the job once and checked by hand against the raw
files beside it; surrogate keys in it are golden too.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from src.transforms.warehouses import WAREHOUSES

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
# Arrival decides the order of versions: the first delivery came a month before the second.
ARRIVALS = {"first": 1_750_000_000, "second": 1_752_592_000}
TABLES = [
    (name, table.name)
    for name, warehouse in WAREHOUSES.items()
    for table, _ in warehouse.tables
    if table.inputs
]

Found = dict[str, list[list[str]]]


@pytest.fixture(scope="module")
def found(homes: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Found]:
    kept: dict[str, Found] = {}

    def tables(name: str) -> Found:
        if name not in kept:
            kept[name] = run(name, homes, tmp_path_factory.mktemp(name) / "raw")
        return kept[name]

    return tables


def run(name: str, homes: Any, raw: Path) -> Found:
    shutil.copytree(GOLDEN / name / "raw", raw)
    for delivery, arrived in ARRIVALS.items():
        for file in (raw / delivery).rglob("*"):
            os.utime(file, (arrived, arrived))
    with homes(f"golden-{name}") as home:
        done = subprocess.run(
            [
                sys.executable,
                str(ROOT / "jobs" / "run_pipeline.py"),
                *(name, "--raw", str(raw), "--JOB_NAME", "x", "--JOB_RUN_ID=jr_1"),
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
                ["" if value is None else str(value) for value in row]
                for row in home.table(table, warehouse=name)
            ]
            for warehouse, table in TABLES
            if warehouse == name
        }


# One warehouse in the fast tests: each is a process with a Spark of its own.
@pytest.mark.parametrize(
    ("name", "table"),
    [
        pytest.param(
            name, table, marks=[] if name == "chinook" else [pytest.mark.long], id=f"{name}-{table}"
        )
        for name, table in TABLES
    ],
)
def test_the_golden_table(found: Callable[[str], Found], name: str, table: str) -> None:
    file = GOLDEN / name / "expected" / f"{table}.csv"
    with file.open(encoding="utf-8", newline="") as text:
        _, *expected = csv.reader(text)
    assert found(name)[table] == expected

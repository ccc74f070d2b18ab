"""A slice of the soak for every commit, under a seed of its own.

The seed is the commit, or STARLIFT_TEST_SEED, by which a failure is drawn again.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from src.contract.warehouse import Warehouse
from src.transforms.warehouses import WAREHOUSES
from tests.deleting import ORDERS, RECORDS, may_lose_rows
from tests.soak.histories import cut_equals_whole
from tests.soak.real import real_case, thirds

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
# Between them the three deliveries and the three warehouses' tables.
WAREHOUSES_CUT = [RECORDS, may_lose_rows(WAREHOUSES["sparkify"]), ORDERS]


def commit() -> str:
    """The commit under test; ``none`` outside a checkout."""
    done = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "none"


def drawn_seed() -> str:
    seed = os.environ.get("STARLIFT_TEST_SEED") or commit()
    # Shown with a failure.
    print(f"STARLIFT_TEST_SEED={seed}")
    return seed


def seeded() -> random.Random:
    return random.Random(drawn_seed())


@pytest.mark.parametrize("warehouse", WAREHOUSES_CUT, ids=lambda one: one.name)
def test_ten_histories_cut_into_runs_equal_one_run(
    spark: SparkSession, tmp_path: Path, warehouse: Warehouse
) -> None:
    cut_equals_whole(seeded(), tmp_path, warehouse, worlds=10)


def test_runs_that_are_killed_again_and_again_equal_one_run(tmp_path: Path) -> None:
    """Up to 24 SIGKILLs, in a process of its own: what they leave in Java is no other test's."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", "kills", "--cases", "2", "--seed", drawn_seed(),
         "--folder", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    report = next(tmp_path.glob("report-*.md")).read_text(encoding="utf-8")
    assert done.returncode == 0, report
    # Most land: a run that was drawn to end before its kill counts for nothing.
    assert report.count("killed a") >= 12, report


@pytest.mark.soak
def test_real_logs_in_random_thirds_equal_one_run(
    spark: SparkSession, tmp_path: Path, shared_sparkify: Path
) -> None:
    real_case("sparkify", thirds)(seeded(), tmp_path)

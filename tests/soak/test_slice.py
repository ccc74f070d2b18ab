"""A slice of the soak for every commit, under a seed of its own.

The seed is the commit, or STARLIFT_TEST_SEED, by which a failure is drawn again.
"""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from src.contract.warehouse import Warehouse
from src.transforms.warehouses import WAREHOUSES
from tests.deleting import ORDERS, RECORDS, may_lose_rows
from tests.soak.histories import cut_equals_whole
from tests.soak.real import real_case, thirds

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

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
def test_ten_histories_cut_in_two_equal_one_run(
    spark: SparkSession, tmp_path: Path, warehouse: Warehouse
) -> None:
    cut_equals_whole(seeded(), tmp_path, warehouse, worlds=10, most_runs=2)


@pytest.mark.soak
def test_real_logs_in_random_thirds_equal_one_run(
    spark: SparkSession, tmp_path: Path, shared_sparkify: Path
) -> None:
    real_case("sparkify", thirds)(seeded(), tmp_path)

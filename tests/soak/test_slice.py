"""A slice of the soak: a few cases under a seed of their own for every commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.soak.campaign import Campaign, Case
from tests.soak.histories import history_case
from tests.soak.kills import kill_case

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]


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


@pytest.mark.parametrize(
    ("name", "case", "cases"), [("histories", history_case, 2), ("kills", kill_case, 2)]
)
def test_the_law_holds_under_the_seed_of_this_commit(
    spark: SparkSession, tmp_path: Path, name: str, case: Case, cases: int
) -> None:
    outcomes = Campaign(name, commit(), tmp_path, case).run(cases)
    failed = [
        f"case {one.number} of seed {commit()}: {one.failure}" for one in outcomes if one.failure
    ]
    assert not failed, "\n".join(failed)

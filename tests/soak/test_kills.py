"""A slice of the soak's kills for every commit; a file of its own, so that it runs beside them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.soak.test_slice import drawn_seed

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]


def test_runs_that_are_killed_again_and_again_equal_one_run(tmp_path: Path) -> None:
    """20 to 24 SIGKILLs, in a process of its own: what they leave in Java is no other test's."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", "kills", "--cases", "2", "--seed", drawn_seed(),
         "--folder", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    report = next(tmp_path.glob("report-*.md")).read_text(encoding="utf-8")
    assert done.returncode == 0, report
    # Of each case two may find that their run has ended.
    assert report.count("killed at") >= 20, report

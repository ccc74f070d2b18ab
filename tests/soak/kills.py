"""Any kill: a run that is killed again and again ends as one that never was."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.home import open_home
from tests.soak.history import draw_history
from tests.soak.law import differences, picture, write_all


def kill_case(rng: random.Random, place: Path) -> str:
    """One to three SIGKILLs at random moments of a run, over one or two deliveries."""
    drops = draw_history(rng)
    with open_home(place / "whole") as home:
        write_all(drops, place / "whole-raw")
        assert home.run("run", "chinook", "--raw", str(place / "whole-raw")) == 0
        expected = picture(home)
    halves = [drops[: len(drops) // 2], drops[len(drops) // 2 :]] if rng.random() < 0.5 else [drops]
    killed = []
    raw = place / "killed-raw"
    for part in halves:
        write_all(part, raw)
        for _ in range(rng.randint(1, 2)):
            killed.append(_run_and_kill(place / "killed", raw, rng.uniform(0.5, 30)))
        ended = _run(place / "killed", raw).wait(timeout=300)
        assert ended == 0, f"the run after the kills ended with exit code {ended}"
    with open_home(place / "killed") as home:
        found = picture(home)
        left = home.query(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'chinook_back' AND table_name LIKE 'stage_%'"
        )
    assert not (different := differences(found, expected)), different
    assert not left, f"staging tables left: {left}"
    return f"{len(drops)} files, " + ", ".join(killed)


def _run(home: Path, raw: Path) -> subprocess.Popen[bytes]:
    # A session of its own, so that a kill takes Spark's Java as well.
    return subprocess.Popen(
        [sys.executable, "-m", "src.cli", "run", "chinook", "--raw", str(raw)],
        env={**os.environ, "STARLIFT_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _run_and_kill(home: Path, raw: Path, after: float) -> str:
    process = _run(home, raw)
    end = time.monotonic() + after
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.02)
    if process.poll() is not None:
        return f"ended before {after:.1f} s"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return f"killed after {after:.1f} s"

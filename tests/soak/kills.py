"""Any kill: runs that are killed again and again end as one that never was."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

from src.contract.warehouse import Warehouse
from src.transforms.warehouses import WAREHOUSES
from tests.e2e.home import Home, open_home
from tests.soak.forked import Fuse, lit, run_and_kill
from tests.soak.histories import LAWFUL, cut, deliver, run, take_away, whole
from tests.soak.history import draw_history
from tests.soak.kinds import kinds_of
from tests.soak.law import differences, picture

# Kills of one case, and the histories that it takes through them.
KILLS = 12
WORLDS = 3
# A run that finds a new file touches lake and warehouse at least 190 times (counted).
SURE_TOUCHES = 120


def kill_case(rng: random.Random, place: Path) -> str:
    """Ten to twelve SIGKILLs over the runs of some histories, at a touch or between two."""
    return killed_equals_whole(rng, place, rng.choice(LAWFUL))


def killed_equals_whole(rng: random.Random, place: Path, warehouse: Warehouse) -> str:
    drops = draw_history(rng, kinds_of(warehouse), WORLDS)
    runs = cut(rng, drops, 2)
    done = []
    whole_run = Fuse()
    with patch.dict(WAREHOUSES, {warehouse.name: warehouse}):
        with open_home(place / "whole") as home, lit(whole_run):
            expected = whole(home, warehouse, drops, place / "whole-raw")
        with open_home(place / "killed") as home:
            raw = place / "killed-raw"
            for part in runs:
                deliver(part, raw)
                for fuse in fuses(rng, KILLS // len(runs), whole_run.burnt // 2):
                    done.append(run_and_kill(lambda: run(home, warehouse, raw), fuse))
                assert run(home, warehouse, raw) == 0, f"the run after {done} failed"
                take_away(part, raw)
            found = picture(home, warehouse)
            left = staging_tables(home, warehouse.name)
    assert not (different := differences(found, expected)), f"{done}: {different}"
    assert not left, f"{done}: staging tables left: {left}"
    return f"{warehouse.name}: {len(drops)} files, " + ", ".join(done)


def fuses(rng: random.Random, kills: int, most: int) -> list[Fuse]:
    """The kills of one part: all but the last certain to find a run at work, the last anywhere.

    A killed run has at most done for good what it touched, so together the certain ones stay
    below the touches of the shortest run.
    """
    marks = sorted(rng.sample(range(1, SURE_TOUCHES), kills - 1))
    sure = [mark - before for before, mark in zip([0, *marks], marks, strict=False)]
    rng.shuffle(sure)
    return [
        Fuse(at, rng.choice([0.0, rng.uniform(0.01, 0.4)])) for at in [*sure, rng.randint(1, most)]
    ]


def staging_tables(home: Home, name: str) -> list[tuple[str, ...]]:
    return home.query(
        "SELECT table_name FROM information_schema.tables "
        f"WHERE table_schema = '{name}_back' AND table_name LIKE 'stage_%'"
    )


def process_case(rng: random.Random, place: Path) -> str:
    """One to four SIGKILLs at random moments of whole processes, Java and all."""
    warehouse = WAREHOUSES[rng.choice(["chinook", "sparkify", "ecommerce"])]
    drops = draw_history(rng, kinds_of(warehouse), WORLDS)
    with open_home(place / "whole") as home:
        expected = whole(home, warehouse, drops, place / "whole-raw")
    killed = []
    raw = place / "killed-raw"
    for part in cut(rng, drops, 2):
        deliver(part, raw)
        for _ in range(rng.randint(1, 2)):
            killed.append(_start_and_kill(place / "killed", warehouse, raw, rng.uniform(0.5, 30)))
        ended = _start(place / "killed", warehouse, raw).wait(timeout=600)
        assert ended == 0, f"the run after the kills ended with exit code {ended}"
        take_away(part, raw)
    with open_home(place / "killed") as home:
        found = picture(home, warehouse)
        left = staging_tables(home, warehouse.name)
    assert not (different := differences(found, expected)), different
    assert not left, f"staging tables left: {left}"
    return f"{warehouse.name}: {len(drops)} files, " + ", ".join(killed)


def _start(home: Path, warehouse: Warehouse, raw: Path) -> subprocess.Popen[bytes]:
    # A session of its own, so that a kill takes Spark's Java as well.
    return subprocess.Popen(
        [sys.executable, "-m", "src.cli", "run", warehouse.name, "--raw", str(raw)],
        env={**os.environ, "STARLIFT_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _start_and_kill(home: Path, warehouse: Warehouse, raw: Path, after: float) -> str:
    process = _start(home, warehouse, raw)
    end = time.monotonic() + after
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.02)
    if process.poll() is not None:
        return f"ended before {after:.1f} s"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return f"killed after {after:.1f} s"

"""Any cut, any order: histories taken in several runs equal the same taken in one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from src.contract.warehouse import Warehouse
from src.pipeline import prune
from src.transforms.warehouses import WAREHOUSES
from tests.deleting import ORDERS, PLAYS, RECORDS, may_lose_rows
from tests.e2e.home import Home, open_home
from tests.soak.history import Drawn, Drop, draw_history
from tests.soak.kinds import kinds_of
from tests.soak.law import differences, picture

# Histories that are run side by side: Spark's time is the driver's, whatever the rows.
WORLDS = 20
# Parts into which a batch of histories is cut.
MOST_RUNS = 4
LAWFUL: tuple[Warehouse, ...] = (
    RECORDS,
    may_lose_rows(WAREHOUSES["sparkify"]),
    ORDERS,
    WAREHOUSES["chinook"],
    WAREHOUSES["ecommerce"],
    PLAYS,
)


def history_case(rng: random.Random, place: Path) -> str:
    """Two to four runs over random parts of histories, some run twice, against one run."""
    return cut_equals_whole(rng, place, rng.choice(LAWFUL))


def cut_equals_whole(
    rng: random.Random,
    place: Path,
    warehouse: Warehouse,
    worlds: int = WORLDS,
    most_runs: int = MOST_RUNS,
) -> str:
    """Hold the law for one batch of histories; raises AssertionError where it does not hold."""
    drops = draw_history(rng, kinds_of(warehouse), worlds)
    runs = cut(rng, drops, rng.randint(2, most_runs))
    with patch.dict(WAREHOUSES, {warehouse.name: warehouse}):
        with open_home(place / "whole") as home:
            expected = whole(home, warehouse, drops, place / "whole-raw")
        # Reading by key is for large lakes; here it is the small one's way as well.
        with (
            open_home(place / "cut") as home,
            patch.object(prune, "FROM_ROWS", 0),
        ):
            raw = place / "cut-raw"
            for part in runs:
                deliver(part, raw)
                for _ in range(rng.choice([1, 1, 2])):
                    assert run(home, warehouse, raw) == 0
                take_away(part, raw)
                upkeep(rng, home, warehouse)
            found = picture(home, warehouse)
    assert not (different := differences(found, expected)), different
    return f"{warehouse.name}: {worlds} histories, {len(drops)} files in {len(runs)} runs"


def upkeep(rng: random.Random, home: Home, warehouse: Warehouse) -> None:
    """Now and then what changes no row: compaction, and deleting what no state needs."""
    if rng.random() < 0.3:
        assert home.run("compact", warehouse.name) == 0
    if rng.random() < 0.2:
        assert home.run("expire", warehouse.name, "--older-than", "0d") == 0
        assert home.run("clean", warehouse.name, "--older-than", "0d") == 0


def cut(rng: random.Random, drops: Drawn, runs: int) -> list[Drawn]:
    """The drops by run, those of one path in their order; every run brings something."""
    by_path: dict[str, Drawn] = {}
    for drop in drops:
        by_path.setdefault(drop.path, []).append(drop)
    parts: list[Drawn] = [[] for _ in range(runs)]
    for versions in by_path.values():
        chosen = sorted(rng.sample(range(runs), len(versions)))
        for number, drop in zip(chosen, versions, strict=True):
            parts[number].append(drop)
    return [part for part in parts if part]


def whole(home: Home, warehouse: Warehouse, drops: Drawn, raw: Path) -> dict[str, Any]:
    """The picture after one full run.

    A path holds one version at a time, so the versions of files are staged one after the other;
    star and warehouse are then made of all at once. Of events only the last version counts.
    """
    latest = {drop.path: drop for drop in drops}
    replaced = {
        drop
        for drop in drops
        if latest[drop.path] is not drop and _delivery(warehouse, drop) == "events"
    }
    kept = [drop for drop in drops if drop not in replaced]
    for revision in sorted({drop.revision for drop in kept}):
        deliver([drop for drop in kept if drop.revision == revision], raw)
        assert home.run("stage", warehouse.name, "--raw", str(raw)) == 0
    assert run(home, warehouse, raw) == 0
    return picture(home, warehouse)


def _delivery(warehouse: Warehouse, drop: Drop) -> str:
    files = drop.path.split("/")[0]
    return next(source.delivery for source in warehouse.sources if source.files == files)


def run(home: Home, warehouse: Warehouse, raw: Path) -> int:
    return home.run("run", warehouse.name, "--raw", str(raw))


def deliver(drops: Sequence[Drop], raw: Path) -> None:
    raw.mkdir(parents=True, exist_ok=True)
    for drop in drops:
        drop.write(raw)


def take_away(drops: Sequence[Drop], raw: Path) -> None:
    """What the supplier takes away once it was read."""
    for drop in drops:
        if drop.vanishes:
            (raw / drop.path).unlink()

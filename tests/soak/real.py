"""The law on real data: a month of listening day by day, a year of orders month by month."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from src.transforms.warehouses import WAREHOUSES
from tests.e2e.home import open_home
from tests.soak.campaign import Case
from tests.soak.law import differences, picture

# Puts the files of a warehouse into parts, one for each run.
Cut = Callable[[random.Random, Sequence[Path]], list[list[Path]]]


def by_day(_: random.Random, files: Sequence[Path]) -> list[list[Path]]:
    """Each log of a day alone, in order; all songs with the tenth."""
    logs = sorted(file for file in files if "log_data" in file.parts)
    parts = [[log] for log in logs]
    parts[9] += [file for file in files if file not in logs]
    return parts


def in_reverse(rng: random.Random, files: Sequence[Path]) -> list[list[Path]]:
    return by_day(rng, files)[::-1]


def thirds(rng: random.Random, files: Sequence[Path]) -> list[list[Path]]:
    shuffled = rng.sample(list(files), len(files))
    return [shuffled[start::3] for start in range(3)]


def by_month(_: random.Random, files: Sequence[Path]) -> list[list[Path]]:
    """Orders by month; customers and products, in one file each, with the fourth."""
    months: dict[str, list[Path]] = {}
    others = []
    for file in files:
        if "orders" in file.parts:
            months.setdefault(file.name[:7], []).append(file)
        else:
            others.append(file)
    parts = [months[month] for month in sorted(months)]
    parts[3] += others
    return parts


def real_case(name: str, cut: Cut) -> Case:
    """The runs over the parts against one run over all files."""

    def case(rng: random.Random, place: Path) -> str:
        data = Path(os.environ.get("STARLIFT_SHARED_DATA", "../shared/data")).absolute() / name
        files = sorted(file for file in data.rglob("*.*") if file.suffix in (".json", ".csv"))
        assert files, f"the real data is not in {data}; set STARLIFT_SHARED_DATA"
        with open_home(place / "whole") as home:
            assert home.run("run", name, "--raw", str(data)) == 0
            expected = picture(home, WAREHOUSES[name])
        parts = cut(rng, files)
        raw = place / "cut-raw"
        with open_home(place / "cut") as home:
            for part in parts:
                for file in part:
                    target = raw / file.relative_to(data)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    # With its time: arrival is part of the data.
                    shutil.copy2(file, target)
                assert home.run("run", name, "--raw", str(raw)) == 0
            found = picture(home, WAREHOUSES[name])
        assert not (different := differences(found, expected)), different
        return f"{name}: {len(files)} files in {len(parts)} runs"

    return case

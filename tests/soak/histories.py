"""Any cut, any order: a history taken in several runs equals the same history taken in one."""

from __future__ import annotations

import random
from pathlib import Path

from tests.e2e.home import open_home
from tests.soak.history import draw_history
from tests.soak.law import differences, picture, write_all


def history_case(rng: random.Random, place: Path) -> str:
    """Two to four runs over random parts of a history, some run twice, against one run."""
    drops = draw_history(rng)
    runs = rng.randint(2, 4)
    cut: list[list[int]] = [[] for _ in range(runs)]
    for index in range(len(drops)):
        rng.choice(cut).append(index)
    cut = [part for part in cut if part]
    with open_home(place / "whole") as home:
        write_all(drops, place / "whole-raw")
        assert home.run("run", "chinook", "--raw", str(place / "whole-raw")) == 0
        expected = picture(home)
    with open_home(place / "cut") as home:
        for part in cut:
            write_all([drops[index] for index in part], place / "cut-raw")
            for _ in range(rng.choice([1, 1, 2])):
                assert home.run("run", "chinook", "--raw", str(place / "cut-raw")) == 0
        found = picture(home)
    assert not (different := differences(found, expected)), different
    return f"{len(drops)} files in {len(cut)} runs"

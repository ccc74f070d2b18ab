"""A few Spark jobs at once, from threads of the driver."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

# Spark jobs of small files mostly wait for the driver; a few at once keep its cores busy.
JOBS = 6


def at_once(work: Callable[[Given], Made], given: Iterable[Given]) -> list[Made]:
    """What ``work`` makes of each, in order; raises what the first failing one raised."""
    with ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(work, given))

"""A few Spark jobs or files at once, from threads of the driver."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

# Spark jobs of small files mostly wait for the driver; a few at once keep its cores busy.
JOBS = 6
# Reading a column waits for the store, above all on S3.
FILES = 8


def at_once(work: Callable[[Given], Made], given: Iterable[Given], most: int = JOBS) -> list[Made]:
    """What ``work`` makes of each, in order, ``most`` at once.

    Raises what the first failing one raised.
    """
    with ThreadPoolExecutor(most) as pool:
        return list(pool.map(work, given))

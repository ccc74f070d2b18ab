"""Seeded raw files for trying, testing and measuring: clean, or with defects of known count."""

from collections.abc import Callable

from src.sample.chinook import sample_chinook

SAMPLES: dict[str, Callable[..., dict[str, int]]] = {"chinook": sample_chinook}

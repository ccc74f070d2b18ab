"""Seeded raw files for trying, testing and measuring: clean, or with defects of known count."""

from collections.abc import Callable

from src.sample.chinook import sample_chinook
from src.sample.ecommerce import sample_ecommerce
from src.sample.sparkify import sample_sparkify

SAMPLES: dict[str, Callable[..., dict[str, int]]] = {
    "chinook": sample_chinook,
    "sparkify": sample_sparkify,
    "ecommerce": sample_ecommerce,
}

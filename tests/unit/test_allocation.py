"""Largest remainder: the parts add up to the whole, and each is as near its share as can be."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from src.transforms.allocation import with_allocated
from tests.conftest import Frame

ROWS = "o string, n int, fee decimal(18,4), w decimal(28,4)"


def shared(frame: Frame, rows: list[tuple[Any, ...]], scale: int = 4) -> list[str]:
    found = with_allocated(
        frame(rows, ROWS), "fee", weight="w", by=["o"], ties=["n"], scale=scale
    ).orderBy("o", "n")
    assert found.columns == ["o", "n", "fee", "w"]
    return [str(row["fee"]) for row in found.collect()]


def oracle(units: int, weights: list[int]) -> list[int]:
    """The rule in whole numbers and exact fractions."""
    sizes = [abs(weight) for weight in weights]
    if not sum(sizes):
        sizes = [1] * len(sizes)
    exact = [Fraction(abs(units) * size, sum(sizes)) for size in sizes]
    parts = [int(share) for share in exact]
    left = abs(units) - sum(parts)
    order = sorted(range(len(parts)), key=lambda n: (parts[n] - exact[n], n))
    for n in order[:left]:
        parts[n] += 1
    return [part if units >= 0 else -part for part in parts]


@pytest.mark.parametrize(
    ("fee", "weights", "expected"),
    [
        ("10.0000", ["5", "5", "5"], ["3.3334", "3.3333", "3.3333"]),
        ("-10.0000", ["5", "5", "5"], ["-3.3334", "-3.3333", "-3.3333"]),
        ("1.0000", ["1", "2", "4"], ["0.1429", "0.2857", "0.5714"]),
        ("0.0001", ["1", "1", "1"], ["0.0001", "0.0000", "0.0000"]),
        # A return line weighs by its size; without any weight all share alike.
        ("3.0000", ["-1", "2"], ["1.0000", "2.0000"]),
        ("3.0000", ["0", None, "0"], ["1.0000", "1.0000", "1.0000"]),
        (None, ["1", "2"], ["0.0000", "0.0000"]),
        ("99999999999999.9999", ["99999999999999.9999", "0.0001"],
         ["99999999999999.9998", "0.0001"]),
    ],
)  # fmt: skip
def test_an_amount_shared_out(
    frame: Frame, fee: str | None, weights: list[str | None], expected: list[str]
) -> None:
    rows = [("A", n, fee, weight) for n, weight in enumerate(weights)]
    assert shared(frame, rows) == expected


def test_many_orders_against_exact_fractions(frame: Frame) -> None:
    dice = random.Random(5)
    rows, expected = [], []
    for order in range(200):
        weights = [dice.choice([0, 1, 3, 7, 10**6, dice.randint(-(10**9), 10**9)])
                   for _ in range(dice.randint(1, 9))]  # fmt: skip
        units = dice.choice([0, 1, 2, 99, dice.randint(-(10**8), 10**8)])
        for n, weight in enumerate(weights):
            rows.append(
                (f"{order:03}", n, str(Decimal(units) / 10**4), str(Decimal(weight) / 10**4))
            )
        expected += oracle(units, weights)
    assert [int(Decimal(text) * 10**4) for text in shared(frame, rows)] == expected

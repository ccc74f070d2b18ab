"""Errors are one sentence: what, where, expected, found, what to do."""

from __future__ import annotations

import pytest

from src import errors
from src.errors import StarliftError


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "It broke."),
        ({"where": "a.csv"}, "It broke in a.csv."),
        ({"expected": "x"}, "It broke: expected x."),
        ({"found": "y"}, "It broke: found y."),
        ({"expected": "x", "found": "y"}, "It broke: expected x, found y."),
        ({"expected": "x", "found": ""}, "It broke: expected x, found ."),
        ({"do": "try again"}, "It broke. Try again."),
        (
            {"where": "a.csv line 3", "expected": "x", "found": "y", "do": "Mend it."},
            "It broke in a.csv line 3: expected x, found y. Mend it.",
        ),
        ({"found": "a\nb\t c"}, "It broke: found a b c."),
    ],
)
def test_parts_that_are_not_known_are_left_out(given: dict[str, str], sentence: str) -> None:
    assert str(StarliftError("It broke.", **given)) == sentence
    assert StarliftError("It broke", **given).sentence() == sentence


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("StarliftError", 3),
        ("CheckRefused", 1),
        ("RawFileRefused", 1),
        ("UsageError", 2),
        ("ContractError", 2),
        ("LogConflict", 3),
        ("LoadFailed", 3),
    ],
)
def test_each_error_has_its_exit_code(name: str, code: int) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, StarliftError)
    assert kind("x").exit_code == code

"""Repair of encodings only where it is certain, and the text that names are matched by."""

from __future__ import annotations

import pytest
from pyspark.sql import functions as F

from src.transforms.names import matching_text, repaired
from tests.conftest import Frame

NAMES = ["Björk", "Beyoncé", "Étienne Daho", "Sigur Rós", "Ørn – “live”", "椎名林檎", "🎵 x"]


def twice(text: str, encoding: str = "latin-1") -> str:
    return text.encode().decode(encoding)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        *[(name, name) for name in NAMES],
        *[(twice(name), name) for name in NAMES],
        *[(twice(twice(name)), name) for name in NAMES],
        (twice("Björk", "cp1252"), "Björk"),
        (twice("Don’t", "cp1252"), "Don’t"),
        ("plain ASCII", "plain ASCII"),
        ("", ""),
        # One character that is no part of a sequence makes the repair uncertain.
        (twice("Björk") + " ö", twice("Björk") + " ö"),
        (twice("Björk") + " 林", twice("Björk") + " 林"),
        ("SOCIÉTÉ", "SOCIÉTÉ"),
        ("Ã", "Ã"),
        (None, None),
    ],
)
def test_a_name_is_repaired_where_it_is_certain(
    frame: Frame, given: str | None, expected: str | None
) -> None:
    rows = frame([(given,)], "name string")
    assert rows.select(repaired(F.col("name"))).collect()[0][0] == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Setanta matins", "  SETANTA  Matins! ", True),
        ("BjÃ¶rk", "björk", True),
        ("AC/DC", "ac dc", True),
        ("Beyonce", "Beyoncé", False),
        ("Harder Better", "Harder Better (live)", False),
        ("!!!", "???", False),
    ],
)
def test_what_two_spellings_have_in_common(frame: Frame, one: str, other: str, same: bool) -> None:
    rows = frame([(one, other)], "one string, other string")
    found = rows.select(matching_text(F.col("one")), matching_text(F.col("other"))).collect()[0]
    assert (found[0] is not None and found[0] == found[1]) is same

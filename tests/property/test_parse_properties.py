"""Texts drawn at random, parsed by Spark and by Python's decimal and datetime."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import BIGINT, INTEGER, SMALLINT, TIMESTAMP, Type, decimal
from src.transforms.parse import parse
from tests.conftest import Frame
from tests.property.drawing import examples

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
KINDS: dict[str, Type] = {
    "small": SMALLINT,
    "whole": INTEGER,
    "big": BIGINT,
    "amount": decimal(10, 2),
    "fine": decimal(18, 4),
}
BITS = {"smallint": 15, "integer": 31, "bigint": 63}


def number(text: str, scale: int) -> Decimal | None:
    """The number of that scale within a billionth of the text."""
    if not NUMBER.fullmatch(text):
        return None
    with localcontext(prec=400):
        exact = Decimal(text)
        rounded = exact.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
        return rounded if abs(exact - rounded) <= Decimal("1e-9") else None


def expected(text: str, kind: Type) -> int | Decimal | None:
    if kind.name == "decimal":
        precision, scale = kind.args
        value = number(text, scale)
        limit = Decimal(10) ** (precision - scale)
        return value if value is not None and abs(value) < limit else None
    whole = number(text, 0)
    limit = 2 ** BITS[kind.name]
    return int(whole) if whole is not None and -limit <= whole < limit else None


@st.composite
def amounts(draw: st.DrawFn) -> str:
    """A number of up to four decimals, now and then with noise well inside or outside 1e-9."""
    digits = draw(st.integers(0, 20))
    value = Decimal(draw(st.integers(-(10**digits), 10**digits))).scaleb(-draw(st.integers(0, 4)))
    noise = draw(st.sampled_from(["0", "0", "9e-10", "-9e-10", "1e-15", "-4e-16", "2e-9", "-3e-8"]))
    with localcontext(prec=60):
        text = f"{value + Decimal(noise):f}"
    return draw(st.sampled_from(["", "+", "0"])) + text if text[0] != "-" else text


EDGES = [
    text
    for bits in (15, 31, 63, 64)
    for edge in (2**bits, 2**bits - 1, -(2**bits), -(2**bits) - 1)
    for text in (f"{edge}", f"{edge}.0", f"{edge}.", f"{edge}.5", f"{edge / 10**5:.5f}")
]
TEXTS = st.one_of(
    amounts(),
    st.integers().map(str),
    st.floats(-1e9, 1e9).map(repr),
    st.sampled_from(EDGES),
    st.text("0123456789+-.eE", max_size=12),
    st.text("0123456789.,_ xX'$€%", min_size=1, max_size=8),
    st.tuples(st.integers(1, 999), st.integers(-30, 30)).map(lambda p: f"{p[0]}E{p[1]:+d}"),
)
MISSING = {"", "-"}


def usable(text: str) -> bool:
    # A zero with an exponent is as wide as its exponent in Java: refused, and nobody writes it.
    trimmed = text.strip(" ")
    return not (NUMBER.fullmatch(trimmed) and "e" in trimmed.lower() and not Decimal(trimmed))


Parse = Callable[[Source, list[str]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def parsed(frame: Frame) -> Parse:
    """Parses the texts in every column of the source; the rows in order."""

    def run(source: Source, texts: list[str]) -> list[dict[str, Any]]:
        struct = ", ".join(f"{column.name}: string" for column in source.columns)
        rows = frame(
            [
                (1, line, "", 1, None, {column.name: text for column in source.columns})
                for line, text in enumerate(texts)
            ],
            f"raw_id bigint, raw_line bigint, raw string, lines int, broken string, "
            f"cells struct<{struct}>",
        )
        found = parse(rows, source)
        micros = [
            F.unix_micros(column.name).alias(column.name)
            for column in source.columns
            if column.type.name == "timestamp"
        ]
        others = [c.name for c in source.columns if c.type.name != "timestamp"]
        kept = found.select("raw_line", "reasons", *others, *micros)
        return [row.asDict() for row in sorted(kept.collect(), key=lambda row: row["raw_line"])]

    return run


NUMBERS = Source(
    "thing",
    "Thing",
    "one thing",
    tuple(Column(name, kind, name) for name, kind in KINDS.items()),
    ("small",),
)


@given(texts=st.lists(TEXTS.filter(usable), min_size=150, max_size=250))
@examples(4)
def test_numbers_are_those_of_pythons_decimal(parsed: Parse, texts: list[str]) -> None:
    wrong = []
    for text, row in zip(texts, parsed(NUMBERS, texts), strict=True):
        trimmed = text.strip(" ")
        refused = 0
        for name, kind in KINDS.items():
            value = None if trimmed in MISSING else expected(trimmed, kind)
            refused += value is None and trimmed not in MISSING
            if row[name] != value:
                wrong.append(f"{text!r} as {kind}: {row[name]!r}, expected {value!r}")
        if len(row["reasons"]) != refused:
            wrong.append(f"{text!r}: {row['reasons']}")
    assert wrong == []


TIME = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})"
    r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:[.](\d{1,9}))?(?: ?(Z|UTC|[+-]\d{2}(?::?\d{2})?))?)?)?",
    re.ASCII,
)


def instant(text: str, zone: ZoneInfo) -> int | None:
    """Microseconds since 1970 by Python's datetime."""
    match = TIME.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    micro = int(((fraction or "") + "000000")[:6])
    try:
        local = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0)
        )
        if offset is None:
            aware = local.replace(tzinfo=zone)
        elif offset in ("Z", "UTC"):
            aware = local.replace(tzinfo=UTC)
        else:
            digits = offset[1:].replace(":", "")
            hours, minutes = int(digits[:2]), int(digits[2:] or 0)
            shift = timedelta(hours=hours, minutes=minutes)
            if minutes > 59 or shift > timedelta(hours=18):
                return None
            aware = local.replace(tzinfo=timezone(-shift if offset[0] == "-" else shift))
        then = aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not datetime(1900, 1, 1, tzinfo=UTC) <= then < datetime(2199, 12, 31, tzinfo=UTC):
        return None
    return (then - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) + micro


@st.composite
def times(draw: st.DrawFn) -> str:
    when = draw(st.datetimes(datetime(1890, 1, 1), datetime(2205, 1, 1)))
    if draw(st.integers(0, 4)) == 0:
        when = draw(
            st.sampled_from(
                [datetime(1900, 1, 1), datetime(2199, 12, 30, 23, 59, 59), datetime(2199, 12, 31)]
            )
        )
    sign = draw(st.sampled_from("--/"))
    day = draw(st.sampled_from(["02d", "d"]))
    text = f"{when.year:04d}{sign}{when.month:{day}}{sign}{when.day:{day}}"
    parts = draw(st.integers(0, 3))
    if parts:
        text += draw(st.sampled_from(" T")) + f"{when.hour:{day}}:{when.minute:02d}"
    if parts > 1:
        text += f":{when.second:02d}"
        text += draw(st.sampled_from(["", "", ".5", ".123456", ".1234567", ".999999999"]))
    if parts > 2:
        zones = ["Z", " UTC", "+02:00", "-0830", " +14:00", "-18:00", "+18:01", "+05", "-00:00"]
        text += draw(st.sampled_from(zones))
    if draw(st.integers(0, 3)) == 0 and text:
        place = draw(st.integers(0, len(text) - 1))
        text = text[:place] + draw(st.sampled_from("0123456789:-/TZ+. x")) + text[place + 1 :]
    return text.strip()


@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo"])
@given(texts=st.lists(times(), min_size=150, max_size=250))
@examples(2)
def test_instants_are_those_of_pythons_datetime(parsed: Parse, zone: str, texts: list[str]) -> None:
    source = Source("thing", "Thing", "g", (Column("at", TIMESTAMP, "when"),), ("at",), zone=zone)
    wrong = []
    for text, row in zip(texts, parsed(source, texts), strict=True):
        value = instant(text, ZoneInfo(zone))
        if row["at"] != value or bool(row["reasons"]) != (value is None):
            wrong.append(f"{text!r}: {row['at']}, expected {value}")
    assert wrong == []

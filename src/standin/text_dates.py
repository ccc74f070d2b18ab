"""Dates and times in COPY's texts: DATEFORMAT and TIMEFORMAT strings, 'auto', 'epochsecs'."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import lru_cache

from src.standin.refusal import SYNTAX, Refusal

Parse = Callable[[str], dt.datetime | None]

_MONTHS = {
    name: number
    for number, long in enumerate(
        ("january", "february", "march", "april", "may", "june", "july", "august", "september",
         "october", "november", "december"), 1)
    for name in (long, long[:3])
}  # fmt: skip
_PARTS = {
    "YYYY": r"(?P<Y>\d{4})", "YY": r"(?P<y>\d{2})", "MM": r"(?P<m>\d{1,2})",
    "MONTH": r"(?P<b>[A-Za-z]+)", "MON": r"(?P<b>[A-Za-z]{3})", "DDD": r"(?P<j>\d{3})",
    "DD": r"(?P<d>\d{1,2})", "HH24": r"(?P<H>\d{1,2})", "HH12": r"(?P<I>\d{1,2})",
    "HH": r"(?P<H>\d{1,2})", "MI": r"(?P<M>\d{1,2})", "SS": r"(?P<S>\d{1,2}(?:\.\d+)?)",
    "AM": r"(?P<p>[AaPp][Mm])", "PM": r"(?P<p>[AaPp][Mm])",
    "OF": r"(?P<z>[+-]\d{2}(?::?\d{2})?|Z)", "TZ": r"(?P<z>[+-]\d{2}(?::?\d{2})?|Z|UTC|GMT)",
}  # fmt: skip
_NAMES = sorted(_PARTS, key=len, reverse=True)

_DATES = ("YYYY-MM-DD", "YYYY/MM/DD", "YYYY.MM.DD", "YYYYMMDD", "MM-DD-YYYY", "MM/DD/YYYY",
          "MM.DD.YYYY", "MON-DD-YYYY", "MON DD YYYY", "DD-MON-YYYY", "DD MON YYYY",
          "MONTH DD, YYYY", "YYYY-MON-DD", "MM/DD/YY", "YYYY.DDD")  # fmt: skip
_TIMES = ("", " HH24:MI:SS", " HH24:MI", "THH24:MI:SS", " HH12:MI:SS AM", " HH12:MI AM",
          " HH24MISS")  # fmt: skip


@lru_cache
def _pattern(form: str) -> re.Pattern[str]:
    out = ""
    at = 0
    while at < len(form):
        name = next((n for n in _NAMES if form[at:].upper().startswith(n)), None)
        if name is None:
            out += re.escape(form[at])
            at += 1
        else:
            out += _PARTS[name]
            at += len(name)
    try:
        return re.compile(out)
    except re.error:
        raise Refusal(f"the stand-in does not understand the format {form!r}", SYNTAX) from None


def _match(form: str, text: str, *, rest: str = "") -> dt.datetime | None:
    found = re.fullmatch(f"(?:{_pattern(form).pattern}){rest}", text)
    if found is None:
        return None
    parts = {key: value for key, value in found.groupdict().items() if value is not None}
    return _assemble(parts)


def _assemble(parts: dict[str, str]) -> dt.datetime | None:
    year = int(parts["Y"]) if "Y" in parts else 1900
    if "y" in parts:
        short = int(parts["y"])
        year = short + (2000 if short < 70 else 1900)
    month = int(parts.get("m", "1"))
    if "b" in parts:
        month = _MONTHS.get(parts["b"].lower(), 0)
    hour = int(parts.get("H", "0"))
    if "I" in parts:
        hour = int(parts["I"]) % 12 + (12 if parts.get("p", "").lower() == "pm" else 0)
    whole, _, fraction = parts.get("S", "0").partition(".")
    try:
        when = dt.datetime(
            year, month, int(parts.get("d", "1")), hour, int(parts.get("M", "0")), int(whole),
            int(fraction[:6].ljust(6, "0") or 0),
        )  # fmt: skip
        if "j" in parts:
            when = when.replace(month=1, day=1) + dt.timedelta(int(parts["j"]) - 1)
    except ValueError:
        return None
    zone = parts.get("z", "")
    if zone[:1] in ("+", "-"):
        minutes = int(zone[1:3]) * 60 + int(zone[3:].lstrip(":") or 0)
        when -= dt.timedelta(minutes=minutes if zone[0] == "+" else -minutes)
    return when


_CLOCK = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[+-]\d{2}(?::?\d{2})?|Z)?)?"


def date_parser(form: str) -> Parse:
    """What reads texts of DATEFORMAT ``form``; a time behind the date is cut off."""
    if form.lower() == "auto":
        return lambda text: _first(_DATES, text, _CLOCK)
    chosen = form or "YYYY-MM-DD"
    _pattern(chosen)
    return lambda text: _match(chosen, text, rest=_CLOCK)


def time_parser(form: str, *, zoned: bool) -> Parse:
    """What reads texts of TIMEFORMAT ``form``, as UTC where they name a zone."""
    lowered = form.lower()
    if lowered in ("epochsecs", "epochmillisecs"):
        return lambda text: _epoch(text, 1_000_000 if lowered == "epochsecs" else 1_000)
    zone = r"(?:\s*(?:[+-]\d{2}(?::?\d{2})?|Z|UTC|GMT))?"
    if lowered == "auto":
        forms = tuple(f"{date}{time}{z}" for date in _DATES for time in _TIMES
                      for z in ("", "OF", " TZ"))  # fmt: skip
        return lambda text: _first(forms, text)
    if form:
        _pattern(form)
        return lambda text: _match(form, text)
    plain = ("YYYY-MM-DD HH24:MI:SS", "YYYY-MM-DD", "YYYY-MM-DD HH24:MI")
    if zoned:
        with_zone = ("YYYY-MM-DD HH24:MI:SSOF", "YYYY-MM-DD HH24:MI:SS TZ")
        return lambda text: _first(with_zone + plain, text)
    # A zone behind a time without one is not looked at, as in PostgreSQL.
    return lambda text: _first(plain, text, zone)


def _first(forms: tuple[str, ...], text: str, rest: str = "") -> dt.datetime | None:
    for form in forms:
        when = _match(form, text, rest=rest)
        if when is not None:
            return when
    return None


def _epoch(text: str, factor: int) -> dt.datetime | None:
    if re.fullmatch(r"-?\d+(\.\d+)?", text) is None:
        return None
    whole, _, fraction = text.partition(".")
    micros = int(whole) * factor
    if fraction:
        micros += int(fraction[:6].ljust(6, "0")) * factor // 1_000_000
    try:
        return dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=micros)
    except OverflowError:
        return None

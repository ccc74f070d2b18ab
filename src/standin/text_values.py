"""One text of a loaded file as the value of its column, or the reason why it cannot be one.

Exact and a value at a time; copy_text.py takes whole columns the fast way where nothing is wrong.
Codes and words of the faults are those of stl_load_errors.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from src.standin.copy_command import TextOptions
from src.standin.copy_target import TargetColumn
from src.standin.refusal import Refusal
from src.standin.text_dates import date_parser, time_parser

_RANGES = {"int2": 1 << 15, "int4": 1 << 31, "int8": 1 << 63}
_INTEGER_NAMES = {"int2": "Short", "int4": "Integer", "int8": "Long"}
_TRUE, _FALSE = {"t", "true", "y", "yes", "1"}, {"f", "false", "n", "no", "0"}
_EXACT = Context(prec=80)
_OLDEST, _NEWEST = dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)


class Fault(Exception):
    """A value that does not fit its column."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


Convert = Callable[[str | None], Any]


def converter(column: TargetColumn, options: TextOptions) -> Convert:
    """What turns a text of ``column`` (None for null) into its value; raises Fault."""
    kind = column.type.name
    if kind in ("varchar", "bpchar"):
        inner = _text(column, options)
    elif kind in _RANGES:
        inner = _integer(kind)
    elif kind == "numeric":
        inner = _decimal(column, options)
    elif kind in ("float4", "float8"):
        inner = _float
    elif kind == "bool":
        inner = _boolean
    elif kind == "date":
        inner = _date(options)
    elif kind in ("timestamp", "timestamptz"):
        inner = _timestamp(options, zoned=kind == "timestamptz")
    elif kind == "jsonb":
        inner = _super
    else:
        raise Refusal(f'the stand-in cannot COPY text into "{column.name}" of type {kind}')
    is_text = kind in ("varchar", "bpchar")

    def convert(text: str | None) -> Any:
        if text is not None and not is_text:
            text = text.strip() or None
        value = None if text is None else inner(text)
        if value is None and column.not_null:
            raise Fault(1213, "Missing data for not-null field")
        return value

    return convert


def _text(column: TargetColumn, options: TextOptions) -> Convert:
    limit = column.type.length
    single = column.type.name == "bpchar"

    def convert(text: str | None) -> str | None:
        assert text is not None
        if (options.empty_as_null and not text) or (options.blanks_as_null and not text.strip()):
            return None
        if options.trim_blanks or single:
            text = text.rstrip(" ")
        data = text.encode()
        if single and len(data) != len(text):
            bad = next(character for character in text if ord(character) > 127)
            raise Fault(
                1220,
                "Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid "
                f"char: {bad.encode().hex(' ')}",
            )
        if limit is not None and len(data) > limit:
            if not options.truncate:
                raise Fault(1204, "String length exceeds DDL length")
            text = data[:limit].decode(errors="ignore")
        if "\0" in text:
            raise Fault(1220, "String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 "
                              "hex sequence: 00 (error 4)")  # fmt: skip
        return text

    return convert


def _bad_digit(text: str, kind: str) -> Fault:
    at = next((i for i, c in enumerate(text) if not (c.isdigit() or (i == 0 and c in "+-"))), 0)
    return Fault(1207, f"Invalid digit, Value '{text[at : at + 1]}', Pos {at}, Type: {kind}")


def _integer(kind: str) -> Convert:
    def convert(text: str | None) -> int:
        assert text is not None
        if re.fullmatch(r"[+-]?[0-9]+", text) is None:
            raise _bad_digit(text, _INTEGER_NAMES[kind])
        number = int(text) if len(text) < 25 else 1 << 70
        if not -_RANGES[kind] <= number < _RANGES[kind]:
            raise Fault(1222, f"Overflow, Value out of range for type {_INTEGER_NAMES[kind]}")
        return number

    return convert


def _decimal(column: TargetColumn, options: TextOptions) -> Convert:
    scale, precision = column.type.scale, column.type.precision or 38
    unit = Decimal(1).scaleb(-scale)
    rounding = ROUND_HALF_UP if options.round_decimals else ROUND_DOWN

    def convert(text: str | None) -> Decimal:
        assert text is not None
        if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", text) is None:
            raise _bad_digit(text, "Decimal")
        try:
            number = Decimal(text).quantize(unit, rounding=rounding, context=_EXACT)
        except InvalidOperation:
            number = Decimal(10) ** 60
        if number.adjusted() >= precision - scale and number != 0:
            raise Fault(1209, f"Overflow for NUMERIC({precision},{scale})")
        return number

    return convert


def _float(text: str | None) -> float:
    assert text is not None
    if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|(?i:nan|[+-]?inf(inity)?)",
                    text) is None:  # fmt: skip
        raise Fault(1208, "Invalid float format or value")
    number = float(text)
    if math.isinf(number) and "inf" not in text.lower():
        raise Fault(1208, "Float overflow")
    return number


def _boolean(text: str | None) -> bool:
    assert text is not None
    lowered = text.lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise Fault(1210, "Unknown boolean format")


def _date(options: TextOptions) -> Convert:
    parse = date_parser(options.date_format)

    def convert(text: str | None) -> dt.date | None:
        assert text is not None
        when = parse(text)
        if when is None:
            if options.any_date:
                return None
            raise Fault(1205, "Invalid Date Format - length must be 10 or more"
                        if len(text) < 10 and not options.date_format
                        else "Invalid date format or value")  # fmt: skip
        return when.date()

    return convert


def _timestamp(options: TextOptions, *, zoned: bool) -> Convert:
    parse = time_parser(options.time_format, zoned=zoned)
    shown = options.time_format or "YYYY-MM-DD HH24:MI:SS"

    def convert(text: str | None) -> dt.datetime | None:
        assert text is not None
        when = parse(text)
        if when is None or not _OLDEST <= when <= _NEWEST:
            if options.any_date:
                return None
            raise Fault(1206, f"Invalid timestamp format or value [{shown}]")
        return when

    return convert


def _super(text: str | None) -> str:
    assert text is not None
    try:
        json.loads(text)
    except ValueError:
        raise Fault(1224, "Invalid JSON for type SUPER") from None
    if "\\u0000" in text:
        raise Fault(1224, "the stand-in's SUPER holds no NUL character")
    return text

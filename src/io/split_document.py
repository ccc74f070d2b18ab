"""Splits a JSON document into the objects it lists, each with its physical lines.

Plain Python, because Spark tells no line numbers; runs in the driver and in tasks.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_SPACE = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n,]*")


@dataclass(frozen=True)
class Part:
    """One element of a document: its bytes, the line where it starts, the lines it accounts for.

    Of elements that share a line each counts as a line of its own, and so do all behind them: no
    two have one number, and those of a document on one line are numbered through. Lines that hold
    only brackets, commas or blanks count to the element after them, or at the end to the last; a
    line with several elements counts to the first.
    """

    line: int
    raw: bytes
    lines: int


def split_document(content: bytes) -> list[Part]:
    """The elements of an array, or the values that follow each other, in order.

    What cannot be read as JSON is a part of its own: up to the next element that starts in the
    same column of a later line, else up to the end.

    >>> [(part.line, part.raw) for part in split_document(b'[{"a":1},\\n {"a":\\n2}]')]
    [(1, b'{"a":1}'), (2, b'{"a":\\n2}')]
    >>> [part.line for part in split_document(b'[{},{},\\n{}]')]
    [1, 2, 3]
    """
    text = content.decode("utf-8-sig", errors="surrogateescape")
    start = _skip(_SPACE, text, 0)
    in_array = text[start : start + 1] == "["
    spans = _spans(text, start + 1 if in_array else start, in_array)
    newlines = [match.start() for match in re.finditer("\n", text)]
    total = len(newlines) + (0 if text.endswith("\n") or not text else 1)
    return _with_lines(text, spans, newlines, total)


def _spans(text: str, at: int, in_array: bool) -> list[tuple[int, int]]:
    spans = []
    at = _skip(_BETWEEN, text, at)
    while at < len(text):
        if in_array and text[at] == "]":
            follows = _skip(_BETWEEN, text, at + 1)
            if text[follows : follows + 1] == "[":
                # Arrays that were put together, or one on each line.
                at = _skip(_BETWEEN, text, follows + 1)
                continue
            rest = _skip(_SPACE, text, at + 1)
            if rest < len(text):
                spans.append((rest, len(text.rstrip())))
            break
        end = _value_end(text, at) or _next_start(text, at)
        spans.append((at, end))
        at = _skip(_BETWEEN, text, end)
    return spans


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _value_end(text: str, at: int) -> int | None:
    try:
        return json.JSONDecoder().raw_decode(text, at)[1]
    except (ValueError, RecursionError):
        return None


def _next_start(text: str, at: int) -> int:
    """Where what is broken at ``at`` ends."""
    column = at - (text.rfind("\n", 0, at) + 1)
    newline = text.find("\n", at)
    while newline != -1:
        start = newline + 1 + column
        indent = text[newline + 1 : start]
        if text[start : start + 1] == "{" and not indent.strip(" \t[") and _value_end(text, start):
            return newline
        newline = text.find("\n", newline + 1)
    return len(text.rstrip())


def _with_lines(
    text: str, spans: list[tuple[int, int]], newlines: list[int], total: int
) -> list[Part]:
    parts = []
    owned = 0
    before = 0
    position = 0
    previous = shift = 0
    for number, (start, end) in enumerate(spans):
        while position < len(newlines) and newlines[position] < start:
            position += 1
        line = position + 1
        shift += line == previous
        previous = line
        while position < len(newlines) and newlines[position] < end:
            position += 1
        last = total if number == len(spans) - 1 else position + 1
        owned, before = last - before, last
        raw = text[start:end].encode("utf-8", errors="surrogateescape")
        parts.append(Part(line + shift, raw, owned))
    return parts

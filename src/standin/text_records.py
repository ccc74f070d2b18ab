"""Cut text files into records and fields, exactly, each with its line and its raw text.

The slow way, for what the fast one in copy_text.py does not take: escapes, quotes of two kinds,
fixed widths, blank lines, and every chunk in which something is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from src.standin.copy_command import TextOptions

NULL = None


@dataclass
class Record:
    """One record: where it begins, how it is written, and its fields (None for null)."""

    line: int
    raw: str
    fields: list[str | None] = field(default_factory=list)
    fault: str = ""
    """Why it could not be cut into fields, if it could not."""


def records(text: str, first_line: int, form: str, options: TextOptions) -> Iterator[Record]:
    """The records of ``text``, whose first line has the number ``first_line``."""
    if form == "CSV":
        yield from _csv(text, first_line, options)
        return
    line = first_line
    for raw in _lines(text, escaped=options.escape):
        record = Record(line, raw)
        line += 1 + raw.count("\n")
        if form == "FIXEDWIDTH":
            record.fields = _fixed(raw, options)
        elif options.escape or options.remove_quotes:
            _escaped(record, options)
        else:
            record.fields = [_null(part, options) for part in raw.split(options.delimiter)]
        yield record


def _null(part: str, options: TextOptions) -> str | None:
    return NULL if part == options.null else part


def _lines(text: str, *, escaped: bool) -> Iterator[str]:
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        while escaped and end >= 0 and _odd_backslashes(text, end):
            end = text.find("\n", end + 1)
        raw = text[at:] if end < 0 else text[at:end]
        yield raw.removesuffix("\r")
        at = len(text) if end < 0 else end + 1


def _odd_backslashes(text: str, at: int) -> bool:
    count = 0
    while at - count > 0 and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def _csv(text: str, first_line: int, options: TextOptions) -> Iterator[Record]:
    quote, delimiter = re.escape(options.quote), re.escape(options.delimiter)
    pattern = re.compile(
        f"(?:{quote}(?P<quoted>(?:[^{quote}]|{quote}{quote})*){quote}|(?P<plain>[^{delimiter}\\n]*?))"
        f"(?P<end>{delimiter}|\\r?\\n|\\Z)"
    )
    at, line = 0, first_line
    while at < len(text):
        begin, record = at, Record(line, "")
        while True:
            found = pattern.match(text, at)
            plain = found is not None and found["plain"] is not None
            if found is None or (plain and found["plain"].startswith(options.quote)):
                # A quote that is not closed, or has something behind it: that line is lost.
                end = text.find("\n", begin)
                at = len(text) if end < 0 else end + 1
                record.fault = "Invalid quote formatting for CSV"
                break
            if found["quoted"] is not None:
                record.fields.append(found["quoted"].replace(options.quote * 2, options.quote))
            else:
                record.fields.append(_null(found["plain"], options))
            at = found.end()
            if found["end"] != options.delimiter:
                break
        record.raw = text[begin:at].rstrip("\r\n")
        line += text.count("\n", begin, at)
        yield record


def _fixed(raw: str, options: TextOptions) -> list[str | None]:
    fields: list[str | None] = []
    at = 0
    for width in options.widths:
        fields.append(_null(raw[at : at + width].rstrip(" "), options))
        at += width
    return fields


def _escaped(record: Record, options: TextOptions) -> None:
    """Delimited fields with ESCAPE, REMOVEQUOTES or both."""
    raw, at = record.raw, 0
    while True:
        part, at, fault = _field(raw, at, options)
        if fault:
            record.fault = fault
            return
        record.fields.append(part)
        if at >= len(raw):
            return
        at += 1
        if at == len(raw):
            record.fields.append("")
            return


def _field(raw: str, at: int, options: TextOptions) -> tuple[str | None, int, str]:
    """The field at ``at``, the place behind it, and a fault or nothing."""
    begin = at
    mark = raw[at : at + 1] if options.remove_quotes and raw[at : at + 1] in ("'", '"') else ""
    at += len(mark)
    out: list[str] = []
    while at < len(raw):
        character = raw[at]
        if options.escape and character == "\\" and at + 1 < len(raw):
            out.append(raw[at + 1])
            at += 2
            continue
        if mark and character == mark and raw[at + 1 : at + 2] in ("", options.delimiter):
            return _null("".join(out), options), at + 1, ""
        if not mark and character == options.delimiter:
            break
        out.append(character)
        at += 1
    if mark:
        return None, at, "Invalid quote: no closing quotation mark"
    if raw[begin:at] == options.null:
        return NULL, at, ""
    return "".join(out), at, ""

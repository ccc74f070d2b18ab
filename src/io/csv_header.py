"""The head of a raw CSV file: byte order mark, delimiter, header names, the file's last byte.

Read in the driver, a few kilobytes a file, so that every refusal of a whole file is known before
Spark starts.
"""

from __future__ import annotations

import csv
import difflib
import io
from dataclasses import dataclass

from src.contract.source import Source, plain_name
from src.errors import RawFileRefused
from src.io.file_head import BOM, as_text, read_ends
from src.io.store import Store, Stored

DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class CsvLayout:
    """How the cells of a file are laid out; files of one layout are parsed together.

    ``columns`` gives for each cell the declared column it fills, or None for a cell of an
    undeclared header.
    """

    delimiter: str
    columns: tuple[str | None, ...]


@dataclass(frozen=True)
class CsvHead:
    """What the driver knows of a CSV file before Spark reads it."""

    stored: Stored
    layout: CsvLayout
    header_lines: int
    bom_bytes: int
    ends_with_newline: bool
    unknown: tuple[str, ...]
    absent: tuple[str, ...]


def read_head(store: Store, stored: Stored, source: Source) -> CsvHead:
    """Read and judge a file's head. Raises RawFileRefused with one sentence."""
    head, tail = read_ends(store, stored)
    bom = len(BOM) if head.startswith(BOM) else 0
    text = _text(head[bom:], stored)
    line = _first_line(text, stored)
    delimiter, cells = _split(line, source, stored)
    columns, unknown = _columns(cells, source, stored)
    return CsvHead(
        stored,
        CsvLayout(delimiter, columns),
        header_lines=line.count("\n") + 1,
        bom_bytes=bom,
        ends_with_newline=tail == b"\n",
        unknown=unknown,
        absent=tuple(column.name for column in source.columns if column.name not in columns),
    )


def _text(head: bytes, stored: Stored) -> str:
    if not head.strip():
        raise RawFileRefused(
            "The file is empty",
            where=stored.path,
            expected="a header line",
            found="0 bytes" if not head else "blanks only",
            do="deliver the file again, or take it away",
        )
    return as_text(head, stored, "CSV")


def _first_line(text: str, stored: Stored) -> str:
    """The header record without its line end; a quoted name may hold a newline."""
    end = text.find("\n")
    while end != -1 and text.count('"', 0, end) % 2 == 1:
        end = text.find("\n", end + 1)
    line = text if end == -1 else text[:end]
    if "\r" in line.replace("\r\n", "\n").rstrip("\r"):
        raise RawFileRefused(
            "The lines of the file end in CR alone",
            where=stored.path,
            expected="LF or CRLF",
            found="CR",
            do="convert its line ends",
        )
    return line.rstrip("\r")


def _split(line: str, source: Source, stored: Stored) -> tuple[str, list[str]]:
    """The delimiter under which most names are declared ones, and the names."""
    try:
        delimiter = max(DELIMITERS, key=lambda sign: _matches(_cells(line, sign), source))
        cells = _cells(line, delimiter)
    except csv.Error:
        cells = []
    # A name over several lines is believed; one that holds delimiters besides is rows that an
    # open quote has swallowed.
    swallowed = any("\n" in cell and delimiter in cell for cell in cells)
    if line.count('"') % 2 == 1 or swallowed or not cells:
        raise RawFileRefused(
            "The header line cannot be split into names",
            where=f"{stored.path} line 1",
            expected="names, in quotes that close or without",
            found=f"'{line.partition(chr(10))[0][:80].rstrip()}'",
            do="correct the header, or deliver the file again",
        )
    return delimiter, cells


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(line), delimiter=delimiter), [])


def _matches(cells: list[str], source: Source) -> int:
    plain = {plain_name(cell) for cell in cells}
    return sum(1 for names in _names(source).values() if names & plain)


def _names(source: Source) -> dict[str, set[str]]:
    """The plain names under which a header may give each declared column."""
    return {
        column.name: {plain_name(column.name), plain_name(column.header or column.name)}
        for column in source.columns
    }


def _columns(
    cells: list[str], source: Source, stored: Stored
) -> tuple[tuple[str | None, ...], tuple[str, ...]]:
    by_plain = {plain: name for name, plains in _names(source).items() for plain in plains}
    columns = tuple(by_plain.get(plain) for plain in _numbered(cells, by_plain))
    unknown = tuple(cell for cell, column in zip(cells, columns, strict=True) if column is None)
    given = [column for column in columns if column]
    doubled = sorted({column for column in given if given.count(column) > 1})
    if doubled:
        raise RawFileRefused(
            f"The header names {', '.join(doubled)} twice",
            where=f"{stored.path} line 1",
            do="correct the header, or deliver the file again",
        )
    missing = [
        column for column in source.columns if column.is_required and column.name not in given
    ]
    if missing and source.missing_required == "fail":
        hints = [
            f"'{column.header or column.name}'" + _near(column.header or column.name, unknown)
            for column in missing
        ]
        raise RawFileRefused(
            "Required columns are missing from the header",
            where=f"{stored.path} line 1",
            expected=", ".join(hints),
            found=", ".join(f"'{cell[:60]}'" for cell in cells[:40]),
            do="correct the header, or deliver the file again",
        )
    if unknown and source.new_columns == "fail":
        raise RawFileRefused(
            f"The header names undeclared columns: {', '.join(unknown)}",
            where=f"{stored.path} line 1",
            do=f"declare them in the contract of {source.name}, or set new_columns to warn",
        )
    return columns, unknown


def _numbered(cells: list[str], declared: dict[str, str]) -> list[str]:
    """The cells' plain names; a name that stands twice counts as ``name 2`` if that is declared.

    A cell without a name is ``column`` and its place.
    """
    found: list[str] = []
    given = [plain_name(cell) or f"column{place}" for place, cell in enumerate(cells, start=1)]
    for place, plain in enumerate(given):
        number = given[:place].count(plain) + 1
        numbered = f"{plain}{number}"
        apart = number > 1 and numbered in declared and numbered not in given
        found.append(numbered if apart else plain)
    return found


def _near(name: str, cells: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, cells, 1)
    return f" (is it '{near[0]}'?)" if near else ""

"""The head of a raw CSV file: byte order mark, delimiter, header names, the file's last byte.

Read in the driver, a few kilobytes a file, so that every refusal of a whole file is known before
Spark starts.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from dataclasses import dataclass

from src.contract.source import Source, plain_name
from src.errors import RawFileRefused, listed
from src.io.file_head import BOM, as_text, read_ends
from src.io.store import Store, Stored

DELIMITERS = (",", ";", "\t", "|")
# So many rows tell whether rows end in a delimiter.
LOOKED_AT = 50


@dataclass(frozen=True)
class CsvLayout:
    """How the cells of a file are laid out; files of one layout are parsed together.

    ``columns`` gives for each cell the declared column it fills, or None for a cell of an
    undeclared header; ``names`` are the header's own names of the declared ones, reduced to
    letters and digits. Where rows end in a delimiter (``ends_empty``) nothing may stand behind it:
    that is no cell, but one too many.
    """

    delimiter: str
    columns: tuple[str | None, ...]
    names: tuple[str, ...]
    ends_empty: bool = False


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
    before = _before_header(text)
    line = _first_line(text[len(before) :], stored)
    place = f"{stored.path} line {before.count(chr(10)) + 1}"
    delimiter, cells = _split(line, source, place)
    columns, unknown = _columns(cells, source, place)
    rows = text[len(before) + len(line) :]
    as_rows_end, ends_empty = _as_rows_end(columns, cells, rows, delimiter)
    return CsvHead(
        stored,
        CsvLayout(
            delimiter,
            as_rows_end,
            tuple(plain_name(cell) for cell, name in zip(cells, columns, strict=True) if name),
            ends_empty,
        ),
        header_lines=before.count("\n") + line.count("\n") + 1,
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


def _before_header(text: str) -> str:
    """Blank lines, and Excel's line that names the delimiter (``sep=;``)."""
    found = re.match(r"(?:[ \t\r]*\n)*(?:[Ss][Ee][Pp]=.\r?\n)?", text)
    return found[0] if found else ""


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


def _split(line: str, source: Source, place: str) -> tuple[str, list[str]]:
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
            where=place,
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


def _as_rows_end(
    columns: tuple[str | None, ...], cells: list[str], rows: str, delimiter: str
) -> tuple[tuple[str | None, ...], bool]:
    """The columns as the rows have them, and whether each row ends in a delimiter.

    Header and rows may differ in that: a nameless last column is added or taken away. Most of the
    file's first rows tell; the others are judged by them.
    """
    width = len(columns)
    given = [_cells(row, delimiter) for row in _plain_rows(rows)]
    alike = [row for row in given if len(row) == width]
    longer = sum(len(row) == width + 1 and not row[-1].strip() for row in given)
    shorter = sum(len(row) == width - 1 for row in given)
    if longer > len(alike):
        return (*columns, None), True
    if columns[-1] is not None or cells[-1].strip():
        return columns, False
    if shorter > len(alike):
        return columns[:-1], False
    return columns, bool(alike) and not any(row[-1].strip() for row in alike)


def _plain_rows(rows: str) -> list[str]:
    """Some of the rows that start in the head, whole ones of one short line each."""
    whole = [row.rstrip("\r") for row in rows.split("\n", LOOKED_AT + 1)[1:-1]]
    return [row for row in whole if row.strip() and row.count('"') % 2 == 0 and _is_plain(row)]


def _is_plain(row: str) -> bool:
    """Whether Python's reader takes it without an error."""
    return len(row) < csv.field_size_limit() and "\0" not in row and "\r" not in row


def _columns(
    cells: list[str], source: Source, place: str
) -> tuple[tuple[str | None, ...], tuple[str, ...]]:
    by_plain = {plain: name for name, plains in _names(source).items() for plain in plains}
    columns = tuple(by_plain.get(plain) for plain in _numbered(cells, by_plain))
    unknown = tuple(cell for cell, column in zip(cells, columns, strict=True) if column is None)
    given = [column for column in columns if column]
    doubled = sorted({column for column in given if given.count(column) > 1})
    if doubled:
        raise RawFileRefused(
            f"The header names {', '.join(doubled)} twice",
            where=place,
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
            where=place,
            expected=", ".join(hints),
            found=", ".join(f"'{cell[:60]}'" for cell in cells[:40]),
            do="correct the header, or deliver the file again",
        )
    if unknown and source.new_columns == "fail":
        raise RawFileRefused(
            f"The header names undeclared columns: {listed(unknown)}",
            where=place,
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

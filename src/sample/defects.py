"""The kinds of defects a dirty sample holds: in which file, how many, how made, what becomes of it.

Counts of one file are all different, so that a mix-up of two kinds shows in the numbers.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from src.sample.places import COUNTRIES
from src.sample.writer import Form


class Verbatim(bytes):
    """A cell that is written as it is: no quotes around it, none doubled inside."""


# A record being spoiled, in the order of its file; bytes are text in a wrong encoding.
Cells = dict[str, str | bytes | None]
# What staging makes of a spoiled cell: column, value after repair, perhaps an ISO country code.
Repair = dict[str, str | None]
Spoil = Callable[[Cells, int], Repair | None]
Fate = Literal["quarantined", "duplicate", "conflict", "repaired", "accepted", "ignored"]
# change: the record itself · add: one more record with an id of its own, so that nothing loses the
# row it refers to · copy, rival: one more record with the same id further down · blank: a line.
Way = Literal["change", "add", "copy", "rival", "blank"]

# Ids that no clean sample reaches.
ADDED_ID, MISSING_ID = 1_900_000_000, 2_000_000_000
KEYS = {"Artist": "ArtistId", "Album": "AlbumId", "Track": "TrackId", "Customer": "CustomerId"}


@dataclass(frozen=True)
class Defect:
    """One kind of defect in one file; ``spoil(cells, j)`` makes the j-th of them."""

    kind: str
    table: str
    count: int
    fate: Fate
    spoil: Spoil
    way: Way = "change"


def read_cells(columns: tuple[str, ...], line: bytes) -> Cells:
    """The cells of a clean line; an empty one is NULL, for a clean sample has no empty text."""
    cells = next(csv.reader([line.decode().rstrip("\n")]))
    return {column: cell or None for column, cell in zip(columns, cells, strict=True)}


def write_cells(cells: Cells) -> bytes:
    """The line of a record, newline included."""
    return b",".join(_quoted(cell) for cell in cells.values()) + b"\n"


def _quoted(cell: str | bytes | None) -> bytes:
    if cell is None:
        return b""
    if isinstance(cell, Verbatim):
        return cell
    raw = cell.encode() if isinstance(cell, str) else cell
    return b'"' + raw.replace(b'"', b'""') + b'"'


def _text(cells: Cells, column: str) -> str:
    cell = cells[column]
    return cell if isinstance(cell, str) else ""


def _repair(cells: Cells, column: str, text: str | None, value: str | None) -> Repair:
    cells[column] = text
    return {"column": column, "value": value}


def _put(column: str, *texts: str | None) -> Spoil:
    """Replace a cell by each of these texts in turn."""

    def spoil(cells: Cells, j: int) -> None:
        cells[column] = texts[j % len(texts)]

    return spoil


def _latin1(column: str) -> Spoil:
    """Text in the encoding of old exports: the é is one byte that is not UTF-8."""

    def spoil(cells: Cells, j: int) -> None:
        cells[column] = f"Café Liberté {j + 1}".encode("latin-1")

    return spoil


def _nul(column: str) -> Spoil:
    def spoil(cells: Cells, j: int) -> None:
        cells[column] = f"Cut\x00off {j + 1}"

    return spoil


def _unclosed(column: str) -> Spoil:
    """Leave out the quote that closes a cell: it runs on to the next quote, wherever that is."""

    def spoil(cells: Cells, j: int) -> None:
        raw = _text(cells, column).replace('"', "").encode()
        cells[column] = Verbatim(b'"' + raw)

    return spoil


def _too_few(cells: Cells, j: int) -> None:
    cells.popitem()


def _too_many(cells: Cells, j: int) -> None:
    cells.update({f"surplus {at}": "surplus" for at in range(j % 2 + 1)})


def _as_decimal(*columns: str) -> Spoil:
    """An integer as spreadsheets and pandas write it: 7.0."""

    def spoil(cells: Cells, j: int) -> Repair:
        column = columns[j % len(columns)]
        value = _text(cells, column)
        return _repair(cells, column, f"{value}.{'0' * (j % 2 + 1)}", value)

    return spoil


def _noise(column: str, size: str) -> Spoil:
    """An amount that went through a binary float: 5.9399999999999995."""

    def spoil(cells: Cells, j: int) -> Repair:
        value = _text(cells, column)
        noise = Decimal(size) if j % 2 else -Decimal(size)
        return _repair(cells, column, str(Decimal(value) + noise), value)

    return spoil


def _blanks_around(*columns: str) -> Spoil:
    def spoil(cells: Cells, j: int) -> Repair:
        column = columns[j % len(columns)]
        value = _text(cells, column)
        return _repair(cells, column, (f" {value}", f"{value}  ", f"  {value} ")[j % 3], value)

    return spoil


def _blank(column: str) -> Spoil:
    def spoil(cells: Cells, j: int) -> Repair:
        return _repair(cells, column, " " * (j % 3 + 1), None)

    return spoil


def _two_lines(column: str) -> Spoil:
    """A newline inside a quoted cell, at times as an empty line or as what looks like a record."""

    def spoil(cells: Cells, j: int) -> Repair:
        text = _text(cells, column)
        rest = ("\nside two", '\n\n"Second Night"', ',\n"7","8"', "\n1,2,3\n4,5,6 end")[j % 4]
        return _repair(cells, column, text + rest, text + rest)

    return spoil


def _quotes(column: str) -> Spoil:
    def spoil(cells: Cells, j: int) -> Repair:
        text = _text(cells, column)
        text = (f'"{text}"', f'{text} 12"', f'"Live", {text}, "twice"', '"', '""')[j % 5]
        return _repair(cells, column, text, text)

    return spoil


def _other_date(column: str) -> Spoil:
    """One instant in the ways that other exports write it; without a zone it is UTC."""

    def spoil(cells: Cells, j: int) -> Repair:
        value = _text(cells, column)
        when = datetime.fromisoformat(value)
        east, west = when + timedelta(hours=2), when - timedelta(hours=5)
        texts = (
            f"{when:%Y-%m-%dT%H:%M:%S}Z",
            f"{value}.000",
            f"{when:%Y-%m-%dT%H:%M:%S}",
            f"{east:%Y-%m-%dT%H:%M:%S}+02:00",
            f"{when:%Y-%m-%dT%H:%M:%S}.000000Z",
            f"{west:%Y-%m-%d %H:%M:%S}-05:00",
            f"{when:%Y-%m-%dT%H:%M:%S}.000+00:00",
            f"{value}Z",
        )
        return _repair(cells, column, texts[j % len(texts)], value)

    return spoil


def _other_country(column: str) -> Spoil:
    """The record's own country in other words; the truth names Chinook's spelling and the code."""
    known = {country.name: country for country in COUNTRIES}

    def spoil(cells: Cells, j: int) -> Repair:
        country = known[_text(cells, column)]
        text = country.spellings[j % len(country.spellings)]
        return _repair(cells, column, text, country.name) | {"iso2": country.iso2}

    return spoil


def _missing(column: str) -> Spoil:
    """A reference to a row that does not exist; every two records name the same one."""
    return lambda cells, j: cells.update({column: str(MISSING_ID + j // 2)})


def _longest(column: str, size: int) -> Spoil:
    """As many bytes as the column holds, in letters of two bytes."""

    def spoil(cells: Cells, j: int) -> None:
        cells[column] = f"{j:02}" + "é" * (size // 2 - 1)

    return spoil


def _none(cells: Cells, j: int) -> None:
    """Nothing: copies and blank lines need no change of cells."""


def _other_version(column: str, new: Callable[[str], str]) -> Spoil:
    def spoil(cells: Cells, j: int) -> None:
        cells[column] = new(_text(cells, column))

    return spoil


def _more(text: str) -> str:
    return str(int(text) + 1)


def _dearer(text: str) -> str:
    return str(Decimal(text) + 1)


DEFECTS: tuple[Defect, ...] = (
    Defect("broken_utf8", "Artist", 1, "quarantined", _latin1("Name"), "add"),
    Defect("nul_character", "Artist", 2, "quarantined", _nul("Name"), "add"),
    # VARCHAR is four bytes for each of Chinook's 120 characters: 480.
    Defect("over_long_text", "Artist", 3, "quarantined",
           _put("Name", "ö" * 450, "x" * 900, "y" * 481), "add"),
    Defect("longest_text", "Artist", 4, "accepted", _longest("Name", 480)),
    Defect("exact_duplicate", "Album", 2, "duplicate", _none, "copy"),
    Defect("doubled_quotes", "Album", 3, "repaired", _quotes("Title")),
    Defect("quoted_newline", "Album", 4, "repaired", _two_lines("Title")),
    Defect("nul_character", "Track", 1, "quarantined", _nul("Name"), "add"),
    Defect("stray_quote", "Track", 2, "quarantined", _unclosed("Name"), "add"),
    Defect("too_many_cells", "Track", 3, "quarantined", _too_many, "add"),
    Defect("text_in_integer", "Track", 4, "quarantined",
           _put("Milliseconds", "4:32", "three minutes", "12e", "0x1F"), "add"),
    Defect("quoted_newline", "Track", 5, "repaired", _two_lines("Name")),
    Defect("integer_as_decimal", "Track", 6, "repaired", _as_decimal("AlbumId", "Bytes")),
    Defect("surrounding_blanks", "Track", 7, "repaired", _blanks_around("Name", "GenreId")),
    Defect("blank_as_null", "Track", 8, "repaired", _blank("Composer")),
    Defect("doubled_quotes", "Track", 9, "repaired", _quotes("Name")),
    Defect("conflicting_duplicate", "Track", 10, "conflict",
           _other_version("Milliseconds", _more), "rival"),
    Defect("surrounding_blanks", "Playlist", 1, "repaired", _blanks_around("Name")),
    Defect("exact_duplicate", "Playlist", 2, "duplicate", _none, "copy"),
    Defect("too_few_cells", "PlaylistTrack", 2, "quarantined", _too_few),
    Defect("blank_line", "PlaylistTrack", 4, "ignored", _none, "blank"),
    Defect("exact_duplicate", "PlaylistTrack", 5, "duplicate", _none, "copy"),
    Defect("other_date_format", "Employee", 2, "repaired", _other_date("HireDate")),
    Defect("broken_utf8", "Customer", 1, "quarantined", _latin1("City"), "add"),
    Defect("conflicting_duplicate", "Customer", 2, "conflict",
           _other_version("Email", lambda text: f"new.{text}"), "rival"),
    Defect("blank_line", "Customer", 3, "ignored", _none, "blank"),
    Defect("blank_as_null", "Customer", 4, "repaired", _blank("Company")),
    Defect("country_spelling", "Customer", 5, "repaired", _other_country("Country")),
    Defect("money_too_fine", "Invoice", 1, "quarantined", _put("Total", "5.945")),
    Defect("too_many_cells", "Invoice", 2, "quarantined", _too_many),
    Defect("broken_utf8", "Invoice", 3, "quarantined", _latin1("BillingCity")),
    Defect("impossible_date", "Invoice", 4, "quarantined",
           _put("InvoiceDate", "2021-02-30 00:00:00", "2023-02-29 10:00:00",
                "2021-13-01 00:00:00", "2022-04-31T08:15:00Z")),
    Defect("date_out_of_range", "Invoice", 5, "quarantined",
           _put("InvoiceDate", "1899-12-31 23:59:59", "2200-01-01 00:00:00",
                "0001-01-01 00:00:00", "9999-12-31 23:59:59", "1752-09-14 12:00:00")),
    Defect("orphan_customer", "Invoice", 6, "accepted", _missing("CustomerId")),
    Defect("money_noise", "Invoice", 7, "repaired", _noise("Total", "0.0000000000000005")),
    Defect("other_date_format", "Invoice", 8, "repaired", _other_date("InvoiceDate")),
    Defect("conflicting_duplicate", "Invoice", 9, "conflict",
           _other_version("Total", _dearer), "rival"),
    Defect("country_spelling", "Invoice", 10, "repaired", _other_country("BillingCountry")),
    Defect("text_in_integer", "InvoiceLine", 1, "quarantined", _put("Quantity", "one")),
    Defect("money_too_fine", "InvoiceLine", 2, "quarantined", _put("UnitPrice", "0.999", "1.9925")),
    Defect("stray_quote", "InvoiceLine", 3, "quarantined", _unclosed("Quantity")),
    Defect("too_few_cells", "InvoiceLine", 4, "quarantined", _too_few),
    Defect("negative_quantity", "InvoiceLine", 5, "quarantined", _put("Quantity", "-1", "-3")),
    Defect("blank_required_id", "InvoiceLine", 6, "quarantined",
           _put("InvoiceLineId", None, "", "  ")),
    Defect("money_noise", "InvoiceLine", 7, "repaired", _noise("UnitPrice", "0.0000000000000001")),
    Defect("integer_as_decimal", "InvoiceLine", 8, "repaired", _as_decimal("Quantity", "TrackId")),
    Defect("surrounding_blanks", "InvoiceLine", 9, "repaired",
           _blanks_around("TrackId", "UnitPrice", "Quantity", "InvoiceLineId")),
    Defect("conflicting_duplicate", "InvoiceLine", 10, "conflict",
           _other_version("Quantity", _more), "rival"),
    Defect("exact_duplicate", "InvoiceLine", 11, "duplicate", _none, "copy"),
    Defect("orphan_track", "InvoiceLine", 12, "accepted", _missing("TrackId")),
    Defect("orphan_invoice", "InvoiceLine", 13, "accepted", _missing("InvoiceId")),
)  # fmt: skip

# Defects of a whole file: how its form departs from the plain one.
FORMS: dict[str, tuple[str, ...]] = {
    "Album": ("bom",),
    "Customer": ("crlf",),
    "Genre": ("crlf", "no_final_newline"),
    "Track": ("header_order_and_case",),
    "Employee": ("header_order_and_case",),
    "MediaType": ("header_order_and_case",),
    "Artist": ("no_final_newline",),
    "Playlist": ("no_final_newline",),
    "InvoiceLine": ("no_final_newline",),
}


def spoiled_form(table: str, form: Form) -> Form:
    """The form of a file in a dirty sample."""
    for defect in FORMS.get(table, ()):
        if defect == "bom":
            form = replace(form, bom=True)
        elif defect == "crlf":
            form = replace(form, newline=b"\r\n")
        elif defect == "no_final_newline":
            form = replace(form, final_newline=False)
        else:
            # Turned round, so that no column keeps its place by chance.
            columns = (*form.columns[2:], *form.columns[:2][::-1])
            header = tuple(_recased(name, at) for at, name in enumerate(columns))
            form = replace(form, columns=columns, header=header)
    return form


def _recased(name: str, at: int) -> str:
    return (name.lower(), name.upper(), name[0].lower() + name[1:])[at % 3]

"""A raw file with defects in it, and the book that is kept about them while it is written."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np

from src.sample.defects import KEYS, Cells, Defect, Repair, read_cells, write_cells
from src.sample.writer import Form, RawFile


@dataclass
class Edit:
    """The j-th defect of its kind; copies and rivals are two records, kept together here."""

    defect: Defect
    j: int
    added_id: int
    first_line: int = 0
    """Physical line of the first of two records, once it is written."""
    second: bytes = b""
    """What the second record will be, once the first is written."""


# The edits of a file by record number, counted from 0; True at the place of a second record.
Edits = Mapping[int, tuple[Edit, bool]]


@dataclass
class Note:
    """One defect as written: where, and what staging makes of it."""

    defect: Defect
    line: int
    other_line: int | None = None
    repair: Repair | None = None


@dataclass
class Book:
    """What the defects of all files come to; amounts in cents."""

    notes: list[Note] = field(default_factory=list)
    line_cents: int = 0
    header_cents: int = 0
    headless_invoices: list[int] = field(default_factory=list)
    """Invoices whose header is refused: their lines stay."""
    strayed_lines: int = 0
    """Lines that name an invoice which never was."""
    mismatched: set[str] = field(default_factory=set)
    """Accepted invoices whose total is not the sum of the accepted lines that name them."""
    missing: dict[str, set[str]] = field(default_factory=dict)
    """By table: the ids that accepted rows name and no row carries."""

    def changed(self, table: str, invoice: str, cents: int) -> None:
        """A total changes by these cents because a record of this invoice counts otherwise."""
        if table == "InvoiceLine":
            self.line_cents += cents
        else:
            self.header_cents += cents
        self.mismatched.add(invoice)

    def refused(self, table: str, invoice: str, cents: int) -> None:
        """A record of this invoice does not count at all."""
        if table == "InvoiceLine":
            self.changed(table, invoice, -cents)
        else:
            self.header_cents -= cents
            self.headless_invoices.append(int(invoice))

    def orphaned(self, kind: str, before: Cells, after: Cells) -> None:
        """A record names something that does not exist."""
        table = {"orphan_track": "Track", "orphan_customer": "Customer"}.get(kind, "Invoice")
        self.missing.setdefault(table, set()).add(str(after[f"{table}Id"]))
        if table == "Invoice":
            self.strayed_lines += 1
            self.mismatched.add(str(before["InvoiceId"]))


class EditedFile(RawFile):
    """A raw file into which edits are worked as its clean records pass by."""

    def __init__(self, path: Path, form: Form, edits: Edits, book: Book) -> None:
        super().__init__(path, form)
        self.fates: Counter[str] = Counter()
        self.lines = 1
        """Physical lines so far, the header's included."""
        self._table = path.stem
        self._edits = edits
        self._places = sorted(edits)
        self._book = book
        self._clean = 0

    def _append(self, body: bytes, records: int) -> None:
        start, self._clean = self._clean, self._clean + records
        first, last = (bisect_left(self._places, at) for at in (start, self._clean))
        places = self._places[first:last]
        # Records of a clean sample are one line each, so the n-th newline ends the n-th record.
        ends: list[int] = []
        if places:
            ends = np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n")).tolist()
        done, offset = start, 0
        for at in places:
            begin = ends[at - start - 1] + 1 if at > start else 0
            end = ends[at - start] + 1
            self._untouched(body[offset:begin], at - done)
            self._work_in(*self._edits[at], body[begin:end])
            done, offset = at + 1, end
        self._untouched(body[offset:], self._clean - done)

    def _untouched(self, body: bytes, records: int) -> None:
        super()._append(body, records)
        self.lines += records

    def _record(self, raw: bytes) -> int:
        """Write one record, of however many lines; the line where it starts."""
        line = self.lines + 1
        super()._append(raw, 1)
        self.lines += raw.count(b"\n")
        return line

    def _note(
        self, edit: Edit, line: int, other: int | None = None, repair: Repair | None = None
    ) -> None:
        self.fates[edit.defect.fate] += 1
        self._book.notes.append(Note(edit.defect, line, other, repair))

    def _work_in(self, edit: Edit, is_second: bool, line: bytes) -> None:
        """Write the record ``line``, and what the edit makes of it or puts after it."""
        way = edit.defect.way
        if way == "change":
            self._change(edit, line)
        elif is_second:
            self._record(line)
            second = self._record(edit.second)
            if way == "copy":
                self._note(edit, second, edit.first_line)
            else:
                # The last line of the file wins: the first one is refused.
                self._note(edit, edit.first_line, second)
        elif way == "copy":
            edit.first_line, edit.second = self._record(line), line
        elif way == "rival":
            self._rival(edit, line)
        elif way == "add":
            self._record(line)
            cells = read_cells(self.form.columns, line)
            cells[KEYS[self._table]] = str(edit.added_id)
            edit.defect.spoil(cells, edit.j)
            self._note(edit, self._record(write_cells(cells)))
        else:
            self._record(line)
            self._put(b"\n")
            self.lines += 1
            self._note(edit, self.lines)

    def _change(self, edit: Edit, line: bytes) -> None:
        before, cells = (read_cells(self.form.columns, line) for _ in range(2))
        repair = edit.defect.spoil(cells, edit.j)
        self._note(edit, self._record(write_cells(cells)), repair=repair)
        if edit.defect.fate == "quarantined" and self._has_amount:
            self._book.refused(self._table, str(before["InvoiceId"]), self._cents(before))
        elif edit.defect.fate == "accepted" and edit.defect.kind.startswith("orphan"):
            self._book.orphaned(edit.defect.kind, before, cells)

    def _rival(self, edit: Edit, line: bytes) -> None:
        """The first of two records of one id; the real one wins every second time."""
        before, cells = (read_cells(self.form.columns, line) for _ in range(2))
        edit.defect.spoil(cells, edit.j)
        other = write_cells(cells)
        if edit.j % 2:
            edit.first_line, edit.second = self._record(other), line
            return
        edit.first_line, edit.second = self._record(line), other
        if self._has_amount:
            more = self._cents(cells) - self._cents(before)
            self._book.changed(self._table, str(before["InvoiceId"]), more)

    @property
    def _has_amount(self) -> bool:
        return self._table in ("Invoice", "InvoiceLine")

    def _cents(self, cells: Cells) -> int:
        if self._table == "Invoice":
            return int(Decimal(str(cells["Total"])) * 100)
        return int(Decimal(str(cells["UnitPrice"])) * 100) * int(str(cells["Quantity"]))

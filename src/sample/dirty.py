"""Where the defects of a dirty sample lie, and the truth about what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from src.sample.defects import ADDED_ID, DEFECTS, FORMS, spoiled_form
from src.sample.draw import Draw
from src.sample.edited import Book, Edit, EditedFile, Note
from src.sample.folder import write_truth
from src.sample.writer import Form

MIN_DIRTY_ROWS = 2000
# Far more than are needed to find a free place in the smallest file.
_TRIES = 20_000


class Lines(Protocol):
    """What placing has to know of the sales, all counted from 0."""

    def span(self, invoice_at: int) -> tuple[int, int]:
        """The first line of an invoice and the number of its lines."""

    def invoice_of(self, line_at: int) -> int:
        """The invoice of a line."""


class Dirt:
    """All defects of a sample, placed before its first record is written."""

    def __init__(self, draw: Draw, rows: int, counts: Mapping[str, int], sales: Lines) -> None:
        self._draw = draw
        self._rows = rows
        self._counts = counts
        self._sales = sales
        self._book = Book()
        self._files: dict[str, EditedFile] = {}
        # A line is spoiled only where its invoice is not, and one in each invoice, so that no
        # defect hides the effect of another.
        self._taken_invoices: set[int] = set()

    def open(self, path: Path, form: Form) -> EditedFile:
        """The file that will hold the defects of its table; Invoice comes before InvoiceLine."""
        table = path.stem
        file = EditedFile(path, spoiled_form(table, form), self._place(table), self._book)
        self._files[table] = file
        return file

    def _place(self, table: str) -> dict[int, tuple[Edit, bool]]:
        """A record number for each defect of a table, for copies and rivals two."""
        # Even numbers and not the last record: no two defects are neighbours.
        halves = self._draw.below(f"place/{table}", np.arange(_TRIES), self._counts[table] // 2)
        tries: list[int] = (halves * 2).tolist()
        places = (at for at in tries if self._take(table, at))
        taken: dict[int, tuple[Edit, bool]] = {}

        def free() -> int:
            return next(at for at in places if at not in taken)

        defects = [(d, j) for d in DEFECTS if d.table == table for j in range(d.count)]
        for serial, (defect, j) in enumerate(defects):
            edit = Edit(defect, j, ADDED_ID + serial)
            first = free()
            taken[first] = (edit, False)
            if defect.way in ("copy", "rival"):
                # Anywhere in the file: the two may lie as far apart as it is long.
                second = free()
                taken[min(first, second)] = (edit, False)
                taken[max(first, second)] = (edit, True)
        return taken

    def _take(self, table: str, at: int) -> bool:
        """Whether this record may be spoiled without touching an invoice that is."""
        if table not in ("Invoice", "InvoiceLine"):
            return True
        invoice = at if table == "Invoice" else self._sales.invoice_of(at)
        if invoice in self._taken_invoices or self._sales.span(invoice)[1] < 2:
            return False
        self._taken_invoices.add(invoice)
        return True

    def write_truth(self, out: Path, cents: int) -> None:
        """Write what was injected and what the cleaned data must come to; ``cents`` if clean."""
        files = {f"{table}.csv": _accounting(file) for table, file in self._files.items()}
        book = self._book
        headless = sum(self._sales.span(invoice - 1)[1] for invoice in book.headless_invoices)
        truth = {
            "warehouse": "chinook",
            "rows": self._rows,
            "seed": self._draw.seed,
            "files": files,
            "defects": [*self._form_defects(), *self._record_defects()],
            "totals": {
                "revenue_by_lines": _amount(cents + book.line_cents),
                "revenue_by_header": _amount(cents + book.header_cents),
                "rows": {name.removesuffix(".csv"): file["staged"] for name, file in files.items()},
                "lines_without_invoice": headless + book.strayed_lines,
                "invoices_unlike_their_lines": len(book.mismatched),
                "inferred_members": {
                    table: len(book.missing[table]) for table in ("Customer", "Track")
                },
            },
        }
        write_truth(out, truth)

    def _form_defects(self) -> list[dict[str, object]]:
        """Defects of whole files: one each, all harmless."""
        return [
            {
                "kind": kind,
                "file": f"{table}.csv",
                "count": 1,
                "fate": "repaired",
                "lines": [self._files[table].lines if kind == "no_final_newline" else 1],
            }
            for table, kinds in FORMS.items()
            for kind in kinds
        ]

    def _record_defects(self) -> list[dict[str, object]]:
        """Defects of records and lines, in the order of declaration, lines ascending."""
        entries = []
        for defect in DEFECTS:
            notes = sorted(
                (note for note in self._book.notes if note.defect is defect),
                key=lambda note: note.line,
            )
            entry: dict[str, object] = {
                "kind": defect.kind,
                "file": f"{defect.table}.csv",
                "count": len(notes),
                "fate": defect.fate,
                "lines": [note.line for note in notes],
            }
            if defect.fate in ("duplicate", "conflict"):
                # Of a duplicate the line that stays, of a conflict the line that wins.
                entry["kept_lines"] = [note.other_line for note in notes]
            if any(note.repair for note in notes):
                entry["repairs"] = [_repair(note) for note in notes]
            entries.append(entry)
        return entries


def _repair(note: Note) -> dict[str, object]:
    return {"line": note.line, **(note.repair or {})}


def _accounting(file: EditedFile) -> dict[str, int]:
    """Rows of one file: read = staged + quarantined + duplicates; conflicts are quarantined too."""
    conflicts = file.fates["conflict"]
    quarantined = file.fates["quarantined"] + conflicts
    duplicates = file.fates["duplicate"]
    return {
        "read": file.records,
        "staged": file.records - quarantined - duplicates,
        "quarantined": quarantined,
        "conflicts": conflicts,
        "duplicates": duplicates,
    }


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"

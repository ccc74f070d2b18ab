"""CSV files as Chinook's own export writes them, and the variations that other exports have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

PART = ".part"
_OPTIONS = csv.WriteOptions(include_header=False, quoting_style="all_valid")


@dataclass(frozen=True)
class Form:
    """How a file is written: order and spelling of its header, and its first and last bytes."""

    columns: tuple[str, ...]
    header: tuple[str, ...]
    bom: bool = False
    newline: bytes = b"\n"
    final_newline: bool = True


def plain(columns: tuple[str, ...]) -> Form:
    """The form of the real files: header as declared, LF, a newline at the end."""
    return Form(columns=columns, header=columns)


class RawFile:
    """One CSV file, written chunk by chunk under a temporary name until it is complete."""

    def __init__(self, path: Path, form: Form) -> None:
        self.path = path
        self.form = form
        self.records = 0
        self._part = path.with_name(path.name + PART)
        self._file = self._part.open("wb")
        if form.bom:
            self._file.write(b"\xef\xbb\xbf")
        self._put(b",".join(b'"%s"' % name.encode() for name in form.header) + b"\n")

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table, its columns in any order."""
        sink = pa.BufferOutputStream()
        csv.write_csv(table.select(list(self.form.columns)), sink, _OPTIONS)
        self._append(sink.getvalue().to_pybytes(), table.num_rows)

    def finish(self) -> None:
        """Complete the file under its real name."""
        if not self.form.final_newline:
            self._file.truncate(self._file.tell() - len(self.form.newline))
        self._file.close()
        self._part.rename(self.path)

    def discard(self) -> None:
        """Remove what was written of the file, even if it is complete."""
        self._file.close()
        self._part.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def _append(self, body: bytes, records: int) -> None:
        """Write a body of whole records, one line each."""
        self.records += records
        self._put(body)

    def _put(self, body: bytes) -> None:
        if self.form.newline != b"\n":
            body = body.replace(b"\n", self.form.newline)
        self._file.write(body)

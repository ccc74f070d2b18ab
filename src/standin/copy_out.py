"""Carry out an UNLOAD: the rows that PostgreSQL sends become files of Redshift's names and formats.

Rows are written as they come, a buffer at a time; memory does not grow with the result.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from src.standin.objects import NewObject, ObjectProblem, ObjectStore
from src.standin.refusal import INTERNAL, Refusal
from src.standin.unload_command import UnloadCommand

_FLUSH = 4 << 20
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_SUFFIXES = {"GZIP": ".gz", "BZIP2": ".bz2", "ZSTD": ".zst", "": ""}
_CODECS = {"GZIP": "gzip", "BZIP2": "bz2", "ZSTD": "zstd"}

_TYPES = {
    16: pa.bool_(), 21: pa.int16(), 23: pa.int32(), 20: pa.int64(), 700: pa.float32(),
    701: pa.float64(), 25: pa.string(), 1042: pa.string(), 1043: pa.string(), 19: pa.string(),
    1082: pa.date32(), 1114: pa.timestamp("us"), 1184: pa.timestamp("us", "UTC"),
    3802: pa.string(),
}  # fmt: skip
_NUMERIC = 1700
_TEXT_ESCAPES = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


@dataclass(frozen=True)
class Column:
    """A column of the query: its name, PostgreSQL's id of its type, and the type's modifier."""

    name: str
    type_id: int
    modifier: int

    def arrow(self) -> pa.DataType:
        """The type in Parquet; raises Refusal."""
        if self.type_id == _NUMERIC:
            if self.modifier < 4:
                raise Refusal(
                    f'UNLOAD to Parquet: the decimal column "{self.name}" has no declared scale '
                    "here",
                    hint="cast it to DECIMAL(precision, scale)",
                )
            bits = self.modifier - 4
            return pa.decimal128((bits >> 16) & 0xFFFF, bits & 0x7FF)
        if self.type_id not in _TYPES:
            raise Refusal(f'the stand-in cannot UNLOAD the type of column "{self.name}" to Parquet')
        return _TYPES[self.type_id]


def described(payload: bytes) -> list[Column]:
    """The columns of a RowDescription."""
    (count,) = struct.unpack_from("!H", payload)
    at = 2
    columns = []
    for _ in range(count):
        end = payload.index(b"\0", at)
        name = payload[at:end].decode()
        _, _, type_id, _, modifier, _ = struct.unpack_from("!IHIhih", payload, end + 1)
        columns.append(Column(name, type_id, modifier))
        at = end + 19
    return columns


@dataclass
class _File:
    """A file being written, with what its manifest entry will say."""

    url: str
    raw: NewObject
    out: Any = None
    rows: int = 0
    size: int = 0


@dataclass
class _Series:
    """The files of one partition (or of all rows), one after the other."""

    prefix: str
    count: int = 0
    open: _File | None = None
    waiting: list[bytes] = field(default_factory=list)


class CopyOut:
    """One UNLOAD of a session: takes rows, writes files."""

    def __init__(self, command: UnloadCommand, columns: list[Column], objects: ObjectStore) -> None:
        self.command = command
        self.refused: Refusal | None = None
        self.query = 0
        self.rows = 0
        self._columns = columns
        self._objects = objects
        self._series: dict[tuple[str, ...], _Series] = {}
        self._done: list[_File] = []
        self._buffer: list[bytes] = []
        self._waiting = 0
        try:
            self._begin()
        except (Refusal, ObjectProblem) as problem:
            self._give_up(problem)

    def write(self, row: bytes) -> None:
        """One row as PostgreSQL's COPY gives it."""
        if self.refused is not None:
            return
        self.rows += 1
        self._buffer.append(row)
        self._waiting += len(row)
        if self._waiting >= _FLUSH:
            self._guarded_flush()

    def finish(self) -> None:
        """Write what is left, close all files, write the manifest."""
        self._guarded_flush()
        if self.refused is not None:
            return
        try:
            if not self._series and not self._partitions:
                self._file_of(self._one(()))
            for series in self._series.values():
                self._close(series)
            if self.command.manifest:
                self._write_manifest()
        except (Refusal, ObjectProblem, OSError, pa.ArrowException) as problem:
            self._give_up(problem)

    def note_failure(self, state: str, message: str, column: str) -> None:
        """The query has failed: nothing of what is being written is to be seen."""
        self.abandon()

    def notices(self, rows: str) -> Iterator[str]:
        """What the client is told at the end."""
        yield f"UNLOAD completed, {self.rows} record(s) unloaded successfully."

    @staticmethod
    def tag(tag: str) -> str:
        """The command tag that the client gets."""
        return "UNLOAD"

    def abandon(self) -> None:
        """Forget unfinished files; finished ones stay, as an UNLOAD is no transaction."""
        for series in self._series.values():
            if series.open is not None:
                series.open.raw.discard()
                series.open = None

    # -- before the first row ------------------------------------------------------------------

    def _begin(self) -> None:
        command = self.command
        names = [column.name for column in self._columns]
        for name in command.partitions:
            if name not in names:
                raise Refusal(f'PARTITION BY column "{name}" is not in the query', "42703")
        self._partitions = [names.index(name) for name in command.partitions]
        self._kept = [
            index for index in range(len(names)) if command.include or index not in self._partitions
        ]
        if not self._kept:
            raise Refusal("UNLOAD needs at least one column that is not in PARTITION BY")
        if command.widths and len(command.widths) != len(self._kept):
            raise Refusal("FIXEDWIDTH names another number of columns than the query has")
        if command.format == "PARQUET":
            self._schema = pa.schema([(column.name, column.arrow()) for column in self._columns])
        there = self._objects.list(command.location)
        if there and command.clean:
            for url in there:
                self._objects.remove(url)
        elif there and not command.overwrite:
            raise Refusal(
                "Specified unload destination on S3 is not empty. Consider using a different "
                "bucket / prefix, manually removing the target files in S3, or using the "
                "ALLOWOVERWRITE option.",
                INTERNAL,
            )

    # -- rows ----------------------------------------------------------------------------------

    def _guarded_flush(self) -> None:
        if self.refused is not None:
            return
        try:
            self._flush()
        except (Refusal, ObjectProblem, OSError, pa.ArrowException) as problem:
            self._give_up(problem)

    def _give_up(self, problem: Exception) -> None:
        self.refused = (
            problem
            if isinstance(problem, Refusal)
            else Refusal(f"UNLOAD failed: {problem}", INTERNAL)
        )
        self._buffer.clear()
        self.abandon()

    def _flush(self) -> None:
        rows, self._buffer, self._waiting = self._buffer, [], 0
        if not rows:
            return
        if self.command.format == "PARQUET":
            self._write_parquet(rows)
        elif self.command.sends_csv:
            self._write_text(self._one(()), b"".join(rows), len(rows))
        else:
            grouped: dict[tuple[str, ...], list[bytes]] = {}
            for row in rows:
                fields = _fields(row)
                key = tuple(_partition_value(fields[index]) for index in self._partitions)
                line = self._line([fields[index] for index in self._kept])
                grouped.setdefault(key, []).append(line)
            for key, lines in grouped.items():
                self._write_text(self._one(key), b"".join(lines), len(lines))

    def _write_parquet(self, rows: list[bytes]) -> None:
        options = pyarrow.csv.ConvertOptions(
            # By number: a query may have two columns of one name.
            column_types={str(index): kind for index, kind in enumerate(self._schema.types)},
            null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
            true_values=["t"], false_values=["f"],
        )  # fmt: skip
        table = pyarrow.csv.read_csv(
            io.BytesIO(b"".join(rows)),
            pyarrow.csv.ReadOptions(
                column_names=[str(index) for index in range(len(self._columns))],
                block_size=2 * _FLUSH,
            ),
            pyarrow.csv.ParseOptions(newlines_in_values=True),
            options,
        )
        table = table.rename_columns(self._schema.names)
        kept = table.select(self._kept)
        if not self._partitions:
            self._write_table(self._one(()), kept)
            return
        keys = [
            tuple(_partition_value(value) for value in values)
            for values in zip(
                *(pc.cast(table.column(index), pa.string()).to_pylist()
                  for index in self._partitions),
                strict=True,
            )
        ]  # fmt: skip
        places: dict[tuple[str, ...], list[int]] = {}
        for row, key in enumerate(keys):
            places.setdefault(key, []).append(row)
        for key, chosen in places.items():
            self._write_table(self._one(key), kept.take(chosen))

    def _write_table(self, series: _Series, table: pa.Table) -> None:
        file = self._file_of(series)
        file.out.write_table(table)
        file.rows += len(table)
        self._roll(series)

    def _write_text(self, series: _Series, data: bytes, rows: int) -> None:
        file = self._file_of(series)
        file.out.write(data)
        file.rows += rows
        self._roll(series)

    def _line(self, fields: list[bytes | None]) -> bytes:
        """One row of delimited, quoted, fixed or CSV text."""
        command = self.command
        null = command.null.encode()
        if command.widths:
            pairs = zip(fields, command.widths, strict=True)
            return b"".join((v or null).ljust(width)[:width] for v, width in pairs) + b"\n"
        delimiter = command.delimiter.encode()
        if command.format == "CSV":
            return delimiter.join(_csv_field(value, delimiter, null) for value in fields) + b"\n"
        out = []
        for value in fields:
            text = null if value is None else value
            if command.escape and value is not None:
                specials = [b"\\", delimiter, b"\n", b"\r"]
                specials += [b'"', b"'"] if command.quotes else []
                for special in specials:
                    text = text.replace(special, b"\\" + special)
            out.append(b'"' + text + b'"' if command.quotes else text)
        return delimiter.join(out) + b"\n"

    # -- files ---------------------------------------------------------------------------------

    def _one(self, key: tuple[str, ...]) -> _Series:
        series = self._series.get(key)
        if series is None:
            folders = "".join(
                f"{name}={value}/" for name, value in zip(self.command.partitions, key, strict=True)
            )
            base = self.command.location
            if folders and not base.endswith("/"):
                base += "/"
            series = self._series[key] = _Series(base + folders)
        return series

    def _file_of(self, series: _Series) -> _File:
        if series.open is None:
            command = self.command
            suffix = ".parquet" if command.format == "PARQUET" else _SUFFIXES[command.compression]
            if command.extension is not None:
                suffix = "." + command.extension.lstrip(".") + _SUFFIXES[command.compression]
            number = f"0000_part_{series.count:02}" if command.parallel else f"{series.count:03}"
            url = f"{series.prefix}{number}{suffix}"
            series.count += 1
            file = series.open = _File(url, self._objects.create(url))
            if command.format == "PARQUET":
                schema = pa.schema([self._schema.field(index) for index in self._kept])
                file.out = pyarrow.parquet.ParquetWriter(file.raw, schema, compression="snappy")
            else:
                plain = pa.PythonFile(file.raw, "w")
                codec = _CODECS.get(command.compression)
                file.out = pa.CompressedOutputStream(plain, codec) if codec else plain
                if command.header:
                    names = [self._columns[index].name.encode() for index in self._kept]
                    file.out.write(self._line([*names]))
        return series.open

    def _roll(self, series: _Series) -> None:
        """Begin a new file when this one is as large as one may be."""
        if series.open is not None and series.open.raw.tell() >= self.command.largest:
            self._close(series)

    def _close(self, series: _Series) -> None:
        file = series.open
        if file is None:
            return
        series.open = None
        file.out.close()
        file.size = file.raw.publish()
        self._done.append(file)

    def _write_manifest(self) -> None:
        entries = []
        for file in self._done:
            meta: dict[str, int] = {"content_length": file.size}
            if self.command.verbose:
                meta["record_count"] = file.rows
            entries.append({"url": file.url, "meta": meta})
        whole: dict[str, object] = {"entries": entries}
        if self.command.verbose:
            whole["schema"] = {
                "elements": [{"name": self._columns[index].name} for index in self._kept]
            }
            whole["meta"] = {
                "content_length": sum(file.size for file in self._done),
                "record_count": sum(file.rows for file in self._done),
            }
            whole["author"] = {"name": "stand-in for Amazon Redshift", "version": "1"}
        url = f"{self.command.location}manifest"
        raw = self._objects.create(url)
        raw.write(json.dumps(whole, indent=2).encode())
        raw.publish()


def _fields(row: bytes) -> list[bytes | None]:
    """The values of a row of PostgreSQL's text format."""
    return [_unescaped(part) for part in row.rstrip(b"\n").split(b"\t")]


def _unescaped(part: bytes) -> bytes | None:
    if part == b"\\N":
        return None
    if b"\\" not in part:
        return part
    pieces = _pieces(part)
    return b"".join(pieces)


def _pieces(part: bytes) -> Iterator[bytes]:
    at = 0
    while (mark := part.find(b"\\", at)) >= 0:
        yield part[at:mark]
        escaped = part[mark + 1 : mark + 2]
        yield _TEXT_ESCAPES.get(escaped, escaped)
        at = mark + 2
    yield part[at:]


def _partition_value(value: bytes | str | None) -> str:
    if value is None:
        return _NULL_PARTITION
    return value.decode() if isinstance(value, bytes) else value


def _csv_field(value: bytes | None, delimiter: bytes, null: bytes) -> bytes:
    if value is None:
        return null
    if not value or any(mark in value for mark in (delimiter, b'"', b"\n", b"\r")):
        return b'"' + value.replace(b'"', b'""') + b'"'
    return value

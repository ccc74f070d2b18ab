"""COPY from delimited text, CSV and fixed widths: typed columns, and errors by row.

A file is read in chunks that end with a record. A chunk in which nothing is wrong is cut and
typed by Arrow, a column at a time; any other is taken again exactly, a row at a time, and what
does not fit becomes a row of stl_load_errors.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from src.standin.copy_command import CopyCommand, TextOptions
from src.standin.copy_files import files_of
from src.standin.copy_json import JsonReader
from src.standin.copy_target import Target, TargetColumn
from src.standin.encode_binary import SIGNATURE, TRAILER, encode_batch
from src.standin.objects import ObjectProblem, ObjectStore
from src.standin.refusal import LoadRefused
from src.standin.text_records import Record, records
from src.standin.text_values import Fault, converter

_CHUNK = 4 << 20
_BATCH = 32_768
_ERRORS_AT_ONCE = 1000
_LONGEST_RECORD = 64 << 20

ARROW_TYPES = {
    "int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64(), "float4": pa.float32(),
    "float8": pa.float64(), "bool": pa.bool_(), "date": pa.date32(),
    "timestamp": pa.timestamp("us"), "timestamptz": pa.timestamp("us"), "varchar": pa.string(),
    "bpchar": pa.string(), "jsonb": pa.string(),
}  # fmt: skip

_SHAPES = {
    "int2": r"^-?[0-9]+$", "int4": r"^-?[0-9]+$", "int8": r"^-?[0-9]+$",
    "float4": r"^-?[0-9]+(\.[0-9]*)?$", "float8": r"^-?[0-9]+(\.[0-9]*)?$",
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "timestamp": r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?$",
}  # fmt: skip
"""Texts that Arrow reads as Redshift does; everything else is taken the exact way."""


class TextCopy:
    """One COPY from text or JSON, and the errors that it has passed over."""

    def __init__(
        self,
        command: CopyCommand,
        target: Target,
        objects: ObjectStore,
        record: Callable[[list[LoadRefused]], None],
    ) -> None:
        assert command.text is not None
        self.skipped = 0
        self._errors: list[LoadRefused] = []
        self._command = command
        self._options = command.text
        self._target = target
        self._objects = objects
        self._record = record
        self._converters = [converter(column, command.text) for column in target.columns]
        self._types = [column.type for column in target.columns]

    def stream(self) -> Generator[bytes | memoryview, None, None]:
        """The bytes of a binary COPY; raises LoadRefused before or between them."""
        urls = files_of(self._command, self._objects)
        yield SIGNATURE
        for url in urls:
            try:
                with self._objects.open(url) as source:
                    for batch in self._batches(url, source):
                        if len(batch[0]) and not self._options.no_load:
                            yield encode_batch(batch, self._types)
            except ObjectProblem as problem:
                raise LoadRefused(str(problem), code=8001, file=url) from None
            except (pa.ArrowException, OSError, EOFError) as error:
                raise LoadRefused("The file cannot be read", f"{url}: {error}", 1216, url) from None
        self._keep_errors()
        yield TRAILER

    def _batches(self, url: str, source: pa.NativeFile) -> Iterator[list[pa.Array]]:
        plain = _decompressed(source, self._options.compression)
        if self._command.format == "JSON":
            reader = JsonReader(self._command, self._target, self._objects)
            yield from self._exact(url, reader.records(plain))
            return
        for first_line, chunk in _chunks(plain, self._command.format, self._options):
            columns = self._fast(chunk)
            if columns is None:
                yield from self._exact(url, self._slow_records(chunk, first_line))
            else:
                size = len(columns[0])
                for start in range(0, size, _BATCH):
                    yield [column.slice(start, _BATCH) for column in columns]

    # -- the exact way -------------------------------------------------------------------------

    def _slow_records(self, chunk: bytes, first_line: int) -> Iterator[Record]:
        text = chunk.decode("utf-8", "surrogateescape")
        return records(text, first_line, self._command.format, self._options)

    def _exact(self, url: str, found: Iterator[Record]) -> Iterator[list[pa.Array]]:
        rows: list[list[Any]] = []
        for record in found:
            values = self._values(url, record)
            if values is not None:
                rows.append(values)
            if len(rows) >= _BATCH:
                yield self._arrays(rows)
                rows = []
        if rows:
            yield self._arrays(rows)

    def _arrays(self, rows: list[list[Any]]) -> list[pa.Array]:
        columns = zip(*rows, strict=True)
        return [
            pa.array(list(values), _arrow(column))
            for values, column in zip(columns, self._target.columns, strict=True)
        ]

    def _values(self, url: str, record: Record) -> list[Any] | None:
        """The typed values of a record, or None when it is blank or has been refused."""
        if not record.raw and self._options.ignore_blank_lines:
            return None
        if record.fault:
            self._refuse(url, record, None, Fault(1216, record.fault))
            return None
        wanted, given = len(self._target.columns), len(record.fields)
        if given > wanted:
            self._refuse(url, record, None, Fault(1202, "Extra column(s) found"))
            return None
        if given < wanted and not self._command.fill_record:
            column = self._target.columns[given - 1]
            self._refuse(url, record, column, Fault(1214, "Delimiter not found"))
            return None
        values: list[Any] = []
        for index, column in enumerate(self._target.columns):
            text = record.fields[index] if index < given else None
            try:
                values.append(self._converters[index](self._utf8(text)))
            except Fault as fault:
                self._refuse(url, record, column, fault, text or "")
                return None
        return values

    def _utf8(self, text: str | None) -> str | None:
        if text is None or text.isascii():
            return text
        data = text.encode("utf-8", "surrogateescape")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            replacement = self._options.replacement
            if replacement is None:
                bad = data[error.start : error.end].hex(" ")
                raise Fault(
                    1220,
                    "String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
                    f"sequence: {bad} (error {3 if error.end - error.start == 1 else 4})",
                ) from None
            return "".join(
                # One replacement for each byte that is not part of a character.
                replacement if "\udc80" <= character <= "\udcff" else character
                for character in data.decode("utf-8", "surrogateescape")
            )

    def _refuse(
        self, url: str, record: Record, column: TargetColumn | None, fault: Fault, text: str = ""
    ) -> None:
        """Keep the row's error; the load fails with as many as MAXERROR says."""
        error = LoadRefused(
            f"Load into table '{self._command.table[-1]}' failed.  Check 'stl_load_errors' "
            "system table for details.",
            context=fault.reason,
            code=fault.code,
            file=url,
            line=record.line,
            column=column.name if column else "",
            column_type=column.type.label if column else "",
            column_length=column.type.size if column else "",
            value=_shown(text),
            raw_line=_shown(record.raw),
            position=0,
            shows_detail=False,
            recorded=True,
        )
        self._errors.append(error)
        self.skipped += 1
        if self.skipped >= max(self._options.max_error, 1) and not self._options.ignore_all_errors:
            self._keep_errors()
            raise error
        if len(self._errors) >= _ERRORS_AT_ONCE:
            self._keep_errors()

    def _keep_errors(self) -> None:
        errors, self._errors = self._errors, []
        if errors:
            self._record(errors)

    # -- the fast way --------------------------------------------------------------------------

    def _fast(self, chunk: bytes) -> list[pa.Array] | None:
        """The chunk's columns when nothing in it is wrong or unusual, else None."""
        if not self._is_plain(chunk):
            return None
        names = [str(index) for index in range(len(self._target.columns))]
        csv = self._command.format == "CSV"
        try:
            table = pyarrow.csv.read_csv(
                io.BytesIO(chunk),
                pyarrow.csv.ReadOptions(column_names=names, block_size=2 * len(chunk) + 1),
                pyarrow.csv.ParseOptions(
                    delimiter=self._options.delimiter,
                    quote_char=self._options.quote if csv else False,
                    newlines_in_values=csv,
                ),
                pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False,
                    null_values=[],
                ),
            )  # fmt: skip
            return [
                self._column(table.column(index).combine_chunks(), column)
                for index, column in enumerate(self._target.columns)
            ]
        except (pa.ArrowException, _Unusual):
            return None

    def _is_plain(self, chunk: bytes) -> bool:
        options = self._options
        if self._command.format == "FIXEDWIDTH" or (
            options.escape or options.remove_quotes or options.replacement is not None
        ):
            return False
        if b"\0" in chunk or chunk[:1] in (b"\n", b"\r") or not chunk:
            return False
        if chunk.count(b"\r") != chunk.count(b"\r\n"):
            return False
        if b"\n\n" in chunk or b"\n\r\n" in chunk:
            return False
        if self._command.format == "CSV":
            quote = options.quote.encode()
            # A quoted null string is a text; Arrow does not tell it from a null.
            return chunk.count(quote) % 2 == 0 and quote + options.null.encode() not in chunk
        return True

    def _column(self, texts: pa.Array, column: TargetColumn) -> pa.Array:
        options, kind = self._options, column.type.name
        is_text = kind in ("varchar", "bpchar")
        if isinstance(texts, pa.ChunkedArray):
            texts = pa.concat_arrays(texts.chunks)
        nulls = pc.equal(texts, options.null)
        if not is_text or options.empty_as_null:
            nulls = pc.or_(nulls, pc.equal(texts, ""))
        if is_text and options.blanks_as_null:
            nulls = pc.or_(nulls, pc.match_substring_regex(texts, r"^\s*$"))
        if pc.any(nulls).as_py():
            if column.not_null:
                raise _Unusual
            texts = pc.if_else(nulls, None, texts)
        if not is_text:
            return self._typed(texts, column)
        if options.trim_blanks or kind == "bpchar":
            texts = pc.utf8_rtrim(texts, " ")
        sizes = pc.max(pc.binary_length(texts)).as_py() or 0
        if column.type.length is not None and sizes > column.type.length:
            raise _Unusual
        if kind == "bpchar" and not pc.all(pc.string_is_ascii(texts)).as_py():
            raise _Unusual
        return texts

    def _typed(self, texts: pa.Array, column: TargetColumn) -> pa.Array:
        kind, options = column.type.name, self._options
        shape = _SHAPES.get(kind)
        if kind == "numeric":
            scale, whole = column.type.scale, (column.type.precision or 38) - column.type.scale
            shape = rf"^-?[0-9]{{1,{max(whole, 1)}}}(\.[0-9]{{0,{scale}}})?$"
        if (
            shape is None
            or (kind == "date" and options.date_format)
            or (kind == "timestamp" and options.time_format)
            or pc.any(pc.invert(pc.match_substring_regex(texts, shape))).as_py()
        ):
            raise _Unusual
        return texts.cast(_arrow(column))


class _Unusual(Exception):
    """Something that the fast way leaves to the exact one."""


def _arrow(column: TargetColumn) -> pa.DataType:
    if column.type.name == "numeric":
        return pa.decimal128(column.type.precision or 38, column.type.scale)
    return ARROW_TYPES[column.type.name]


def _shown(text: str) -> str:
    """A text for the error table: at most 1024 characters, broken bytes as question marks."""
    return text[:1024].encode("utf-8", "replace").decode()


def _decompressed(source: pa.NativeFile, compression: str) -> pa.NativeFile:
    codec = {"GZIP": "gzip", "BZIP2": "bz2", "ZSTD": "zstd"}.get(compression)
    return source if codec is None else pa.CompressedInputStream(source, codec)


def _pieces(source: pa.NativeFile, encoding: str) -> Iterator[bytes]:
    """The file's bytes as UTF-8."""
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
    first = True
    while piece := source.read(_CHUNK):
        data = bytes(piece)
        if decoder is not None:
            data = decoder.decode(data).encode()
        if first:
            data = data.removeprefix(b"\xef\xbb\xbf")
        first = False
        yield data


def _chunks(source: pa.NativeFile, form: str, options: TextOptions) -> Iterator[tuple[int, bytes]]:
    """Pieces of a file that end with a record, each with the number of its first line."""
    rest, line = b"", 1
    skip = options.ignore_header
    for piece in _pieces(source, options.encoding):
        rest += piece
        while skip and b"\n" in rest:
            rest = rest[rest.index(b"\n") + 1 :]
            skip, line = skip - 1, line + 1
        if skip:
            continue
        end = _last_record_end(rest, form, options)
        if not end and len(rest) > _LONGEST_RECORD:
            # A quote that is never closed would gather the whole file.
            end = rest.rfind(b"\n") + 1
        if end:
            yield line, rest[:end]
            line += rest.count(b"\n", 0, end)
            rest = rest[end:]
    if rest and not skip:
        yield line, rest


def _last_record_end(data: bytes, form: str, options: TextOptions) -> int:
    """The place behind the last record that is whole, 0 when none is."""
    end = data.rfind(b"\n") + 1
    if form == "CSV":
        # Between two quotes a newline is text; an odd number of quotes before it tells.
        quote = options.quote.encode()
        while end and data.count(quote, 0, end) % 2:
            end = data.rfind(b"\n", 0, end - 1) + 1
    elif options.escape:
        while end and re.search(rb"(?<!\\)(?:\\\\)*\\\r?\n\Z", data[max(end - 200, 0) : end]):
            end = data.rfind(b"\n", 0, end - 1) + 1
    return end

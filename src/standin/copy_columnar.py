"""COPY from ORC and Parquet: check manifest, footers and values, and make binary tuples.

Redshift maps file columns to table columns by position and coerces nothing; neither does this.
Files are read a stripe or a row group's slice at a time, so memory does not grow with the load.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.orc
import pyarrow.parquet

from src.standin.copy_command import CopyCommand
from src.standin.encode_binary import (
    SIGNATURE,
    TRAILER,
    ColumnType,
    byte_lengths,
    encode_batch,
    from_catalog,
)
from src.standin.objects import ObjectProblem, ObjectReader
from src.standin.refusal import INTERNAL, LoadRefused, Refusal, scan_error

BATCH_ROWS = 32_768

_INTEGERS = {"int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64()}
_OTHERS = {
    "float4": pa.float32(),
    "float8": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
}


@dataclass(frozen=True)
class TargetColumn:
    """A column of the table that COPY fills."""

    name: str
    type: ColumnType
    not_null: bool


@dataclass(frozen=True)
class Target:
    """The table that COPY fills, as the client's own backend sees it now."""

    relation: int
    schema: str
    name: str
    columns: tuple[TargetColumn, ...]
    transaction: int
    query: int


def target_of(command: CopyCommand, rows: Sequence[Sequence[str | None]]) -> Target:
    """The target from the rows of ``standin.copy_columns``; raises Refusal."""
    if not rows:
        # The table was made by another transaction after this one's snapshot.
        raise Refusal(f"could not open relation with OID of {command.target}", INTERNAL)
    known: dict[str, tuple[TargetColumn, str]] = {}
    for row in rows:
        _, name, typname, modifier, not_null, identity, *_ = (value or "" for value in row)
        column = TargetColumn(name, from_catalog(typname, int(modifier)), not_null == "t")
        known[name] = (column, identity)
    if command.columns is None:
        # An identity column makes its own values, so the files do not have it.
        columns = tuple(column for column, identity in known.values() if not identity)
    else:
        columns = tuple(_listed(command, known))
    first = [value or "0" for value in rows[0]]
    return Target(int(first[6]), first[7], first[8], columns, int(first[9]), int(first[10]))


def _listed(
    command: CopyCommand, known: dict[str, tuple[TargetColumn, str]]
) -> Iterator[TargetColumn]:
    for name in command.columns or ():
        if name not in known:
            raise Refusal(
                f'column "{name}" of relation "{command.table[-1]}" does not exist', "42703"
            )
        column, identity = known[name]
        if identity:
            raise Refusal(f'cannot set an identity column to a value: "{name}" needs EXPLICIT_IDS')
        yield column


# -- which files -----------------------------------------------------------------------------


def files_of(command: CopyCommand, objects: ObjectReader) -> list[str]:
    """The URLs of the files to read, checked against the manifest; raises LoadRefused."""
    if not command.manifest:
        # As Spectrum does: names that begin with these are not data (_SUCCESS, hidden files).
        try:
            listed = objects.list(command.location)
        except ObjectProblem as problem:
            raise LoadRefused(str(problem), code=8001, file=command.location) from None
        files = [url for url in listed if url.rpartition("/")[2][:1] not in ("_", ".", "#", "")]
        if not files:
            raise LoadRefused(
                f"The specified S3 prefix '{command.location}' does not exist", code=8001
            )
        return files
    found = []
    for url, length, mandatory in _entries(command.location, objects):
        try:
            size = objects.size(url)
        except ObjectProblem as problem:
            if not problem.missing:
                raise LoadRefused(str(problem), code=8001, file=url) from None
            if mandatory:
                raise LoadRefused(
                    "Problem reading manifest file - mandatory file not found",
                    f"The file '{url}' of the manifest does not exist",
                    8001,
                    url,
                ) from None
            continue
        if length is None:
            raise LoadRefused("File entry does not have 'meta' key", url, 15003, url)
        if size != length:
            raise LoadRefused(
                "Manifest content_length does not match the file",
                f"meta.content_length is {length}, the file has {size} bytes: {url}",
                15003,
                url,
            )
        found.append(url)
    if not found:
        raise LoadRefused("No files of the manifest were found", command.location, 8001)
    return found


def _entries(url: str, objects: ObjectReader) -> Iterator[tuple[str, int | None, bool]]:
    """URL, content_length and mandatory of each manifest entry."""
    try:
        with objects.open(url) as file:
            manifest = json.loads(file.read())
        entries = manifest["entries"]
        if not isinstance(entries, list):
            raise TypeError("entries is no list")
        rows = [(entry["url"], entry.get("meta"), entry.get("mandatory", False))
                for entry in entries]  # fmt: skip
    except ObjectProblem as problem:
        raise LoadRefused(
            "The specified manifest cannot be read", str(problem), 8001, url
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LoadRefused(
            "Manifest file is not in correct json format", f"{url}: {error}", 8001, url
        ) from None
    if not rows:
        raise LoadRefused("The manifest names no files", url, 8001, url)
    for name, meta, mandatory in rows:
        if not isinstance(name, str) or not name.startswith("s3://") or name.endswith("/"):
            raise LoadRefused(
                "Manifest entry is not a whole s3:// object path", repr(name), 8001, str(name)
            )
        length = meta.get("content_length") if isinstance(meta, dict) else None
        if length is not None and (not isinstance(length, int) or isinstance(length, bool)):
            raise LoadRefused(
                "meta.content_length is not a number of bytes", f"{name}: {length!r}", 15003, name
            )
        yield name, length, mandatory is True


# -- footers ---------------------------------------------------------------------------------


@dataclass
class _File:
    url: str
    schema: pa.Schema
    int96: frozenset[int]
    batches: Iterator[pa.RecordBatch]


@contextmanager
def _opened(form: str, url: str, objects: ObjectReader) -> Iterator[_File]:
    try:
        with objects.open(url) as source:
            yield _parquet(url, source) if form == "PARQUET" else _orc(url, source)
    except ObjectProblem as problem:
        raise LoadRefused(str(problem), code=8001, file=url) from None
    except (pa.ArrowException, OSError) as error:
        raise scan_error(
            15001, f"File '{url}' cannot be read as {form}: {error}", file=url
        ) from None


def _orc(url: str, source: pa.NativeFile) -> _File:
    file = pyarrow.orc.ORCFile(source)

    def batches() -> Iterator[pa.RecordBatch]:
        for stripe in range(file.nstripes):
            yield file.read_stripe(stripe)

    return _File(url, file.schema, frozenset(), batches())


def _parquet(url: str, source: pa.NativeFile) -> _File:
    # In microseconds, INT96 reaches all years; nanoseconds end in 2262.
    file = pyarrow.parquet.ParquetFile(source, coerce_int96_timestamp_unit="us")
    flat = len(file.schema) == len(file.schema_arrow)
    int96 = frozenset(
        index
        for index in range(len(file.schema))
        if flat and file.schema.column(index).physical_type == "INT96"
    )
    return _File(url, file.schema_arrow, int96, file.iter_batches(BATCH_ROWS))


def _fits(column: TargetColumn, found: pa.DataType) -> bool:
    """Whether a file's type is the table's, coercing nothing."""
    name = column.type.name
    if name in _INTEGERS:
        return bool(found == _INTEGERS[name])
    if name in _OTHERS:
        return bool(found == _OTHERS[name])
    if name in ("varchar", "bpchar"):
        return bool(pa.types.is_string(found) or pa.types.is_large_string(found))
    if name == "numeric":
        wanted = (column.type.precision, column.type.scale)
        return bool(pa.types.is_decimal(found) and (found.precision, found.scale) == wanted)
    if name in ("timestamp", "timestamptz"):
        return bool(pa.types.is_timestamp(found))
    return False


def _check_footer(form: str, file: _File, target: Target, fill: bool) -> None:
    wanted, found = len(target.columns), len(file.schema)
    if found > wanted or (found < wanted and not fill):
        raise scan_error(
            15007,
            "Unmatched number of columns between table and file. "
            f"Table columns: {wanted}, Data columns: {found}, File name: {file.url}",
            file=file.url,
        )
    wrong = []
    for index, field in enumerate(file.schema):
        column = target.columns[index]
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        label = f"{column.name} (column {index + 1}, {field.name} in the file)"
        if not _fits(column, kind):
            wrong.append((column, f"{label}: table {column.type.sql()}, file {kind}"))
        elif (
            form == "PARQUET"
            and pa.types.is_timestamp(kind)
            and kind.unit == "ns"
            and index not in file.int96
        ):
            wrong.append(
                (
                    column,
                    f"{label}: nanoseconds, which Redshift reads as microseconds of a far year",
                )
            )
    if wrong:
        first = wrong[0][0]
        raise scan_error(
            15007,
            f"File '{file.url}' has an incompatible {form.title() if form != 'ORC' else form} "
            f"schema for column {'; '.join(text for _, text in wrong)}",
            file=file.url,
            column=first.name,
            column_type=first.type.sql(),
        )


# -- values ----------------------------------------------------------------------------------


def _check_values(batch: list[pa.Array], target: Target, url: str, first_row: int) -> None:
    """Refuse nulls where none may be and texts of too many bytes, naming the first such row."""
    for array, column in zip(batch, target.columns, strict=True):
        where = {"file": url, "column": column.name, "column_type": column.type.sql()}
        if column.not_null and array.null_count:
            row = int(np.argmin(pc.is_valid(array).to_numpy(zero_copy_only=False)))
            raise scan_error(
                1213,
                f"Missing data for not-null field: column {column.name}, row "
                f"{first_row + row + 1}, File name: {url}",
                line=first_row + row + 1,
                **where,
            )
        limit = column.type.length
        if column.type.name not in ("varchar", "bpchar") or limit is None or not len(array):
            continue
        lengths = byte_lengths(array)
        if lengths.max() > limit:
            row = int(np.argmax(lengths > limit))
            raise scan_error(
                15001,
                f"The length of the data column {column.name} is longer than the length defined "
                f"in the table. Table: {limit}, Data: {lengths[row]}, File name: {url}",
                line=first_row + row + 1,
                column_length=str(limit),
                value=array[row].as_py()[:1024],
                **where,
            )
        if column.type.name == "bpchar":
            wide = pc.not_equal(pc.utf8_length(array), pc.binary_length(array))
            if pc.any(wide).as_py():
                row = pc.index(wide, True).as_py()
                raise scan_error(
                    15001,
                    f"CHAR column {column.name} holds a multi-byte character, row "
                    f"{first_row + row + 1}, File name: {url}",
                    line=first_row + row + 1,
                    column_length=str(limit),
                    value=array[row].as_py()[:1024],
                    **where,
                )


def _plain(array: pa.Array) -> pa.Array:
    """The array in the one shape that the encoder takes."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_large_string(array.type):
        array = array.cast(pa.string())
    if pa.types.is_decimal(array.type) and array.type.bit_width != 128:
        array = array.cast(pa.decimal128(array.type.precision, array.type.scale))
    return array


def stream(
    command: CopyCommand, target: Target, objects: ObjectReader
) -> Generator[bytes | memoryview, None, None]:
    """The bytes of a binary COPY; raises LoadRefused before or between them.

    All footers are checked before the first row is made.
    """
    urls = files_of(command, objects)
    for url in urls:
        with _opened(command.format, url, objects) as file:
            _check_footer(command.format, file, target, command.fill_record)
    types = [column.type for column in target.columns]
    yield SIGNATURE
    for url in urls:
        done = 0
        with _opened(command.format, url, objects) as file:
            for whole in file.batches:
                for start in range(0, len(whole), BATCH_ROWS):
                    batch = whole.slice(start, BATCH_ROWS)
                    columns = [_plain(array) for array in batch.columns]
                    columns += [
                        pa.nulls(len(batch), pa.string() if kind.length is not None else pa.int64())
                        for kind in types[len(columns) :]
                    ]
                    _check_values(columns, target, url, done)
                    yield encode_batch(columns, types)
                    done += len(batch)
    yield TRAILER

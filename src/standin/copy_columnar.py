"""COPY from ORC and Parquet: check manifest, footers and values, and make binary tuples.

Redshift maps file columns to table columns by position and coerces nothing; neither does this.
Files are read a stripe or a row group's slice at a time, so memory does not grow with the load.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.orc
import pyarrow.parquet

from src.standin.copy_command import CopyCommand
from src.standin.copy_files import files_of
from src.standin.copy_json import as_json
from src.standin.copy_target import Target, TargetColumn
from src.standin.encode_binary import SIGNATURE, TRAILER, byte_lengths, encode_batch
from src.standin.objects import ObjectProblem, ObjectStore
from src.standin.refusal import LoadRefused, scan_error

BATCH_ROWS = 32_768

_INTEGERS = {"int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64()}
_OTHERS = {
    "float4": pa.float32(),
    "float8": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
}


# -- footers ---------------------------------------------------------------------------------


@dataclass
class _File:
    url: str
    schema: pa.Schema
    int96: frozenset[int]
    batches: Iterator[pa.RecordBatch]


@contextmanager
def _opened(form: str, url: str, objects: ObjectStore) -> Iterator[_File]:
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


def _fits(column: TargetColumn, found: pa.DataType, serialize: bool) -> bool:
    """Whether a file's type is the table's, coercing nothing."""
    name = column.type.name
    if name == "jsonb":
        return serialize and bool(pa.types.is_nested(found))
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


def _check_footer(command: CopyCommand, file: _File, target: Target) -> None:
    form, fill = command.format, command.fill_record
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
        if not _fits(column, kind, command.serialize):
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
    if pa.types.is_nested(array.type):
        values = array.to_pylist(maps_as_pydicts="strict")
        return pa.array([None if v is None else as_json(v) for v in values], pa.string())
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_large_string(array.type):
        array = array.cast(pa.string())
    if pa.types.is_decimal(array.type) and array.type.bit_width != 128:
        array = array.cast(pa.decimal128(array.type.precision, array.type.scale))
    return array


def stream(
    command: CopyCommand, target: Target, objects: ObjectStore
) -> Generator[bytes | memoryview, None, None]:
    """The bytes of a binary COPY; raises LoadRefused before or between them.

    All footers are checked before the first row is made.
    """
    urls = files_of(command, objects)
    for url in urls:
        with _opened(command.format, url, objects) as file:
            _check_footer(command, file, target)
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

"""Some columns of data files, read in the driver: a question about keys costs no Spark job.

A column of keys takes a few bytes a row, and lies together in the file; Arrow reads ten million
rows of one in a fraction of the time that Spark takes to plan the same.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from src.contract.types import Type
from src.errors import StarliftError
from src.io.entry import DataFile
from src.io.lake import format_of
from src.io.store import Store, Unreadable
from src.io.stored_types import type_of

if TYPE_CHECKING:
    import pyarrow as pa


class _Ranges(io.RawIOBase):
    """An object of a store as a file that can be read anywhere."""

    def __init__(self, store: Store, file: DataFile) -> None:
        super().__init__()
        self._store = store
        self._file = file
        self._at = 0
        self.failed: StarliftError | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), self._file.size - self._at)
        if size <= 0:
            return 0
        try:
            content = self._store.read(self._file.path, self._at, size)
        except StarliftError as error:
            self.failed = error
            raise
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)


def read_columns(store: Store, file: DataFile, names: Sequence[str]) -> pa.Table | None:
    """The named columns of a file; None when the file lacks one, as those of older contracts may.

    Raises Unreadable when the file is gone or broken.
    """
    return _of_file(store, file, lambda source, form: _read(source, form, names))


def types_of(store: Store, file: DataFile) -> dict[str, Type]:
    """The columns of a file and their types. Raises Unreadable as ``read_columns`` does."""
    schema: pa.Schema = _of_file(store, file, _schema)
    return {name: type_of(kind) for name, kind in zip(schema.names, schema.types, strict=True)}


def _of_file(store: Store, file: DataFile, ask: Callable[[_Ranges, str], Any]) -> Any:
    import pyarrow as pa

    source = _Ranges(store, file)
    try:
        return ask(source, format_of(file.path))
    except (OSError, pa.ArrowException) as error:
        # Arrow tells an error of the store in words of its own.
        if source.failed:
            raise source.failed from error
        raise Unreadable(
            "A data file of the lake cannot be read",
            where=store.url(file.path),
            found=str(error),
            do="put it back as it was, or build anew with --full",
        ) from error


def _schema(source: _Ranges, form: str) -> pa.Schema:
    if form == "parquet":
        import pyarrow.parquet

        return pyarrow.parquet.ParquetFile(source).schema_arrow
    import pyarrow.orc

    return pyarrow.orc.ORCFile(source).schema


def _read(source: _Ranges, form: str, names: Sequence[str]) -> pa.Table | None:
    if form == "parquet":
        import pyarrow.parquet

        parquet = pyarrow.parquet.ParquetFile(source)
        if not set(names) <= set(parquet.schema_arrow.names):
            return None
        return parquet.read(columns=list(names))
    import pyarrow.orc

    orc = pyarrow.orc.ORCFile(source)
    if not set(names) <= set(orc.schema.names):
        return None
    return orc.read(columns=list(names))

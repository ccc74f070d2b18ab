"""Some columns of data files, read in the driver: a question about keys costs no Spark job.

A column of keys takes a few bytes a row, and lies together in the file; Arrow reads ten million
rows of one in a fraction of the time that Spark takes to plan the same.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from src.contract.column import Column
from src.contract.types import Type
from src.errors import StarliftError
from src.io.entry import DataFile
from src.io.lake import format_of
from src.io.store import Store, Unreadable
from src.io.stored_types import reads_as, type_of

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
    return _of_file(store, file, lambda opened, has: _read(opened, has, names))


def unlike_types(store: Store, file: DataFile, columns: Sequence[Column]) -> dict[str, Type]:
    """The types that a file has for those of the columns which it cannot be read as.

    Raises Unreadable as ``read_columns`` does.
    """
    schema: pa.Schema = _of_file(store, file, lambda _, has: has)
    stored = {name: type_of(kind) for name, kind in zip(schema.names, schema.types, strict=True)}
    form = format_of(file.path)
    return {
        column.name: stored[column.name]
        for column in columns
        if column.name in stored and not reads_as(stored[column.name], column.type, form)
    }


def _of_file(store: Store, file: DataFile, ask: Callable[[Any, pa.Schema], Any]) -> Any:
    import pyarrow as pa

    source = _Ranges(store, file)
    try:
        return ask(*_opened(source, format_of(file.path)))
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


def _opened(source: _Ranges, form: str) -> tuple[Any, pa.Schema]:
    """Arrow's reader of a file, and its schema."""
    if form == "parquet":
        import pyarrow.parquet

        parquet = pyarrow.parquet.ParquetFile(source)
        return parquet, parquet.schema_arrow
    import pyarrow.orc

    orc = pyarrow.orc.ORCFile(source)
    return orc, orc.schema


def _read(opened: Any, schema: pa.Schema, names: Sequence[str]) -> pa.Table | None:
    return opened.read(columns=list(names)) if set(names) <= set(schema.names) else None

"""Single objects of a lake: read, list, and create exactly once.

Spark reads and writes the data files; everything else (log, manifests, raw file heads) goes
through a Store. This file is the interface and the local disk; src/io/store_s3.py is S3.
"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from src.errors import StarliftError, UsageError


class Unreadable(StarliftError):
    """One object that cannot be read, gone or forbidden, where others of its store may be."""


@dataclass(frozen=True)
class Stored:
    """One object: its path below the store's root, size in bytes, etag, time of last change.

    ``etag`` names the content's version: S3's own, on disk the modification time in nanoseconds.
    ``modified`` is in microseconds since 1970, UTC.
    """

    path: str
    size: int
    etag: str
    modified: int


class Store(Protocol):
    """Objects below one root, by relative path with ``/``."""

    root: str

    def url(self, path: str) -> str:
        """The object as Spark takes it: plain characters, nothing percent-coded."""

    def exists(self) -> bool:
        """Whether the root is there; a prefix of S3 is while anything is below it."""

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """All objects below a folder, sorted by path."""

    def stat(self, path: str) -> Stored | None:
        """The object as it is now; None when there is none."""

    def read(self, path: str, start: int = 0, size: int | None = None) -> bytes:
        """A range of the object's bytes; the whole without a range. Raises Unreadable."""

    def create(self, path: str, content: bytes) -> bool:
        """Make the object durable if no object of that path exists; False when one does.

        What exists may be what this very call has written before its answer was lost: on False
        look at the object. Raises StarliftError when it cannot be written, or nobody can tell.
        """

    def delete(self, prefix: str) -> None:
        """Remove all objects below a folder."""

    def remove(self, paths: Sequence[str]) -> None:
        """Remove single objects; one that is gone already is none to remove.

        Raises StarliftError when one cannot be removed.
        """


class LocalStore:
    """A store on the local disk."""

    def __init__(self, root: Path | str) -> None:
        # Without "..": Spark names files by their normal path, and names are compared.
        self.root = os.path.abspath(root)

    def url(self, path: str) -> str:
        return f"file://{self.root}/{path}"

    def exists(self) -> bool:
        return os.path.isdir(self.root)

    def list(self, prefix: str = "") -> Iterator[Stored]:
        top = os.path.join(self.root, prefix)
        found = []
        for folder, folders, files in os.walk(top, onerror=_unreadable, followlinks=True):
            folders[:] = [name for name in folders if not _leads_back(folder, name)]
            found += [os.path.join(folder, name) for name in files]
        # By whole path, as S3 sorts them: "a.csv" stands before "a/b.csv".
        for full in sorted(found):
            if stored := self._stat(full):
                yield stored

    def stat(self, path: str) -> Stored | None:
        return self._stat(os.path.join(self.root, path))

    def _stat(self, full: str) -> Stored | None:
        try:
            found = os.stat(full)
        except OSError as error:
            # A link that leads nowhere or in a circle is an object that cannot be read: what it
            # stands for must not be missed in silence.
            if os.path.islink(full):
                found = os.lstat(full)
            elif isinstance(error, FileNotFoundError):
                return None
            else:
                _unreadable(error)
                raise
        return Stored(
            full[len(self.root) :].lstrip("/"),
            found.st_size,
            str(found.st_mtime_ns),
            found.st_mtime_ns // 1000,
        )

    def read(self, path: str, start: int = 0, size: int | None = None) -> bytes:
        try:
            with open(os.path.join(self.root, path), "rb", opener=_at_once) as file:
                file.seek(start)
                return file.read(-1 if size is None else size)
        except OSError as error:
            raise Unreadable(
                "The file cannot be read",
                where=path,
                found=error.strerror or str(error),
                do="correct its permissions, or take it away",
            ) from error

    def create(self, path: str, content: bytes) -> bool:
        full = os.path.join(self.root, path)
        folder = os.path.dirname(full)
        # The temporary name is unlike any object's, so that a killed writer leaves nothing that
        # a reader could take for an object; link() fails when the name is taken, on every POSIX
        # file system, and never replaces what is there.
        temporary = os.path.join(folder, f".{uuid.uuid4().hex}.tmp")
        try:
            os.makedirs(folder, exist_ok=True)
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, full)
        except OSError as error:
            if isinstance(error, FileExistsError) and os.path.lexists(full):
                return False
            raise StarliftError(
                f"Cannot write {path}",
                where=self.root,
                found=error.strerror or str(error),
                do="free disk space or correct the folder's permissions, then run again",
            ) from error
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)
        _sync_folder(folder)
        return True

    def delete(self, prefix: str) -> None:
        shutil.rmtree(os.path.join(self.root, prefix), ignore_errors=True)

    def remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            try:
                os.unlink(os.path.join(self.root, path))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StarliftError(
                    f"Cannot delete {path}",
                    where=self.root,
                    found=error.strerror or str(error),
                    do="correct the folder's permissions, then run again",
                ) from error


def _at_once(path: str, flags: int) -> int:
    """Open without waiting: a named pipe lets a reader wait for a writer, and seeks no range."""
    return os.open(path, flags | os.O_NONBLOCK)


def _unreadable(error: OSError) -> None:
    """A folder that cannot be listed must not pass for an empty one."""
    if isinstance(error, FileNotFoundError):
        return
    if isinstance(error, NotADirectoryError):
        raise UsageError(
            "A file is given where a folder is expected",
            where=str(error.filename).rstrip("/"),
            do="give the folder that it lies in",
        ) from error
    raise StarliftError(
        "A folder cannot be read",
        where=str(error.filename),
        found=error.strerror or str(error),
        do="correct its permissions, then run again",
    ) from error


def _leads_back(folder: str, name: str) -> bool:
    """Whether a folder is a link to one that it lies in: walking it would never end."""
    full = os.path.join(folder, name)
    if not os.path.islink(full):
        return False
    return f"{os.path.realpath(folder)}/".startswith(f"{os.path.realpath(full).rstrip('/')}/")


def _sync_folder(folder: str) -> None:
    """Make a new directory entry survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def escape_glob(url: str) -> str:
    """The URL for Spark to read: plain characters, where it would else take some for a pattern.

    A comma is none of them: a list of paths keeps it.
    """
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", url)


def bare_path(url: str) -> str:
    """An object's URL without scheme and leading slashes, to compare URLs by."""
    return re.sub(r"^[a-z0-9]+:/*", "", url)


def bare_path_read(url: str) -> str:
    """The same of a URL as Spark's _metadata.file_path gives it: percent-coded."""
    return unquote(bare_path(url))

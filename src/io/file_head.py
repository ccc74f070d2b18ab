"""The first and the last bytes of a raw file, read in the driver before Spark reads it."""

from __future__ import annotations

from typing import Protocol

from src.errors import RawFileRefused
from src.io.store import Store, Stored, Unreadable

HEAD_BYTES = 256 * 1024
BOM = b"\xef\xbb\xbf"


class FileHead(Protocol):
    """What reading a file's physical lines needs to know of it, whatever its format."""

    @property
    def stored(self) -> Stored: ...
    @property
    def header_lines(self) -> int: ...
    @property
    def bom_bytes(self) -> int: ...
    @property
    def ends_with_newline(self) -> bool: ...


def read_ends(store: Store, stored: Stored) -> tuple[bytes, bytes]:
    """The file's first bytes and its last one. Raises RawFileRefused where it cannot be read."""
    if ":" in stored.path.rsplit("/", 1)[-1]:
        raise RawFileRefused(
            "The file's name has a colon, which Hadoop cannot read",
            where=stored.path,
            do="rename it",
        )
    if any(part in ("", ".", "..") for part in stored.path.split("/")):
        raise RawFileRefused(
            "The file's path has an empty or dotted part, which Hadoop cannot read",
            where=stored.path,
            do="rename it",
        )
    try:
        head = store.read(stored.path, 0, HEAD_BYTES)
        return head, store.read(stored.path, max(stored.size - 1, 0), 1)
    except Unreadable as error:
        raise RawFileRefused(
            error.what, where=stored.path, found=error.found, do=error.do
        ) from error


def as_text(head: bytes, stored: Stored, kind: str) -> str:
    """The head as text. Raises RawFileRefused for compressed, UTF-16 and binary content."""
    if head.startswith((b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd")):
        raise RawFileRefused(
            "The file is compressed",
            where=stored.path,
            expected=f"plain {kind} text",
            found="gzip, zip or zstd content",
            do="unpack it",
        )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:64]:
        raise RawFileRefused(
            "The file is not UTF-8 text",
            where=stored.path,
            expected="UTF-8",
            found="UTF-16 or binary content",
            do="save it as UTF-8",
        )
    return head.decode("utf-8", errors="replace")

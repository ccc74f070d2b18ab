"""Raw files: which belong to which source, and which no log entry holds yet."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from src.contract.source import Source, plain_name
from src.io.lake_state import LakeState
from src.io.store import Store, Stored

TEXT = {
    "csv": ("csv", "tsv", "txt"),
    "json": ("json", "jsonl", "ndjson"),
}
# Data in a form that is not read. Under a source's name they would be lost rows if they were
# only passed over.
PACKED = ("gz", "bz2", "xz", "zst", "zip", "7z", "tar", "tgz")
NOT_TEXT = ("xls", "xlsx", "ods", "parquet", "orc", "avro", "xml", "sql", "db", "sqlite")


@dataclass(frozen=True)
class Candidate:
    """A raw file as listed: its source, or why it is not taken.

    Where both are given the file bears the source's name, and to leave it out would lose rows in
    silence: it is refused for the reason.
    """

    stored: Stored
    source: str | None
    reason: str | None = None

    @property
    def raw_id(self) -> int:
        return raw_id(self.stored)


def raw_id(stored: Stored) -> int:
    """A 63-bit name of a raw file version: path, size and etag."""
    text = f"{stored.path}\0{stored.size}\0{stored.etag}".encode(errors="surrogateescape")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 1


def list_raw(store: Store, sources: Iterable[Source]) -> list[Candidate]:
    """Every file below the raw folder, sorted by path, with the source that it belongs to."""
    known = _names_of(sources)
    return [_candidate(stored, known) for stored in store.list()]


def candidate(stored: Stored, sources: Iterable[Source]) -> Candidate:
    """One file with the source that it belongs to."""
    return _candidate(stored, _names_of(sources))


def _names_of(sources: Iterable[Source]) -> list[tuple[Source, re.Pattern[str]]]:
    """Each source with a pattern for each of its names, longer names first."""
    names = [(source, name) for source in sources for name in (source.files, *source.also_named)]
    longest_first = sorted(names, key=lambda pair: -len(pair[1]))
    return [(source, _pattern(name)) for source, name in longest_first]


def _candidate(stored: Stored, known: list[tuple[Source, re.Pattern[str]]]) -> Candidate:
    parts = stored.path.split("/")
    if any(part.startswith((".", "_")) for part in parts):
        return Candidate(stored, None, "hidden: its name starts with '.' or '_'")
    try:
        stored.path.encode()
    except UnicodeEncodeError:
        # Neither Spark nor the log can name it; what is printed shows where the bytes are.
        readable = stored.path.encode(errors="surrogateescape").decode(errors="backslashreplace")
        shown = Stored(readable, stored.size, stored.etag, stored.modified)
        return Candidate(shown, None, "its name is not UTF-8: rename it")
    extension = _extension(parts[-1])
    if extension not in (*TEXT["csv"], *TEXT["json"], *PACKED, *NOT_TEXT):
        return Candidate(stored, None, f"not a CSV or JSON file (.{extension})")
    # The file's own name speaks first, then the folders from the inside out: Invoice/part-1.csv.
    for part in reversed(parts):
        for source, pattern in known:
            if pattern.match(part):
                if extension in TEXT[source.format]:
                    return Candidate(stored, source.name)
                return Candidate(stored, source.name, f"a .{extension} file")
    every = ", ".join(sorted({source.files for source, _ in known}))
    return Candidate(stored, None, f"its name starts with none of: {every}")


def _extension(name: str) -> str:
    """What the name says of the content: ``json`` too of a log put aside as ``events.json.1``.

    Programs number such files or give them a date; a second download is numbered as well.
    """
    found = re.search(r"\.([^.]*?)([.-]\d[\d.-]*)?$", name)
    return found[1].lower() if found else ""


def _pattern(files: str) -> re.Pattern[str]:
    """What a path part is like that starts with a source's name, and the name ends there.

    ``InvoiceLine-2025.csv``, ``invoice_line.csv`` and ``Invoice Lines.csv`` are InvoiceLine's,
    and none of them is Invoice's.
    """
    letters = r"[\W_]*".join(re.escape(letter) for letter in plain_name(files))
    return re.compile(rf"{letters}s?(?![^\W\d_])", re.IGNORECASE)


def fresh(candidates: Iterable[Candidate], state: LakeState) -> list[Candidate]:
    """The candidates that belong to a source and that no entry holds in this version."""
    return [
        candidate
        for candidate in candidates
        if candidate.source and candidate.raw_id not in state.raw_files
    ]

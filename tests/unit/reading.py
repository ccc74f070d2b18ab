"""Reading raw files through src, and a reference reader of plain Python to hold it against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from src.contract.source import Source
from src.errors import RawFileRefused
from src.io.raw_files import raw_id
from src.io.read_csv import Block, scan
from src.io.read_raw import Head, Layout, read_head, records
from src.io.store import LocalStore

LONGEST = 1000
# What stands for nothing at the start of a cell; a quote behind it opens the cell.
BLANKS = "".join(chr(code) for code in range(33))


@dataclass(frozen=True)
class Record:
    """One record: first physical line, its bytes, number of physical lines, cells or None."""

    line: int
    raw: bytes
    lines: int
    cells: tuple[str | None, ...] | None
    reason: str | None = None


@dataclass
class Reading:
    """What src read of some files, by path."""

    heads: dict[str, Head]
    blocks: dict[str, list[Block]]
    records: dict[str, list[Record]]
    refusals: list[RawFileRefused]


def write(folder: Path, files: Mapping[str, bytes]) -> LocalStore:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return LocalStore(folder)


def read(spark: SparkSession, folder: Path, files: Mapping[str, bytes], source: Source) -> Reading:
    """Write the files and read all of them back together, as staging does."""
    store = write(folder, files)
    heads = {}
    for path in files:
        stored = store.stat(path)
        assert stored is not None
        heads[path] = read_head(store, stored, source)
    layouts: dict[Layout, list[Head]] = {}
    for head in heads.values():
        layouts.setdefault(head.layout, []).append(head)
    groups = list(layouts.values())
    found, refusals = scan(spark, store, groups)
    paths = {raw_id(head.stored): path for path, head in heads.items()}
    result = Reading(heads, {paths[one]: blocks for one, blocks in found.items()}, {}, refusals)
    for path in files:
        result.records[path] = []
    for group in groups:
        frame = records(spark, store, [h for h in group if raw_id(h.stored) in found], found)
        for row in frame.withColumn("raw", F.col("raw").cast("binary")).collect():
            given = row["cells"].asDict()
            cells = tuple(given.get(column.name) or None for column in source.columns)
            result.records[paths[row["raw_id"]]].append(
                Record(
                    row["raw_line"],
                    bytes(row["raw"] or b""),
                    row["lines"],
                    None if row["broken"] else cells,
                    row["broken"],
                )
            )
    for rows in result.records.values():
        rows.sort(key=lambda record: record.line)
    return result


@contextmanager
def small_splits(spark: SparkSession, size: int) -> Iterator[None]:
    """Files are split into blocks of this many bytes."""
    names = ["spark.sql.files.maxPartitionBytes", "spark.sql.files.openCostInBytes"]
    before = {name: spark.conf.get(name, None) for name in names}
    spark.conf.set(names[0], str(size))
    spark.conf.set(names[1], "0")
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, value)


def reference(content: bytes, header_lines: int, width: int, sign: str = ",") -> list[Record]:
    """The records of a file: line after line, without looking back.

    A line with an even number of quotes is a record. One with an odd number opens a record that
    the next such line closes, if both and what is between them make one well-formed record;
    else it is a broken record of its own.
    """
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    odd = [line.count(b'"') % 2 == 1 for line in lines]
    found = []
    at = header_lines
    while at < len(lines):
        end = at
        if odd[at]:
            after = [later for later in range(at + 1, len(lines)) if odd[later]]
            if after and after[0] - at < LONGEST:
                joined = b"\n".join(lines[at : after[0] + 1])
                cells, loose = split(joined, sign)
                if cells is not None and not loose and len(cells) == width:
                    end = after[0]
        raw = b"\n".join(lines[at : end + 1])
        if raw.strip(b" \t\r"):
            cells, _ = split(raw, sign)
            whole = cells is not None and len(cells) == width and b"\0" not in raw
            whole = whole and raw.count(b'"') % 2 == 0
            try:
                raw.decode("utf-8")
            except UnicodeDecodeError:
                whole = False
            kept = tuple(cell or None for cell in cells) if whole and cells else None
            found.append(Record(at + 1, raw, end - at + 1, kept))
        at = end + 1
    return found


def split(raw: bytes, sign: str) -> tuple[list[str] | None, bool]:
    """The cells of a record by RFC 4180, None where quotes do not allow any.

    The flag says whether an unquoted cell holds a quote, which is then taken as it stands.
    """
    text = raw.decode("utf-8", errors="replace").rstrip("\r")
    cells: list[str] = []
    loose = False
    at = 0
    while True:
        quote = len(text) - len(text[at:].lstrip(BLANKS.replace(sign, "")))
        if text[quote : quote + 1] == '"':
            at = quote
            value = ""
            at += 1
            while True:
                close = text.find('"', at)
                if close == -1:
                    return None, loose
                value += text[at:close]
                at = close + 1
                if text[at : at + 1] != '"':
                    break
                value += '"'
                at += 1
            if text[at : at + 1] not in ("", sign):
                return None, loose
            cells.append(value)
        else:
            end = text.find(sign, at)
            end = len(text) if end == -1 else end
            cells.append(text[quote:end] if quote < end else "")
            loose = loose or '"' in text[at:end]
            at = end
        if at >= len(text):
            return cells, loose
        at += 1

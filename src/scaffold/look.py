"""Looks at raw files: what their columns hold, and what names a row.

Plain Python over the first records of each file. What is found is a proposal that a person reads;
it has to hold for the rows that were seen.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from src.contract.source import ORIGIN, plain_name
from src.errors import UsageError
from src.scaffold.forms import agree_on_forms
from src.scaffold.groups import CSV_KINDS, JSON_KINDS, groups
from src.scaffold.infer import Kind, kind_named, takes
from src.scaffold.keys import name_keys
from src.scaffold.records import (
    MAX_RECORDS,
    exploded_key,
    header_of,
    objects_in,
    records_of,
    rows_of_record,
)
from src.scaffold.words import row_name, shared_affixes, singular, snake
from src.transforms.parse import NULL_WORDS_OTHER, NULL_WORDS_TEXT, WHITESPACE

# Files looked at of each source, and records of each source.
MAX_FILES = 200
MAX_OF_SOURCE = 300_000
# Records whose keys tell whether two JSON files are one source.
FIRST_RECORDS = 50
OWN_NAMES = (
    *(column.name for column in ORIGIN), "imputed_columns",
    "valid_from", "valid_to", "is_current", "is_deleted", "is_inferred",
)  # fmt: skip
Raw = tuple[Path, int, dict[str, Any]]


@dataclass
class Field:
    """A column as seen: its name here, the supplier's, its kind, whether nulls were seen."""

    name: str
    header: str
    kind: Kind
    nullable: bool
    of_element: bool = False


@dataclass
class Seen:
    """A source as seen. ``records`` are its rows by field name, with their file and place."""

    name: str
    files: str
    is_json: bool
    explode: str | None
    paths: list[Path]
    fields: list[Field] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    key: tuple[str, ...] = ()
    business_time: str | None = None
    opened: frozenset[str] = frozenset()
    is_whole: bool = True
    also_named: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        return next(one for one in self.fields if one.name == name)

    @property
    def is_keyless(self) -> bool:
        return self.key[:1] == ("raw_file",)


def look(folder: Path) -> list[Seen]:
    """The sources below a folder, by name. Raises UsageError where there is no raw file."""
    found = groups(folder, lru_cache(maxsize=None)(_names))
    if not found:
        raise UsageError(
            "There is no raw file to look at",
            where=str(folder),
            expected="files named .csv, .tsv, .json, .jsonl or .ndjson, with content",
            do="name the folder of your raw files with --from",
        )
    first, last = shared_affixes(list(found))
    seen = []
    taken: set[str] = set()
    for files, paths in sorted(found.items()):
        short = snake(files).removeprefix(first).removesuffix(last)
        # Others' stars: their prefixes are given anew.
        short = re.sub(r"^(dim|fact|tbl)_(?=.)", "", short)
        name = row_name(short if re.search("[a-z]{2}", short) else files)
        beginnings = [files]
        if not re.search(r"[^\W\d_]", files):
            # 2024-01-01.json says when, and not what is in it: the folder may.
            name = row_name(folder.absolute().name)
            beginnings = sorted({_beginning(path.stem) for path in paths})
        name = name if name not in taken else row_name(files)
        while name in taken:
            name += "_2"
        taken.add(name)
        seen.append(_seen(name, beginnings, paths))
    seen = [one for one in seen if one.fields]
    agree_on_forms(seen)
    name_keys(seen)
    return seen


def _names(path: Path) -> set[str]:
    """The plain names of a file's columns; of JSON those of its first records."""
    if path.suffix.lower() not in JSON_KINDS:
        return {plain_name(name) for name in header_of(path)}
    firsts = islice(records_of(path, True), FIRST_RECORDS)
    return {plain_name(name) for _, record in firsts for name in record}


def _beginning(stem: str) -> str:
    """How names without a word begin: with the century of a date, else with a digit."""
    digits = re.sub(r"\D", "", stem)
    return digits[:2] if re.match(r"(19|20)\d\d", digits) else digits[:1] or stem


def _seen(name: str, beginnings: list[str], paths: list[Path]) -> Seen:
    is_json = paths[0].suffix.lower() in JSON_KINDS
    kinds = JSON_KINDS if is_json else CSV_KINDS
    same = [path for path in paths if path.suffix.lower() in kinds]
    seen = Seen(name, beginnings[0], is_json, None, same, also_named=tuple(beginnings[1:]))
    raw: list[Raw] = []
    for path in same[:MAX_FILES]:
        if len(raw) >= MAX_OF_SOURCE:
            seen.is_whole = False
            break
        before = len(raw)
        raw += [(path, line, record) for line, record in records_of(path, is_json)]
        seen.is_whole = seen.is_whole and len(raw) - before < MAX_RECORDS
    seen.is_whole = seen.is_whole and len(same) <= MAX_FILES
    records = [record for *_, record in raw]
    seen.explode = exploded_key(records)
    seen.opened = frozenset(objects_in(records))
    _describe(seen, _exploded(raw, seen))
    return seen


def _exploded(raw: list[Raw], seen: Seen) -> list[Raw]:
    return [
        (path, line, row)
        for path, line, record in raw
        for row in rows_of_record(record, seen.explode, seen.opened)
    ]


def rows_of(seen: Seen, paths: list[Path]) -> list[dict[str, Any]]:
    """The rows of other files of a source that is known, as ``Seen.records`` has them."""
    raw = [
        (path, line, record) for path in paths for line, record in records_of(path, seen.is_json)
    ]
    rows = _exploded(raw, seen)
    cleaned = {
        one.header: [_cleaned(row.get(one.header), one.kind) for *_, row in rows]
        for one in seen.fields
    }
    return _named(seen, rows, cleaned)


def _describe(seen: Seen, rows: list[Raw]) -> None:
    """Name and type every column, and keep the rows under these names."""
    headers = list(dict.fromkeys(header for *_, row in rows for header in row))
    if not headers and not seen.is_json:
        headers = header_of(seen.paths[0])
    # An object that is given whole in some records and null in others is no column of its own.
    headers = [
        header
        for header in headers
        if header.endswith("[]") or not any(one.startswith(f"{header}.") for one in headers)
    ]
    taken: set[str] = set()
    cleaned: dict[str, list[str | None]] = {}
    for header in headers:
        of_element = bool(seen.explode) and header.startswith(f"{seen.explode}[]")
        name = _column_name(header, seen, taken)
        taken.add(name)
        values = [_clean(row.get(header)) for *_, row in rows]
        known = Counter(value for value in values if value is not None)
        kind = kind_named(name, known)
        seen.fields.append(Field(name, header, kind, False, of_element))
        cleaned[header] = values
    for one in seen.fields:
        values = cleaned[one.header]
        values = cleaned[one.header] = [_cleaned(value, one.kind) for value in values]
        # An element's column is judged over the rows of elements.
        judged = [
            value
            for value, (*_, row) in zip(values, rows, strict=True)
            if not one.of_element or f"{seen.explode}[]" in row
        ]
        one.nullable = None in judged
    seen.records = [row for row in _named(seen, rows, cleaned) if fits(row, seen)]


def _named(
    seen: Seen, rows: list[Raw], cleaned: dict[str, list[str | None]]
) -> list[dict[str, Any]]:
    columns = [(one.name, cleaned[one.header]) for one in seen.fields]
    return [
        {
            "\0file": path,
            "\0place": (path, line),
            **{name: values[number] for name, values in columns if values[number] is not None},
        }
        for number, (path, line, _) in enumerate(rows)
    ]


def fits(row: dict[str, Any], seen: Seen) -> bool:
    """Whether staging would take every value of a row; else it refuses the row."""
    return all(takes(one.kind, row[one.name]) for one in seen.fields if one.name in row)


def _column_name(header: str, seen: Seen, taken: set[str]) -> str:
    inner = header.partition("[].")[2]
    element = singular(snake(seen.explode)) if seen.explode else ""
    is_place = header == f"{seen.explode}[]"
    name = f"{element}_position" if is_place else snake(inner or header)
    if name.endswith("_key"):
        # x_key is the warehouse's own word.
        name += "_id"
    if name in taken or name in OWN_NAMES:
        name = f"{element or seen.name}_{name}"
    number = 2
    base = name
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def _cleaned(value: str | None, kind: Kind) -> str | None:
    text = _clean(value)
    return None if kind.name != "varchar" and text in NULL_WORDS_OTHER else text


def _clean(value: str | None) -> str | None:
    """The value as staging takes it: trimmed; null where it spells a missing one."""
    text = value.strip(WHITESPACE) if value else ""
    return None if text in ("", *NULL_WORDS_TEXT) else text

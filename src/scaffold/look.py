"""Looks at raw files: what their columns hold, and what names a row.

Plain Python over the first records of each file. What is found is a proposal that a person reads;
it has to hold for the rows that were seen.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from src.contract.source import ORIGIN, plain_name
from src.errors import UsageError
from src.io.split_document import split_document
from src.scaffold.groups import CSV_KINDS, JSON_KINDS, groups
from src.scaffold.infer import Kind, day_of, grouped_by_points, kind_of
from src.scaffold.keys import name_keys
from src.scaffold.words import row_name, shared_affixes, singular, snake
from src.transforms.parse import NULL_WORDS_OTHER, NULL_WORDS_TEXT

# Records looked at in each file, files of each source, and records of each source.
MAX_RECORDS = 100_000
MAX_FILES = 200
MAX_OF_SOURCE = 300_000
OWN_NAMES = (
    *(column.name for column in ORIGIN), "imputed_columns",
    "valid_from", "valid_to", "is_current", "is_deleted", "is_inferred",
)  # fmt: skip
# What is written in digits and is no number.
NO_NUMBER = re.compile(
    r"(^|_)(zip|zipcode|postal|postcode|plz|phone|telephone|fax|mobile|ssn|isbn|ean|upc|iban|"
    r"account_no|account_number|card_number)(_|$)"
)
# Objects in objects are taken apart so deep; what lies deeper stays JSON.
MAX_DEPTH = 3


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
    has_places: bool = True
    is_whole: bool = True

    def field(self, name: str) -> Field:
        return next(one for one in self.fields if one.name == name)

    @property
    def is_keyless(self) -> bool:
        return self.key[:1] == ("raw_file",)


def look(folder: Path) -> list[Seen]:
    """The sources below a folder, by name. Raises UsageError where there is no raw file."""
    found = groups(folder, _names)
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
        name = name if name not in taken else row_name(files)
        while name in taken:
            name += "_2"
        taken.add(name)
        seen.append(_seen(name, files, paths))
    seen = [one for one in seen if one.fields]
    name_keys(seen)
    return seen


@lru_cache(maxsize=4096)
def _names(path: Path) -> set[str]:
    """The plain names of a file's columns."""
    is_json = path.suffix.lower() in JSON_KINDS
    names = next((record for _, record in _records(path, True)), {}) if is_json else _header(path)
    return {plain_name(name) for name in names}


def _header(path: Path) -> list[str]:
    text = _text_of(path.read_bytes()[: 256 * 1024])
    return _numbered(next(_rows_of_csv(text), []))


def _text_of(content: bytes) -> str:
    # Bytes that are no UTF-8 stay visible: staging refuses their rows.
    return content.decode("utf-8-sig", errors="surrogateescape")


def _rows_of_csv(text: str) -> Iterator[list[str]]:
    csv.field_size_limit(sys.maxsize)
    return csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=_sign(text))


def _sign(text: str) -> str:
    first = text.partition("\n")[0]
    return max((",", ";", "\t", "|"), key=first.count)


def _numbered(header: list[str]) -> list[str]:
    """The header with names that stand twice numbered, and a name for those without."""
    found: list[str] = []
    for place, cell in enumerate(header, start=1):
        name = cell.strip() or f"column {place}"
        before = [plain_name(re.sub(r" #\d+$", "", one)) for one in found].count(plain_name(name))
        found.append(f"{name} #{before + 1}" if before else name)
    return found


def _refuse_no_header(path: Path, header: list[str]) -> None:
    cells = [cell.strip() for cell in header]
    if not _is_utf8(cells):
        raise UsageError(
            "The header line is not UTF-8 text",
            where=f"{path} line 1",
            expected="UTF-8",
            found=repr(",".join(cells)[:60].encode(errors="surrogateescape")),
            do="save the file as UTF-8, or take it away",
        )
    odd = [
        cell
        for cell in cells
        if day_of(cell, None)
        or (re.fullmatch(r"-?\d+([.,]\d+)*", cell) and not re.fullmatch(r"(19|20)\d\d", cell))
    ]
    if odd:
        raise UsageError(
            "The file seems to have no header line",
            where=f"{path} line 1",
            expected="names of columns",
            found=", ".join(f"'{cell[:40]}'" for cell in cells[:8]),
            do="add a header line to the file, or take it away",
        )


def _seen(name: str, files: str, paths: list[Path]) -> Seen:
    is_json = paths[0].suffix.lower() in JSON_KINDS
    kinds = JSON_KINDS if is_json else CSV_KINDS
    same = [path for path in paths if path.suffix.lower() in kinds]
    seen = Seen(name, files, is_json, None, same)
    raw: list[Raw] = []
    for path in same[:MAX_FILES]:
        if len(raw) >= MAX_OF_SOURCE:
            seen.is_whole = False
            break
        before = len(raw)
        raw += [(path, line, record) for line, record in _records(path, is_json)]
        seen.is_whole = seen.is_whole and len(raw) - before < MAX_RECORDS
    seen.is_whole = seen.is_whole and len(same) <= MAX_FILES
    places = {(path, line) for path, line, _ in raw}
    seen.has_places = len(places) == len(raw)
    records = [record for *_, record in raw]
    seen.explode = _explode(records)
    seen.opened = frozenset(_openable(records))
    _describe(seen, _exploded(raw, seen))
    return seen


def _exploded(raw: list[Raw], seen: Seen) -> list[Raw]:
    return [
        (path, line, row)
        for path, line, record in raw
        for row in _rows(record, seen.explode, seen.opened)
    ]


def rows_of(seen: Seen, paths: list[Path]) -> list[dict[str, Any]]:
    """The rows of other files of a source that is known, as ``Seen.records`` has them."""
    raw = [(path, line, record) for path in paths for line, record in _records(path, seen.is_json)]
    rows = _exploded(raw, seen)
    cleaned = {
        one.header: [_cleaned(row.get(one.header), one.kind) for *_, row in rows]
        for one in seen.fields
    }
    return _named(seen, rows, cleaned)


def _records(path: Path, is_json: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """The first whole records of a file with a number each; broken ones are left to staging."""
    text = _text_of(path.read_bytes())
    if not is_json:
        reader = _rows_of_csv(text)
        first = next(reader, [])
        _refuse_no_header(path, first)
        header = _numbered(first)
        for number, cells in enumerate(reader):
            if number >= MAX_RECORDS:
                return
            if len(cells) == len(header) and _is_utf8(cells):
                yield number, dict(zip(header, cells, strict=True))
        return
    lines = text.split("\n")
    whole = [(n, _json(line)) for n, line in enumerate(lines[:MAX_RECORDS]) if line.strip()]
    if not any(isinstance(one, dict) for _, one in whole):
        parts = split_document(path.read_bytes())[:MAX_RECORDS]
        whole = [(part.line, _json(_text_of(part.raw))) for part in parts]
    for number, one in whole:
        if isinstance(one, dict) and _is_utf8([json.dumps(one, ensure_ascii=False)]):
            yield number, one


def _is_utf8(cells: list[str]) -> bool:
    return not any("\udc80" <= sign <= "\udcff" for cell in cells for sign in cell)


def _json(text: str) -> Any:
    try:
        # Numbers stay the text that stands there, as staging reads them.
        return json.loads(text, parse_int=str, parse_float=str)
    except ValueError:
        return None


def _explode(records: list[dict[str, Any]]) -> str | None:
    """The key under which the records hold most objects in arrays."""
    counts: dict[str, int] = {}
    for record in records:
        for key, value in record.items():
            if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
                counts[key] = counts.get(key, 0) + len(value)
    return max(counts, key=lambda key: counts[key]) if counts else None


def _openable(records: list[dict[str, Any]]) -> set[str]:
    """The keys whose values are objects wherever they are given."""
    objects: set[str] = set()
    others: set[str] = set()
    for record in records:
        for key, value in record.items():
            if isinstance(value, dict):
                objects.add(key)
            elif value is not None:
                others.add(key)
    # A path is written with points, so that a key with one in it cannot be part of one.
    return {key for key in objects - others if not re.search(r"[.\[\]'\"\\]", key)}


def _opened(
    record: dict[str, Any], keys: frozenset[str] | None, prefix: str = ""
) -> dict[str, Any]:
    """The record with the objects in it taken apart: customer.address.city."""
    found: dict[str, Any] = {}
    for key, value in record.items():
        name = f"{prefix}{key}"
        simple = not re.search(r"[.\[\]'\"\\]", key)
        if isinstance(value, dict) and value and simple and (keys is None or name in keys):
            if name.count(".") < MAX_DEPTH - 1:
                found |= _opened(value, None, f"{name}.")
            else:
                found |= {f"{name}.{inner}": _text(one) for inner, one in value.items()}
        else:
            found[name] = _text(value)
    return found


def _rows(
    record: dict[str, Any], explode: str | None, opened: frozenset[str]
) -> list[dict[str, Any]]:
    """The rows of a record by header; those of elements have ``array[].key`` and ``array[]``."""
    own = _opened({key: value for key, value in record.items() if key != explode}, opened)
    elements = record.get(explode or "") or []
    if not explode or not isinstance(elements, list) or not elements:
        return [own]
    return [
        {
            **own,
            f"{explode}[]": str(place),
            **{f"{explode}[].{key}": value for key, value in _opened(element, None).items()},
        }
        for place, element in enumerate(elements, start=1)
        if isinstance(element, dict)
    ]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False)


def _describe(seen: Seen, rows: list[Raw]) -> None:
    """Name and type every column, and keep the rows under these names."""
    headers = list(dict.fromkeys(header for *_, row in rows for header in row))
    if not headers and not seen.is_json:
        headers = _header(seen.paths[0])
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
        known = {value for value in values if value is not None}
        kind = kind_of(known, as_text=bool(NO_NUMBER.search(name)))
        seen.fields.append(Field(name, header, kind, False, of_element))
        cleaned[header] = values
    _same_commas(seen, cleaned)
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
    seen.records = _named(seen, rows, cleaned)


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


def _same_commas(seen: Seen, cleaned: dict[str, list[str | None]]) -> None:
    """Where one column writes 1.234,50, another one's 2.000 are two thousand."""
    if not any(one.kind.written == "1.234,5" for one in seen.fields):
        return
    for one in seen.fields:
        known = {value for value in cleaned[one.header] if value is not None}
        if one.kind.name == "decimal" and not one.kind.written and grouped_by_points(known):
            one.kind = Kind("bigint", (), "1.234,5")


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
    text = value.strip(" \t\r\n\x0b\x0c\xa0\u2007\u202f\u3000\u200b\ufeff") if value else ""
    return None if text in ("", *NULL_WORDS_TEXT) else text

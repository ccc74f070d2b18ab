"""Looks at raw files: which are one source, what their columns hold, what names a row.

Plain Python over the first records of each file. What is found is a proposal that a person reads;
it has to hold for the rows that were seen.
"""

from __future__ import annotations

import csv
import io
import json
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from src.contract.source import plain_name
from src.errors import UsageError
from src.io.split_document import split_document
from src.scaffold.infer import Kind, kind_of

# Records looked at in each file, and files of each source.
MAX_RECORDS = 20_000
MAX_FILES = 50
CSV_KINDS = (".csv", ".tsv", ".txt")
JSON_KINDS = (".json", ".jsonl", ".ndjson")
OWN_NAMES = (
    "raw_file", "raw_line", "raw_id", "arrived_at", "imputed_columns",
    "valid_from", "valid_to", "is_current", "is_deleted", "is_inferred",
)  # fmt: skip
UPDATED = re.compile(r"^(updated|modified|last_update|last_updated|changed)(_at|_on|_date)?$")


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
    """A source as seen. ``records`` are its rows by field name, ``file_of`` the file of each."""

    name: str
    files: str
    is_json: bool
    explode: str | None
    paths: list[Path]
    fields: list[Field] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    file_of: list[int] = field(default_factory=list)
    key: tuple[str, ...] = ()
    business_time: str | None = None

    def field(self, name: str) -> Field:
        return next(one for one in self.fields if one.name == name)


def snake(name: str) -> str:
    """A supplier's name as a column's: BillingCountry → billing_country.

    >>> snake("BillingCountry"), snake("userId"), snake("Order ID"), snake("2nd")
    ('billing_country', 'user_id', 'order_id', 'n2nd')
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    plain = re.sub(r"\W+", "_", words, flags=re.ASCII).strip("_").lower()
    plain = re.sub(r"_+", "_", plain) or "column"
    return f"n{plain}" if plain[0].isdigit() else plain


def singular(name: str) -> str:
    """One of what a plural names, by its ending.

    >>> [singular(name) for name in ("orders", "categories", "boxes", "status", "address", "bus")]
    ['order', 'category', 'box', 'status', 'address', 'bus']
    """
    if name.endswith("ies") and len(name) > 4:
        return name[:-3] + "y"
    if name.endswith(("xes", "ches", "shes", "sses")):
        return name[:-2]
    if name.endswith("s") and not name.endswith(("ss", "us", "is")):
        return name[:-1]
    return name


def look(folder: Path) -> list[Seen]:
    """The sources below a folder, by name. Raises UsageError where there is no raw file."""
    groups = _groups(folder)
    if not groups:
        raise UsageError(
            "There is no raw file to look at",
            where=str(folder),
            expected="files named .csv, .tsv, .json, .jsonl or .ndjson, with content",
            do="name the folder of your raw files with --from",
        )
    found = [_seen(files, paths) for files, paths in sorted(groups.items())]
    return [seen for seen in found if seen.fields]


def _groups(folder: Path) -> dict[str, list[Path]]:
    """Files by the name that they share: their folder's, or their own without digits."""
    groups: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith((".", "_")) for part in parts) or not path.is_file():
            continue
        if path.suffix.lower() in (*CSV_KINDS, *JSON_KINDS) and path.stat().st_size:
            groups.setdefault(_group(parts), []).append(path)
    return _of_one_folder(folder, groups)


def _of_one_folder(folder: Path, groups: dict[str, list[Path]]) -> dict[str, list[Path]]:
    """The groups, those of one folder brought together that hold the same columns."""
    merged: dict[str, list[Path]] = {}
    for name, paths in groups.items():
        tops = {path.relative_to(folder).parts[0] for path in paths}
        own = _keys(paths[0])
        beside = [
            other
            for other, others in groups.items()
            if other != name
            and {path.relative_to(folder).parts[0] for path in others} == tops
            and len(own & _keys(others[0])) >= 0.6 * len(own | _keys(others[0]))
        ]
        in_folder = len(tops) == 1 and paths[0].parent != folder
        merged.setdefault(tops.pop() if in_folder and beside else name, []).extend(paths)
    return merged


def _keys(path: Path) -> set[str]:
    is_json = path.suffix.lower() in JSON_KINDS
    names = next(_records(path, True), {}) if is_json else _header(path)
    return {plain_name(name) for name in names}


def _header(path: Path) -> list[str]:
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=_sign(text)), [])


def _sign(text: str) -> str:
    first = text.partition("\n")[0]
    return max((",", ";", "\t", "|"), key=first.count)


def _group(parts: tuple[str, ...]) -> str:
    # The name ends at the first sign that is no letter and begins a number: orders-2024-01.csv.
    stem = re.sub(r"[\W_]*\d.*$", "", Path(parts[-1]).stem)
    named = re.sub(r"[\W_]+$", "", stem)
    if len(parts) > 1 and (not named or plain_name(named) in ("part", "data", "file", "export")):
        return next((part for part in reversed(parts[:-1]) if re.search("[A-Za-z]", part)), named)
    if len(parts) > 1 and not re.search("[A-Za-z]{2}", named):
        return parts[-2]
    return named or Path(parts[-1]).stem


def _seen(files: str, paths: list[Path]) -> Seen:
    is_json = paths[0].suffix.lower() in JSON_KINDS
    kinds = JSON_KINDS if is_json else CSV_KINDS
    same = [path for path in paths if path.suffix.lower() in kinds]
    seen = Seen(_source_name(files), files, is_json, None, same)
    raw: list[tuple[int, dict[str, Any]]] = []
    for number, path in enumerate(same[:MAX_FILES]):
        for record in _records(path, is_json):
            raw.append((number, record))
    seen.explode = _explode([record for _, record in raw])
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, record in raw:
        rows += [(number, row) for row in _rows(record, seen.explode)]
    _describe(seen, rows)
    _name_key(seen)
    return seen


def _source_name(files: str) -> str:
    """What one row of the files is; a word of Python or of the calendar gets a second one."""
    name = singular(snake(files))
    return f"{name}_row" if keyword.iskeyword(name) or name in ("date", "f") else name


def _records(path: Path, is_json: bool) -> Iterator[dict[str, Any]]:
    """The first whole records of a file; broken ones are left to staging."""
    content = path.read_bytes()
    if not is_json:
        text = content.decode("utf-8-sig", errors="replace")
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_sign(text))
        header = next(reader, [])
        for number, cells in enumerate(reader):
            if number >= MAX_RECORDS:
                return
            if len(cells) == len(header):
                yield dict(zip(header, cells, strict=True))
        return
    lines = content.decode("utf-8-sig", errors="replace").splitlines()
    whole = [_json(line) for line in lines[:MAX_RECORDS] if line.strip()]
    if not any(isinstance(one, dict) for one in whole):
        whole = [_json(part.raw.decode("utf-8", errors="replace"))
                 for part in split_document(content)[:MAX_RECORDS]]  # fmt: skip
    yield from (one for one in whole if isinstance(one, dict))


def _json(text: str) -> Any:
    try:
        # Numbers stay the text that stands there, as staging reads them.
        return json.loads(text, parse_int=str, parse_float=str)
    except ValueError:
        return None


def _explode(records: list[dict[str, Any]]) -> str | None:
    """The key under which most records hold an array of objects."""
    counts: dict[str, int] = {}
    for record in records:
        for key, value in record.items():
            if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
                counts[key] = counts.get(key, 0) + 1
    return max(counts, key=lambda key: counts[key]) if counts else None


def _rows(record: dict[str, Any], explode: str | None) -> list[dict[str, Any]]:
    """The rows of a record by header; those of elements have ``array[].key`` and ``array[]``."""
    own = {key: _text(value) for key, value in record.items() if key != explode}
    elements = record.get(explode or "") or []
    if not explode or not isinstance(elements, list) or not elements:
        return [own]
    return [
        {
            **own,
            f"{explode}[]": str(place),
            **{f"{explode}[].{key}": _text(value) for key, value in element.items()},
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


def _describe(seen: Seen, rows: list[tuple[int, dict[str, Any]]]) -> None:
    """Name and type every column, and keep the rows under these names."""
    headers = list(dict.fromkeys(header for _, row in rows for header in row))
    if not headers and not seen.is_json:
        headers = _header(seen.paths[0])
    taken: set[str] = set()
    for header in headers:
        of_element = bool(seen.explode) and header.startswith(f"{seen.explode}[]")
        name = _column_name(header, seen, taken)
        taken.add(name)
        values = [_clean(row.get(header)) for _, row in rows]
        # An element's column is judged over the rows of elements.
        if of_element:
            values = [v for v, (_, r) in zip(values, rows, strict=True) if f"{seen.explode}[]" in r]
        known = [value for value in values if value is not None]
        nullable = len(known) < len(values)
        seen.fields.append(Field(name, header, kind_of(known), nullable, of_element))
    names = {one.header: one.name for one in seen.fields}
    seen.records = [
        {names[header]: _clean(value) for header, value in row.items()} for _, row in rows
    ]
    seen.file_of = [number for number, _ in rows]


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


def _clean(value: str | None) -> str | None:
    """The value as staging takes it: trimmed; null where it spells a missing one."""
    text = value.strip(" \t\r\n\xa0\u200b\ufeff") if value is not None else ""
    return None if text in ("", "NULL", "\\N", "<null>") else text


def _name_key(seen: Seen) -> None:
    """The fewest columns that tell all rows of a file apart, those named like keys first."""
    for one in seen.fields:
        if one.kind.name in ("timestamp", "date") and UPDATED.match(one.name):
            seen.business_time = one.name
            break
    keys = [one.name for one in seen.fields if not one.nullable and one.kind.can_be_key]
    keys = [name for name in keys if name != seen.business_time]
    ranked = sorted(keys, key=lambda name: (_rank(seen, name), keys.index(name)))
    own = [name for name in ranked if not seen.field(name).of_element]
    if not seen.explode:
        seen.key = _fewest(seen, ranked)
        return
    record = _fewest_of_records(seen, own)
    place = next(one.name for one in seen.fields if one.header == f"{seen.explode}[]")
    inner = [one.name for one in seen.fields if one.of_element and not one.nullable]
    numbered = [n for n in inner if n != place and re.search(r"(number|_no|_id|line|seq)$", n)]
    unique = next((n for n in numbered if _tells_apart(seen.records, seen, (*record, n))), place)
    seen.key = (*record, unique)


def _rank(seen: Seen, name: str) -> int:
    stem = name.removesuffix("_id").removesuffix("_code").removesuffix("_key")
    if name in (f"{seen.name}_id", f"{seen.name}_code", f"{seen.name}_key", "id"):
        return 0
    if name in ("code", "key", "number") or stem == seen.name:
        return 1
    if re.search(r"(_id|_code|_key|_number|_no|uuid|isbn|sku)$", name):
        return 2
    return 3 if seen.field(name).kind.name in ("timestamp", "date") else 4


def _fewest(seen: Seen, ranked: list[str]) -> tuple[str, ...]:
    rows = seen.records
    # Over all files first: with one row a file every column tells the rows of a file apart.
    for whole in (True, False):
        for name in ranked:
            if _rank(seen, name) < 3 and _tells_apart(rows, seen, (name,), whole):
                return (name,)
    few = ranked[:8]
    for number, first in enumerate(few):
        for second in few[number + 1 :]:
            if _tells_apart(rows, seen, (first, second)):
                return (first, second)
    taken: tuple[str, ...] = ()
    for name in ranked:
        taken = (*taken, name)
        if _tells_apart(rows, seen, taken):
            break
    return taken or (seen.fields[0].name,)


def _fewest_of_records(seen: Seen, own: list[str]) -> tuple[str, ...]:
    place = next(one.name for one in seen.fields if one.header == f"{seen.explode}[]")
    firsts = [n for n, row in enumerate(seen.records) if row.get(place) in (None, "1")]
    heads = Seen(seen.name, seen.files, True, None, [], fields=seen.fields,
                 records=[seen.records[n] for n in firsts],
                 file_of=[seen.file_of[n] for n in firsts],
                 business_time=seen.business_time)  # fmt: skip
    return _fewest(heads, own)


def _tells_apart(
    rows: list[dict[str, Any]], seen: Seen, names: tuple[str, ...], whole: bool = False
) -> bool:
    """Whether no two rows of one file (of all files) agree in the columns and business time."""
    timed = (*names, seen.business_time) if seen.business_time else names
    files = [0] * len(rows) if whole else seen.file_of
    values = {
        (file, *[row.get(name) for name in timed]) for file, row in zip(files, rows, strict=True)
    }
    return len(values) == len(rows)

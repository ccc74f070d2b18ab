"""Reads raw files as records: CSV rows by header, JSON objects taken apart; broken ones left out.

Plain Python, so that what a new warehouse has to hold is not counted by the code it tests.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from src.contract.source import plain_name
from src.errors import UsageError
from src.io.split_document import split_document
from src.scaffold.infer import day_of

# Records looked at in each file.
MAX_RECORDS = 100_000
# Objects in objects are taken apart so deep; what lies deeper stays JSON.
MAX_DEPTH = 3


def header_of(path: Path) -> list[str]:
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


def _refuse_cr_alone(path: Path, text: str) -> None:
    if "\r" in text and "\n" not in text:
        raise UsageError(
            "The lines of the file end in CR alone",
            where=str(path),
            expected="LF or CRLF",
            found="CR",
            do="convert its line ends, or take it away",
        )


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


def records_of(path: Path, is_json: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """The first whole records of a file with a number each; broken ones are left to staging."""
    text = _text_of(path.read_bytes())
    if not is_json:
        reader = _rows_of_csv(text)
        _refuse_cr_alone(path, text)
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


def exploded_key(records: list[dict[str, Any]]) -> str | None:
    """The key under which the records hold most objects in arrays."""
    counts: dict[str, int] = {}
    for record in records:
        for key, value in record.items():
            if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
                counts[key] = counts.get(key, 0) + len(value)
    return max(counts, key=lambda key: counts[key]) if counts else None


def objects_in(records: list[dict[str, Any]]) -> set[str]:
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


def rows_of_record(
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

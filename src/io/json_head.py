"""The head of a raw JSON file: its shape, and under which keys it gives the declared columns.

Read in the driver, a few kilobytes a file. A JSON file has one of two shapes: ``lines``, one
object a line (JSON Lines), or ``document``, an array of objects or objects over several lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from src.contract.column import Column
from src.contract.source import Source, plain_name
from src.errors import RawFileRefused, listed
from src.io.file_head import BOM, HEAD_BYTES, as_text, read_ends
from src.io.split_document import split_document
from src.io.store import Store, Stored

Shape = Literal["lines", "document"]

# A document is split by one task, which holds it as a whole.
MAX_DOCUMENT_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True)
class JsonLayout:
    """How the objects of a file give the declared columns; files of one layout go together.

    ``columns`` names for each column of the record the keys it may stand under, ``elements`` the
    same for those of the exploded array's elements, ``explode`` the keys of that array, and
    ``place`` the column that holds an element's place in it. ``inner`` gives, for columns that lie
    in an object under their key, the path in it.
    """

    shape: Shape
    columns: tuple[tuple[str, tuple[str, ...]], ...]
    explode: tuple[str, ...] = ()
    elements: tuple[tuple[str, tuple[str, ...]], ...] = ()
    place: str | None = None
    inner: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class JsonHead:
    """What the driver knows of a JSON file before Spark reads it.

    ``unknown`` are keys that no column declares, ``absent`` columns that no object has, as far as
    the head shows it. ``header_lines`` is 0, but for a document without any object in it.
    """

    stored: Stored
    layout: JsonLayout
    header_lines: int
    bom_bytes: int
    ends_with_newline: bool
    unknown: tuple[str, ...]
    absent: tuple[str, ...]


def read_json_head(store: Store, stored: Stored, source: Source) -> JsonHead:
    """Read and judge a file's head. Raises RawFileRefused with one sentence."""
    head, tail = read_ends(store, stored)
    bom = len(BOM) if head.startswith(BOM) else 0
    text = as_text(head[bom:], stored, "JSON")
    shape = _shape(text)
    if shape == "document" and stored.size > MAX_DOCUMENT_BYTES:
        raise RawFileRefused(
            "The file is one big JSON document",
            where=stored.path,
            expected=f"at most {MAX_DOCUMENT_BYTES // 1024**2} MB, or one object a line",
            found=f"{stored.size // 1024**2} MB",
            do="convert it to JSON Lines",
        )
    objects = list(_objects(head[bom:], shape))
    keys = list(dict.fromkeys(key for one in objects for key in one))
    nested = list(dict.fromkeys(key for one in objects for key in _nested(one, source)))
    layout = _layout(shape, source, keys, nested)
    unknown = _unknown(layout, keys, nested, source)
    if objects and len(unknown) == len(keys) + len(nested):
        raise RawFileRefused(
            "No object at the start of the file has a declared key",
            where=stored.path,
            expected="keys like " + ", ".join(spelled[0] for _, spelled in layout.columns[:12]),
            found=", ".join(f"'{key[:60]}'" for key in keys[:12]) or "none",
            do="take the file away, or declare its keys in the contract of " + source.name,
        )
    if source.explode and objects:
        _refuse_elements_elsewhere(objects, layout, source, stored)
    if unknown and source.new_columns == "fail":
        raise RawFileRefused(
            f"The objects have undeclared keys: {listed(unknown)}",
            where=stored.path,
            do=f"declare them in the contract of {source.name}, or set new_columns to warn",
        )
    whole = stored.size <= HEAD_BYTES
    empty = shape == "document" and whole and not split_document(head)
    return JsonHead(
        stored,
        layout,
        header_lines=len(text.splitlines()) if empty else 0,
        bom_bytes=bom,
        ends_with_newline=tail == b"\n",
        unknown=unknown,
        absent=_absent(layout, keys, nested) if whole and objects else (),
    )


def _refuse_elements_elsewhere(
    objects: list[dict[str, Any]], layout: JsonLayout, source: Source, stored: Stored
) -> None:
    """Raise RawFileRefused where the elements are not in the array that the contract names.

    Each object would be taken for a record without any: an order that sold nothing.
    """
    if any(key in one for one in objects for key in layout.explode):
        return
    own = {key for _, spelled in layout.columns for key in spelled}
    inner = {plain_name(key) for _, spelled in layout.elements for key in spelled}
    elsewhere = dict.fromkeys(
        key
        for one in objects
        for key, value in one.items()
        if key not in own
        and (plain_name(key) in inner or (isinstance(value, list) and _lists_objects(value)))
    )
    if elsewhere:
        raise RawFileRefused(
            f"The objects have no '{source.explode}', and what looks like it stands elsewhere",
            where=stored.path,
            expected=f"an array '{source.explode}' in each object",
            found=", ".join(f"'{key[:60]}'" for key in elsewhere),
            do=f"deliver them in '{source.explode}', or name their array in the contract of "
            + source.name,
        )


def _lists_objects(value: list[Any]) -> bool:
    return any(isinstance(element, dict) for element in value)


def _shape(text: str) -> Shape:
    """Whether a file holds an object a line, or a document over several lines."""
    body = text.lstrip(" \t\r\n")
    if body.startswith("["):
        return "document"
    if not body.startswith("{"):
        return "lines"
    try:
        _, end = json.JSONDecoder().raw_decode(body)
        return "document" if "\n" in body[:end] else "lines"
    except (ValueError, RecursionError):
        pass
    # Half an object. In a document its lines are indented or end in the middle of it; where
    # another line holds a whole object of its own it is a broken line among lines.
    first, *others = body.splitlines()
    if not first.rstrip().endswith(("{", "[", ",")):
        return "lines"
    return "lines" if any(line.startswith("{") and _whole(line) for line in others) else "document"


def _whole(text: str | bytes) -> Any:
    try:
        return json.loads(text, object_hook=_nameable)
    except (ValueError, RecursionError):
        return None


def _nameable(one: dict[str, Any]) -> dict[str, Any]:
    """The object without keys that hold half a character: nothing can be named by them."""
    return {key: one[key] for key in one if key == key.encode(errors="ignore").decode()}


def _objects(head: bytes, shape: Shape) -> Iterator[dict[str, Any]]:
    """The whole objects of the head."""
    if shape == "document":
        texts = [part.raw for part in split_document(head)]
    else:
        texts = head.split(b"\n")
    for text in texts:
        found = _whole(text) if text.strip() else None
        if isinstance(found, dict):
            yield found


def _nested(one: dict[str, Any], source: Source) -> Iterator[str]:
    if not source.explode:
        return
    for key, value in one.items():
        if plain_name(key) == plain_name(source.explode) and isinstance(value, list):
            for element in value:
                if isinstance(element, dict):
                    yield from element


def _layout(shape: Shape, source: Source, keys: list[str], nested: list[str]) -> JsonLayout:
    of_elements = [column for column in source.columns if source.of_element(column)]
    place = [column.name for column in of_elements if column.header == f"{source.explode}[]"]
    own = [(one, one.header, keys) for one in source.columns if not source.of_element(one)]
    inside = [
        (one, str(one.header).partition("[].")[2], nested)
        for one in of_elements
        if one.name not in place
    ]
    return JsonLayout(
        shape,
        tuple((one.name, _spellings(one, header, among)) for one, header, among in own),
        _keys(source.explode, keys) if source.explode else (),
        tuple((one.name, _spellings(one, header, among)) for one, header, among in inside),
        place[0] if place else None,
        tuple(
            (one.name, "$" + "".join(f"['{part}']" for part in path.split(".")))
            for one, header, among in [*own, *inside]
            if (path := _path(header, among)[1])
        ),
    )


def _path(header: str | None, keys: list[str]) -> tuple[str | None, str]:
    """The key under which a header is found, and its path in the object that lies there."""
    if (
        not header
        or "." not in header
        or any(plain_name(key) == plain_name(header) for key in keys)
    ):
        return header, ""
    key, _, path = header.partition(".")
    return key, path


def _spellings(column: Column, header: str | None, keys: list[str]) -> tuple[str, ...]:
    header, path = _path(header, keys)
    if path:
        return _keys(str(header), keys)
    given = header or column.name
    # An element's own name is its header: a line's discount is not looked for as the order's.
    names = [given] if column.header and "[]" in column.header else [given, column.name]
    return tuple(dict.fromkeys(key for name in names for key in _keys(name, keys)))


def _keys(name: str, keys: list[str]) -> tuple[str, ...]:
    """The name, and all keys that are the same but for letter case, blanks and underscores."""
    same = [key for key in keys if plain_name(key) == plain_name(name)]
    return tuple(dict.fromkeys([name, *same]))


def _unknown(
    layout: JsonLayout, keys: list[str], nested: list[str], source: Source
) -> tuple[str, ...]:
    known = {key for _, spelled in layout.columns for key in spelled} | {*layout.explode}
    inner = {key for _, spelled in layout.elements for key in spelled}
    return (
        *[key for key in keys if key not in known],
        *[f"{source.explode}[].{key}" for key in nested if key not in inner],
    )


def _absent(layout: JsonLayout, keys: list[str], nested: list[str]) -> tuple[str, ...]:
    return (
        *[name for name, spelled in layout.columns if not {*spelled} & {*keys}],
        *[name for name, spelled in layout.elements if not {*spelled} & {*nested}],
    )

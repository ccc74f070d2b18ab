"""COPY from JSON: objects one after the other, their fields by name or by a jsonpaths file."""

from __future__ import annotations

import codecs
import datetime as dt
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa

from src.standin.copy_command import CopyCommand
from src.standin.copy_target import Target
from src.standin.objects import ObjectProblem, ObjectStore
from src.standin.refusal import LoadRefused, Refusal
from src.standin.text_records import Record

_CHUNK = 1 << 20
_STEP = re.compile(
    r"""\.([^.\[\]'"]+)|\[\s*'([^']*)'\s*\]|\[\s*"([^"]*)"\s*\]|\[\s*([0-9]+)\s*\]"""
)
_SPACE = re.compile(r"\s*")


class JsonReader:
    """Makes records, in the order of the target's columns, from JSON objects."""

    def __init__(self, command: CopyCommand, target: Target, objects: ObjectStore) -> None:
        assert command.text is not None
        self._mode = command.text.json.lower()
        self._names = [column.name for column in target.columns]
        self._supers = [column.type.name == "jsonb" for column in target.columns]
        self._paths: list[list[str | int]] | None = None
        if command.text.json.startswith("s3://"):
            self._paths = _read_paths(command.text.json, objects)
            if len(self._paths) != len(self._names):
                raise Refusal(
                    f"Number of jsonpaths and the number of columns should match. JSONPath size: "
                    f"{len(self._paths)}, Number of columns in table or column list: "
                    f"{len(self._names)}",
                    "XX000",
                )
        elif self._mode not in ("auto", "auto ignorecase", "noshred"):
            raise Refusal(f"COPY … JSON {command.text.json!r} is not 'auto', 'auto ignorecase', "
                          "'noshred' or an s3:// jsonpaths file", "42601")  # fmt: skip
        if self._mode == "noshred" and self._supers != [True]:
            raise Refusal("COPY … JSON 'noshred' needs a table of one SUPER column", "XX000")

    def records(self, source: pa.NativeFile) -> Iterator[Record]:
        """One record an object; an object that cannot be read ends its file with a fault."""
        for line, raw, value in _values(source):
            if isinstance(value, ValueError):
                yield Record(line, raw, fault=f"Invalid JSON format. {value}")
                continue
            if self._mode != "noshred" and not isinstance(value, dict) and self._paths is None:
                yield Record(line, raw, fault="Invalid JSON format. an object was expected")
                continue
            yield Record(line, raw, self._fields(value))

    def _fields(self, value: Any) -> list[str | None]:
        if self._mode == "noshred":
            return [as_json(value)]
        if self._paths is not None:
            found = [_follow(value, path) for path in self._paths]
        else:
            if self._mode == "auto ignorecase":
                value = {key.lower(): inner for key, inner in value.items()}
            found = [value.get(name) for name in self._names]
        return [
            _as_super(item) if is_super else _as_text(item)
            for item, is_super in zip(found, self._supers, strict=True)
        ]


def _values(source: pa.NativeFile) -> Iterator[tuple[int, str, Any]]:
    """Line, text and value of each JSON value of a file; a ValueError stands for the broken."""
    decoder = json.JSONDecoder(parse_float=Decimal)
    decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
    text, at, line, ended = "", 0, 1, False
    while True:
        begin = _SPACE.match(text, at).end()  # type: ignore[union-attr]
        line += text.count("\n", at, begin)
        at = begin
        if at < len(text):
            try:
                value, end = decoder.raw_decode(text, at)
            except ValueError as error:
                if ended:
                    raw = text[at:].split("\n", 1)[0]
                    yield line, raw, error
                    # The next line may be whole again.
                    at += len(raw)
                    continue
            else:
                # A number at the end of what has been read may go on.
                if end < len(text) or ended:
                    yield line, text[at:end], value
                    line += text.count("\n", at, end)
                    at = end
                    continue
        elif ended:
            return
        data = bytes(source.read(_CHUNK) or b"")
        ended = not data
        text, at = text[at:] + decode(data, ended), 0


def _read_paths(url: str, objects: ObjectStore) -> list[list[str | int]]:
    try:
        with objects.open(url) as file:
            paths = json.loads(file.read())["jsonpaths"]
        return [_steps(path) for path in paths]
    except ObjectProblem as problem:
        raise LoadRefused("The jsonpaths file cannot be read", str(problem), 8001, url) from None
    except (ValueError, KeyError, TypeError) as error:
        raise LoadRefused("Invalid JSONPath format", f"{url}: {error}", 1216, url) from None


def _steps(path: str) -> list[str | int]:
    if not path.startswith("$"):
        raise ValueError(f"{path!r} does not begin with $")
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise ValueError(f"{path!r} is not understood at {path[at:]!r}")
        dotted, single, double, number = found.groups()
        steps.append(int(number) if number is not None else dotted or single or double or "")
        at = found.end()
    return steps


def _follow(value: Any, path: list[str | int]) -> Any:
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return as_json(value)


def _as_super(value: Any) -> str | None:
    return None if value is None else as_json(value)


def as_json(value: Any) -> str:
    """JSON without spaces, decimals as they were written."""
    if isinstance(value, dict):
        inner = (f"{json.dumps(k, ensure_ascii=False)}:{as_json(v)}" for k, v in value.items())
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(as_json(item) for item in value) + "]"
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dt.date | dt.datetime):
        return json.dumps(value.isoformat(" ") if isinstance(value, dt.datetime) else str(value))
    return json.dumps(value, ensure_ascii=False)

"""Writes a working warehouse for a folder of raw files: contracts, tables, conf, golden test."""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from src.errors import UsageError
from src.io.split_document import split_document
from src.scaffold import code
from src.scaffold.groups import JSON_KINDS
from src.scaffold.infer import day_of, number_of
from src.scaffold.keys import PLACE
from src.scaffold.look import Seen, fits, look, rows_of
from src.scaffold.plan import Plan, plan

# Up to here raw files go into the golden folder whole; of bigger ones the first records.
GOLDEN_BYTES = 100_000
GOLDEN_RECORDS = 50
GOLDEN_FILES = 3


class Made(NamedTuple):
    """What was written, by file what it is, and the files of the raw folder that are no source."""

    written: dict[str, str]
    left_out: list[str]


def new_warehouse(name: str, raw: Path, root: Path) -> Made:
    """Write the warehouse below ``root``, a checkout.

    Raises UsageError: a name that is none or taken, no checkout, no raw file.
    """
    package = _package(name, root)
    if not raw.is_dir():
        raise UsageError("There is no such folder", where=str(raw), do="name one with --from")
    found = plan(look(raw))
    texts: dict[Path, tuple[str, str]] = {
        package / "__init__.py": (code.init_file(name, found), "the warehouse"),
        package / "staged" / "__init__.py": (f'"""The raw sources of {name}."""\n', "sources"),
    }
    for seen in found.seen.values():
        file = package / "staged" / f"{seen.name}.py"
        texts[file] = (code.source_file(seen, found), _told(seen))
    for one in found.dimensions:
        file = package / f"{found.table(one)}.py"
        texts[file] = (code.dimension_file(found.seen[one], found), "dimension")
    for one in found.facts:
        file = package / f"{found.table(one)}.py"
        texts[file] = (code.fact_file(found.seen[one], found), "fact")
    golden = root / "tests" / "golden" / name
    for path, (text, _) in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _format(package)
    _copy_golden(found, raw, golden / "raw")
    expected = json.dumps(_expected(found, golden / "raw", raw), indent=2) + "\n"
    (golden / "expected.json").write_text(expected, encoding="utf-8")
    written = {str(path.relative_to(root)): what for path, (_, what) in texts.items()}
    written[str(golden.relative_to(root))] = "golden raw files, and what has to come out of them"
    conf = root / "conf" / "local.yaml"
    _configure(conf, name, raw, _first_year(found))
    written[str(conf.relative_to(root))] = f"where the raw files of {name} lie"
    return Made(written, _left_out(raw, found))


def _left_out(raw: Path, found: Plan) -> list[str]:
    taken = {path for seen in found.seen.values() for path in seen.paths}
    paths = (path.relative_to(raw) for path in sorted(raw.rglob("*")) if path not in taken)
    hidden = (".", "_")
    return [
        str(path)
        for path in paths
        if (raw / path).is_file() and not any(part.startswith(hidden) for part in path.parts)
    ]


def _told(seen: Seen) -> str:
    key = "no key: each row counts" if seen.is_keyless else f"key {', '.join(seen.key)}"
    part = "" if seen.is_whole else f"; only its first {len(seen.records):,} rows were looked at"
    return f"source, {key}{part}"


def _package(name: str, root: Path) -> Path:
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,40}", name) or keyword.iskeyword(name):
        raise UsageError(
            "This is no name for a warehouse",
            expected="small letters, digits and _, as in bike_rental, and no word of Python",
            found=f"'{name}'",
        )
    transforms = root / "src" / "transforms"
    if not transforms.is_dir() or not (root / "conf" / "local.yaml").is_file():
        raise UsageError(
            "A new warehouse is code, and needs a checkout of Starlift",
            where=str(root),
            expected="folders src/transforms and conf",
            do="change into the checkout",
        )
    if (transforms / name).exists() or (transforms / f"{name}.py").exists():
        raise UsageError(
            "There is a module of this name already",
            where=str(transforms / name),
            do="choose another name, or remove the folder",
        )
    return transforms / name


def _format(package: Path) -> None:
    """In the checkout's style, where its formatter is at hand."""
    ruff = Path(sys.executable).with_name("ruff")
    if ruff.exists():
        for wanted in (["check", "--quiet", "--fix"], ["format", "--quiet"]):
            subprocess.run([str(ruff), *wanted, str(package)], check=False, capture_output=True)


def _first_year(found: Plan) -> int:
    """The earliest year in which something happened."""
    years = [
        day.year
        for name in found.facts
        if (time := found.time_of(name)) and time.kind.is_day
        for row in found.seen[name].records
        if (value := row.get(time.name)) and (day := day_of(value, time.kind.written))
    ]
    return min(years, default=9999)


def _configure(conf: Path, name: str, raw: Path, first_year: int) -> None:
    """Name the raw folder in the settings, and let the calendar begin with the first event."""
    text = conf.read_text(encoding="utf-8")
    line = f"  {name}: {json.dumps(str(raw.absolute()))}\n"
    if not re.search(rf"^  {name}:", text, re.MULTILINE):
        text = re.sub(r"^raw:\n", lambda _: "raw:\n" + line, text, count=1, flags=re.MULTILINE)
    begins = re.search(r"^  first: (\d{4})-01-01$", text, re.MULTILINE)
    if begins and first_year < int(begins[1]):
        text = text.replace(begins[0], f"  first: {first_year}-01-01")
    conf.write_text(text, encoding="utf-8")


def _copy_golden(found: Plan, raw: Path, golden: Path) -> None:
    for seen in found.seen.values():
        for path in seen.paths[:GOLDEN_FILES]:
            target = golden / path.relative_to(raw)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_sample(path))


def _sample(path: Path) -> bytes:
    """The file, or its first records where it is big."""
    content = path.read_bytes()
    if len(content) <= GOLDEN_BYTES:
        return content
    if path.suffix.lower() in JSON_KINDS:
        if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
            parts = split_document(content)[:GOLDEN_RECORDS]
            return b"[" + b",\n".join(part.raw for part in parts) + b"]\n"
        return b"\n".join(content.split(b"\n")[:GOLDEN_RECORDS]) + b"\n"
    text = content.decode("utf-8-sig", errors="surrogateescape")
    return _first_records(text).encode(errors="surrogateescape")


def _first_records(text: str) -> str:
    """The header and the first records: newlines inside of quotes end none."""
    kept, records, quotes = 0, 0, 0
    for line in text.splitlines(keepends=True):
        kept += len(line)
        quotes += line.count('"')
        records += quotes % 2 == 0
        if records > GOLDEN_RECORDS:
            break
    return text[:kept]


def _expected(found: Plan, golden: Path, raw: Path) -> dict[str, object]:
    """Rows and sums of each table, counted here by plain Python."""
    tables: dict[str, object] = {}
    for seen in found.seen.values():
        paths = [golden / path.relative_to(raw) for path in seen.paths[:GOLDEN_FILES]]
        rows = _latest(seen, _taken(seen, rows_of(seen, paths)))
        sums = {}
        for one in found.measures_of(seen.name) if seen.name in found.facts else ():
            known = [number_of(row[one.name], one.kind) for row in rows if one.name in row]
            sums[one.name] = format(sum(known, Decimal(0)).normalize(), "f")
        tables[found.table(seen.name)] = {"rows": len(rows), "sums": sums}
    return {"tables": dict(sorted(tables.items()))}


def _taken(seen: Seen, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that staging takes: of a known key, every value of its type, records as a whole."""
    record = [name for name in code.record_key(seen) if name not in PLACE]
    refused = {
        row["\0place"]
        for row in rows
        if not fits(row, seen) or any(name not in row for name in record)
    }
    return [row for row in rows if row["\0place"] not in refused]


def _latest(seen: Seen, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the last version of each key: by business time, then file, then line."""
    if seen.is_keyless:
        return rows
    record = code.record_key(seen)
    versions: dict[tuple[Any, ...], dict[tuple[Any, ...], list[dict[str, Any]]]] = {}
    for row in rows:
        when = (row.get(seen.business_time or "") or "", *row["\0place"])
        of_key = versions.setdefault(tuple(row.get(name) for name in record), {})
        of_key.setdefault(when, []).append(row)
    return [row for of_key in versions.values() for row in of_key[max(of_key)]]

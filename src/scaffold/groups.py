"""Which raw files are one source: those of one name but for numbers and dates, or of one folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from src.contract.source import plain_name

CSV_KINDS = (".csv", ".tsv", ".txt")
JSON_KINDS = (".json", ".jsonl", ".ndjson")
# Names that say nothing of what is in a file.
_EMPTY_WORDS = ("part", "data", "file", "export", "dump", "sheet", "page", "events", "records")
_NO_DATA = re.compile(r"^(readme|licen[cs]e|notes?|changelog|schema|about|copying)", re.IGNORECASE)

# A month at the end of a name: loans_jan, loans_February_2024.
_MONTH = re.compile(
    r"[\W_]+(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sep(t(ember)?)?|"
    r"oct(ober)?|nov(ember)?|dec(ember)?)(?=[\W_#\d]*$)",
    re.IGNORECASE,
)

Names = Callable[[Path], set[str]]


def groups(folder: Path, names_of: Names) -> dict[str, list[Path]]:
    """Raw files by the name of their source, which each file's path has at the start of a part.

    ``names_of`` tells the plain column names of a file: files of one source share most of them.
    """
    found: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith((".", "_")) for part in parts) or not path.is_file():
            continue
        kind = path.suffix.lower()
        if kind == ".txt" and (_NO_DATA.match(path.name) or len(names_of(path)) < 2):
            continue
        if kind in (*CSV_KINDS, *JSON_KINDS) and path.stat().st_size:
            found.setdefault((_pattern(parts), "json" if kind in JSON_KINDS else ""), []).append(
                path
            )
    named: dict[str, list[Path]] = {}
    for paths in found.values():
        for alike in _alike(paths, names_of):
            name = _group(alike[0].relative_to(folder).parts)
            stem = alike[0].stem
            # A word behind the number speaks as well: covid19_cases is not covid.
            tells = re.search(r"\d.*[^\W\d_]{2}", stem) or _MONTH.search(stem)
            if len(alike) == 1 and (name in named or len(paths) > 1 or tells):
                name = stem
            named.setdefault(name, []).extend(alike)
    return _of_one_folder(folder, named, names_of)


def _pattern(parts: tuple[str, ...]) -> str:
    return _MONTH.sub("#", re.sub(r"\d+", "#", Path(parts[-1]).stem.lower())) + (
        f" in {parts[0]}" if len(parts) > 1 and _says_nothing(Path(parts[-1]).stem) else ""
    )


def _alike(paths: list[Path], names_of: Names) -> list[list[Path]]:
    """The files, those together whose columns are mostly the same."""
    found: list[tuple[set[str], list[Path]]] = []
    for path in paths:
        names = names_of(path)
        for known, together in found:
            if not names or share(names, known):
                together.append(path)
                break
        else:
            found.append((names, [path]))
    return [together for _, together in found]


def share(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two sets of columns are those of one source."""
    left, right = set(one), set(other)
    return len(left & right) >= 0.6 * len(left | right)


def _of_one_folder(
    folder: Path, named: dict[str, list[Path]], names_of: Names
) -> dict[str, list[Path]]:
    """The groups, those of one folder brought together that hold the same columns."""
    merged: dict[str, list[Path]] = {}
    for name, paths in named.items():
        tops = {path.relative_to(folder).parts[0] for path in paths}
        beside = [
            other
            for other, others in named.items()
            if other != name
            and {path.relative_to(folder).parts[0] for path in others} == tops
            and share(names_of(paths[0]), names_of(others[0]))
        ]
        in_folder = len(tops) == 1 and paths[0].parent != folder
        merged.setdefault(tops.pop() if in_folder and beside else name, []).extend(paths)
    return merged


def _says_nothing(stem: str) -> bool:
    named = _before_number(stem)
    return not re.search("[^\\W\\d_]{2}", named) or plain_name(named) in _EMPTY_WORDS


def _before_number(stem: str) -> str:
    # The name ends where a number begins: orders-2024-01.csv, payment_p2022_01.csv.
    named = re.sub(r"([\W_]+[a-z]?)?\d.*$", "", stem, flags=re.IGNORECASE).rstrip("_- .")
    return _MONTH.sub("", named)


def _group(parts: tuple[str, ...]) -> str:
    stem = Path(parts[-1]).stem
    if len(parts) > 1 and _says_nothing(stem):
        return next((part for part in reversed(parts[:-1]) if re.search("[A-Za-z]", part)), stem)
    return _before_number(stem) or stem

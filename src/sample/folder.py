"""The folder that a sample is written into: a new or an empty one, and how much goes into it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from src.errors import UsageError

# The figures that a sample must come to; no source reads a file whose name begins with "_".
TRUTH_FILE = "_truth.json"


def check_rows(rows: int, least: int, most: int, dirty: bool) -> None:
    """Raise UsageError where a sample cannot have so many rows."""
    if not least <= rows <= most:
        raise UsageError(
            "The sample cannot have this number of rows",
            where="--rows",
            expected=f"{least} to {most}" + (" with --dirty" if dirty else ""),
            found=str(rows),
            do="choose a number in that range",
        )


def make_directory(out: Path) -> None:
    """Make the folder, or take an empty one. Raises UsageError for any other."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        entries = sum(1 for _ in out.iterdir())
    except OSError as error:
        raise UsageError(
            "The sample cannot be written",
            where=str(out),
            expected="a new or an empty directory",
            found=error.strerror or str(error),
            do="choose another --out",
        ) from error
    if entries:
        raise UsageError(
            "The sample is not written over other files",
            where=str(out),
            expected="a new or an empty directory",
            found=f"{entries} entries in it",
            do="choose another --out, or empty that directory",
        )


def write_truth(out: Path, truth: Mapping[str, object]) -> None:
    """Write the figures that the warehouse must show of a sample, beside its files."""
    text = json.dumps(truth, indent=1, ensure_ascii=False) + "\n"
    (out / TRUTH_FILE).write_text(text, encoding="utf-8", newline="\n")

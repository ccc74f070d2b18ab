"""What the law compares: warehouse, quarantine and accounting of a home after its last run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from src.transforms.warehouses import WAREHOUSES
from tests.e2e.home import Home

TABLES = [table.name for table, _ in WAREHOUSES["chinook"].tables]

# The accounting of a raw file, without what names the run or the machine's clock.
_COUNTED = (
    "source",
    "size",
    "bytes_read",
    "lines",
    "records",
    "staged",
    "quarantined",
    "duplicates",
    "conflicts",
    "warnings",
    "sums",
)


def picture(home: Home) -> dict[str, Any]:
    """All rows of all tables, the accounting by raw file, and the refused rows."""
    return {
        **{table: home.table(table) for table in TABLES},
        "accounting": {
            path: {name: raw[name] for name in _COUNTED}
            for path, raw in sorted(home.raw_files().items())
        },
        "quarantine": home.quarantine(),
        "verify": home.run("verify", "chinook"),
    }


def differences(found: dict[str, Any], expected: dict[str, Any]) -> str:
    """Empty, or where two pictures differ first and how."""
    for name, wanted in expected.items():
        if found[name] == wanted:
            continue
        if isinstance(wanted, list):
            more = [row for row in found[name] if row not in wanted][:3]
            less = [row for row in wanted if row not in found[name]][:3]
            return f"{name}: too much {more}, too little {less}"
        return f"{name}: {json.dumps(found[name], default=str)[:500]}"
    return ""


def write_all(drops: list[Any], folder: Path) -> None:
    for drop in drops:
        drop.write(folder)

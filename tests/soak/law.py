"""What the law compares: warehouse, quarantine and accounting of a home after its last run."""

from __future__ import annotations

import json
from typing import Any

from pyarrow import orc

from src.contract.warehouse import Warehouse
from src.io.lake_state import LakeState
from src.io.log import Log
from src.io.store import LocalStore
from tests.e2e.home import Home

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
_REFUSED = ("raw_file", "raw_line", "reasons", "raw", "fields")


def picture(home: Home, warehouse: Warehouse) -> dict[str, Any]:
    """All rows of all tables, the accounting of live raw file versions, and the refused rows.

    ``verify`` proves that the star in the lake is that of the warehouse.
    """
    state = Log(LocalStore(home.path / "lake" / warehouse.name)).state()
    return {
        **{
            table.name: home.table(table.name, warehouse=warehouse.name)
            for table, _ in warehouse.tables
            if table.inputs
        },
        "accounting": {
            f"{raw.path} of {raw.arrived}": {name: getattr(raw, name) for name in _COUNTED}
            for raw in sorted(state.raw_files.values(), key=lambda raw: (raw.path, raw.arrived))
        },
        "quarantine": _quarantine(home, warehouse.name, state),
        "verify": home.run("verify", warehouse.name),
    }


def _quarantine(home: Home, name: str, state: LakeState) -> list[tuple[Any, ...]]:
    found = []
    for number, file in state.quarantine:
        gone = set(state.taken_back(number, file))
        rows = orc.read_table(home.path / "lake" / name / file.path).to_pylist()
        found += [tuple(row[n] for n in _REFUSED) for row in rows if row["raw_id"] not in gone]
    return sorted(found, key=repr)


def differences(found: dict[str, Any], expected: dict[str, Any]) -> str:
    """Empty, or where two pictures differ and how: keys name the worlds, 100 numbers to each."""
    said = []
    for name, wanted in expected.items():
        if found[name] == wanted:
            continue
        if isinstance(wanted, list):
            here, there = set(map(repr, found[name])), set(map(repr, wanted))
            more, less = sorted(here - there), sorted(there - here)
            doubled = len(found[name]) - len(here)
            said.append(
                f"{name}: {len(more)} too many {more[:3]}, {len(less)} too few {less[:3]}, "
                f"{doubled} doubled"
            )
        elif isinstance(wanted, dict):
            paths = [
                path
                for path in wanted.keys() | found[name]
                if wanted.get(path) != found[name].get(path)
            ]
            said.append(f"{name}: {sorted(paths)[:5]}")
        else:
            said.append(f"{name}: {json.dumps(found[name], default=str)[:500]}")
    return "; ".join(said)

"""Warehouses that ``starlift new`` wrote, over their golden raw files.

expected.json was counted by plain Python when the warehouse was written: rows of each table
without special and inferred members, and sums of its measures.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = sorted(file.parent.name for file in GOLDEN.glob("*/expected.json"))
# The three warehouses that ship have golden tests of their own.
NONE_MADE = pytest.param("", marks=pytest.mark.skip(reason="no warehouse made by 'starlift new'"))


@pytest.mark.parametrize("name", NAMES or [NONE_MADE])
def test_a_new_warehouse_holds_what_its_raw_files_hold(homes: Any, name: str) -> None:
    expected = json.loads((GOLDEN / name / "expected.json").read_text(encoding="utf-8"))
    with homes(f"new-{name}") as home:
        assert home.run("run", name, "--raw", str(GOLDEN / name / "raw")) == 0
        for table, known in expected["tables"].items():
            real = "WHERE NOT is_inferred" if table.startswith("dim_") else ""
            (rows,) = home.query(f'SELECT count(*) FROM "{name}".{table} {real}')[0]
            special = 2 if table.startswith("dim_") else 0
            assert rows - special == known["rows"], table
            for column, total in known["sums"].items():
                # Suppliers name columns as SQL does: order, group, user.
                total_of = f'SELECT coalesce(sum("{column}"), 0) FROM "{name}".{table}'
                (found,) = home.query(total_of)[0]
                assert Decimal(found) == Decimal(total), (table, column)
        assert home.run("verify", name) == 0

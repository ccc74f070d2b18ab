"""A run that finds too many small files and change sets merges them, and loses no row."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from src.pipeline import compact
from src.sample.chinook import sample_chinook
from tests.e2e.home import Home
from tests.e2e.test_chinook_real import TABLES
from tests.e2e.test_increments import write

pytestmark = pytest.mark.long


def delivery(raw: Path, day: int) -> None:
    """A new invoice with a line, a line that moves to it, a customer who moves, a broken row."""
    write(
        raw,
        f"Invoice-{day}.csv",
        "InvoiceId,CustomerId,InvoiceDate,BillingCountry,Total\n"
        f"{90_000 + day},{day},2025-06-0{day},Canada,0.99\nx,1,2025-06-01,Canada,1\n",
        day,
    )
    write(
        raw,
        f"InvoiceLine-{day}.csv",
        "InvoiceLineId,InvoiceId,TrackId,UnitPrice,Quantity\n"
        f"{90_000 + day},{90_000 + day},1,0.99,1\n{day},{90_000 + day},1,0.99,1\n",
        day,
    )
    write(
        raw,
        f"Customer-{day}.csv",
        f"CustomerId,FirstName,LastName,City,Country\n1,A,Alpha,City {day},Canada\n",
        day,
    )


def merged(home: Home) -> list[dict[str, Any]]:
    return [entry["compacted"] for entry in home.entries() if entry.get("compacted")]


def test_runs_merge_what_gathers_and_lose_nothing(
    homes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(compact, "MANY", 2)
    raw, at_once = tmp_path / "raw", tmp_path / "at-once"
    sample_chinook(raw, rows=600, seed=3)
    for file in raw.iterdir():
        # Before all deliveries, so that versions have one order.
        write(raw, file.name, file.read_text(encoding="utf-8"), -1)
    shutil.copytree(raw, at_once)
    with homes("daily") as home:
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        for day in range(1, 5):
            delivery(raw, day)
            delivery(at_once, day)
            assert home.run("run", "chinook", "--raw", str(raw)) == 0
            # The first run's file of customers and those of two days are more than two.
            assert bool(merged(home)) == (day >= 2)
        # Lines: few changed beside many, so that the change sets became one and the rest stayed.
        changes = {one["table"]: one for part in merged(home) for one in part["changes"]}
        assert not changes["fact_invoice_line"]["whole"]
        assert {"invoice", "invoice_line", "customer"} <= set(merged(home)[0]["files"])
        assert any(part["quarantine"] for part in merged(home))
        assert home.run("verify", "chinook") == 0
        found = {table: home.table(table) for table in TABLES}
        capsys.readouterr()
        assert home.run("quarantine", "chinook", "--json") == 0
        refused = json.loads(capsys.readouterr().out)
        assert [row["raw_file"] for row in refused] == [f"Invoice-{day}.csv" for day in range(1, 5)]
    with homes("at-once") as home:
        assert home.run("run", "chinook", "--raw", str(at_once)) == 0
        assert found == {table: home.table(table) for table in TABLES}

"""The dirty sample through the main job, held against its truth file to the exact row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from src.sample.chinook import sample_chinook

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dirty") / "raw"
    sample_chinook(folder, rows=2500, seed=11, dirty=True)
    return folder


@pytest.fixture(scope="module")
def truth(raw: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((raw / "_truth.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def home(homes: Any, raw: Path) -> Iterator[Any]:
    with homes("dirty") as home:
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        yield home


@pytest.fixture(scope="module")
def quarantine(home: Any, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    import contextlib
    import io

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        assert home.run("quarantine", "chinook", "--json") == 0
    rows: list[dict[str, Any]] = json.loads(text.getvalue())
    return rows


def test_the_counts_of_every_file_are_the_truth(home: Any, truth: dict[str, Any]) -> None:
    names = {
        "records": "read",
        "staged": "staged",
        "quarantined": "quarantined",
        "conflicts": "conflicts",
        "duplicates": "duplicates",
    }
    found = {
        path: {name: raw[key] for key, name in names.items()}
        for path, raw in home.raw_files().items()
    }
    assert found == truth["files"]


def test_revenue_is_the_truth_by_header_and_by_lines(home: Any, truth: dict[str, Any]) -> None:
    assert home.query("SELECT SUM(revenue) FROM chinook.fact_invoice_line") == [
        (Decimal(truth["totals"]["revenue_by_lines"]),)
    ]
    assert home.query("SELECT SUM(total) FROM chinook.fact_invoice") == [
        (Decimal(truth["totals"]["revenue_by_header"]),)
    ]


def test_every_refused_row_is_in_quarantine_with_its_line(
    quarantine: list[dict[str, Any]], truth: dict[str, Any]
) -> None:
    expected = {
        (defect["file"], line)
        for defect in truth["defects"]
        if defect["fate"] in ("quarantined", "conflict")
        for line in defect["lines"]
    }
    assert {(row["raw_file"], row["raw_line"]) for row in quarantine} == expected
    assert len(quarantine) == len(expected)
    assert all(row["reasons"] for row in quarantine)
    assert all((row["raw"] is None) != (row["fields"] is None) for row in quarantine)


def test_orphans_have_inferred_members_and_lose_no_amount(home: Any, truth: dict[str, Any]) -> None:
    inferred = truth["totals"]["inferred_members"]
    for table, count in (("dim_track", inferred["Track"]), ("dim_customer", inferred["Customer"])):
        assert home.query(f"SELECT COUNT(*) FROM chinook.{table} WHERE is_inferred") == [(count,)]
    assert home.query("SELECT COUNT(*) FROM chinook.fact_invoice_line WHERE date_key = -1") == [
        (truth["totals"]["lines_without_invoice"],)
    ]


def test_countries_have_one_spelling(home: Any, truth: dict[str, Any]) -> None:
    spellings = home.query(
        "SELECT billing_country_code, COUNT(DISTINCT billing_country) "
        "FROM chinook.fact_invoice GROUP BY 1"
    )
    assert spellings
    assert {count for _, count in spellings} == {1}
    assert None not in {code for code, _ in spellings}


def test_a_warning_is_reported_and_its_rows_are_kept(home: Any, truth: dict[str, Any]) -> None:
    built = [entry["built"] for entry in home.entries() if entry["built"]]
    (warning,) = [text for text in built[0]["warnings"] if "header total" in text]
    count = truth["totals"]["invoices_unlike_their_lines"]
    assert f" {count} rows fail" in warning
    kept = list((home.path / "lake/chinook/refused").rglob("holds*.jsonl"))
    assert len(kept) == 1
    assert len(kept[0].read_text(encoding="utf-8").splitlines()) == count

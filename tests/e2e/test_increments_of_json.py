"""Logs and orders that come in pieces, late, again and changed give the star of one run."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from src.pipeline import prune
from src.transforms.warehouses import WAREHOUSES
from tests.e2e.home import Home

pytestmark = pytest.mark.long

GOLDEN = Path(__file__).parents[1] / "golden"
ARRIVALS = {"first": 1_750_000_000, "second": 1_752_592_000}


@pytest.fixture(autouse=True)
def as_in_a_large_lake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Increments read by key, as they do where there is much to leave out."""
    monkeypatch.setattr(prune, "FROM_ROWS", 0)


def deliver(name: str, delivery: str, raw: Path) -> None:
    shutil.copytree(GOLDEN / name / "raw" / delivery, raw / delivery)
    for file in (raw / delivery).rglob("*"):
        os.utime(file, (ARRIVALS[delivery], ARRIVALS[delivery]))


def star(home: Home, name: str) -> dict[str, list[list[str]]]:
    return {
        table.name: [
            ["" if value is None else str(value) for value in row]
            for row in home.table(table.name, warehouse=name)
        ]
        for table, _ in WAREHOUSES[name].tables
        if table.inputs
    }


def golden(name: str, table: str) -> list[list[str]]:
    file = GOLDEN / name / "expected" / f"{table}.csv"
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.reader(text))[1:]


@pytest.mark.parametrize("name", ["sparkify", "ecommerce"])
@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(("first", "second"), id="in order", marks=pytest.mark.soak),
        pytest.param(("second", "first"), id="in reverse"),
    ],
)
def test_two_deliveries_in_any_order_give_the_golden_star(
    homes: Any, tmp_path: Path, name: str, cut: tuple[str, str]
) -> None:
    raw = tmp_path / "raw"
    with homes(f"cut-{name}") as home:
        for delivery in cut:
            deliver(name, delivery, raw)
            assert home.run("run", name, "--raw", str(raw)) == 0
        for table, rows in star(home, name).items():
            assert rows == golden(name, table), table
        assert home.run("verify", name) == 0


def event(ts: int, session: int, item: int, page: str, user: str, level: str) -> str:
    return (
        f'{{"ts":{ts},"sessionId":{session},"itemInSession":{item},"page":"{page}",'
        f'"userId":"{user}","level":"{level}"}}\n'
    )


DAY = 1541030400000
OLD = (
    event(DAY + 1, 1, 0, "NextSong", "7", "free")
    + event(DAY + 2, 1, 1, "NextSong", "7", "free")
    + event(DAY + 3, 2, 0, "NextSong", "8", "paid")
)
# User 8 and session 2 are gone, an event of user 7 is paid now, another came.
NEW = (
    event(DAY + 1, 1, 0, "NextSong", "7", "free")
    + event(DAY + 2, 1, 1, "NextSong", "7", "paid")
    + event(DAY + 4, 1, 2, "Home", "7", "paid")
)
LATER = event(DAY + 9, 3, 0, "NextSong", "7", "paid")


def write(raw: Path, name: str, text: str, day: int) -> None:
    file = raw / "log_data" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    os.utime(file, (1_750_000_000 + day, 1_750_000_000 + day))


def test_a_newer_version_of_a_log_replaces_the_older_one_and_so_does_the_old_one_again(
    homes: Any, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    with homes("whole-log") as home:
        write(raw, "a.json", NEW, 2)
        write(raw, "b.json", LATER, 1)
        assert home.run("run", "sparkify", "--raw", str(raw)) == 0
        new = star(home, "sparkify")
        sessions = "SELECT session_id, events, plays, level_at_end FROM sparkify.fact_session"
        assert sorted(home.query(sessions)) == [(1, 3, 2, "paid"), (3, 1, 1, "paid")]
        users = "SELECT user_id, level FROM sparkify.dim_user WHERE user_id IS NOT NULL"
        assert sorted(home.query(users)) == [(7, "free"), (7, "paid")]
    with homes("old-log") as home:
        write(raw, "a.json", OLD, 0)
        assert home.run("run", "sparkify", "--raw", str(raw)) == 0
        old = star(home, "sparkify")
        assert len(old["fact_session"]) == 3
    with homes("replaced-log") as home:
        for text, day, expected in ((NEW, 2, new), (OLD, 0, old), (NEW, 2, new)):
            write(raw, "a.json", text, day)
            assert home.run("run", "sparkify", "--raw", str(raw)) == 0
            assert star(home, "sparkify") == expected
        assert home.run("run", "sparkify", "--raw", str(raw), "--full") == 0
        assert star(home, "sparkify") == new
        # A version that holds nothing would take most plays with it, and the gate asks a person.
        write(raw, "a.json", "", 3)
        assert home.run("run", "sparkify", "--raw", str(raw)) == 1
        assert star(home, "sparkify") == new


def test_plays_of_an_array_on_one_line_are_as_many_as_stand_there(
    homes: Any, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    listed = [json.loads(line) for line in NEW.splitlines()]
    with homes("one-line") as home:
        write(raw, "a.json", LATER, 1)
        assert home.run("run", "sparkify", "--raw", str(raw)) == 0
        write(raw, "b.json", json.dumps(listed), 2)
        assert home.run("run", "sparkify", "--raw", str(raw)) == 0
        plays = "SELECT COUNT(*) FROM sparkify.fact_songplay"
        assert home.query(plays) == [(3,)]
        sessions = "SELECT session_id, events, plays FROM sparkify.fact_session"
        assert sorted(home.query(sessions)) == [(1, 3, 2), (3, 1, 1)]


def test_a_late_rate_fills_what_was_null_and_flagged(homes: Any, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    order = (
        '{"order_id":"A","ordered_at":"2024-01-05T10:00:00Z","currency":"USD","lines":'
        '[{"line_number":1,"product_id":"P","quantity":2,"unit_price":1.5}]}\n'
    )
    asked = (
        "SELECT is_rate_missing, reporting_total_amount::text, total_amount::text "
        "FROM ecommerce.fact_orders"
    )
    with homes("late-rate") as home:
        (raw / "orders").mkdir(parents=True)
        (raw / "orders" / "1.json").write_text(order, encoding="utf-8")
        assert home.run("run", "ecommerce", "--raw", str(raw)) == 0
        assert home.query(asked) == [(True, None, "3.0000")]
        (raw / "exchange_rates").mkdir()
        (raw / "exchange_rates" / "1.csv").write_text(
            "currency,rate_date,rate\nUSD,2024-01-05,0.8\nUSD,2024-01-06,0.9\n", encoding="utf-8"
        )
        assert home.run("run", "ecommerce", "--raw", str(raw)) == 0
        assert home.query(asked) == [(False, "2.4000", "3.0000")]

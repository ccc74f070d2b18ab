"""The samples of sparkify and ecommerce: the same bytes from a seed, and the figures they tell."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from src.errors import UsageError
from src.sample import SAMPLES
from src.transforms.warehouses import WAREHOUSES
from tests.e2e.home import open_home

ROWS = 600


def make(folder: Path, name: str, **more: Any) -> Path:
    SAMPLES[name](folder, rows=ROWS, seed=5, **more)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_warehouses_that_say_so_have_a_sample() -> None:
    assert {name for name, one in WAREHOUSES.items() if one.has_sample} == set(SAMPLES)


@pytest.mark.parametrize("name", ["sparkify", "ecommerce"])
def test_a_seed_gives_the_same_bytes_and_another_gives_others(tmp_path: Path, name: str) -> None:
    one = content(make(tmp_path / "one", name, dirty=True))
    assert one == content(make(tmp_path / "same", name, dirty=True))
    SAMPLES[name](tmp_path / "other", rows=ROWS, seed=6, dirty=True)
    assert one != content(tmp_path / "other")
    with pytest.raises(UsageError, match="not written over other files"):
        make(tmp_path / "one", name)
    with pytest.raises(UsageError, match="number of rows"):
        SAMPLES[name](tmp_path / "few", rows=5, dirty=True)


def test_a_clean_log_has_the_plays_asked_for(tmp_path: Path) -> None:
    folder = make(tmp_path / "raw", "sparkify")
    events = [
        json.loads(line)
        for path in sorted(folder.glob("log_data/**/*.json"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert sum(event["page"] == "NextSong" for event in events) == ROWS
    assert len({(e["ts"], e["sessionId"], e["itemInSession"]) for e in events}) == len(events)
    assert not (folder / "_truth.json").exists()


def test_clean_orders_have_the_lines_asked_for(tmp_path: Path) -> None:
    folder = make(tmp_path / "raw", "ecommerce")
    orders = [
        json.loads(line, parse_float=Decimal)
        for path in sorted(folder.glob("orders/*.json"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert sum(len(order["lines"]) for order in orders) == ROWS
    assert len({order["order_id"] for order in orders}) == len(orders)
    with (folder / "products/products.csv").open(encoding="utf-8", newline="") as file:
        known = {row["product_id"] for row in csv.DictReader(file)}
    assert {line["product_id"] for order in orders for line in order["lines"]} <= known


@pytest.mark.long
@pytest.mark.parametrize("name", ["sparkify", "ecommerce"])
def test_the_warehouse_comes_to_the_figures_of_a_dirty_sample(
    spark: object, tmp_path: Path, name: str
) -> None:
    raw = make(tmp_path / "raw", name, dirty=True)
    truth = json.loads((raw / "_truth.json").read_text(encoding="utf-8"))
    with open_home(tmp_path / "home") as home:
        assert home.run("run", name, "--raw", str(raw)) == 0
        files = home.raw_files(name).values()
        refused = sum(file["quarantined"] for file in files)
        if name == "sparkify":
            plays = home.query("SELECT count(*) FROM sparkify.fact_songplay")
            events = home.query("SELECT count(*) FROM sparkify_back.staging_events")
            levels = home.query("SELECT DISTINCT level FROM sparkify.dim_user WHERE user_id > 0")
            assert plays == [(truth["plays"],)]
            assert events == [(truth["events"],)]
            assert refused == truth["half_lines"] + truth["times_in_seconds"]
            assert {level for (level,) in levels} == {"free", "paid"}
            read = sum(file["records"] for file in files if file["source"] == "event")
            assert read == truth["events"] + truth["copied_events"] + refused
            return
        lines = home.query("SELECT count(*), count(DISTINCT order_id) FROM ecommerce.fact_orders")
        assert lines == [(truth["lines"], truth["orders"])]
        net = home.query("SELECT currency, sum(net_amount) FROM ecommerce.fact_orders GROUP BY 1")
        expected = {currency: Decimal(text) for currency, text in truth["net_amount"].items()}
        assert dict(net) == expected
        missing = "SELECT count(*) FROM ecommerce.fact_orders WHERE is_rate_missing"
        assert home.query(missing) == [(0,)]
        # Both lines of each order whose line number stands twice.
        assert refused == truth["half_lines"] + 2 * truth["doubled_line_numbers"]

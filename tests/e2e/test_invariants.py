"""Tries to break what must never break.

1, 3  test_a_run_touches_no_raw_file_and_nothing_of_an_earlier_run
2     test_a_file_is_staged_alike_alone_and_among_others
5     test_each_step_catches_up_with_the_one_before
6     test_a_row_lost_on_its_way_stops_the_step
7     test_a_load_that_is_replayed_changes_nothing; lost connections: tests/loader
8     test_a_rebuild_gives_the_same_rows_under_another_run
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow import orc
from pyspark.sql import DataFrame

from src.io.lake import Lake
from tests.e2e.home import Home
from tests.e2e.test_chinook_real import TABLES
from tests.e2e.test_increments import first, second, third

pytestmark = pytest.mark.long


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file below a folder: hash of its bytes and time of its last change."""
    return {
        str(file.relative_to(folder)): (
            hashlib.sha256(file.read_bytes()).hexdigest(),
            file.stat().st_mtime_ns,
        )
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def star(home: Home) -> dict[str, Any]:
    return {table: home.table(table) for table in TABLES}


@pytest.fixture(scope="module")
def grown(homes: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Path]]:
    """A home after a first run; the second delivery lies in the raw folder."""
    raw = tmp_path_factory.mktemp("invariants-raw")
    first(raw)
    with homes("invariants") as home:
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        second(raw)
        yield home, raw


def test_a_run_touches_no_raw_file_and_nothing_of_an_earlier_run(grown: tuple[Home, Path]) -> None:
    home, raw = grown
    lake = home.path / "lake" / "chinook"
    raw_before, lake_before = contents(raw), contents(lake)
    assert home.run("run", "chinook", "--raw", str(raw)) == 0
    assert contents(raw) == raw_before
    lake_after = contents(lake)
    assert {name: lake_after.get(name) for name in lake_before} == lake_before
    run = home.entries()[-1]["run"]
    for name in lake_after.keys() - lake_before:
        assert run in name or name.startswith("log/"), name


def staged(home: Home, path: str) -> tuple[set[str], set[str]]:
    """The staged and the quarantined rows of one raw file, but for what names the run."""
    found: tuple[set[str], set[str]] = (set(), set())
    for entry in home.entries():
        if not entry["staged"]:
            continue
        groups = [*entry["staged"]["files"].values(), entry["staged"]["quarantine"]]
        for place, files in enumerate(groups):
            for file in files:
                rows = orc.read_table(home.path / "lake/chinook" / file["path"]).to_pylist()
                for row in rows:
                    if row["raw_file"] == path:
                        row.pop("run_id", None)
                        found[place == len(groups) - 1].add(repr(sorted(row.items())))
    return found


def test_a_file_is_staged_alike_alone_and_among_others(homes: Any, tmp_path: Path) -> None:
    many, alone = tmp_path / "many", tmp_path / "alone"
    for deliver in (first, second, third):
        deliver(many)
    file = many / "Invoice-2.csv"
    time = file.stat().st_mtime
    file.write_text(file.read_text() + "3,1,2025-12-01,Germany,2.00\n4,4,never,Peru,0.99\n")
    os.utime(file, (time, time))
    alone.mkdir()
    shutil.copy2(file, alone / file.name)
    with homes("many") as home:
        assert home.run("stage", "chinook", "--raw", str(many)) == 0
        among_others = staged(home, file.name)
    with homes("alone") as home:
        assert home.run("stage", "chinook", "--raw", str(alone)) == 0
        by_itself = staged(home, file.name)
    assert by_itself == among_others
    assert (len(by_itself[0]), len(by_itself[1])) == (3, 2)


def test_each_step_catches_up_with_the_one_before(homes: Any, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    with homes("steps") as home:
        for deliver in (first, second):
            deliver(raw)
            assert home.run("stage", "chinook", "--raw", str(raw)) == 0
        assert home.run("build", "chinook") == 0
        third(raw)
        assert home.run("stage", "chinook", "--raw", str(raw)) == 0
        assert home.run("build", "chinook") == 0
        kinds = ["staged" if entry["staged"] else "built" for entry in home.entries()]
        assert kinds == ["staged", "staged", "built", "staged", "built"]
        assert home.run("load", "chinook") == 0
        applied = home.query("SELECT DISTINCT entry FROM chinook_back.load_ledger_tables")
        assert sorted(applied) == [(3,), (5,)]
        stepped = star(home)
        # Nothing is left to do, step by step or at once.
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        assert len(home.entries()) == 5
    with homes("at-once") as home:
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        assert star(home) == stepped


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        ("staged/invoice/", "rows read = staged + quarantined + duplicates"),
        ("/fact_invoice_line/rows", "fact_invoice_line"),
    ],
)
def test_a_row_lost_on_its_way_stops_the_step(
    homes: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    folder: str,
    says: str,
) -> None:
    raw = tmp_path / "raw"
    first(raw)
    write = Lake.write

    def lossy(lake: Lake, rows: DataFrame, place: str, partition_by: str | None = None) -> None:
        kept = rows.limit(rows.count() - 1) if folder in place else rows
        write(lake, kept, place, partition_by)

    monkeypatch.setattr(Lake, "write", lossy)
    with homes("lossy") as home:
        assert home.run("run", "chinook", "--raw", str(raw)) == 1
        said = " ".join(capsys.readouterr().err.split())
        assert says in said
        entries = home.entries()
        assert not any(entry["built"] for entry in entries)
        assert len(entries) == (0 if folder.startswith("staged") else 1)
        # With nothing lost the next run takes up all of it.
        monkeypatch.setattr(Lake, "write", write)
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        assert len(home.table("fact_invoice")) == 2


def test_a_load_that_is_replayed_changes_nothing(grown: tuple[Home, Path]) -> None:
    home, raw = grown
    assert home.run("run", "chinook", "--raw", str(raw)) == 0
    before = star(home)
    for _ in range(2):
        assert home.run("load", "chinook") == 0
    assert star(home) == before


def test_a_rebuild_gives_the_same_rows_under_another_run(grown: tuple[Home, Path]) -> None:
    home, raw = grown
    assert home.run("run", "chinook", "--raw", str(raw)) == 0
    before = star(home)
    assert home.run("build", "chinook", "--full") == 0
    changes = home.entries()[-1]["built"]["changes"]
    assert all(change["whole"] for change in changes)
    assert len(changes) == len(TABLES)
    assert home.run("load", "chinook") == 0
    assert star(home) == before

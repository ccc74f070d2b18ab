"""Compact, expire, clean and read as of an entry: no row changes, before and after."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from pyarrow import orc

from tests.e2e.home import Home
from tests.e2e.test_chinook_real import TABLES
from tests.e2e.test_increments import first, second, third, write

pytestmark = pytest.mark.long


def picture(home: Home) -> dict[str, Any]:
    return {table: home.table(table) for table in TABLES}


def read(home: Home, capsys: Any, table: str, *options: str) -> list[list[str]]:
    """What ``starlift read`` prints, header first."""
    capsys.readouterr()
    assert home.run("read", "chinook", table, "--format", "csv", *options) == 0
    return list(csv.reader(io.StringIO(capsys.readouterr().out)))


def said(home: Home, capsys: Any, *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert home.run(*arguments, "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def files(home: Home) -> set[str]:
    """Every data file in the lake, checksums left out."""
    lake = home.path / "lake/chinook"
    return {
        str(file.relative_to(lake))
        for folder in ("staged", "quarantine", "star", "star_current")
        for file in (lake / folder).rglob("*.orc")
        if not file.name.startswith(".")
    }


def current_is_complete(home: Home, warehouse: dict[str, Any]) -> None:
    """The last entry lists every table whole, and a manifest beside the files says the same."""
    entry = home.entries()[-1]
    assert (entry["staged"], entry["built"], entry["format"]) == (None, None, 2)
    current = {one["table"]: one for one in entry["compacted"]["changes"]}
    assert set(current) == set(TABLES)
    for table, change in current.items():
        found = [
            row
            for file in change["rows"]
            for row in orc.read_table(home.path / "lake/chinook" / file["path"]).to_pylist()
        ]
        assert all(f["path"].startswith(f"star_current/{table}/") for f in change["rows"])
        assert len(found) == len(warehouse[table]), table
        folder = home.path / f"lake/chinook/star_current/{table}"
        listed = json.loads((folder / f"{entry['number']:08d}.manifest").read_text())
        assert [one["url"].rsplit("/", 1)[-1] for one in listed["entries"]] == [
            one["path"].rsplit("/", 1)[-1] for one in change["rows"]
        ]


def old_states_expire(home: Home, capsys: Any) -> None:
    """Nothing goes within its age; what goes is what was said; what is kept can be read."""
    last = len(home.entries())
    assert said(home, capsys, "expire", "chinook", "--older-than", "1d")["files"] == 0
    assert len(home.entries()) == last
    there = files(home)
    would = said(home, capsys, "expire", "chinook", "--older-than", "0d", "--dry-run")
    assert files(home) == there
    assert would["kept_from"] == last
    gone = said(home, capsys, "expire", "chinook", "--older-than", "0d")
    assert gone["paths"] == would["paths"]
    assert gone["bytes"] > 0
    assert not files(home) & set(gone["paths"])
    assert home.entries()[-1]["expired"] == {"kept_from": last}
    assert home.run("read", "chinook", "dim_customer", "--as-of", "2") == 2
    assert "has expired" in capsys.readouterr().err
    assert home.run("verify", "chinook") == 0


def dead_runs_are_cleaned(home: Home, capsys: Any) -> None:
    """What an entry names stays; what a dead run left goes, once it is old enough."""
    lake = home.path / "lake/chinook"
    dead = "20210101T000000000Z-abcdef"
    left = next((lake / "staged/artist").rglob("part-*.orc"))
    for path in (f"staged/artist/{dead}/part-1.orc", f"star/{dead}/dim_artist/rows/p.orc"):
        (lake / path).parent.mkdir(parents=True)
        shutil.copyfile(left, lake / path)
    assert said(home, capsys, "clean", "chinook")["files"] == 0
    long_ago = time.time() - 2 * 86_400
    for file in (*(lake / "staged").rglob("*"), *(lake / "star").rglob("*")):
        os.utime(file, (long_ago, long_ago))
    cleaned = said(home, capsys, "clean", "chinook")
    assert {path for path in cleaned["paths"] if dead in path} == {
        f"staged/artist/{dead}/part-1.orc",
        f"star/{dead}/dim_artist/rows/p.orc",
    }
    assert not (lake / "staged/artist" / dead).exists()
    assert home.run("verify", "chinook") == 0


def test_upkeep_changes_no_row(homes: Any, tmp_path: Path, capsys: Any) -> None:
    raw, whole_raw = tmp_path / "raw", tmp_path / "whole"
    fourth = "ArtistId,Name\n2,Accepted\n5,\nno number,x\n"
    for deliver in (first, second, third):
        deliver(whole_raw)
    write(whole_raw, "Artist-4.csv", fourth, 90)
    with homes("whole") as home:
        assert home.run("run", "chinook", "--raw", str(whole_raw)) == 0
        expected = picture(home)
    with homes("upkeep") as home:
        first(raw)
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        then = read(home, capsys, "dim_customer")
        assert sorted(row[2] for row in then[1:]) == ["", "", "1", "2"]
        second(raw)
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        customers = read(home, capsys, "dim_customer")
        assert len(customers) > len(then)
        before = picture(home)
        assert home.run("compact", "chinook") == 0
        current_is_complete(home, before)
        capsys.readouterr()
        assert home.run("compact", "chinook") == 0
        assert "Nothing to merge" in capsys.readouterr().out
        assert read(home, capsys, "dim_customer") == customers
        assert read(home, capsys, "dim_customer", "--as-of", "2") == then
        assert home.run("verify", "chinook") == 0

        # Late versions after it find the versions before it.
        third(raw)
        write(raw, "Artist-4.csv", fourth, 90)
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        assert picture(home) == expected
        old_states_expire(home, capsys)
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        dead_runs_are_cleaned(home, capsys)

        # A warehouse that is made anew is filled from the last entry with every table whole.
        for schema in ("chinook", "chinook_back"):
            home.execute(f"DROP SCHEMA {schema} CASCADE")
        assert home.run("load", "chinook") == 0
        assert picture(home) == expected
        assert home.run("verify", "chinook") == 0
        assert home.run("run", "chinook", "--raw", str(raw), "--full") == 0
        assert picture(home) == expected

"""After a fix of rules raw files are parsed again, and the star is that of the new rules."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from src.contract.types import varchar
from src.contract.warehouse import Warehouse
from src.transforms.warehouses import WAREHOUSES
from tests.e2e.home import Home
from tests.e2e.test_chinook_real import TABLES
from tests.e2e.test_increments import first, write

pytestmark = pytest.mark.long

FIXED = WAREHOUSES["chinook"]
Patch = pytest.MonkeyPatch


def with_names_of(size: int) -> Warehouse:
    """Chinook with a rule that refuses names of genres of more than so many bytes."""

    def changed(source: Any) -> Any:
        if source.name != "genre":
            return source
        columns = [
            replace(c, type=varchar(size)) if c.name == "name" else c for c in source.columns
        ]
        return replace(source, columns=tuple(columns))

    return replace(FIXED, sources=tuple(changed(source) for source in FIXED.sources))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    first(folder)
    write(folder, "Genre.csv", "GenreId,Name\n1,Rock\n2,Electronica\n", 0)
    write(folder, "Genre-2.csv", "GenreId,Name\n3,Bossa Nova\n2,Jazz\n2,Trance\n", 1)
    return folder


@pytest.fixture
def asked(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def ask(home: Home, *arguments: str) -> Any:
        capsys.readouterr()
        assert home.run(*arguments, "--json") == 0
        return json.loads(capsys.readouterr().out)

    return ask


def test_rows_leave_quarantine_when_their_files_are_parsed_again(
    homes: Any,
    raw: Path,
    monkeypatch: Patch,
    capsys: pytest.CaptureFixture[str],
    asked: Callable[..., Any],
) -> None:
    at = ("--raw", str(raw))
    with homes("fixed") as home:
        assert home.run("run", "chinook", *at) == 0
        fixed = {table: home.table(table) for table in TABLES}
    with homes("restage") as home:
        monkeypatch.setitem(WAREHOUSES, "chinook", with_names_of(6))
        assert home.run("run", "chinook", *at) == 0
        refused = {
            (row["raw_file"], row["raw_line"]) for row in asked(home, "quarantine", "chinook")
        }
        assert refused == {("Genre.csv", 3), ("Genre-2.csv", 2), ("Genre-2.csv", 3)}
        before = {one["path"]: one for one in asked(home, "files", "chinook", *at)["files"]}

        # The rules are mended: who asks is told what is still of the old ones, and the command.
        monkeypatch.setitem(WAREHOUSES, "chinook", FIXED)
        (note,) = asked(home, "plan", "chinook", *at)["notes"]
        command = f"'starlift restage chinook --raw {raw}'"
        assert note.startswith(
            "raw files are staged by rules that have changed since: genre 2 of 2;"
        )
        assert command in note

        # One file is parsed again.
        capsys.readouterr()
        assert home.run("restage", "chinook", *at, "--file", "Genre-2.csv") == 0
        shown = capsys.readouterr().out
        assert "1 → 2" in shown
        assert "2 → 1" in shown
        staged, built = home.entries()[-2:]
        raw_id = next(one["raw_id"] for one in home.raw_files().values() if "-2" in one["path"])
        assert staged["staged"]["removed_raw_ids"] == [raw_id]
        assert [one["raw_id"] for one in staged["staged"]["raw_files"]] == [raw_id]
        keys = {one["table"]: one["key_count"] for one in built["built"]["changes"]}
        assert keys["dim_genre"] == 2
        assert not any(one["whole"] for one in built["built"]["changes"])
        (note,) = asked(home, "plan", "chinook", *at)["notes"]
        assert "genre 1 of 2;" in note
        refused = {
            (row["raw_file"], row["raw_line"]) for row in asked(home, "quarantine", "chinook")
        }
        assert refused == {("Genre.csv", 3), ("Genre-2.csv", 3)}
        names = "SELECT name FROM chinook.dim_genre WHERE genre_id IS NOT NULL"
        assert {name for (name,) in home.query(names)} == {"Rock", "Trance", "Bossa Nova"}

        # And all others that are of the old rules: the star is that of one run by the new ones.
        assert home.run("restage", "chinook", *at) == 0
        assert {table: home.table(table) for table in TABLES} == fixed
        rows = asked(home, "quarantine", "chinook")
        assert [(row["raw_line"], row["reasons"][:8]) for row in rows] == [(3, "conflict")]
        after = {one["path"]: one for one in asked(home, "files", "chinook", *at)["files"]}
        assert (before["Genre.csv"]["quarantined"], after["Genre.csv"]["quarantined"]) == (1, 0)
        assert (before["Genre.csv"]["arrived"]) == after["Genre.csv"]["arrived"]
        assert asked(home, "plan", "chinook", *at)["notes"] == []
        entries = len(home.entries())
        assert home.run("restage", "chinook", *at) == 0
        assert len(home.entries()) == entries

        log_shows(asked(home, "log", "chinook"))
        rebuild_changes_nothing(home, at, asked, capsys)
        assert {table: home.table(table) for table in TABLES} == fixed
        assert home.run("verify", "chinook") == 0


def log_shows(log: dict[str, Any]) -> None:
    """Who asks for the log sees what a restage took back, and that all of it is loaded."""
    change = log["entries"][2]["sources"]["genre"]
    assert change.pop("files") >= 1
    assert change == {
        "added": 1, "removed": 1, "rows": 3, "staged": 2, "quarantined": 1, "duplicates": 0,
    }  # fmt: skip
    assert log["reached"]["loaded"] == log["reached"]["built"] == log["reached"]["last"] == 6


def rebuild_changes_nothing(
    home: Home, at: tuple[str, str], asked: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """A rebuild of the same rows says so, before and when it is done."""
    entries = len(home.entries())
    capsys.readouterr()
    assert home.run("run", "chinook", *at, "--full", "--dry-run") == 0
    assert "Nothing was published" in capsys.readouterr().out
    assert len(home.entries()) == entries
    assert home.run("run", "chinook", *at, "--full") == 0
    (report, *_) = asked(home, "status", "chinook")
    assert {one["table"] for one in report["differences"]} >= set(TABLES)
    for one in report["differences"]:
        assert (one["added"], one["removed"], one["changed"]) == (0, 0, 0), one["table"]


def test_what_a_restage_cannot_take_is_said_in_one_sentence(
    homes: Any, raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--raw", str(raw))
    with homes("gone") as home:
        assert home.run("stage", "chinook", *at) == 0
        (raw / "Artist.csv").unlink()
        os.utime(raw / "Album.csv", (1, 1))
        before = home.entries()
        for name, found in (("Artist.csv", "no such file"), ("Album.csv", "changed since")):
            capsys.readouterr()
            assert home.run("restage", "chinook", *at, "--file", name) == 1
            said = capsys.readouterr().err
            assert f"The raw file {name} cannot be parsed again" in said
            assert found in said
            assert "Traceback" not in said
        assert home.run("restage", "chinook", *at, "--file", "Nothing.csv") == 2
        assert "holds no raw file of this path: found 'Nothing.csv'" in capsys.readouterr().err
        assert home.run("restage", "chinook", *at, "--from", "yesterday") == 2
        assert home.entries() == before
        # What is there still is parsed again, and the other keeps the rows that it had.
        everything = ("--file", "*", "--on-bad-file", "skip", "--stage-only")
        assert home.run("restage", "chinook", *at, *everything) == 0
        taken = {one["path"] for one in home.entries()[-1]["staged"]["raw_files"]}
        assert "Genre.csv" in taken
        assert not taken & {"Artist.csv", "Album.csv"}
        capsys.readouterr()
        assert home.run("restage", "chinook", *at, "--reason", "CONFLICT", "--dry-run") == 0
        assert "Would parse 1 raw files again" in capsys.readouterr().out

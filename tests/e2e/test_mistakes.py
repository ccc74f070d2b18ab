"""Mistakes a user makes: one sentence, the documented exit code, nothing published."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_increments import first, write

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(homes: Any) -> Iterator[Any]:
    with homes("mistakes") as home:
        yield home


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    first(folder)
    return folder


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What stood on stderr, which is never a stack trace."""
    text = capsys.readouterr().err
    assert "Traceback" not in text
    return text


def test_wrong_usage_is_exit_code_2(home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert home.run("run") == 2
    assert home.run("run", "chinok") == 2
    assert "expected one of chinook, ecommerce, sparkify, found 'chinok'" in said(capsys)
    assert home.run("run", "chinook", "--format", "avro") == 2
    assert home.run("run", "chinook", "--env", "production") == 2
    assert home.run("run", "chinook", "--raw", "/nowhere/at/all") == 2
    assert "no such folder of raw files in /nowhere/at/all" in said(capsys)
    assert home.run("run", "chinook", "--raw", __file__) == 2
    text = said(capsys)
    assert f"A file is given where a folder is expected in {__file__}" in text


def test_an_unknown_setting_names_the_nearest(
    home: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "local.yaml").write_text("lake:\n  path: x\n  fromat: orc\n", encoding="utf-8")
    assert home.run("status", "chinook", "--conf-dir", str(tmp_path)) == 2
    assert "Unknown setting 'lake.fromat'" in (text := said(capsys))
    assert "Did you mean 'lake.format'?" in text


def test_a_missing_required_column_refuses_the_file_and_publishes_nothing(
    home: Any, raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(raw, "Invoice.csv", "InvoiceId,CustomerId,InvoiceDat,Total\n1,1,2025-01-01,1\n", 1)
    assert home.run("run", "chinook", "--raw", str(raw)) == 1
    text = said(capsys)
    assert "Invoice.csv line 1" in text
    assert "'invoice_date' (is it 'InvoiceDat'?)" in text
    assert not home.entries()


@pytest.mark.long
def test_a_bad_file_can_be_left_out(
    homes: Any, raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (raw / "Genre-2.csv").write_bytes(b"")
    (raw / "Artist-2.csv").write_bytes("ArtistId,Name\n3,x\n".encode("utf-16"))
    with homes("skip") as home:
        arguments = ("run", "chinook", "--raw", str(raw))
        assert home.run(*arguments) == 1
        assert "2 raw files cannot be taken" in said(capsys)
        assert home.run(*arguments, "--on-bad-file", "skip") == 0
        shown = capsys.readouterr().out
        assert "The file is empty in Genre-2.csv" in shown
        assert "not UTF-8 text in Artist-2.csv" in shown
        assert home.query("SELECT COUNT(*) FROM chinook.fact_invoice") == [(2,)]
        # What was left out is asked for again: it is not forgotten.
        assert home.run(*arguments) == 1


@pytest.mark.long
def test_a_check_of_severity_error_blocks_the_publish(
    homes: Any, raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = (ROOT / "conf/local.yaml").read_text(encoding="utf-8")
    assert "last: 2049-12-31" in settings
    conf = tmp_path / "conf"
    conf.mkdir()
    short = settings.replace("last: 2049-12-31", "last: 2030-12-31")
    (conf / "local.yaml").write_text(short, encoding="utf-8")
    arguments = ("run", "chinook", "--raw", str(raw), "--conf-dir", str(conf))
    with homes("gate") as home:
        assert home.run(*arguments) == 0
        before = home.table("fact_invoice")
        # A day that the contract takes and this calendar has not: its date_key has no member.
        write(
            raw,
            "Invoice-2.csv",
            "InvoiceId,CustomerId,InvoiceDate,BillingCountry,Total\n9,1,2031-01-01,Peru,5.00\n",
            2,
        )
        assert home.run(*arguments) == 1
        text = said(capsys)
        assert "relationship(date_key)" in text
        assert home.table("fact_invoice") == before
        (kept,) = (home.path / "lake/chinook/refused").rglob("relationship_date_key_.jsonl")
        assert '"invoice_id":9' in kept.read_text(encoding="utf-8")
        assert len([entry for entry in home.entries() if entry["built"]]) == 1


@pytest.mark.long
def test_a_failed_load_leaves_the_lake_committed_and_the_next_load_continues(
    homes: Any, raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with homes("load") as home:
        assert home.run("stage", "chinook", "--raw", str(raw)) == 0
        assert home.run("build", "chinook") == 0
        (rows,) = (home.path / "lake/chinook/star").glob("*/fact_invoice/rows")
        (file,) = rows.glob("part-*")
        moved = file.with_suffix(".away")
        shutil.move(file, moved)
        assert home.run("load", "chinook") == 3
        assert "not what the log says" in said(capsys)
        assert home.query("SELECT COUNT(*) FROM chinook.dim_artist") == [(0,)]
        shutil.move(moved, file)
        assert home.run("load", "chinook") == 0
        assert home.query("SELECT COUNT(*) FROM chinook.fact_invoice") == [(2,)]
        left = home.query(
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'chinook_back' "
            "AND table_name LIKE 'stage%'"
        )
        assert left == [(0,)]


def test_a_query_that_the_warehouse_refuses(home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert home.run("query", "SELECT nothing FROM nowhere") == 2
    assert 'relation "nowhere" does not exist' in said(capsys)

"""How much a run is expected to read: by this the session chooses how much Java compiles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Never

import pytest

from src.io.entry import BuiltPart, ChangeSet, DataFile, Entry, StagedPart
from src.pipeline.fingerprints import table_fingerprints
from src.pipeline.run import INCREMENT_BYTES, ROW_BYTES, Pipeline, new_pipeline
from src.runs import new_run
from src.settings_file import load_settings
from src.transforms.warehouses import warehouse

ROWS = 10_000_000


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """Over a lake of so many lines, of which every star table was built by today's rules."""
    monkeypatch.setenv("STARLIFT_HOME", str(tmp_path))

    def no_session(expected_bytes: int) -> Never:
        raise AssertionError("reading the log starts no Spark")

    chinook, settings = warehouse("chinook"), load_settings("local")
    made = new_pipeline(chinook, settings, new_run(), no_session)
    staged = StagedPart((), {"invoice_line": (DataFile("a.orc", ROWS, 1),)}, (), {})
    made.lake.log.commit(Entry("r1", "", staged=staged), 1)
    rules = table_fingerprints(chinook, settings.rules)
    changes = tuple(ChangeSet(name, True, (), (), 0, 0, 0) for name in rules)
    made.lake.log.commit(Entry("r1", "", built=BuiltPart(1, changes, rules)), 2)
    return made


def test_an_increment_is_not_expected_to_read_the_history(pipeline: Pipeline) -> None:
    pipeline.state()
    assert pipeline.to_read == INCREMENT_BYTES


def test_who_asks_for_whole_tables_reads_the_history(pipeline: Pipeline) -> None:
    pipeline.state(whole=True)
    assert pipeline.to_read == ROWS * ROW_BYTES


def test_changed_rules_are_whole_tables(pipeline: Pipeline) -> None:
    pipeline.settings = replace(
        pipeline.settings, calendar=replace(pipeline.settings.rules.calendar, fiscal_start_month=4)
    )
    pipeline.state()
    assert pipeline.to_read == ROWS * ROW_BYTES

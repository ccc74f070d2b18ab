"""What expire and clean may delete: nothing that a kept state, a load or a job at work needs."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from src.errors import StarliftError
from src.io.entry import BuiltPart, ChangeSet, CompactedPart, DataFile, Entry, StagedPart
from src.io.log import Log
from src.io.store import LocalStore
from src.pipeline.clean import left_behind
from src.pipeline.deletion import delete
from src.pipeline.expire import expire, plan_expiry
from src.runs import new_run

NOW = datetime(2025, 6, 30, tzinfo=UTC)
AGE = timedelta(days=30)


def data(lake: Path, path: str) -> DataFile:
    """A data file that is there, with the checksum that Hadoop writes beside it."""
    file = lake / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"12345")
    (file.parent / f".{file.name}.crc").write_bytes(b"123")
    return DataFile(path, 1, 5)


def run_id(day: int) -> str:
    """A run's name, so many days before now."""
    return (NOW - timedelta(days=day)).strftime("%Y%m%dT%H%M%S000Z-abcdef")


def commit(log: Log, monkeypatch: pytest.MonkeyPatch, day: int, **parts: object) -> int:
    """An entry that was committed so many days before now."""
    at = NOW - timedelta(days=day)

    class Then(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return at

    monkeypatch.setattr("src.io.log.datetime", Then)
    entry = Entry(run_id(day), at.strftime("%Y-%m-%dT%H:%M:%SZ"), **parts)  # type: ignore[arg-type]
    return log.commit(entry, log.last() + 1).number


def change(lake: Path, day: int, total: int, whole: bool = False) -> ChangeSet:
    rows = (data(lake, f"star/{run_id(day)}/dim_x/rows/part-0.orc"),)
    keys = () if whole else (data(lake, f"star/{run_id(day)}/dim_x/keys/part-0.orc"),)
    return ChangeSet("dim_x", whole, keys, rows, 1, 1, total)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Log:
    """Staged and built 90, 60 and 10 days ago, compacted 50 days ago."""
    log = Log(LocalStore(tmp_path))
    for day, total in ((90, 1), (60, 2)):
        files = {"x": (data(tmp_path, f"staged/x/{run_id(day)}/part-0.orc"),)}
        commit(log, monkeypatch, day, staged=StagedPart((), files, (), {}))
        built = BuiltPart(log.last(), (change(tmp_path, day, total, whole=day == 90),), {})
        commit(log, monkeypatch, day, built=built)
    old = [file.path for entry in log.entries() for file in entry.files]
    merged = {"x": (data(tmp_path, f"staged/x/{run_id(50)}/part-0.orc"),)}
    current = data(tmp_path, f"star_current/dim_x/{run_id(50)}/part-0.orc")
    snapshot = ChangeSet("dim_x", True, (), (current,), 0, 2, 2)
    part = CompactedPart(merged, (), (snapshot,), tuple(old), True)
    commit(log, monkeypatch, 50, compacted=part)
    files = {"x": (data(tmp_path, f"staged/x/{run_id(10)}/part-0.orc"),)}
    commit(log, monkeypatch, 10, staged=StagedPart((), files, (), {}))
    commit(log, monkeypatch, 10, built=BuiltPart(6, (change(tmp_path, 10, 3),), {}))
    monkeypatch.undo()
    return log


def days(paths: list[str]) -> set[int]:
    """Of how many days ago the runs are that the paths are named for."""
    return {day for day in (90, 60, 50, 10) if any(run_id(day) in path for path in paths)}


def test_what_only_older_states_name_goes_with_its_checksum(log: Log, tmp_path: Path) -> None:
    expiry = plan_expiry(log, 7, AGE, NOW)
    # 30 days ago the lake was as the compaction had left it.
    assert expiry.kept_from == 5
    assert days([one.path for one in expiry.files]) == {90, 60}
    # 2 staged, 2 of rows, 1 of keys, each with a checksum.
    assert len(expiry.files) == 10
    entry = expire(log, expiry, new_run())
    assert entry is not None
    assert entry.number == 8
    assert log.state().kept_from == 5
    there = [one.path for one in log.store.list()]
    assert days([path for path in there if not path.startswith("log/")]) == {50, 10}
    assert not (tmp_path / f"star/{run_id(90)}").exists()
    for file in log.state(as_of=5).files + log.state().files:
        assert (tmp_path / file.path).exists()


def test_states_of_the_age_are_kept(log: Log) -> None:
    assert plan_expiry(log, 7, timedelta(days=55), NOW).kept_from == 4
    assert plan_expiry(log, 7, timedelta(days=55), NOW).files == []
    assert plan_expiry(log, 7, timedelta(days=100), NOW).kept_from == 1
    assert plan_expiry(log, 7, timedelta(days=0), NOW).kept_from == 7


def test_change_sets_that_the_warehouse_has_not_applied_are_kept(log: Log) -> None:
    paths = [one.path for one in plan_expiry(log, 2, AGE, NOW).files]
    assert [path for path in paths if path.startswith(f"star/{run_id(60)}")] == []
    assert any(path.startswith(f"star/{run_id(90)}") for path in paths)


def test_an_empty_warehouse_can_be_filled_from_what_is_left(log: Log) -> None:
    expiry = plan_expiry(log, 0, timedelta(days=0), NOW)
    paths = [one.path for one in expiry.files]
    # The snapshot of 50 days ago, and the change set after it.
    assert [path for path in paths if "star_current" in path] == []
    assert [path for path in paths if path.startswith(f"star/{run_id(10)}")] == []
    assert days([path for path in paths if path.startswith("star/")]) == {90, 60}


def test_a_kill_between_commit_and_deletion_leaves_the_rest_to_the_next(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    expiry = plan_expiry(log, 7, AGE, NOW)

    def killed(self: LocalStore, paths: object) -> None:
        raise StarliftError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "remove", killed)
        with pytest.raises(StarliftError):
            expire(log, expiry, new_run())
    assert log.state().kept_from == 5
    again = plan_expiry(log, 7, AGE, NOW)
    assert [one.path for one in again.files] == [one.path for one in expiry.files]
    assert expire(log, again, new_run()) is None
    assert plan_expiry(log, 7, AGE, NOW).files == []


def test_files_that_no_entry_names_are_not_for_expire(log: Log, tmp_path: Path) -> None:
    data(tmp_path, f"staged/x/{run_id(80)}/part-0.orc")
    assert f"staged/x/{run_id(80)}/part-0.orc" not in [
        one.path for one in plan_expiry(log, 7, timedelta(0), NOW).files
    ]


def test_refused_rows_and_manifests_go_by_age_alone(log: Log, tmp_path: Path) -> None:
    for day in (40, 20):
        for folder in ("refused", "manifests"):
            log.store.create(f"{folder}/{run_id(day)}/1", b"x")
    expiry = plan_expiry(log, 7, AGE, NOW)
    assert [one.path for one in expiry.files if one.path.startswith(("refused", "manif"))] == [
        f"refused/{run_id(40)}/1",
        f"manifests/{run_id(40)}/1",
    ]


def wrote(lake: Path, day: int, *paths: str) -> None:
    at = (NOW - timedelta(days=day)).timestamp()
    for path in paths:
        for file in (lake / path, (lake / path).parent / f".{Path(path).name}.crc"):
            if file.exists():
                os.utime(file, (at, at))


def test_only_what_dead_runs_left_is_cleaned(log: Log, tmp_path: Path) -> None:
    dead = f"staged/x/{run_id(3)}/part-0.orc"
    long_at_work = f"staged/x/{run_id(4)}/part-0.orc"
    begun = f"star/{run_id(0)}/dim_x/rows/part-0.orc"
    strange = "staged/x/by-hand.orc"
    for path in (dead, long_at_work, begun, strange):
        data(tmp_path, path)
        wrote(tmp_path, 3, path)
    # The run of four days ago wrote another file an hour ago: it is at work.
    data(tmp_path, f"quarantine/{run_id(4)}/part-0.orc")
    wrote(tmp_path, 0, f"quarantine/{run_id(4)}/part-0.orc")
    for day in (90, 60, 50, 10):
        for file in tmp_path.rglob(f"*{run_id(day)}*/**/*.orc"):
            wrote(tmp_path, day, str(file.relative_to(tmp_path)))
    (tmp_path / "log/.0123.tmp").write_bytes(b"half")
    wrote(tmp_path, 2, "log/.0123.tmp")
    (tmp_path / "log/.4567.tmp").write_bytes(b"half")
    wrote(tmp_path, 0, "log/.4567.tmp")
    found = left_behind(log, timedelta(days=1), NOW)
    crc = f"staged/x/{run_id(3)}/.part-0.orc.crc"
    assert {one.path for one in found} == {dead, crc, "log/.0123.tmp"}
    delete(log.store, found)
    assert not (tmp_path / f"staged/x/{run_id(3)}").exists()
    assert (tmp_path / long_at_work).exists()
    assert log.last() == 7


def test_a_run_that_commits_while_the_lake_is_looked_at_keeps_its_files(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"staged/x/{run_id(3)}/part-0.orc"
    late = data(tmp_path, path)
    wrote(tmp_path, 3, path)
    entries = log.entries

    def committed_meanwhile(after: int = 0) -> list[Entry]:
        part = StagedPart((), {"x": (late,)}, (), {})
        log.commit(Entry(run_id(3), "2025-06-27T00:00:00Z", staged=part), log.last() + 1)
        return entries(after)

    monkeypatch.setattr(log, "entries", committed_meanwhile)
    assert left_behind(log, timedelta(days=1), NOW) == []

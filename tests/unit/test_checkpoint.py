"""Checkpoints: the state read from one is that of the entries, and a bad one changes nothing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from src.io.checkpoint import EVERY, checkpoints
from src.io.entry import (
    BuiltPart,
    ChangeSet,
    CompactedPart,
    DataFile,
    Entry,
    ExpiredPart,
    RawFile,
    StagedPart,
)
from src.io.lake_state import LakeState
from src.io.log import Log
from src.io.store import LocalStore

AT = "2021-01-01T00:00:00Z"


def history(log: Log, length: int) -> None:
    """Entries of every kind: staged, taken back, built, compacted, expired."""
    for number in range(log.last() + 1, length + 1):
        raw = RawFile(
            number,
            "track",
            f"Träck-{number}.csv",
            10,
            "e",
            5,
            staged=3,
            quarantined=1,
            warnings={"range(x)": 2},
            sums={"total": {"read": "1.50"}},
        )
        file = DataFile(f"staged/{number}.orc", 3, 99, {"id": None}, {"id": "9"}, (number,))
        staged = StagedPart(
            (raw,), {"track": (file,)}, (file,), {"track": f"f{number}"}, (number - 5,)
        )
        rows = (DataFile(f"star/{number}.orc", number, 1),)
        changes = (ChangeSet("dim_track", number % 7 == 1, rows, rows, 1, 2, number),)
        built = BuiltPart(number, changes, {"dim_track": f"t{number}"}, ("a warning",))
        entry = Entry(f"run{number}", AT, staged, built)
        if number % 10 == 0:
            part = CompactedPart(
                {"track": (DataFile(f"staged/c{number}.orc", 3, 9, raw_ids=(number - 1,)),)},
                (),
                (ChangeSet("dim_track", False, rows, rows, 1, 2, number),),
                (f"staged/{number - 1}.orc",),
            )
            entry = Entry(f"run{number}", AT, compacted=part)
        elif number % 50 in (48, 49):
            entry = Entry(f"run{number}", AT, staged)
        elif number % 33 == 0:
            entry = Entry(f"run{number}", AT, expired=ExpiredPart(number - 1))
        log.commit(entry, number)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log a little longer than two checkpoints."""
    place = tmp_path_factory.mktemp("lake")
    history(Log(LocalStore(place)), 2 * EVERY + 7)
    return place


def copy(lake: Path, to: Path) -> LocalStore:
    for file in sorted(lake.rglob("*.*")):
        target = to / file.relative_to(lake)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    return LocalStore(to)


def of_entries(log: Log) -> LakeState:
    return LakeState.of(log.entries())


def test_the_state_of_a_checkpoint_and_the_entries_after_it_is_that_of_all_entries(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(LocalStore(lake))
    assert [number for number, _ in checkpoints(log.store)] == [2 * EVERY, EVERY]
    expected = of_entries(log)
    read: list[int] = []
    whole = Log.entry
    monkeypatch.setattr(Log, "entry", lambda self, n: read.append(n) or whole(self, n))
    assert log.state() == expected
    assert sorted(read) == list(range(2 * EVERY + 1, 2 * EVERY + 8))
    assert expected.removed
    assert expected.compactions
    assert expected.quarantine


def test_an_older_state_is_read_from_an_older_checkpoint(lake: Path) -> None:
    log = Log(LocalStore(lake))
    for number in (2 * EVERY + 1, 2 * EVERY, 2 * EVERY - 1):
        assert log._state(number) == LakeState.of(log.entries()[:number])
    # Taken back and not built yet when the checkpoint was written.
    assert log._state(2 * EVERY).taken_away


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "no end", "not packed", "other log"])
def test_a_checkpoint_that_cannot_be_used_is_passed_over(
    lake: Path, tmp_path: Path, damage: str
) -> None:
    store = copy(lake, tmp_path)
    expected = of_entries(Log(store))
    for number, path in checkpoints(store):
        file = tmp_path / path
        content = file.read_bytes()
        lines = gzip.decompress(content).splitlines(keepends=True)
        file.unlink()
        if damage == "empty":
            file.write_bytes(b"")
        elif damage == "cut":
            file.write_bytes(content[: len(content) // 2])
        elif damage == "no end":
            file.write_bytes(gzip.compress(b"".join(lines[:-1])))
        elif damage == "not packed":
            file.write_bytes(b"".join(lines))
        elif damage == "other log":
            # A lie that fits no entry of this log.
            head = json.loads(lines[0])
            head["entry"] = "0" * 64
            raws = [line for line in lines[1:] if not line.startswith(b'["raw",')]
            file.write_bytes(gzip.compress(json.dumps(head).encode() + b"\n" + b"".join(raws)))
        assert number
    assert Log(store).state() == expected


def test_a_checkpoint_of_another_version_of_the_fold_is_not_looked_at(
    lake: Path, tmp_path: Path
) -> None:
    store = copy(lake, tmp_path)
    (folder,) = (tmp_path / "checkpoints").iterdir()
    folder.rename(folder.with_name("000000000000"))
    assert checkpoints(store) == []
    assert Log(store).state() == of_entries(Log(store))


def test_a_log_that_began_anew_is_not_read_by_the_old_ones_checkpoints(
    lake: Path, tmp_path: Path
) -> None:
    store = copy(lake, tmp_path)
    for file in (tmp_path / "log").iterdir():
        file.unlink()
    log = Log(store)
    assert log.state() == LakeState()
    log.commit(Entry("new", AT), 1)
    assert log.state().last == 1
    assert not log.state().raw_files


def test_a_commit_stands_where_no_checkpoint_can_be_written(lake: Path, tmp_path: Path) -> None:
    store = copy(lake, tmp_path)
    for _, path in checkpoints(store):
        (tmp_path / path).unlink()
    (folder,) = (tmp_path / "checkpoints").iterdir()
    folder.rmdir()
    folder.write_bytes(b"a file in the place of the folder")
    log = Log(store)
    assert log.commit(Entry("late", AT), log.last() + 1).number == 2 * EVERY + 8

"""The log on S3: of two runs one gets a number, and a run whose answer was lost gets its own."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from src.errors import LogConflict, StarliftError
from src.io import store_s3
from src.io.entry import Entry, RawFile, StagedPart
from src.io.log import Log
from src.io.store_s3 import S3Store
from tests.s3.server import Fault, S3Server


def entry(run: str) -> Entry:
    raw = RawFile(1, "track", "Träck \U0001f600.csv", 10, "e", 5)
    return Entry(run, "2021-01-01T00:00:00Z", StagedPart((raw,), {}, (), {"track": "f"}))


def test_an_entry_reads_back_as_it_was_written(s3: S3Server, store: S3Store) -> None:
    log = Log(store)
    assert log.entries() == []
    first = log.commit(entry("run1"), 1)
    assert log.entries() == [first]


def test_of_two_runs_at_once_one_gets_the_number_and_the_other_is_told(
    s3: S3Server, bucket: str
) -> None:
    runs = 6
    barrier = threading.Barrier(runs)

    def commit(number: int) -> str:
        # A store and a client of its own, as two machines have.
        log = Log(S3Store(f"s3://{bucket}/lake", s3.settings))
        barrier.wait()
        try:
            return log.commit(entry(f"run{number}"), 1).run
        except LogConflict as conflict:
            return f"lost to {(conflict.found or '').removeprefix('run ')}"

    with ThreadPoolExecutor(runs) as pool:
        told = list(pool.map(commit, range(runs)))
    (winner,) = [one.run for one in Log(S3Store(f"s3://{bucket}/lake", s3.settings)).entries()]
    assert sorted(told) == sorted([winner, *[f"lost to {winner}"] * (runs - 1)])


@pytest.mark.parametrize(
    "lost",
    [
        {"status": 500, "code": "InternalError"},
        {"status": 503, "code": "SlowDown"},
        {"cut": True},
        {"status": 409, "code": "ConditionalRequestConflict"},
    ],
    ids=["500", "503", "cut", "409"],
)
def test_a_commit_obeyed_without_an_answer_is_a_commit(
    s3: S3Server, store: S3Store, lost: dict[str, Any]
) -> None:
    log = Log(store)
    s3.door.faults = [Fault(method="PUT", path="log/", obeyed=True, **lost)]
    committed = log.commit(entry("run1"), 1)
    assert s3.door.faults[0].done == 1
    assert s3.door.count("PUT", "log/") == 2
    assert log.entries() == [committed]
    with pytest.raises(LogConflict, match="found run run1"):
        log.commit(entry("run2"), 1)


def test_a_commit_lost_to_another_while_its_answer_was_lost_is_told_so(
    s3: S3Server, store: S3Store
) -> None:
    log = Log(store)
    other = log.commit(entry("run2"), 1)
    s3.door.faults = [Fault(500, "InternalError", "PUT", "log/", times=2)]
    with pytest.raises(LogConflict, match="found run run2"):
        log.commit(entry("run1"), 1)
    assert log.entries() == [other]


def test_after_a_commit_that_nobody_answered_the_next_run_finds_what_is_true(
    s3: S3Server, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_s3, "ATTEMPTS", 2)
    log = Log(store)
    for number, obeyed in ((1, False), (1, True)):
        s3.door.faults = [Fault(method="PUT", cut=True, obeyed=obeyed, times=100)]
        with pytest.raises(StarliftError, match="nobody can say") as caught:
            log.commit(entry("run1"), number)
        assert not isinstance(caught.value, LogConflict)
        s3.door.faults.clear()
        assert [one.run for one in log.entries()] == (["run1"] if obeyed else [])

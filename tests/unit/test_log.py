"""The log: numbered entries, each created exactly once, folded into what the lake holds."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from src.errors import LogConflict, StarliftError, UsageError
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


def staged_entry(run: str, *raw_ids: int, source: str = "track", removed: tuple[int, ...] = ()):
    raw = tuple(RawFile(raw_id, source, f"{raw_id}.csv", 10, "e", 5) for raw_id in raw_ids)
    files = {source: (DataFile(f"staged/{run}.orc", 3, 99, {"id": "1"}, {"id": "9"}, raw_ids),)}
    return Entry(run, "2021-01-01T00:00:00Z", StagedPart(raw, files, (), {source: "f"}, removed))


def built_entry(run: str, through: int, *changes: ChangeSet) -> Entry:
    fingerprints = {change.table: f"of {run}" for change in changes}
    return Entry(run, "2021-01-01T00:00:00Z", built=BuiltPart(through, changes, fingerprints))


def change(table: str, total: int, whole: bool = False) -> ChangeSet:
    rows = (DataFile(f"star/{table}/{total}.orc", total, 1),)
    return ChangeSet(table, whole, () if whole else rows, rows, 1, total, total)


def test_an_entry_reads_back_as_it_was_written(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    raw = RawFile(
        7,
        "track",
        "Träck \U0001f600.csv",
        10,
        "e",
        5,
        10,
        4,
        1,
        3,
        1,
        1,
        1,
        1,
        {"range(x)": 2},
        {"total": {"read": "1.50", "unparsed": 1}},
    )
    file = DataFile("staged/a.orc", 1, 99, {"id": None}, {"id": "9"}, (7, 8))
    staged = StagedPart((raw,), {"track": (file,)}, (file,), {"track": "f"}, (3, 4))
    built = BuiltPart(
        1,
        (ChangeSet("dim_track", False, (file,), (file,), 1, 2, 3, {"x": "1"}, {"star": 2}),),
        {"dim_track": "g"},
        ("a warning",),
    )
    first = log.commit(Entry("run1", "2021-01-01T00:00:00Z", staged, None), 1)
    second = log.commit(Entry("run1", "2021-01-01T00:00:00Z", None, built), 2)
    assert log.entries() == [first, second]
    assert (first.number, second.number) == (1, 2)
    assert (first.staged, second.built) == (staged, built)


def test_a_lake_without_a_log_has_no_entries(tmp_path: Path) -> None:
    assert Log(LocalStore(tmp_path)).entries() == []


def test_of_two_runs_one_gets_the_number_and_the_other_is_told(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    log.commit(staged_entry("run1", 1), 1)
    with pytest.raises(LogConflict, match=r"entry 1 first .*found run run1.*Run again") as caught:
        log.commit(staged_entry("run2", 2), 1)
    assert caught.value.exit_code == 3
    assert [entry.run for entry in log.entries()] == ["run1"]


def test_of_many_runs_at_once_one_wins_and_the_log_has_no_gap(tmp_path: Path) -> None:
    runs = 8
    barrier = Barrier(runs)

    def commit(number: int) -> str:
        barrier.wait()
        try:
            return Log(LocalStore(tmp_path)).commit(staged_entry(f"run{number}", number), 1).run
        except LogConflict as conflict:
            return f"lost to {(conflict.found or '').removeprefix('run ')}"

    with ThreadPoolExecutor(runs) as pool:
        told = list(pool.map(commit, range(runs)))
    (winner,) = [entry.run for entry in Log(LocalStore(tmp_path)).entries()]
    assert sorted(told) == sorted([winner, *[f"lost to {winner}"] * (runs - 1)])


def test_a_replay_of_ones_own_run_finds_it_committed(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    first = log.commit(staged_entry("run1", 1), 1)
    assert log.commit(staged_entry("run1", 1), 1) == first
    assert len(log.entries()) == 1


def test_files_that_are_no_entries_are_passed_over(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    log.commit(staged_entry("run1", 1), 1)
    (tmp_path / "log/.0123.tmp").write_bytes(b"half an entry")
    (tmp_path / "log/.00000002.json").write_bytes(b"half")
    (tmp_path / "log/note.txt").write_bytes(b"hello")
    assert [entry.number for entry in log.entries()] == [1]


def test_a_missing_number_is_a_gap_and_stops_everything(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    for number in (1, 2, 3):
        log.commit(staged_entry(f"run{number}", number), number)
    (tmp_path / "log/00000002.json").unlink()
    with pytest.raises(StarliftError, match=r"The log has a gap .*expected entry 2, found entry 3"):
        log.entries()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"format": 1}',
        b'{"format": 1, "run": "r", "at": "a", "number": 1, "staged": {}, "built": null}',
        b'{"format": 1, "run": "r", "at": "a", "number": 1, "staged": null, "built": []}',
        b'{"format": 1, "run": "r", "at": "a", "number": 1, "built": null, "staged": '
        b'{"raw_files": [], "files": [], "quarantine": [], "fingerprints": {}, '
        b'"removed_raw_ids": []}}',
    ],
)
def test_an_entry_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    store = LocalStore(tmp_path)
    store.create("log/00000001.json", content)
    with pytest.raises(StarliftError, match=r"entry of the log cannot be read in log/00000001"):
        Log(store).entries()


def test_an_entry_of_another_format_asks_for_its_version(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    log.commit(staged_entry("run1", 1), 1)
    path = tmp_path / "log/00000001.json"
    data = json.loads(path.read_bytes())
    path.write_text(json.dumps({**data, "format": 99}), encoding="utf-8")
    with pytest.raises(StarliftError, match=r"another version of Starlift .*found format 99"):
        log.entries()


def numbered(*entries: Entry) -> list[Entry]:
    return [replace(entry, number=number) for number, entry in enumerate(entries, 1)]


def test_the_state_is_the_fold_of_all_entries() -> None:
    state = LakeState.of(
        numbered(
            staged_entry("run1", 1, 2),
            built_entry("run1", 1, change("dim_track", 5, whole=True)),
            staged_entry("run2", 3, removed=(1,)),
        )
    )
    assert state.last == 3
    assert sorted(state.raw_files) == [2, 3]
    assert state.removed == {1: 3}
    assert state.taken_in == {1: 1, 2: 1, 3: 3}
    assert state.built_through == 1
    assert state.built_entries == [2]
    assert [file.path for _, file in state.unbuilt["track"]] == ["staged/run2.orc"]
    assert state.source_fingerprints == {"track": "f"}
    assert state.table_fingerprints == {"dim_track": "of run1"}
    assert state.total("dim_track") == 5
    assert state.total("dim_album") == 0


def compacted_entry(
    run: str,
    removed: tuple[str, ...],
    *raw_ids: int,
    changes: tuple[ChangeSet, ...] = (),
    snapshot: bool = False,
) -> Entry:
    merged = (DataFile(f"staged/{run}.orc", 3, 99, {"id": "1"}, {"id": "9"}, raw_ids),)
    part = CompactedPart({"track": merged} if raw_ids else {}, (), changes, removed, snapshot)
    return Entry(run, "2021-01-01T00:00:00Z", compacted=part)


def test_a_merged_file_takes_the_place_of_those_it_was_made_of_and_is_not_built_again() -> None:
    entries = numbered(
        staged_entry("run1", 1),
        staged_entry("run2", 2),
        built_entry("run2", 2, change("dim_track", 5, whole=True)),
        staged_entry("run3", 3),
        compacted_entry("run4", ("staged/run1.orc", "staged/run2.orc"), 1, 2),
    )
    state = LakeState.of(entries)
    assert [file.path for _, file in state.staged["track"]] == [
        "staged/run3.orc",
        "staged/run4.orc",
    ]
    assert [file.path for _, file in state.unbuilt["track"]] == ["staged/run3.orc"]
    assert sorted(state.raw_files) == [1, 2, 3]
    taken_back = LakeState.of(numbered(*entries, staged_entry("run5", 4, removed=(2,))))
    ((number, merged),) = [p for p in taken_back.staged["track"] if p[1].path == "staged/run4.orc"]
    assert taken_back.taken_back(number, merged) == [2]
    assert taken_back.withdrawn == {"track": [(merged, [2])]}


def test_a_compacted_change_set_stands_for_those_before_it() -> None:
    entries = numbered(
        built_entry("run1", 0, change("a", 5, whole=True), change("b", 1, whole=True)),
        built_entry("run2", 0, change("a", 6)),
        built_entry("run3", 0, change("a", 7)),
        compacted_entry("run4", (), changes=(change("a", 7),)),
        built_entry("run5", 0, change("a", 8)),
    )
    state = LakeState.of(entries)
    assert [number for number, _ in state.changes["a"]] == [1, 4, 5]
    assert [number for number, _ in state.changes["b"]] == [1]
    assert (state.total("a"), state.snapshot) == (8, 1)
    both = (change("a", 8, whole=True), change("b", 1, whole=True))
    whole = numbered(*entries, compacted_entry("run6", (), changes=both, snapshot=True))
    state = LakeState.of(whole)
    assert [number for number, _ in state.changes["a"]] == [6]
    assert [number for number, _ in state.changes["b"]] == [6]
    assert state.snapshot == 6


def test_a_run_takes_the_next_number_when_only_upkeep_came_between(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    log.commit(staged_entry("run1", 1), 1)
    log.commit(compacted_entry("run2", ("staged/run1.orc",), 1), 2)
    log.commit(Entry("run3", "2021-01-01T00:00:00Z", expired=ExpiredPart(2)), 3)
    assert log.commit(staged_entry("run4", 4), 2).number == 4
    state = log.state()
    assert (state.last, sorted(state.raw_files)) == (4, [1, 4])


def test_a_compaction_does_not_follow_on_what_it_has_not_seen(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    log.commit(staged_entry("run1", 1), 1)
    log.commit(Entry("run2", "2021-01-01T00:00:00Z", expired=ExpiredPart(1)), 2)
    first = log.commit(compacted_entry("run3", ("staged/run1.orc",), 1), 2)
    assert first.number == 3
    with pytest.raises(LogConflict, match="found run run3"):
        log.commit(compacted_entry("run4", ("staged/run1.orc",), 1), 2)
    log.commit(staged_entry("run5", 2, removed=(1,)), 4)
    with pytest.raises(LogConflict, match="found run run5"):
        log.commit(compacted_entry("run6", ("staged/run3.orc",), 1), 4)


def test_the_state_as_of_an_entry_is_that_of_the_entries_up_to_it(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    for number in (1, 2, 3):
        log.commit(staged_entry(f"run{number}", number), number)
    assert sorted(log.state(as_of=2).raw_files) == [1, 2]
    for wrong in (0, 4):
        with pytest.raises(UsageError, match=rf"no such entry .*expected 1 to 3, found {wrong}"):
            log.state(as_of=wrong)
    log.commit(Entry("run4", "2021-01-01T00:00:00Z", expired=ExpiredPart(3)), 4)
    with pytest.raises(UsageError, match=r"as of entry 2 has expired .*expected 3 to 4"):
        log.state(as_of=2)
    assert sorted(log.state(as_of=3).raw_files) == [1, 2, 3]


def test_a_reader_of_the_first_format_refuses_a_compaction(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    log.commit(staged_entry("run1", 1), 1)
    log.commit(compacted_entry("run2", ("staged/run1.orc",), 1), 2)
    formats = [json.loads(f.read_bytes())["format"] for f in sorted((tmp_path / "log").iterdir())]
    assert formats == [1, 2]


def test_a_build_takes_what_was_staged_up_to_the_entry_it_names() -> None:
    entries = numbered(staged_entry("run1", 1), staged_entry("run2", 2), built_entry("run3", 1))
    assert [file.path for _, file in LakeState.of(entries).unbuilt["track"]] == ["staged/run2.orc"]
    assert LakeState.of(entries[:2]).unbuilt["track"][0][1].raw_ids == (1,)
    caught_up = numbered(*entries[:2], built_entry("run3", 2))
    assert LakeState.of(caught_up).unbuilt == {}


def test_a_whole_change_set_replaces_those_before_it_and_keys_add_to_them() -> None:
    entries = numbered(
        built_entry("run1", 0, change("a", 5, whole=True), change("b", 1, whole=True)),
        built_entry("run2", 0, change("a", 6)),
        built_entry("run3", 0, change("a", 7, whole=True)),
        built_entry("run4", 0, change("a", 8)),
    )
    state = LakeState.of(entries)
    assert [(number, one.total) for number, one in state.changes["a"]] == [(3, 7), (4, 8)]
    assert [(number, one.total) for number, one in state.changes["b"]] == [(1, 1)]
    assert state.table_fingerprints == {"a": "of run4", "b": "of run1"}


def test_rows_taken_back_are_known_until_a_build_has_read_them() -> None:
    entries = numbered(
        staged_entry("run1", 1),
        built_entry("run1", 1, change("dim_track", 5, whole=True)),
        staged_entry("run2", 2, removed=(1,)),
    )
    state = LakeState.of(entries)
    ((number, file), (other, newer)) = state.staged["track"]
    assert (number, other) == (1, 3)
    assert state.taken_back(number, file) == [1]
    assert state.taken_back(other, newer) == []
    assert [(one.path, raw) for one, raw in state.withdrawn["track"]] == [(file.path, [1])]
    built = LakeState.of(numbered(*entries, built_entry("run3", 3)))
    assert built.withdrawn == {}
    assert built.taken_back(number, file) == [1]


def test_a_version_that_comes_again_counts_in_the_files_that_came_with_it() -> None:
    state = LakeState.of(
        numbered(
            staged_entry("run1", 1),
            staged_entry("run2", 2, removed=(1,)),
            staged_entry("run3", 1, removed=(2,)),
        )
    )
    assert sorted(state.raw_files) == [1]
    taken_back = [state.taken_back(number, file) for number, file in state.staged["track"]]
    assert taken_back == [[1], [2], []]
    # Staged anew by the entry that takes it back: the new rows count.
    again = LakeState.of(numbered(staged_entry("run1", 1), staged_entry("run2", 1, removed=(1,))))
    assert [again.taken_back(number, file) for number, file in again.staged["track"]] == [[1], []]

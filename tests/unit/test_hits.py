"""Looking values up in columns of files: what plain Python finds in the same rows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet
import pytest

from src.io.entry import DataFile
from src.io.store import LocalStore, Unreadable
from src.pipeline import hits as looking
from src.pipeline.hits import Held, distinct_values, hits, may_hold, wanted_of
from src.pipeline.prune import RANGES, reached
from tests.conftest import Frame

Rows = Sequence[dict[str, Any]]
SCHEMA = pa.schema(
    [
        ("id", pa.int32()),
        ("key", pa.int64()),
        ("code", pa.string()),
        ("day", pa.date32()),
    ]
)
FIRST = date(2024, 1, 1)


def written(folder: Path, name: str, rows: Rows, schema: pa.Schema = SCHEMA) -> DataFile:
    """The rows as a data file, with the bounds of ``id`` that the log would hold."""
    table = pa.Table.from_pylist(list(rows), schema)
    writer = pyarrow.orc if name.endswith(".orc") else pyarrow.parquet
    writer.write_table(table, folder / name)
    ids = [row["id"] for row in rows if row.get("id") is not None]
    low, high = (str(min(ids)), str(max(ids))) if ids else (None, None)
    size = (folder / name).stat().st_size
    return DataFile(name, len(rows), size, {"id": low}, {"id": high})


def drawn(rng: random.Random, count: int) -> Rows:
    def maybe(value: object) -> object:
        return None if rng.random() < 0.1 else value

    return [
        {
            "id": maybe(rng.randrange(-50, 50)),
            "key": maybe(rng.choice([-(2**63), 2**63 - 1, *range(5)])),
            "code": maybe(rng.choice(["a", "A", "", "é", "e\u0301", "b "])),
            "day": maybe(FIRST + timedelta(days=rng.randrange(4))),
        }
        for _ in range(count)
    ]


def plain(rows: Rows, wanted: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    """The wanted columns of the rows that hold wanted values, sorted."""
    found = [
        tuple(row[name] for name in wanted)
        for row in rows
        if all(row[name] is not None and row[name] in values for name, values in wanted.items())
    ]
    return sorted(found)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("columns", [["id"], ["key"], ["code"], ["day"], ["id", "code"]])
def test_rows_that_hold_wanted_values(tmp_path: Path, seed: int, columns: list[str]) -> None:
    rng = random.Random(f"{seed} {columns}")
    batches = [drawn(rng, rng.randrange(1, 40)) for _ in range(4)]
    files = [
        written(tmp_path, f"{number}.{rng.choice(['orc', 'parquet'])}", rows)
        for number, rows in enumerate(batches)
    ]
    values = {
        name: rng.sample(sorted({row[name] for row in drawn(rng, 40)} - {None}), rng.randrange(4))
        for name in columns
    }
    wanted = {name: pa.array(of, _wide(SCHEMA.field(name).type)) for name, of in values.items()}
    found = hits(LocalStore(tmp_path), files, wanted)
    for rows, one, file in zip(batches, found, files, strict=True):
        assert one is not None
        expected = plain(rows, values)
        assert sorted(tuple(row.values()) for row in one.to_pylist()) == expected
        # A file of which the bounds leave no room holds none.
        assert may_hold(file, wanted) or not expected


def _wide(kind: pa.DataType) -> pa.DataType:
    return pa.int64() if pa.types.is_integer(kind) else kind


def test_a_file_without_the_column_tells_nothing(tmp_path: Path) -> None:
    old = pa.schema([("id", pa.int32())])
    files = [written(tmp_path, name, [{"id": 1}], old) for name in ("before.orc", "before.parquet")]
    wanted = {"id": pa.array([7]), "code": pa.array(["a"])}
    assert hits(LocalStore(tmp_path), files, wanted) == [None, None]


def test_a_file_with_the_column_in_another_type_tells_nothing(tmp_path: Path, frame: Frame) -> None:
    """Spark may find 012 equal to 12; only it can say."""
    texts = pa.schema([("id", pa.string())])
    old = written(tmp_path, "old.orc", [{"id": "012"}, {"id": "x7"}], texts)
    new = written(tmp_path, "new.orc", [{"id": 12}], pa.schema([("id", pa.int64())]))
    store = LocalStore(tmp_path)
    wanted = {"id": pa.array([12])}
    assert hits(store, [old], wanted) == [None]
    assert may_hold(old, wanted)
    assert distinct_values(store, [old, new], ["id"]) is None
    held = Held(frame([(12,)], "id int"), [old])
    assert wanted_of(store, held) == {"id": pa.array([12])}


def test_a_file_that_is_gone_is_no_empty_one(tmp_path: Path) -> None:
    file = written(tmp_path, "0.orc", [{"id": 1}])
    (tmp_path / "0.orc").unlink()
    with pytest.raises(Unreadable, match=r"0\.orc"):
        hits(LocalStore(tmp_path), [file], {"id": pa.array([1])})


@pytest.mark.parametrize(
    ("name", "low", "high", "wanted", "may"),
    [
        ("id", "9", "100", [8, 101], False),
        ("id", "9", "100", [8, 9], True),
        ("id", "-5", "-1", [-1], True),
        ("id", None, None, [8], True),
        ("code", "b", "d", ["a", "da"], False),
        ("code", "b", "d", ["bb"], True),
        ("day", "2024-01-02", "2024-01-03", [date(2024, 1, 1), date(2024, 1, 4)], False),
        ("day", "2024-01-02", "2024-01-03", [date(2024, 1, 3)], True),
        ("id", "9", "100", [], False),
    ],
)
def test_bounds_of_a_file(
    name: str, low: str | None, high: str | None, wanted: list[Any], may: bool
) -> None:
    file = DataFile("a.orc", 1, 1, {name: low}, {name: high})
    values = pa.array(wanted, _wide(SCHEMA.field(name).type))
    assert may_hold(file, {name: values}) is may


def test_wanted_values_are_distinct_and_without_null(tmp_path: Path, frame: Frame) -> None:
    rows = [(1, "a", "2024-01-01", "1.5"), (1, None, None, None), (None, "b", "2024-01-02", "2.5")]
    values = frame(rows, "id int, code string, day date, amount decimal(4,1)")
    store = LocalStore(tmp_path)
    found = wanted_of(store, Held(values))
    assert found is not None
    told = {name: sorted(of.to_pylist()) for name, of in found.items()}
    # Decimals are told apart by Spark alone.
    assert told == {
        "id": [1],
        "code": ["a", "b"],
        "day": [date(2024, 1, 1), date(2024, 1, 2)],
    }
    assert wanted_of(store, Held(values.select("amount"))) is None


def test_too_many_values_are_not_for_the_driver(
    tmp_path: Path, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path)
    values = Held(frame([(1,), (2,), (3,)], "id int"))
    monkeypatch.setattr(looking, "MOST_VALUES", 3)
    found = wanted_of(store, values)
    assert found is not None and len(found["id"]) == 3
    monkeypatch.setattr(looking, "MOST_VALUES", 2)
    assert wanted_of(store, values) is None


def test_values_that_stand_in_files_are_read_there(tmp_path: Path, frame: Frame) -> None:
    store = LocalStore(tmp_path)
    rows = [{"id": 1, "code": "a"}, {"id": 1, "code": "b"}, {"id": None, "code": None}]
    files = [
        written(tmp_path, "first.orc", rows),
        written(tmp_path, "second.orc", [{"id": 2, "code": "a"}]),
    ]
    # Spark's rows are some of those in the files: what the driver reads shows where it read.
    held = Held(frame([(1, "a")], "id int, code string"), files)
    found = wanted_of(store, held.values(["id", "code"], ["number", "name"]))
    assert found is not None
    told = {name: sorted(of.to_pylist()) for name, of in found.items()}
    assert told == {"number": [1, 2], "name": ["a", "b"]}
    again = wanted_of(store, held.values(["id"], ["number"]).values(["number"], ["other"]))
    assert again is not None and sorted(again["other"].to_pylist()) == [1, 2]


def test_spark_is_asked_for_values_that_a_file_lacks_or_that_are_too_many(
    tmp_path: Path, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path)
    files = [
        written(tmp_path, "new.orc", [{"id": 1, "code": "a"}]),
        written(tmp_path, "old.orc", [{"id": 2}], SCHEMA.remove(SCHEMA.get_field_index("code"))),
    ]
    held = Held(frame([(7, "z")], "id int, code string"), files)
    found = wanted_of(store, held.values(["code"]))
    assert found is not None and found["code"].to_pylist() == ["z"]
    monkeypatch.setattr(looking, "MOST_VALUES", 1)
    found = wanted_of(store, held.values(["id"]))
    assert found is not None and found["id"].to_pylist() == [7]


def test_a_file_that_is_broken_is_named(tmp_path: Path) -> None:
    (tmp_path / "0.orc").write_bytes(b"ORC and then nothing of it")
    with pytest.raises(Unreadable, match=r"0\.orc"):
        hits(LocalStore(tmp_path), [DataFile("0.orc", 1, 26)], {"id": pa.array([1])})


def test_only_files_and_stretches_with_hits_are_read(tmp_path: Path, frame: Frame) -> None:
    spread = [{"id": number} for number in range(0, 1_000_000, 100)]
    files = [
        (1, written(tmp_path, "even.orc", spread)),
        (1, written(tmp_path, "odd.orc", [{"id": row["id"] + 1} for row in spread])),
        (1, written(tmp_path, "far.orc", [{"id": 5_000_000}])),
    ]
    wanted = Held(frame([(200,), (300,), (999_900,), (7,), (4_000_000,)], "id int"))
    chosen, ranges = reached(LocalStore(tmp_path), wanted, files)
    assert [file.path for _, file in chosen] == ["even.orc"]
    # Ten thousand rows are left out together: between 300 and 999,900 there is no such gap.
    assert [one.ranges for one in ranges] == [(("200", "999900"),)]
    assert reached(LocalStore(tmp_path), Held(frame([(7,)], "id int")), files) == ([], [])


def test_the_widest_gaps_between_hits_are_left_out(tmp_path: Path, frame: Frame) -> None:
    # Files of ten rows, further and further apart: gaps above the average are worth leaving out.
    at = [number * (number + 40) * 10 for number in range(200)]
    files = [
        (1, written(tmp_path, f"{number}.orc", [{"id": start + one} for one in range(10)]))
        for number, start in enumerate(at)
    ]
    wanted = Held(frame([(start + 3,) for start in at], "id int"))
    chosen, (found,) = reached(LocalStore(tmp_path), wanted, files)
    assert chosen == files
    assert len(found.ranges) == RANGES
    ends = [(int(low), int(high)) for low, high in found.ranges]
    assert all(any(low <= start + 3 <= high for low, high in ends) for start in at)
    assert ends[-1] == (at[-1] + 3, at[-1] + 3) and ends[0][1] > at[1]

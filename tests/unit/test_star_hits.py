"""The fold of change sets in the driver: what a dictionary of keys to rows says, and Spark's."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.orc
import pytest
from pyspark.sql import SparkSession

from src.contract.column import Column
from src.contract.table import Table
from src.contract.types import BIGINT, INTEGER, decimal
from src.io.entry import ChangeSet, DataFile
from src.io.lake import Lake
from src.io.lake_state import LakeState
from src.io.store import LocalStore
from src.pipeline import hits as looking
from src.pipeline import star_hits
from src.pipeline.star import current_rows
from src.pipeline.star_hits import (
    CannotTell,
    deleted_rows,
    missing_values,
    rows_and_sums,
    values_in,
)
from src.pipeline.verify import lake_facts
from src.settings import LakeSettings


def table(kind: str) -> Table:
    """A table of which several rows may stand under a key: a basket's lines, by basket."""
    return Table(
        name="line",
        kind=kind,  # type: ignore[arg-type]
        grain="one line",
        columns=(
            Column("line_key", BIGINT, "key", nullable=False),
            Column("basket_key", BIGINT, "key", nullable=False),
            Column("basket_id", INTEGER, "number"),
            Column("item_key", BIGINT, "what was bought"),
            Column("weight", decimal(10, 5), "kilograms", additive=True),
        ),
        primary_key=("line_key",),
        natural_key=("line_key",),
        replace_by="basket_key",
        replace_natural=("basket_id",),
    )


Held = dict[int, list[tuple[int, int | None]]]


def weight(item: int | None) -> Decimal | None:
    """More digits than amounts of money have."""
    return None if item is None else Decimal(item * 100_003 + 1) / 100_000


class Baskets:
    """Change sets in files, and beside them what they come to."""

    def __init__(self, folder: Path, spark: SparkSession | None, kind: str) -> None:
        self.folder = folder
        settings = LakeSettings(str(folder), "orc", "zlib")

        def session() -> SparkSession:
            assert spark is not None, "the driver looks by itself"
            return spark

        self.lake = Lake(session, LocalStore(folder), settings)
        self.table = table(kind)
        self.changes: list[tuple[int, ChangeSet]] = []
        self.held: Held = {}
        self.lines = 0

    def file(
        self, name: str, columns: dict[str, tuple[Sequence[Decimal | int | None], pa.DataType]]
    ) -> DataFile:
        made = {name: pa.array(values, kind) for name, (values, kind) in columns.items()}
        written = pa.table(made)
        pyarrow.orc.write_table(written, self.folder / name)
        return DataFile(name, written.num_rows, (self.folder / name).stat().st_size)

    def keys(self, name: str, baskets: list[int]) -> DataFile:
        long, integer = pa.int64(), pa.int32()
        keys: list[int | None] = [one * 1_000_003 for one in baskets]
        return self.file(name, {"basket_key": (keys, long), "basket_id": ([*baskets], integer)})

    def add(self, brought: Held, whole: bool) -> None:
        number = len(self.changes) + 1
        rows = [(basket, *line) for basket, lines in brought.items() for line in lines]
        long, integer = pa.int64(), pa.int32()
        written = self.file(
            f"{number}-rows.orc",
            {
                "line_key": ([row[1] for row in rows], long),
                "basket_key": ([row[0] * 1_000_003 for row in rows], long),
                "basket_id": ([row[0] for row in rows], integer),
                "item_key": ([row[2] for row in rows], long),
                "weight": ([weight(row[2]) for row in rows], pa.decimal128(10, 5)),
            },
        )
        keys = () if whole else (self.keys(f"{number}-keys.orc", list(brought)),)
        self.held = {} if whole else self.held
        self.held |= brought
        total = sum(map(len, self.held.values()))
        change = ChangeSet("line", whole, keys, (written,), len(brought), len(rows), total)
        self.changes.append((number, change))

    def draw(self, rng: random.Random) -> Held:
        brought: Held = {}
        for basket in rng.sample(range(20), rng.randrange(1, 8)):
            brought[basket] = []
            for _ in range(rng.choice([0, 1, 1, 3])):
                self.lines += 1
                brought[basket].append((self.lines, rng.choice([None, *range(10)])))
        return brought


def drawn(folder: Path, seed: int, spark: SparkSession | None = None) -> Baskets:
    rng = random.Random(seed)
    baskets = Baskets(folder, spark, rng.choice(["fact", "dimension"]))
    baskets.add(baskets.draw(rng), whole=True)
    for _ in range(rng.randrange(5)):
        baskets.add(baskets.draw(rng), whole=rng.random() < 0.15)
    return baskets


@pytest.mark.parametrize("seed", range(25))
def test_rows_of_replaced_keys(tmp_path: Path, seed: int) -> None:
    baskets = drawn(tmp_path, seed)
    wanted = random.Random(-seed).sample(range(22), 6)
    state = LakeState(changes={"line": baskets.changes})
    keys = [baskets.keys("wanted.orc", wanted)]
    found = deleted_rows(baskets.table, baskets.lake, state, keys)
    assert found == sum(len(baskets.held.get(basket, [])) for basket in wanted)


@pytest.mark.parametrize("seed", range(25))
def test_rows_and_sums(tmp_path: Path, seed: int) -> None:
    baskets = drawn(tmp_path, seed)
    lines = [(key, item) for held in baskets.held.values() for key, item in held]
    names = ["line_key", "item_key", "weight"]
    rows, sums = rows_and_sums(baskets.table, baskets.lake.store, baskets.changes, names)
    assert rows == len(lines)
    assert sums == {
        "line_key": sum(key for key, _ in lines),
        "item_key": sum(item or 0 for _, item in lines),
        "weight": sum(weight(item) or 0 for _, item in lines),
    }


def test_the_sum_of_large_keys_does_not_overflow(tmp_path: Path) -> None:
    baskets = Baskets(tmp_path, None, "fact")
    baskets.add({1: [(2**63 - 1, None)], 2: [(2**63 - 1, None)]}, whole=True)
    names = ["line_key", "item_key"]
    found = rows_and_sums(baskets.table, baskets.lake.store, baskets.changes, names)
    assert found == (2, {"line_key": 2**64 - 2, "item_key": 0})


def test_sums_of_many_rows_and_of_other_kinds_are_not_for_the_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    baskets = Baskets(tmp_path, None, "fact")
    baskets.add({1: [(1, None)], 2: [(2, None)]}, whole=True)
    of = (baskets.table, baskets.lake.store, baskets.changes)
    with pytest.raises(CannotTell):
        rows_and_sums(*of, ["no such column"])
    monkeypatch.setattr(star_hits, "MOST_SUMMED", 1)
    with pytest.raises(CannotTell):
        rows_and_sums(*of, ["line_key"])


@pytest.mark.parametrize("seed", range(25))
def test_values_that_no_row_carries(tmp_path: Path, seed: int) -> None:
    baskets = drawn(tmp_path, seed)
    carried = {item for lines in baskets.held.values() for _, item in lines}
    wanted = pa.array([*range(12), None], pa.int64())
    found = missing_values(baskets.table, baskets.lake.store, baskets.changes, "item_key", wanted)
    # Null is a value that nobody carries.
    assert found == sum(1 for item in range(12) if item not in carried) + 1


def test_a_table_that_was_never_built_carries_nothing(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    assert missing_values(table("fact"), store, [], "item_key", pa.array([1, 2])) == 2
    assert len(values_in(store, [], "item_key")) == 0


def test_values_of_another_type_are_not_for_the_driver(tmp_path: Path) -> None:
    baskets = Baskets(tmp_path, None, "fact")
    baskets.add({1: [(1, 7)]}, whole=True)
    of = (baskets.table, baskets.lake.store, baskets.changes, "item_key")
    assert missing_values(*of, pa.array([7, 8], pa.int16())) == 1
    with pytest.raises(CannotTell):
        missing_values(*of, pa.array(["7"]))
    # Where nothing is wanted there is nothing to compare.
    assert missing_values(*of, pa.array([None], pa.string())) == 1


def test_a_sum_of_many_digits_is_exact() -> None:
    most = 10**38 - 1
    column = pa.chunked_array([pa.array([Decimal(most)] * 3, pa.decimal128(38, 0))])
    assert star_hits._sum(column) == 3 * most


@pytest.mark.parametrize("seed", range(3))
def test_spark_finds_the_same_where_the_driver_does_not_look(
    tmp_path: Path, spark: SparkSession, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    baskets = drawn(tmp_path, seed, spark)
    state = LakeState(changes={"line": baskets.changes})
    keys = [baskets.keys("wanted.orc", list(range(0, 20, 3)))]
    here = deleted_rows(baskets.table, baskets.lake, state, keys)
    facts = lake_facts([baskets.table], baskets.lake, state)
    assert facts["line"]["rows"] == sum(map(len, baskets.held.values()))
    monkeypatch.setattr(looking, "MOST_VALUES", 0)
    monkeypatch.setattr(star_hits, "MOST_SUMMED", -1)
    with pytest.raises(CannotTell):
        values_in(baskets.lake.store, keys, "basket_id")
    assert deleted_rows(baskets.table, baskets.lake, state, keys) == here
    assert lake_facts([baskets.table], baskets.lake, state) == facts
    items = current_rows(baskets.table, baskets.lake, baskets.changes, ["item_key"]).collect()
    held = [item for lines in baskets.held.values() for _, item in lines]
    assert sorted(map(str, (row["item_key"] for row in items))) == sorted(map(str, held))


def _lacking(baskets: Baskets) -> Callable[[], object]:
    state = LakeState(changes={"line": baskets.changes})
    return lambda: missing_values(
        baskets.table, baskets.lake.store, state.changes["line"], "no_such", pa.array([1])
    )


def test_a_file_without_the_column_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(CannotTell):
        _lacking(drawn(tmp_path, 1))()

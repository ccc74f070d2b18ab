"""What a rebuilt table changes of the rows before, against a comparison written in SQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from src.contract.column import Column
from src.contract.table import Table
from src.contract.types import BIGINT, INTEGER, varchar
from src.io.entry import ChangeSet, DataFile
from src.io.lake import Lake
from src.io.store import LocalStore
from src.pipeline.difference import Difference, difference
from src.settings_file import load_settings
from tests.conftest import Frame

pytestmark = pytest.mark.long

GENRE = Table(
    name="dim_genre",
    kind="dimension",
    grain="one row a genre",
    columns=(
        Column("genre_key", BIGINT, "key", nullable=False),
        Column("genre_id", INTEGER, "natural key"),
        Column("name", varchar(40), "name"),
        Column("sales", INTEGER, "sales"),
    ),
    primary_key=("genre_key",),
    natural_key=("genre_id",),
    replace_by="genre_key",
    replace_natural=("genre_id",),
)
LINK = Table(
    name="dim_link",
    kind="bridge",
    grain="one row a pair",
    columns=(
        Column("left_key", BIGINT, "left", nullable=False),
        Column("right_key", BIGINT, "right", nullable=False),
    ),
    primary_key=("left_key", "right_key"),
    natural_key=("left_key", "right_key"),
    replace_by="left_key",
    replace_natural=("left_key",),
)
Rows = list[tuple[int | str | None, ...]]


class Written:
    """Writes change sets into a lake as a build does."""

    def __init__(self, spark: SparkSession, frame: Frame, folder: Path) -> None:
        self.lake = Lake(lambda: spark, LocalStore(folder), load_settings("local").lake)
        self.frame = frame
        self.number = 0

    def _files(self, rows: Rows, names: list[str], table: Table) -> tuple[DataFile, ...]:
        if not rows:
            return ()
        self.number += 1
        schema = ", ".join(f"{name} {table.column(name).type.spark_name}" for name in names)
        self.lake.write(self.frame(rows, schema).coalesce(1), f"star/{self.number}")
        return tuple(
            DataFile(one.path, len(rows), one.size)
            for one in self.lake.store.list(f"star/{self.number}")
            if one.path.endswith(".orc") and "/." not in one.path
        )

    def change(
        self, table: Table, rows: Rows, keys: Rows | None = None, lacks: str = ""
    ) -> ChangeSet:
        names = [name for name in table.names if name != lacks]
        key_names = list(dict.fromkeys([table.replace_by, *table.replace_natural]))
        key_files = self._files(keys or [], key_names, table)
        written = self._files(rows, names, table)
        return ChangeSet(table.name, keys is None, key_files, written, 0, len(rows), 0)


def test_rows_are_added_removed_and_changed_by_column(
    spark: SparkSession, frame: Frame, tmp_path: Path
) -> None:
    lake = Written(spark, frame, tmp_path)
    before = [
        (1, lake.change(GENRE, [(1, 10, "Rock", 5), (2, 20, "Jazz", 6), (3, 30, None, 7)])),
        # Genre 2 was corrected since, and 4 came: the table is what both make of it.
        (2, lake.change(GENRE, [(2, 20, "Blues", 6), (4, 40, "Folk", None)], [(2, 20), (4, 40)])),
    ]
    after = lake.change(
        GENRE,
        [(1, 10, "Rock", 5), (3, 30, "Soul", 8), (4, 40, "Folk", 0), (5, 50, "New", 1)],
    )
    assert difference(GENRE, lake.lake, before, after) == Difference(
        "dim_genre", added=1, removed=1, changed=2, columns={"name": 1, "sales": 2}
    )
    same = lake.change(
        GENRE, [(4, 40, "Folk", None), (3, 30, None, 7), (2, 20, "Blues", 6), (1, 10, "Rock", 5)]
    )
    assert difference(GENRE, lake.lake, before, same) == Difference("dim_genre", 0, 0, 0)


def test_a_column_that_older_files_lack_changes_where_it_has_a_value(
    spark: SparkSession, frame: Frame, tmp_path: Path
) -> None:
    lake = Written(spark, frame, tmp_path)
    before = [(1, lake.change(GENRE, [(1, 10, "Rock"), (2, 20, "Jazz")], lacks="sales"))]
    after = lake.change(GENRE, [(1, 10, "Rock", 5), (2, 20, "Jazz", None)])
    assert difference(GENRE, lake.lake, before, after) == Difference(
        "dim_genre", added=0, removed=0, changed=1, columns={"sales": 1}
    )


def test_a_table_that_is_all_key_has_no_changed_rows(
    spark: SparkSession, frame: Frame, tmp_path: Path
) -> None:
    lake = Written(spark, frame, tmp_path)
    before = [(1, lake.change(LINK, [(1, 1), (1, 2), (2, 1)]))]
    after = lake.change(LINK, [(1, 1), (2, 1), (2, 2), (3, 1)])
    assert difference(LINK, lake.lake, before, after) == Difference("dim_link", 2, 1, 0)
    emptied = lake.change(LINK, [])
    assert difference(LINK, lake.lake, before, emptied) == Difference("dim_link", 0, 3, 0)

"""Which version of a natural key counts: business time, arrival, path, line."""

from __future__ import annotations

from chispa import assert_df_equality

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, TIMESTAMP, varchar
from src.transforms.versions import latest_version
from tests.conftest import Frame

COLUMNS = (
    Column("id", INTEGER, "number"),
    Column("at", TIMESTAMP, "when"),
    Column("version", varchar(9), "a column of the supplier"),
)
SCHEMA = (
    "id int, at timestamp, version string, arrived_at timestamp, raw_file string, "
    "raw_line bigint, raw_id bigint"
)
ROWS = [
    # Arrival decides, not the place in the list nor the name of the file.
    (1, None, "new", "2021-01-02", "a.csv", 2, 11),
    (1, None, "old", "2021-01-01", "z.csv", 9, 12),
    # At one arrival the path, then the line as a number.
    (2, None, "b9", "2021-01-01", "b.csv", 9, 13),
    (2, None, "b10", "2021-01-01", "b.csv", 10, 13),
    (2, None, "a", "2021-01-01", "a.csv", 99, 14),
    # A business time goes before arrival, where the source declares one.
    (3, "2021-06-01", "late", "2021-01-01", "a.csv", 2, 11),
    (3, "2021-05-01", "early", "2021-01-09", "a.csv", 2, 11),
    (3, None, "never", "2021-01-10", "a.csv", 2, 11),
    # Two versions of one file at one instant: some order, and always the same.
    (4, None, "this", "2021-01-01", "a.csv", 2, 16),
    (4, None, "that", "2021-01-01", "a.csv", 2, 15),
]


def test_the_latest_version_by_arrival_path_and_line(frame: Frame) -> None:
    source = Source("thing", "Thing", "one thing", COLUMNS, ("id",))
    found = latest_version(frame(ROWS, SCHEMA), source)
    expected = frame([ROWS[0], ROWS[3], ROWS[7], ROWS[8]], SCHEMA)
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)


def test_the_business_time_goes_first_where_there_is_one(frame: Frame) -> None:
    source = Source("thing", "Thing", "one thing", COLUMNS, ("id",), business_time="at")
    found = latest_version(frame(ROWS, SCHEMA), source)
    expected = frame([ROWS[0], ROWS[3], ROWS[5], ROWS[8]], SCHEMA)
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)


def test_a_key_whose_last_version_is_a_tombstone_has_no_row_or_its_last_one_marked(
    frame: Frame,
) -> None:
    marked = SCHEMA + ", `is deleted` boolean"
    rows = frame(
        [
            (1, None, "kept", "2021-01-01", "a.csv", 2, 1, False),
            (1, None, None, "2021-01-02", "b.csv", 2, 2, True),
            (2, None, None, "2021-01-02", "b.csv", 3, 2, True),
            (2, None, "again", "2021-01-03", "c.csv", 2, 3, False),
            (3, None, None, "2021-01-02", "b.csv", 4, 2, True),
            (4, None, "late", "2021-01-01", "a.csv", 5, 1, False),
            (4, None, None, "2021-01-02", "b.csv", 5, 2, True),
            (4, None, None, "2021-01-03", "c.csv", 5, 3, True),
        ],
        marked,
    )
    source = Source("thing", "Thing", "one thing", COLUMNS, ("id",))
    live = {(row["id"], row["version"]) for row in latest_version(rows, source).collect()}
    assert live == {(2, "again")}
    kept = latest_version(rows, source, keep_deleted=True).collect()
    assert {(row["id"], row["version"], row["is deleted"]) for row in kept} == {
        (1, "kept", True),
        (2, "again", False),
        (4, "late", True),
    }
    assert len(kept) == 3

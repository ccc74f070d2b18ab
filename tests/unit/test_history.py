"""Type 2 history: versions folded into half-open intervals."""

from __future__ import annotations

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.transforms.history import fold_history, inferred_history, with_version_at
from tests.conftest import Frame
from tests.unit.oracle import key

VERSIONS = "id int, city string, phone string, at timestamp, line bigint, gone boolean"
HISTORY = (
    "id int, city string, phone string, valid_from timestamp, valid_to timestamp, "
    "is_current boolean, is_deleted boolean"
)
FIRST, OPEN = "1900-01-01 00:00:00", "2199-12-31 00:00:00"


def fold(versions: DataFrame, deleted: bool = False) -> DataFrame:
    return fold_history(
        versions,
        key=["id"],
        tracked=["city"],
        overwritten=["phone"],
        valid_from=F.col("at"),
        order=[F.col("at"), F.col("line")],
        deleted=F.coalesce("gone", F.lit(False)) if deleted else None,
    )


def v(city: str | None, at: str, phone: str = "1", line: int = 2, gone: bool = False) -> tuple:
    return (city, phone, at, line, gone)


CASES: dict[str, tuple[list[tuple], list[tuple]]] = {
    "one version is valid for ever": (
        [v("Bonn", "2021-05-01")],
        [("Bonn", "1", FIRST, OPEN, True, False)],
    ),
    "a change opens a version and closes the one before at the same instant": (
        [v("Bonn", "2021-05-01"), v("Köln", "2021-06-01 12:00:00.000001")],
        [
            ("Bonn", "1", FIRST, "2021-06-01 12:00:00.000001", False, False),
            ("Köln", "1", "2021-06-01 12:00:00.000001", OPEN, True, False),
        ],
    ),
    "a version that changes nothing tracked opens no row": (
        [v("Bonn", "2021-05-01"), v("Bonn", "2021-06-01"), v("Köln", "2021-07-01")],
        [
            ("Bonn", "1", FIRST, "2021-07-01", False, False),
            ("Köln", "1", "2021-07-01", OPEN, True, False),
        ],
    ),
    "a return to an earlier value is a version of its own": (
        [v("Bonn", "2021-05-01"), v("Köln", "2021-06-01"), v("Bonn", "2021-07-01")],
        [
            ("Bonn", "1", FIRST, "2021-06-01", False, False),
            ("Köln", "1", "2021-06-01", "2021-07-01", False, False),
            ("Bonn", "1", "2021-07-01", OPEN, True, False),
        ],
    ),
    "versions that come out of order fall into their place": (
        [v("Ulm", "2021-07-01"), v("Bonn", "2021-05-01"), v("Köln", "2021-06-01")],
        [
            ("Bonn", "1", FIRST, "2021-06-01", False, False),
            ("Köln", "1", "2021-06-01", "2021-07-01", False, False),
            ("Ulm", "1", "2021-07-01", OPEN, True, False),
        ],
    ),
    "of several versions at one instant the last in order counts": (
        [
            v("Bonn", "2021-05-01", line=9),
            v("Köln", "2021-05-01", line=10),
            v("Ulm", "2021-06-01", line=3),
            v("Köln", "2021-06-01", line=4),
        ],
        [("Köln", "1", FIRST, OPEN, True, False)],
    ),
    "null is a value to change from and to": (
        [v(None, "2021-05-01"), v("Bonn", "2021-06-01"), v(None, "2021-07-01")],
        [
            (None, "1", FIRST, "2021-06-01", False, False),
            ("Bonn", "1", "2021-06-01", "2021-07-01", False, False),
            (None, "1", "2021-07-01", OPEN, True, False),
        ],
    ),
    "a column that is not tracked has its last value in every row": (
        [
            v("Bonn", "2021-05-01", phone="1"),
            v("Köln", "2021-06-01", phone="2"),
            v("Köln", "2021-07-01", phone="3"),
        ],
        [
            ("Bonn", "3", FIRST, "2021-06-01", False, False),
            ("Köln", "3", "2021-06-01", OPEN, True, False),
        ],
    ),
}


def test_versions_fold_into_intervals(frame: Frame) -> None:
    # Every case is a member of its own, and all are folded at once.
    versions = [(n, *row) for n, (given, _) in enumerate(CASES.values()) for row in given]
    expected = [(n, *row) for n, (_, rows) in enumerate(CASES.values()) for row in rows]
    found = fold(frame(versions, VERSIONS))
    assert_df_equality(found, frame(expected, HISTORY), ignore_nullable=True, ignore_row_order=True)


DELETIONS: dict[str, tuple[list[tuple], list[tuple]]] = {
    "flagged from the tombstone on, until it is back": (
        [
            v("Bonn", "2021-05-01"),
            v("Bonn", "2021-06-01", gone=True),
            v("Bonn", "2021-07-01", gone=True),
            v("Bonn", "2021-08-01"),
        ],
        [
            ("Bonn", "1", FIRST, "2021-06-01", False, False),
            ("Bonn", "1", "2021-06-01", "2021-08-01", False, True),
            ("Bonn", "1", "2021-08-01", OPEN, True, False),
        ],
    ),
    "with what it was, whatever the tombstone says": (
        [v("Bonn", "2021-05-01", phone="2"), v(None, "2021-06-01", phone="9", gone=True)],
        [
            ("Bonn", "2", FIRST, "2021-06-01", False, False),
            ("Bonn", "2", "2021-06-01", OPEN, True, True),
        ],
    ),
    "a null that it had stays null": (
        [v("Ulm", "2021-04-01"), v(None, "2021-05-01"), v("Bonn", "2021-06-01", gone=True)],
        [
            ("Ulm", "1", FIRST, "2021-05-01", False, False),
            (None, "1", "2021-05-01", "2021-06-01", False, False),
            (None, "1", "2021-06-01", OPEN, True, True),
        ],
    ),
    "a tombstone alone is no member": ([v("Ulm", "2021-05-01", gone=True)], []),
    "a row older than its tombstone is deleted": (
        [v(None, "2021-06-01", gone=True), v("Bonn", "2021-05-01")],
        [
            ("Bonn", "1", FIRST, "2021-06-01", False, False),
            ("Bonn", "1", "2021-06-01", OPEN, True, True),
        ],
    ),
    "a row newer than a tombstone without one before is the first": (
        [v(None, "2021-05-01", gone=True), v("Bonn", "2021-06-01")],
        [("Bonn", "1", FIRST, OPEN, True, False)],
    ),
    "deleted at the instant of an update that comes before": (
        [
            v("Bonn", "2021-05-01"),
            v("Köln", "2021-06-01", line=2),
            v(None, "2021-06-01", line=3, gone=True),
        ],
        [
            ("Bonn", "1", FIRST, "2021-06-01", False, False),
            ("Köln", "1", "2021-06-01", OPEN, True, True),
        ],
    ),
    "back at the instant of its deletion": (
        [
            v("Bonn", "2021-05-01"),
            v(None, "2021-06-01", line=2, gone=True),
            v("Köln", "2021-06-01", line=3),
        ],
        [
            ("Bonn", "1", FIRST, "2021-06-01", False, False),
            ("Köln", "1", "2021-06-01", OPEN, True, False),
        ],
    ),
    "back as another": (
        [
            v("Bonn", "2021-05-01"),
            v(None, "2021-06-01", gone=True),
            v("Ulm", "2021-07-01", phone="3"),
        ],
        [
            ("Bonn", "3", FIRST, "2021-06-01", False, False),
            ("Bonn", "3", "2021-06-01", "2021-07-01", False, True),
            ("Ulm", "3", "2021-07-01", OPEN, True, False),
        ],
    ),
    "a late version before the tombstone changes what was deleted": (
        [
            v("Bonn", "2021-05-01"),
            v(None, "2021-07-01", gone=True),
            v("Köln", "2021-06-01", phone="2"),
        ],
        [
            ("Bonn", "2", FIRST, "2021-06-01", False, False),
            ("Köln", "2", "2021-06-01", "2021-07-01", False, False),
            ("Köln", "2", "2021-07-01", OPEN, True, True),
        ],
    ),
    "a version between two tombstones is back for that time": (
        [
            v("Bonn", "2021-05-01"),
            v(None, "2021-06-01", gone=True),
            v(None, "2021-08-01", gone=True),
            v("Bonn", "2021-07-01"),
        ],
        [
            ("Bonn", "1", FIRST, "2021-06-01", False, False),
            ("Bonn", "1", "2021-06-01", "2021-07-01", False, True),
            ("Bonn", "1", "2021-07-01", "2021-08-01", False, False),
            ("Bonn", "1", "2021-08-01", OPEN, True, True),
        ],
    ),
    "a version corrected afterwards, at its own instant": (
        [
            v("Bonn", "2021-05-01"),
            v("Kiel", "2021-06-01", line=2),
            v("Ulm", "2021-07-01"),
            v("Köln", "2021-06-01", line=3),
        ],
        [
            ("Bonn", "1", FIRST, "2021-06-01", False, False),
            ("Köln", "1", "2021-06-01", "2021-07-01", False, False),
            ("Ulm", "1", "2021-07-01", OPEN, True, False),
        ],
    ),
}


def test_a_deleted_member_keeps_its_rows(frame: Frame) -> None:
    versions = [(n, *row) for n, (given, _) in enumerate(DELETIONS.values()) for row in given]
    expected = [(n, *row) for n, (_, rows) in enumerate(DELETIONS.values()) for row in rows]
    found = fold(frame(versions, VERSIONS), deleted=True)
    assert_df_equality(found, frame(expected, HISTORY), ignore_nullable=True, ignore_row_order=True)


@pytest.mark.parametrize("name", ["at", "place", "content", "before", "is_first", "next_at"])
def test_columns_of_any_name_keep_their_values(frame: Frame, name: str) -> None:
    versions = frame(
        [(1, "x", "2021-05-01", 2), (1, "y", "2021-06-01", 2)],
        f"id int, `{name}` string, arrived timestamp, line bigint",
    )
    found = fold_history(
        versions,
        key=["id"],
        tracked=[name],
        overwritten=[],
        valid_from=F.col("arrived"),
        order=[F.col("arrived"), F.col("line")],
    )
    assert [row[name] for row in found.orderBy("valid_from").collect()] == ["x", "y"]


def test_inferred_members_are_open_from_the_first_day(frame: Frame) -> None:
    members = frame(
        [
            (1, "a", "1", None, None, None, None),
            (2, "b", "1", "2021-05-01", "2021-06-01", False, True),
        ],
        HISTORY,
    )
    expected = frame(
        [
            (1, "a", "1", FIRST, OPEN, True, False),
            (2, "b", "1", "2021-05-01", "2021-06-01", False, True),
        ],
        HISTORY,
    )
    assert_df_equality(
        inferred_history(members), expected, ignore_nullable=True, ignore_column_order=True
    )


def test_an_event_points_at_the_version_that_held_then_the_inferred_or_the_unknown(
    frame: Frame,
) -> None:
    history = frame(
        [
            (1, "a", "1", FIRST, "2021-05-01", False, False),
            (1, "b", "1", "2021-05-01", OPEN, True, False),
        ],
        HISTORY,
    )
    rows = frame(
        [
            (1, 1, "2021-04-30 23:59:59"),
            (2, 1, "2021-05-01 00:00:00"),
            (3, 7, "2021-05-01 00:00:00"),
            (4, None, "2021-05-01 00:00:00"),
        ],
        "event int, id int, at timestamp",
    )
    dated = with_version_at(rows, history, "id", F.col("at"), key="version_key", also=("city",))
    found = [tuple(row) for row in dated.drop("at").orderBy("event").collect()]
    assert found == [
        (1, 1, "a", key(1, FIRST)),
        (2, 1, "b", key(1, "2021-05-01 00:00:00")),
        (3, 7, None, key(7, FIRST)),
        (4, None, None, -1),
    ]

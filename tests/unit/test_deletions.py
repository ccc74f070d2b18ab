"""What snapshots lack and tombstones say, from rows and files written by hand."""

from __future__ import annotations

import pytest
from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import BIGINT, INTEGER, TIMESTAMP, varchar
from src.errors import ContractError
from src.transforms.deletions import (
    Snapshot,
    changed_by_snapshots,
    since_last_complete,
    with_deletions,
)
from tests.conftest import Frame

COLUMNS = (
    Column("id", INTEGER, "number", nullable=False),
    Column("at", TIMESTAMP, "when"),
    Column("city", varchar(9), "city"),
)
SCHEMA = (
    "id int, at timestamp, city string, raw_file string, raw_line bigint, raw_id bigint, "
    "arrived_at timestamp"
)
SETS = Source("thing", "Thing", "one thing", COLUMNS, ("id",), delivery="snapshot")
TIMED = Source(
    "thing", "Thing", "one thing", COLUMNS, ("id",), delivery="snapshot", business_time="at"
)
DAY = 86_400_000_000
JANUARY = 1_609_459_200_000_000


def file(day: int, is_complete: bool = True) -> Snapshot:
    """The file of a day of January 2021; its number is the day."""
    return Snapshot(day, JANUARY + (day - 1) * DAY, f"{day:02d}.csv", is_complete)


def row(key: int, city: str | None, day: int, at: str | None = None) -> tuple[object, ...]:
    return (key, at, city, f"{day:02d}.csv", 2, day, f"2021-01-{day:02d}")


def deleted(rows: DataFrame, source: Source, files: list[Snapshot]) -> set[tuple[int, str]]:
    """Keys and the day (of January) from which they are deleted."""
    found = with_deletions(rows, source, files)
    assert found.columns == [*rows.columns, "is deleted"]
    tombstones = found.where("`is deleted`").collect()
    for one in tombstones:
        assert (one["city"], one["raw_line"]) == (None, 0)
        assert one["raw_file"] == f"{one['raw_id']:02d}.csv"
    pairs = [(one["id"], str(one["arrived_at"])[8:10]) for one in tombstones]
    assert len(pairs) == len(set(pairs))
    assert found.where("not `is deleted`").count() == rows.count()
    return set(pairs)


def test_a_key_is_deleted_by_the_first_complete_file_that_lacks_it(frame: Frame) -> None:
    rows = frame(
        [
            # 1 is in every file; 2 goes with the third; 3 goes, comes back, and goes again.
            *[row(1, "Bonn", day) for day in (1, 2, 3, 4, 5)],
            *[row(2, "Ulm", day) for day in (1, 2)],
            *[row(3, "Kiel", day) for day in (1, 3, 4)],
            # 4 comes first with the last file; 5 stands in the incomplete one alone.
            row(4, "Jena", 5),
            row(5, "Trier", 2),
        ],
        SCHEMA,
    )
    files = [file(1), file(2, is_complete=False), file(3), file(4), file(5)]
    assert deleted(rows, SETS, files) == {(2, "03"), (3, "05"), (5, "03")}
    # Were the second complete as well, it would delete 3, and 5 would still go with the third.
    complete = [file(1), file(2), file(3), file(4), file(5)]
    assert deleted(rows, SETS, complete) == {(2, "03"), (3, "02"), (3, "05"), (5, "03")}


def test_the_order_of_files_is_that_of_their_arrival_whatever_order_they_are_listed_in(
    frame: Frame,
) -> None:
    rows = frame([row(1, "Bonn", 1), row(1, "Bonn", 3)], SCHEMA)
    assert deleted(rows, SETS, [file(3), file(2), file(1)]) == {(1, "02")}


def test_an_empty_complete_file_deletes_all(frame: Frame) -> None:
    rows = frame([row(1, "Bonn", 1), row(2, "Ulm", 1)], SCHEMA)
    assert deleted(rows, SETS, [file(1), file(2)]) == {(1, "02"), (2, "02")}


def test_no_file_and_no_delivery_of_snapshots_delete_nothing(frame: Frame) -> None:
    rows = frame([row(1, "Bonn", 1)], SCHEMA)
    assert deleted(rows, SETS, []) == set()
    changes = Source("thing", "Thing", "one thing", COLUMNS, ("id",))
    assert with_deletions(rows, changes, [file(1), file(2)]).columns == rows.columns


def times(rows: DataFrame, files: list[Snapshot]) -> list[tuple[str, str, bool]]:
    """Each version's time, city and mark, in the order of versions."""
    found = with_deletions(rows, TIMED, files)
    return [
        (str(one["at"])[:10], one["city"], one["is deleted"])
        for one in found.orderBy("at", "arrived_at").collect()
    ]


def test_a_key_that_comes_back_takes_effect_when_it_is_back_whatever_time_it_bears(
    frame: Frame,
) -> None:
    old = "2020-05-01"
    rows = frame([row(1, "Bonn", 1, old), row(1, "Bonn", 3, old), row(1, "Bonn", 4, old)], SCHEMA)
    assert times(rows, [file(1), file(2), file(3), file(4)]) == [
        (old, "Bonn", False),
        ("2021-01-02", None, True),
        ("2021-01-03", "Bonn", False),
        ("2021-01-03", "Bonn", False),
    ]


def test_an_update_after_a_rebirth_keeps_its_own_time(frame: Frame) -> None:
    rows = frame(
        [
            row(1, "Bonn", 1, "2020-05-01"),
            row(1, "Bonn", 3),
            row(1, "Ulm", 9, "2021-01-05"),
        ],
        SCHEMA,
    )
    assert times(rows, [file(1), file(2), file(3), file(9)]) == [
        ("2020-05-01", "Bonn", False),
        ("2021-01-02", None, True),
        ("2021-01-03", "Bonn", False),
        ("2021-01-05", "Ulm", False),
    ]


def test_a_key_whose_time_is_ahead_of_its_arrival_is_deleted_all_the_same(frame: Frame) -> None:
    rows = frame([row(1, "Bonn", 1, "2021-06-01")], SCHEMA)
    assert times(rows, [file(1), file(2)]) == [
        ("2021-06-01", "Bonn", False),
        ("2021-06-01", None, True),
    ]


def changed(rows: DataFrame, files: list[Snapshot], new: set[int]) -> set[tuple[int, int]]:
    """Keys that a build has to look at, and the file of the row that says so."""
    needed = since_last_complete(files, new)
    some = rows.where(rows["raw_id"].isin([one.raw_id for one in needed]))
    found = changed_by_snapshots(some, SETS, needed, new).collect()
    return {(one["id"], one["raw_id"]) for one in found}


def test_changed_are_keys_that_differ_from_the_file_before_and_those_that_went(
    frame: Frame,
) -> None:
    rows = frame(
        [
            *[row(1, "Bonn", day) for day in (1, 2, 3)],
            *[row(2, "Ulm" if day < 3 else "Kiel", day) for day in (1, 2, 3)],
            *[row(3, "Jena", day) for day in (1, 2)],
            # Gone since the second file: the third says nothing new.
            row(4, "Trier", 1),
            row(5, "Mainz", 3),
            *[row(6, "Worms", day) for day in (1, 3)],
        ],
        SCHEMA,
    )
    files = [file(1), file(2), file(3)]
    assert [one.raw_id for one in since_last_complete(files, {3})] == [2, 3]
    assert changed(rows, files, {3}) == {(2, 3), (3, 2), (5, 3), (6, 3)}
    # All of one build: nothing is known before, and 4 and 6 went with the second.
    assert changed(rows, files, {1, 2, 3}) >= {(4, 1), (3, 2), (2, 3)}


def test_a_late_file_between_two_changes_what_it_lacks_and_what_it_has_otherwise(
    frame: Frame,
) -> None:
    rows = frame(
        [
            *[row(1, "Bonn", day) for day in (1, 2, 3)],
            *[row(2, "Ulm", day) for day in (1, 3)],
            # Deleted by the third until the second came, now by the second.
            row(3, "Jena", 1),
            *[row(4, "Trier", day) for day in (1, 2)],
        ],
        SCHEMA,
    )
    files = [file(1), file(2), file(3)]
    found = {key for key, _ in changed(rows, files, {2})}
    # 4 has a new version like the one before it; it is now deleted by the third as before.
    assert found == {2, 3}


def test_operations_mark_tombstones(frame: Frame) -> None:
    op = Column("op", varchar(1), "operation")
    source = Source("thing", "Thing", "one thing", (op, *COLUMNS), ("id",), op="op")
    rows = frame([("I", 1), ("U", 2), ("D", 3), (None, 4)], "op string, id int")
    found = with_deletions(rows, source, [])
    assert [(one["id"], one["is deleted"]) for one in found.orderBy("id").collect()] == [
        (1, False),
        (2, False),
        (3, True),
        (4, False),
    ]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"op": "city", "delivery": "snapshot"}, "deletes by what it lacks"),
        ({"op": "operation"}, "not declared: operation"),
        ({"op": "id"}, "is a text that may be null, and no key"),
        (
            {
                "delivery": "snapshot",
                "business_time": "ms",
                "columns": (*COLUMNS, Column("ms", BIGINT, "when")),
            },
            "expected ms as a timestamp",
        ),
    ],
)
def test_a_declaration_that_no_row_can_follow_is_refused(
    wrong: dict[str, object], says: str
) -> None:
    given: dict[str, object] = {"columns": COLUMNS, "key": ("id",), **wrong}
    with pytest.raises(ContractError, match=says):
        Source("thing", "Thing", "one thing", **given)  # type: ignore[arg-type]

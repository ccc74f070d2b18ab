"""Duplicates inside one raw file: the last of identical rows, the last of conflicting ones."""

from __future__ import annotations

import pytest
from chispa import assert_df_equality

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, TIMESTAMP, varchar
from src.transforms.duplicates import identity, identity_hash, judge
from tests.conftest import Frame

COLUMNS = (
    Column("id", INTEGER, "number"),
    Column("name", varchar(9), "name"),
    Column("size", INTEGER, "size"),
)
SOURCE = Source("thing", "Thing", "one thing", COLUMNS, ("id",))
SCHEMA = "raw_id bigint, raw_line bigint, id int, name string, size int"
KEEP, SAME, OTHER = "keep", "duplicate", "conflict"
A, B, C = ("a", 1), ("b", 1), (None, None)

CASES = {
    "alone": [(A, KEEP)],
    "A A": [(A, SAME), (A, KEEP)],
    "A A A": [(A, SAME), (A, SAME), (A, KEEP)],
    "A B": [(A, OTHER), (B, KEEP)],
    "A A B": [(A, SAME), (A, OTHER), (B, KEEP)],
    "A B A": [(A, SAME), (B, OTHER), (A, KEEP)],
    "A B B": [(A, OTHER), (B, SAME), (B, KEEP)],
    "A B C": [(A, OTHER), (B, OTHER), (C, KEEP)],
    "A B A B": [(A, SAME), (B, SAME), (A, OTHER), (B, KEEP)],
    "nulls are alike": [(C, SAME), (C, KEEP)],
    "null is no value": [(("a", None), OTHER), (A, KEEP)],
}


def test_fates_within_one_file_and_key(frame: Frame) -> None:
    rows = []
    for number, case in enumerate(CASES.values()):
        rows += [
            (1, 1000 * number + 10 * line, number, *content, fate)
            for line, (content, fate) in enumerate(case)
        ]
    judged = judge(frame([row[:-1] for row in reversed(rows)], SCHEMA), SOURCE)
    expected = frame(rows, SCHEMA + ", fate string")
    assert_df_equality(judged, expected, ignore_nullable=True, ignore_row_order=True)


def test_files_are_judged_apart(frame: Frame) -> None:
    rows = [(1, 5, 7, "a", 1), (2, 9, 7, "a", 1), (2, 3, 7, "b", 1)]
    judged = judge(frame(rows, SCHEMA), SOURCE)
    fates = {(row["raw_id"], row["raw_line"]): row["fate"] for row in judged.collect()}
    assert fates == {(1, 5): KEEP, (2, 3): OTHER, (2, 9): KEEP}


def test_rows_of_several_business_times_are_versions_and_no_duplicates(frame: Frame) -> None:
    timed = Source(
        "thing",
        "Thing",
        "one thing and version",
        (*COLUMNS[:2], Column("at", TIMESTAMP, "when")),
        ("id",),
        business_time="at",
    )
    rows = frame(
        [
            (1, 2, 7, "a", "2021-01-01"),
            (1, 3, 7, "b", "2021-01-02"),
            (1, 4, 7, "c", "2021-01-02"),
            (1, 5, 7, "d", None),
            (1, 6, 7, "d", None),
        ],
        "raw_id bigint, raw_line bigint, id int, name string, at timestamp",
    )
    fates = {row["raw_line"]: row["fate"] for row in judge(rows, timed).collect()}
    assert fates == {2: KEEP, 3: OTHER, 4: KEEP, 5: SAME, 6: KEEP}
    assert identity(timed) == ["id", "at"]
    hashes = [row[0] for row in rows.select(identity_hash(timed)).collect()]
    assert len(set(hashes)) == 3


def test_rows_keep_all_their_columns_whatever_their_names(frame: Frame) -> None:
    names = ("content", "copy", "place", "version")
    source = Source(
        "thing",
        "Thing",
        "one thing",
        (COLUMNS[0], *[Column(name, varchar(9), name) for name in names]),
        ("id",),
    )
    rows = frame(
        [(1, 2, 7, "a", "b", "c", "d"), (1, 3, 7, "a", "b", "c", "e")],
        "raw_id bigint, raw_line bigint, id int, content string, copy string, place string, "
        "version string",
    )
    judged = judge(rows, source)
    assert judged.columns == [*rows.columns, "fate"]
    assert [row["content"] for row in judged.collect()] == ["a", "a"]


@pytest.mark.parametrize("key", [("id",), ("id", "name")])
def test_a_natural_key_may_have_several_parts(frame: Frame, key: tuple[str, ...]) -> None:
    source = Source("thing", "Thing", "one thing", COLUMNS, key)
    rows = frame([(1, 2, 7, "a", 1), (1, 3, 7, "b", 1)], SCHEMA)
    fates = [row["fate"] for row in judge(rows, source).orderBy("raw_line").collect()]
    assert fates == ([OTHER, KEEP] if key == ("id",) else [KEEP, KEEP])

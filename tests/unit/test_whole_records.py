"""Lines of an order stand or fall together."""

from __future__ import annotations

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, varchar
from src.transforms.duplicates import identity_hash, judge, may_be_doubled
from src.transforms.versions import latest_version
from src.transforms.whole_records import stand_or_fall
from tests.conftest import Frame

ORDER = Source(
    name="order_line",
    files="orders",
    grain="a line",
    format="json",
    explode="lines",
    key=("order_id", "line"),
    business_time="at",
    columns=(
        Column("order_id", varchar(10), "order"),
        Column("at", INTEGER, "version"),
        Column("line", INTEGER, "line", header="lines[].line"),
        Column("place", INTEGER, "place", header="lines[]"),
        Column("pieces", INTEGER, "pieces", header="lines[].pieces"),
    ),
)
ROWS = "raw_id long, raw_line long, order_id string, at int, line int, place int, pieces int"
WITH_REASONS = f"{ROWS}, reasons array<string>"
WITH_ORIGIN = f"{ROWS}, arrived_at timestamp, raw_file string"


def test_one_bad_line_refuses_its_order_and_no_other(frame: Frame) -> None:
    rows = frame(
        [
            (1, 1, "A", 1, 1, 1, 5, []),
            (1, 1, "A", 1, 2, 2, None, ["pieces: expected a value, found none"]),
            (1, 2, "B", 1, 1, 1, 5, []),
            (2, 1, "A", 1, 1, 1, 5, []),
        ],
        WITH_REASONS,
    )
    found = {
        (row.raw_id, row.raw_line, row.line): row.reasons
        for row in stand_or_fall(rows, ORDER).collect()
    }
    assert found == {
        (1, 1, 1): ["refused with its record: pieces: expected a value, found none"],
        (1, 1, 2): ["pieces: expected a value, found none"],
        (1, 2, 1): [],
        (2, 1, 1): [],
    }


def test_two_values_under_one_line_number_refuse_the_order_a_repeat_does_not(frame: Frame) -> None:
    rows = frame(
        [
            (1, 1, "A", 1, 1, 1, 5, []),
            (1, 1, "A", 1, 1, 2, 6, []),
            (1, 1, "A", 1, 2, 3, 7, []),
            (1, 2, "B", 1, 1, 1, 5, []),
            (1, 2, "B", 1, 1, 2, 5, []),
        ],
        WITH_REASONS,
    )
    found = stand_or_fall(rows, ORDER)
    reasons = {(row.order_id, row.place): row.reasons for row in found.collect()}
    conflict = "conflict: line stands twice in its record, with different values"
    assert reasons[("A", 1)] == reasons[("A", 2)] == [conflict]
    assert reasons[("A", 3)] == [f"refused with its record: {conflict}"]
    assert reasons[("B", 1)] == reasons[("B", 2)] == []
    good = found.where("size(reasons) = 0").drop("reasons")
    assert sorted(row.fate for row in judge(good, ORDER).collect()) == ["duplicate", "keep"]


def test_orders_of_one_identity_are_compared_with_all_their_lines(frame: Frame) -> None:
    rows = frame(
        [
            # A: the same order twice, its lines in another sequence.
            (1, 1, "A", 1, 1, 1, 5),
            (1, 1, "A", 1, 2, 2, 6),
            (1, 4, "A", 1, 2, 1, 6),
            (1, 4, "A", 1, 1, 2, 5),
            # B: the later one lacks a line, and another is of another version.
            (1, 2, "B", 1, 1, 1, 5),
            (1, 2, "B", 1, 2, 2, 6),
            (1, 3, "B", 1, 1, 1, 5),
            (1, 5, "B", 2, 1, 1, 5),
        ],
        ROWS,
    )
    fates = {
        (row.order_id, row.raw_line, row.line): row.fate for row in judge(rows, ORDER).collect()
    }
    assert fates == {
        ("A", 1, 1): "duplicate",
        ("A", 1, 2): "duplicate",
        ("A", 4, 1): "keep",
        ("A", 4, 2): "keep",
        ("B", 2, 1): "conflict",
        ("B", 2, 2): "conflict",
        ("B", 3, 1): "keep",
        ("B", 5, 1): "keep",
    }


def test_orders_that_share_no_line_are_candidates_and_one_alone_is_none(frame: Frame) -> None:
    rows = frame(
        [
            (1, 1, "A", 1, 1, 1, 5),
            (1, 2, "A", 1, 2, 1, 5),
            (1, 3, "B", 1, 1, 1, 5),
            (1, 3, "B", 1, 2, 2, 5),
            (1, 4, "C", 1, 1, 1, 5),
            (1, 4, "C", 1, 1, 2, 5),
        ],
        ROWS,
    )
    found = (
        rows.groupBy("order_id", identity_hash(ORDER).alias("identity"))
        .agg(may_be_doubled(ORDER).alias("doubled"))
        .collect()
    )
    assert {row.order_id: row.doubled for row in found} == {"A": True, "B": False, "C": True}


def test_a_newer_version_of_an_order_takes_back_the_lines_that_it_leaves_out(frame: Frame) -> None:
    rows = frame(
        [
            (1, 1, "A", 1, 1, 1, 5, "2024-01-02", "a"),
            (1, 1, "A", 1, 2, 2, 5, "2024-01-02", "a"),
            (2, 9, "A", 2, 1, 1, 7, "2024-01-01", "b"),
            (3, 1, "B", 1, None, None, None, "2024-01-01", "c"),
        ],
        WITH_ORIGIN,
    )
    found = latest_version(rows, ORDER).collect()
    assert sorted((row.order_id, row.line or 0, row.pieces or 0) for row in found) == [
        ("A", 1, 7),
        ("B", 0, 0),
    ]

"""Wanted values in few ranges: what lies in none of them is not read, and none is missed."""

from __future__ import annotations

from src.io.entry import DataFile
from src.pipeline.prune import RANGES, Ranges, is_worth_it, ranges_of
from tests.conftest import Frame


def file(low: str | None, high: str | None, rows: int = 1) -> tuple[int, DataFile]:
    return (1, DataFile("staged/a.orc", rows, 1, {"id": low}, {"id": high}))


def test_a_few_late_values_do_not_make_one_range_of_all(frame: Frame) -> None:
    values = [*range(9_000, 9_100), 3, 500, 501]
    (found,) = ranges_of(frame([(value,) for value in values], "id int"), ["id"])
    assert found.ranges == (("3", "3"), ("500", "501"), ("9000", "9099"))
    chosen = [(0, 2), (3, 3), (4, 499), (400, 500), (502, 8_999), (9_099, 9_999)]
    assert [found.may_be_in(file(str(a), str(b))[1]) for a, b in chosen] == [
        False, True, False, True, False, True,
    ]  # fmt: skip


def test_the_condition_keeps_every_wanted_value_and_leaves_out_the_gaps(frame: Frame) -> None:
    wanted = [7, 8, 1_000, -5]
    (found,) = ranges_of(frame([(value,) for value in wanted], "id int"), ["id"])
    condition = found.condition()
    assert condition is not None
    rows = frame([(value,) for value in range(-10, 1_010)], "id int").where(condition)
    assert sorted(row["id"] for row in rows.collect()) == [-5, 7, 8, 1_000]


def test_many_gaps_leave_the_widest(frame: Frame) -> None:
    # Pairs of neighbours two apart, and wider and wider gaps between the pairs.
    values, at = [], 0
    for number in range(200):
        values += [at, at + 2]
        at += 10 + number
    (found,) = ranges_of(frame([(value,) for value in values], "id bigint"), ["id"])
    assert len(found.ranges) == RANGES
    ranges = [(int(start), int(end)) for start, end in found.ranges]
    assert all(any(start <= value <= end for start, end in ranges) for value in values)
    # The narrow gaps at the beginning fell into one range; the wide ones at the end did not.
    assert ranges[0][0] == 0
    assert ranges[-1] == (values[-2], values[-1])


def test_gaps_that_leave_out_no_stretch_of_a_file_are_none(frame: Frame) -> None:
    # A million rows of a number each, in one file: a reader skips ten thousand of them together.
    values = frame([(value,) for value in [*range(0, 500_000, 1_000), 900_000]], "id int")
    (found,) = ranges_of(values, ["id"], [file("0", "999999", rows=1_000_000)])
    assert found.ranges == (("0", "499000"), ("900000", "900000"))
    # In a thousand files of a thousand rows each, one file is left out by a narrower gap.
    (found,) = ranges_of(
        values, ["id"], [file(str(at * 1_000), str(at * 1_000 + 999), 1_000) for at in range(1_000)]
    )
    assert len(found.ranges) == 2
    sparse = frame([(0,), (3_000,), (3_900,)], "id int")
    (found,) = ranges_of(
        sparse, ["id"], [file(str(at * 1_000), str(at * 1_000 + 999), 1_000) for at in range(1_000)]
    )
    assert found.ranges == (("0", "0"), ("3000", "3900"))


def test_text_and_dates_have_one_range(frame: Frame) -> None:
    rows = frame([("b", "2021-01-31"), ("d", "2021-03-01")], "id string, day date")
    text, day = ranges_of(rows, ["id", "day"])
    assert text.ranges == (("b", "d"),)
    assert day.ranges == (("2021-01-31", "2021-03-01"),)
    assert text.condition() is None
    assert text.may_be_in(file("a", "b")[1])
    assert not text.may_be_in(file("e", "f")[1])


def test_nulls_name_nothing_and_unknown_bounds_are_read(frame: Frame) -> None:
    assert ranges_of(frame([(None,)], "id int"), ["id"]) == []
    (found,) = ranges_of(frame([(None,), (10,)], "id int"), ["id"])
    assert found.ranges == (("10", "10"),)
    assert found.may_be_in(file(None, None)[1])
    assert found.may_be_in(DataFile("staged/a.orc", 1, 1))
    # As numbers, not as text: 9 is less than 10.
    assert found.may_be_in(file("9", "11")[1])
    assert Ranges("id", "whole", (("10", "10"),)).may_be_in(file("9", "10")[1])


def test_few_small_files_are_not_worth_a_look() -> None:
    assert not is_worth_it([file("1", "2")] * 63)
    assert is_worth_it([file("1", "2")] * 64)
    assert is_worth_it([file("1", "2", rows=200_000)])


def test_values_without_bounds_leave_nothing_out(frame: Frame) -> None:
    assert ranges_of(frame([(1,)], "key long"), []) == []

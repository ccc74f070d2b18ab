"""The frozen key function: golden values, and the definition by the xxhash package."""

from __future__ import annotations

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from src.transforms.keys import date_key, reference_key, surrogate_key
from tests.conftest import Frame
from tests.unit.oracle import key

# Written once and never changed: every row ever loaded carries keys of this function.
GOLDEN = [
    ((1,), -7110649178234865757),
    ((0,), 5699841272535032353),
    ((-7,), 6295515226891644734),
    (("AC/DC",), 7151803475444705637),
    (("",), 588762678999302225),
    (("Beyoncé",), -6699322270218486844),
    ((None,), -6675415317249969828),
    ((1, 3402), 3070712962774938499),
    ((1, "1900-01-01 00:00:00"), 7501669772575378264),
]


@pytest.mark.parametrize(("parts", "golden"), GOLDEN)
def test_golden_values_are_those_of_the_definition(parts: tuple[object, ...], golden: int) -> None:
    assert key(*parts) == golden


def test_golden_values_of_the_key_function(frame: Frame) -> None:
    rows = frame(
        [
            (1, 3402, "AC/DC", "", "Beyoncé", None, "1900-01-01 00:00:00", 0, -7),
        ],
        "one int, track int, name string, empty string, accent string, nothing string, "
        "start timestamp, zero int, minus int",
    )
    found = rows.select(
        surrogate_key("one"),
        surrogate_key("zero"),
        surrogate_key("minus"),
        surrogate_key("name"),
        surrogate_key("empty"),
        surrogate_key("accent"),
        surrogate_key("nothing"),
        surrogate_key("one", "track"),
        surrogate_key("one", "start"),
    ).first()
    assert found is not None
    assert list(found) == [golden for _, golden in GOLDEN]


def test_a_key_depends_on_the_value_and_not_on_its_width(frame: Frame) -> None:
    rows = frame([(5, 5, 5, "5")], "a smallint, b int, c bigint, d string")
    found = rows.select(*[surrogate_key(name) for name in "abcd"]).first()
    assert found is not None
    assert set(found) == {key(5)}


def test_canonical_text_of_every_type(frame: Frame) -> None:
    rows = frame(
        [("1.50", "2021-01-31", "2021-01-31 13:45:00.5", True, False)],
        "a decimal(10,2), b date, c timestamp, d boolean, e boolean",
    )
    found = rows.select(*[surrogate_key(name) for name in "abcde"]).first()
    assert found is not None
    assert list(found) == [
        key("1.50"),
        key("2021-01-31"),
        key("2021-01-31 13:45:00.5"),
        key("true"),
        key("false"),
    ]


def test_nulls_and_borders_between_parts_are_told_apart(frame: Frame) -> None:
    rows = frame(
        [
            ("a", None),
            (None, "a"),
            ("a", ""),
            ("", "a"),
            ("-", None),
            ("1:a", ""),
            ("a1", "b"),
            ("a", "1b"),
            (None, None),
        ],
        "a string, b string",
    )
    found = [row[0] for row in rows.select(surrogate_key("a", "b")).collect()]
    found.append(rows.select(surrogate_key("a")).collect()[0][0])
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(("hit", "moved"), [(-1, 1), (-2, 2), (-3, -3), (7, 7)])
def test_hashes_that_hit_a_reserved_key_move(
    frame: Frame, monkeypatch: pytest.MonkeyPatch, hit: int, moved: int
) -> None:
    rows = frame([(1,)], "a int")
    monkeypatch.setattr(
        "src.transforms.keys.F.xxhash64", lambda *columns: F.lit(hit).cast("bigint")
    )
    assert rows.select(surrogate_key("a")).collect()[0][0] == moved


def test_a_reference_with_a_missing_part_points_at_the_special_member(frame: Frame) -> None:
    rows = frame([(1, 2), (1, None), (None, 2), (None, None)], "a int, b int")
    found = rows.select(
        reference_key("a").alias("one"),
        reference_key("a", "b").alias("both"),
        reference_key("a", missing=-2).alias("optional"),
    )
    expected = frame(
        [(key(1), key(1, 2), key(1)), (key(1), -1, key(1)), (-1, -1, -2), (-1, -1, -2)],
        "one bigint, both bigint, optional bigint",
    )
    assert_df_equality(found, expected, ignore_nullable=True)


def test_the_key_of_a_day_is_yyyymmdd_and_unknown_for_null(frame: Frame) -> None:
    rows = frame([("2021-01-05 23:59:59",), ("1900-12-31 00:00:00",), (None,)], "at timestamp")
    expected = frame([(20210105,), (19001231,), (-1,)], "date_key int")
    found = rows.select(date_key(F.col("at")).alias("date_key"))
    assert_df_equality(found, expected, ignore_nullable=True)

"""Small frames of the driver's values, look-ups by them, and filters that are not pushed down."""

from __future__ import annotations

import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from src.frames import FEW, kept, look_up, small_frame, where_computed
from tests.conftest import Frame


def test_values_of_the_driver_arrive_as_they_are(spark: SparkSession) -> None:
    rows = [
        (1, -(2**63), "plain", True),
        (2, 2**63 - 1, "q\"\\'\n\t\u2028é😀", False),
        (3, None, None, None),
        (4, 0, "", None),
    ]
    found = small_frame(spark, rows, "a int, `b c` long, d string, e boolean")
    assert found.columns == ["a", "b c", "d", "e"]
    assert [tuple(row) for row in found.collect()] == rows
    assert small_frame(spark, [], "a int").count() == 0


@pytest.mark.parametrize("more", [0, FEW + 1])
def test_a_look_up_answers_by_all_its_columns_and_null_for_the_rest(
    spark: SparkSession, frame: Frame, more: int
) -> None:
    entries = [("a", 1, "x", 10), ("a", 2, "y", None), ("b", 1, None, 30), ("", 0, "", 0)]
    entries += [(f"other {n}", n, "z", n) for n in range(more)]
    rows = frame(
        [("a", 1, 0), ("a", 2, 0), ("b", 1, 0), ("b", 2, 0), (None, 1, 0), ("a", None, 0),
         ("", 0, 0), ("a", 1, 1)],
        "name string, n int, kept int",
    )  # fmt: skip
    found = look_up(rows, ["name", "n"], entries, "name string, n int, `an answer` string, m long")
    expected = frame(
        [("a", 1, 0, "x", 10), ("a", 2, 0, "y", None), ("b", 1, 0, None, 30),
         ("b", 2, 0, None, None), (None, 1, 0, None, None), ("a", None, 0, None, None),
         ("", 0, 0, "", 0), ("a", 1, 1, "x", 10)],
        "name string, n int, kept int, `an answer` string, m long",
    )  # fmt: skip
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)


def test_a_look_up_in_nothing_answers_null(spark: SparkSession, frame: Frame) -> None:
    found = look_up(frame([("a",)], "name string"), ["name"], [], "name string, answer string")
    assert [tuple(row) for row in found.collect()] == [("a", None)]


def test_rows_by_a_computed_condition(frame: Frame) -> None:
    rows = frame([(1, "a"), (2, None), (3, "c"), (None, "d")], "a int, `b c` string")
    found = where_computed(rows, F.col("a") % 2 == 1)
    expected = frame([(1, "a"), (3, "c")], "a int, `b c` string")
    assert_df_equality(found, expected, ignore_nullable=True)


def test_kept_rows_are_computed_once_and_are_one_leaf(frame: Frame) -> None:
    drawn = frame([(1,), (2,), (3,)], "id int").select("id", F.expr("uuid()").alias("drawn"))
    rows = kept(drawn)
    assert kept(rows) is rows
    first = sorted(tuple(row) for row in rows.collect())
    assert sorted(tuple(row) for row in rows.where("id > 0").collect()) == first
    # Joined with what was made of it again and again, a plan would double with each step.
    joined = rows
    for _ in range(6):
        doubled = joined.join(joined.select("id"), on="id", how="left_semi")
        joined = kept(doubled.select("id", "drawn"))
    plan = joined._jdf.queryExecution().analyzed()
    assert plan.children().size() == 0
    assert sorted(tuple(row) for row in joined.collect()) == first


def test_rows_are_cached_where_spark_has_no_leaf(
    frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = frame([(1,), (2,)], "id int").select("id", F.expr("uuid()").alias("drawn"))
    sql = drawn.sparkSession._jvm.org.apache.spark.sql  # type: ignore[union-attr]
    monkeypatch.setitem(vars(sql), "Dataset$", sql.no.such.place)
    rows = kept(drawn)
    assert rows is drawn
    assert sorted(rows.collect()) == sorted(rows.collect())

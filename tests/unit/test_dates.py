"""The calendar, day by day against Python's own."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import pytest
from pyspark.sql import SparkSession

from src.transforms.dates import DIM_DATE, Calendar, dim_date


def reference(day: date, start: int) -> tuple[object, ...]:
    iso = day.isocalendar()
    fiscal_month = (day.month - start) % 12 + 1
    ends_next_year = start > 1 and day.month >= start
    return (
        int(day.strftime("%Y%m%d")),
        day,
        day.year,
        (day.month + 2) // 3,
        day.month,
        calendar.month_name[day.month],
        day.strftime("%Y-%m"),
        day.day,
        day.timetuple().tm_yday,
        day.isoweekday(),
        calendar.day_name[day.weekday()],
        day.isoweekday() in (6, 7),
        iso.year,
        iso.week,
        day.year + ends_next_year,
        (fiscal_month + 2) // 3,
        fiscal_month,
    )


@pytest.mark.parametrize("start", [1, 4, 10])
def test_every_day_is_as_python_has_it(spark: SparkSession, start: int) -> None:
    first, last = date(1999, 12, 27), date(2032, 1, 4)
    found = dim_date(spark, Calendar(str(first), str(last), start))
    assert found.columns == DIM_DATE.names
    assert [f.dataType for f in found.schema] == [c.type.spark for c in DIM_DATE.columns]
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    rows = sorted(tuple(row) for row in found.collect())
    assert rows == [reference(day, start) for day in days]


def test_known_days_of_iso_weeks_and_fiscal_years(spark: SparkSession) -> None:
    found = dim_date(spark, Calendar("2021-01-01", "2021-12-31", 7))
    days = {str(row["date"]): row for row in found.collect()}
    new_year = days["2021-01-01"]
    assert (new_year["iso_year"], new_year["iso_week"], new_year["day_name"]) == (
        2020,
        53,
        "Friday",
    )
    assert (new_year["fiscal_year"], new_year["fiscal_quarter"]) == (2021, 3)
    july = days["2021-07-01"]
    assert (july["fiscal_year"], july["fiscal_quarter"], july["fiscal_month"]) == (2022, 1, 1)


def test_a_range_of_one_day(spark: SparkSession) -> None:
    assert dim_date(spark, Calendar("2024-02-29", "2024-02-29")).count() == 1

"""The calendar: one row a day, for every warehouse."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.column import Column
from src.contract.table import Distribution, Table
from src.contract.types import BOOLEAN, DATE, INTEGER, SMALLINT, varchar
from src.transforms.keys import date_key

# The calendar's range as conf/ gives it: a time outside is a clock that was never set.
FIRST_TIME = "2000-01-01"
LAST_TIME = "2049-12-31 23:59:59.999999"
# The same in milliseconds since 1970: times written in seconds fall outside, too.
FIRST_MS = "946684800000"
LAST_MS = "2524607999999"

DIM_DATE = Table(
    name="dim_date",
    kind="dimension",
    grain="one calendar day",
    columns=(
        Column("date_key", INTEGER, "the day as yyyymmdd", nullable=False),
        Column("date", DATE, "the day"),
        Column("year", SMALLINT, "calendar year"),
        Column("quarter", SMALLINT, "quarter of the year, 1 to 4"),
        Column("month", SMALLINT, "month of the year, 1 to 12"),
        Column("month_name", varchar(16), "English name of the month", nullable=False),
        Column("year_month", varchar(7), "year and month as 2021-01"),
        Column("day", SMALLINT, "day of the month"),
        Column("day_of_year", SMALLINT, "day of the year, from 1"),
        Column("day_of_week", SMALLINT, "ISO day of the week, Monday is 1"),
        Column("day_name", varchar(16), "English name of the day", nullable=False),
        Column("is_weekend", BOOLEAN, "Saturday or Sunday"),
        Column("iso_year", SMALLINT, "year that the ISO week belongs to"),
        Column("iso_week", SMALLINT, "ISO week, 1 to 53"),
        Column("fiscal_year", SMALLINT, "fiscal year, named by the calendar year it ends in"),
        Column("fiscal_quarter", SMALLINT, "quarter of the fiscal year, 1 to 4"),
        Column("fiscal_month", SMALLINT, "month of the fiscal year, 1 to 12"),
    ),
    primary_key=("date_key",),
    natural_key=("date",),
    replace_by="date_key",
    replace_natural=("date",),
    distribution=Distribution("ALL"),
    sort_key=("date_key",),
)


@dataclass(frozen=True)
class Calendar:
    """The configured range of days, first and last included, and where the fiscal year starts."""

    first: str
    last: str
    fiscal_start_month: int = 1


def dim_date(spark: SparkSession, calendar: Calendar) -> DataFrame:
    """One row a calendar day of the range.

    A fiscal year that does not start in January is named by the calendar year in which it ends.
    """
    days = spark.sql(
        f"SELECT explode(sequence(DATE'{calendar.first}', DATE'{calendar.last}')) AS date"
    )
    day = F.col("date")
    month = F.month(day)
    fiscal_month = (month - calendar.fiscal_start_month + 12) % 12 + 1
    ends_next_year = F.lit(calendar.fiscal_start_month > 1) & (month >= calendar.fiscal_start_month)
    weekday = F.weekday(day) + 1
    # The ISO week's year is the year of its Thursday.
    thursday = F.date_add(day, (4 - weekday).cast("int"))
    short = "smallint"
    return days.select(
        date_key(day).alias("date_key"),
        "date",
        F.year(day).cast(short).alias("year"),
        F.quarter(day).cast(short).alias("quarter"),
        month.cast(short).alias("month"),
        F.date_format(day, "MMMM").alias("month_name"),
        F.date_format(day, "yyyy-MM").alias("year_month"),
        F.dayofmonth(day).cast(short).alias("day"),
        F.dayofyear(day).cast(short).alias("day_of_year"),
        weekday.cast(short).alias("day_of_week"),
        F.date_format(day, "EEEE").alias("day_name"),
        (weekday >= 6).alias("is_weekend"),
        F.year(thursday).cast(short).alias("iso_year"),
        F.weekofyear(day).cast(short).alias("iso_week"),
        (F.year(day) + ends_next_year.cast("int")).cast(short).alias("fiscal_year"),
        F.ceil(fiscal_month / 3).cast(short).alias("fiscal_quarter"),
        fiscal_month.cast(short).alias("fiscal_month"),
    )


def local_time(instant: SparkColumn, zone: str) -> SparkColumn:
    """The time that clocks of the zone show at an instant, for its calendar day and hour.

    The result is no instant any more. ``zone`` is a name like ``Europe/Berlin``; null stays null.

    >>> rows = spark.sql("SELECT TIMESTAMP'2024-07-01 23:30:00' AS at")
    >>> rows.select(local_time(F.col("at"), "Europe/Berlin").cast("string")).first()[0]
    '2024-07-02 01:30:00'
    """
    return F.from_utc_timestamp(instant, zone)

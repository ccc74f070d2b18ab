"""dim_time: one instant at which a song was started."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.column import Column
from src.contract.table import Counted, Distribution, Input, Reference, Table
from src.contract.types import BIGINT, BOOLEAN, INTEGER, SMALLINT, TIMESTAMP, varchar
from src.transforms.dates import local_time
from src.transforms.keys import date_key, surrogate_key

# In any letter case, as levels are.
PLAY = "lower(page) = 'nextsong'"

DIM_TIME = Table(
    name="dim_time",
    kind="dimension",
    grain="one instant at which a song was started",
    columns=(
        Column("time_key", BIGINT, "surrogate key of the instant", nullable=False),
        Column("ts", BIGINT, "the instant", unit="ms since 1970, UTC"),
        Column("start_time", TIMESTAMP, "the instant, UTC"),
        Column("date_key", INTEGER, "its day in the reporting time zone", nullable=False),
        Column("hour", SMALLINT, "hour of that day, 0 to 23"),
        Column("day", SMALLINT, "day of the month"),
        Column("week", SMALLINT, "ISO week, 1 to 53"),
        Column("month", SMALLINT, "month of the year"),
        Column("year", SMALLINT, "calendar year"),
        Column("weekday", SMALLINT, "ISO day of the week, Monday is 1"),
        Column("day_part", varchar(16), "night, morning, afternoon, evening: six hours each"),
        Column("is_weekend", BOOLEAN, "Saturday or Sunday"),
    ),
    primary_key=("time_key",),
    natural_key=("ts",),
    replace_by="time_key",
    replace_natural=("ts",),
    inputs=(Input("event", key=("ts",)),),
    counted=Counted(("ts",), where=PLAY),
    references=(Reference("date_key", "dim_date", "date_key"),),
    distribution=Distribution("ALL"),
    sort_key=("start_time",),
)


def dim_time(event: DataFrame, reporting_timezone: str) -> DataFrame:
    """One row an instant at which at least one song was started. Takes the latest events.

    Day, hour and the like are those of the reporting time zone.
    """
    instants = event.where(PLAY).select("ts").dropDuplicates()
    instant = F.timestamp_millis("ts")
    at = local_time(instant, reporting_timezone)
    hour = F.hour(at)
    weekday = F.weekday(at) + 1
    short = "smallint"
    return instants.select(
        surrogate_key("ts").alias("time_key"),
        "ts",
        instant.alias("start_time"),
        date_key(at).alias("date_key"),
        hour.cast(short).alias("hour"),
        F.dayofmonth(at).cast(short).alias("day"),
        F.weekofyear(at).cast(short).alias("week"),
        F.month(at).cast(short).alias("month"),
        F.year(at).cast(short).alias("year"),
        weekday.cast(short).alias("weekday"),
        F.when(hour < 6, "night")
        .when(hour < 12, "morning")
        .when(hour < 18, "afternoon")
        .otherwise("evening")
        .alias("day_part"),
        (weekday >= 6).alias("is_weekend"),
    )

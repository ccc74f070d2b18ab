"""fact_session: one session of the app in which a song was played."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.checks import Holds, RowCountChange
from src.contract.column import Column
from src.contract.table import Counted, Distribution, Input, Reference, Table
from src.contract.types import BIGINT, INTEGER, TIMESTAMP, decimal, varchar
from src.transforms.dates import local_time
from src.transforms.history import with_version_at
from src.transforms.keys import date_key, reference_key, surrogate_key
from src.transforms.sparkify.dim_time import PLAY
from src.transforms.sparkify.dim_user import user_history, with_plain_level

FACT_SESSION = Table(
    name="fact_session",
    kind="fact",
    grain="one session of the app in which at least one song was played",
    columns=(
        Column("session_key", BIGINT, "surrogate key of the session", nullable=False),
        Column("session_id", BIGINT, "session in the app", nullable=False),
        Column("user_key", BIGINT, "listener", nullable=False),
        Column("user_version_key", BIGINT, "the listener as at the start", nullable=False),
        Column("user_id", INTEGER, "number of the listener"),
        Column("date_key", INTEGER, "day of the start", nullable=False),
        Column("start_time", TIMESTAMP, "time of the first event, UTC", nullable=False),
        Column("end_time", TIMESTAMP, "time of the last event, UTC", nullable=False),
        Column(
            "duration",
            decimal(18, 3),
            "from the first event to the last",
            nullable=False,
            unit="second",
            additive=True,
        ),
        Column("events", BIGINT, "events of any kind", nullable=False, additive=True),
        Column("plays", BIGINT, "songs started", nullable=False, additive=True),
        Column("level_at_start", varchar(64), "subscription at the first event"),
        Column("level_at_end", varchar(64), "subscription at the last event"),
        Column("user_count", BIGINT, "listeners that its events name", nullable=False),
    ),
    primary_key=("session_key",),
    natural_key=("session_id",),
    replace_by="session_key",
    replace_natural=("session_id",),
    inputs=(
        Input("event", key=("session_id",)),
        Input("event", through="event", on=("user_id",)),
    ),
    counted=Counted(("session_id",), where=PLAY),
    references=(
        Reference("date_key", "dim_date", "date_key"),
        Reference("user_key", "dim_user", "user_key"),
        Reference("user_version_key", "dim_user", "user_version_key"),
    ),
    checks=(
        Holds("one listener a session", "user_count <= 1", severity="warn"),
        RowCountChange(max_drop=0.5),
    ),
    distribution=Distribution("KEY", "session_key"),
    sort_key=("start_time",),
)


def fact_session(event: DataFrame, reporting_timezone: str) -> DataFrame:
    """One row a session with at least one play, over all its events.

    Takes the latest version of the session's events, those of logged-out pages among them, and of
    all other events of its listener, whose history tells the version. The listener is the one
    that the last event with a listener names.
    """
    by_time = F.struct("ts", "item_in_session")
    of_user = F.when(F.col("user_id").isNotNull(), by_time)
    of_level = F.when(F.col("level").isNotNull(), by_time)
    sessions = (
        with_plain_level(event)
        .groupBy("session_id")
        .agg(
            F.min("ts").alias("first_ts"),
            F.max("ts").alias("last_ts"),
            F.max_by("user_id", of_user).alias("user_id"),
            F.count("*").alias("events"),
            F.sum(F.expr(PLAY).cast("bigint")).alias("plays"),
            F.min_by("level", of_level).alias("level_at_start"),
            F.max_by("level", of_level).alias("level_at_end"),
            F.count_distinct("user_id").alias("user_count"),
        )
        .where("plays > 0")
    )
    start = F.timestamp_millis("first_ts")
    seconds = (F.col("last_ts") - F.col("first_ts")).cast("decimal(18,0)") / F.lit(1000)
    of_user_then = with_version_at(
        sessions, user_history(event), "user_id", start, key="user_version_key"
    )
    return of_user_then.select(
        surrogate_key("session_id").alias("session_key"),
        "session_id",
        reference_key("user_id").alias("user_key"),
        "user_version_key",
        "user_id",
        date_key(local_time(start, reporting_timezone)).alias("date_key"),
        start.alias("start_time"),
        F.timestamp_millis("last_ts").alias("end_time"),
        seconds.cast("decimal(18,3)").alias("duration"),
        "events",
        "plays",
        "level_at_start",
        "level_at_end",
        "user_count",
    )

"""dim_user: one listener and version (type 2 on the subscription)."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.column import Column
from src.contract.table import Counted, Distribution, History, Input, Table
from src.contract.types import BIGINT, BOOLEAN, INTEGER, TIMESTAMP, varchar
from src.transforms.history import (
    HISTORY_COLUMNS,
    HISTORY_NAMES,
    fold_history,
    inferred_history,
    version_key,
)
from src.transforms.keys import surrogate_key
from src.transforms.members import with_inferred
from src.transforms.sparkify.staged.event import EVENT
from src.transforms.versions import version_order

TRACKED = ("level",)
OVERWRITTEN = ("first_name", "last_name", "gender", "registration")

DIM_USER = Table(
    name="dim_user",
    kind="dimension",
    grain="one listener and version",
    columns=(
        Column("user_version_key", BIGINT, "surrogate key of the version", nullable=False),
        Column("user_key", BIGINT, "durable surrogate key of the listener", nullable=False),
        Column("user_id", INTEGER, "number of the listener"),
        Column("first_name", varchar(400), "first name", pii="name"),
        Column("last_name", varchar(400), "last name", pii="name"),
        Column("gender", varchar(16), "gender as given", pii="gender"),
        Column("level", varchar(64), "subscription: free or paid"),
        Column("registered_at", TIMESTAMP, "time of registration, UTC"),
        *HISTORY_COLUMNS,
        Column("is_inferred", BOOLEAN, "no event tells the subscription", nullable=False),
    ),
    primary_key=("user_version_key",),
    natural_key=("user_id", "valid_from"),
    replace_by="user_key",
    replace_natural=("user_id",),
    inputs=(Input("event", key=("user_id",)),),
    counted=Counted(("user_id",), where="user_id IS NOT NULL AND level IS NOT NULL"),
    history=History(tracked=TRACKED),
    distribution=Distribution("ALL"),
    sort_key=("user_key", "valid_from"),
)


def dim_user(event: DataFrame) -> DataFrame:
    """One row a listener and time on one subscription, from all events and not plays alone.

    Takes the latest version of events. A listener none of whose events tells a level is inferred.
    """
    members = inferred_history(with_inferred(user_history(event), event, key=["user_id"]))
    return members.select(
        version_key("user_id").alias("user_version_key"),
        surrogate_key("user_id").alias("user_key"),
        "user_id",
        "first_name",
        "last_name",
        "gender",
        "level",
        F.timestamp_millis("registration").alias("registered_at"),
        *HISTORY_NAMES,
        "is_inferred",
    )


def with_plain_level(event: DataFrame) -> DataFrame:
    """The events with their level in small letters: PAID is no other subscription than paid."""
    return event.withColumn("level", F.lower("level"))


def user_history(event: DataFrame) -> DataFrame:
    """All listeners with a level, folded into versions that start with the first event of it."""
    # Two events at one instant: session and number in it decide, not where they were logged.
    order = [F.col(name) for name in EVENT.key] + version_order(EVENT)
    return fold_history(
        with_plain_level(event).where("user_id IS NOT NULL AND level IS NOT NULL"),
        key=["user_id"],
        tracked=TRACKED,
        overwritten=OVERWRITTEN,
        valid_from=F.timestamp_millis("ts"),
        order=order,
    )

"""staging_events: one event of the logs, as it was staged; a mirror in the back room."""

from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.table import Distribution, Input, Table
from src.contract.types import BIGINT, INTEGER, SMALLINT, decimal, varchar
from src.transforms.keys import surrogate_key

KEY = ("ts", "session_id", "item_in_session")

STAGING_EVENTS = Table(
    name="staging_events",
    kind="mirror",
    room="back",
    grain="one event of the logs, on any page",
    columns=(
        Column("event_key", BIGINT, "surrogate key of the event", nullable=False),
        Column("ts", BIGINT, "time of the event", nullable=False, unit="ms since 1970, UTC"),
        Column("session_id", BIGINT, "session in the app", nullable=False),
        Column("item_in_session", INTEGER, "number in the session, from 0", nullable=False),
        Column("page", varchar(256), "page asked for; NextSong is a play"),
        Column("user_id", INTEGER, "listener; none when logged out"),
        Column("level", varchar(64), "subscription at the time: free or paid"),
        Column("auth", varchar(64), "logged in or out"),
        Column("first_name", varchar(400), "first name", pii="name"),
        Column("last_name", varchar(400), "last name", pii="name"),
        Column("gender", varchar(16), "gender as given", pii="gender"),
        Column("location", varchar(1024), "metropolitan area of the listener", pii="address"),
        Column("registration", BIGINT, "time of registration", unit="ms since 1970, UTC"),
        Column("artist", varchar(2048), "artist as logged"),
        Column("song", varchar(2048), "title of the song as logged"),
        Column("length", decimal(12, 5), "playing time of the song", unit="second"),
        Column("method", varchar(16), "HTTP method"),
        Column("status", SMALLINT, "HTTP status"),
        Column("user_agent", varchar(2048), "browser"),
        Column("raw_file", varchar(1024), "raw file of the event"),
        Column("raw_line", BIGINT, "its line there"),
    ),
    primary_key=("event_key",),
    natural_key=KEY,
    replace_by="event_key",
    replace_natural=KEY,
    inputs=(Input("event", key=KEY),),
    distribution=Distribution("KEY", "session_id"),
    sort_key=("ts",),
)


def staging_events(event: DataFrame) -> DataFrame:
    """One row an event, repeats in other files left out. Takes the latest version of events."""
    own = STAGING_EVENTS.names[1:]
    return event.select(surrogate_key(*KEY).alias("event_key"), *own)

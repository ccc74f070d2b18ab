"""Staged event: one thing that a listener did in the app."""

from src.contract.checks import Accepted, Range
from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import BIGINT, INTEGER, SMALLINT, decimal, varchar
from src.transforms.dates import FIRST_MS, LAST_MS

EVENT = Source(
    name="event",
    files="log_data",
    grain="one thing that a listener did in the app",
    format="json",
    delivery="events",
    key=("ts", "session_id", "item_in_session"),
    business_time="ts",
    look_up=("session_id", "user_id", "ts"),
    checks=(
        Range("ts", low=FIRST_MS, high=LAST_MS),
        Range("registration", low=FIRST_MS, high=LAST_MS),
        Accepted("level", ("free", "paid"), severity="warn"),
    ),
    columns=(
        Column("ts", BIGINT, "time of the event", nullable=False, unit="ms since 1970, UTC"),
        Column("session_id", BIGINT, "session in the app", nullable=False, header="sessionId"),
        Column(
            "item_in_session",
            INTEGER,
            "number of the event in its session, from 0",
            nullable=False,
            header="itemInSession",
        ),
        Column("page", varchar(256), "page asked for; NextSong is a play", nullable=False),
        Column("user_id", INTEGER, "listener; none when logged out", header="userId"),
        Column("level", varchar(64), "subscription at the time: free or paid"),
        Column("auth", varchar(64), "logged in or out"),
        Column("first_name", varchar(400), "first name", pii="name", header="firstName"),
        Column("last_name", varchar(400), "last name", pii="name", header="lastName"),
        Column("gender", varchar(16), "gender as given", pii="gender"),
        Column("location", varchar(1024), "metropolitan area of the listener", pii="address"),
        Column("registration", BIGINT, "time of registration", unit="ms since 1970, UTC"),
        Column("artist", varchar(2048), "artist as logged", matched_as="artist_match"),
        Column("song", varchar(2048), "title of the song as logged", matched_as="title_match"),
        Column("length", decimal(12, 5), "playing time of the song", unit="second"),
        Column("method", varchar(16), "HTTP method"),
        Column("status", SMALLINT, "HTTP status"),
        Column("user_agent", varchar(2048), "browser", header="userAgent"),
    ),
)

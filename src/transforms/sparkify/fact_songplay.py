"""fact_songplay: one song started by a listener."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.checks import Accepted, RowCountChange
from src.contract.column import Column
from src.contract.table import Counted, Distribution, Input, Reference, Table
from src.contract.types import BIGINT, INTEGER, TIMESTAMP, decimal, varchar
from src.transforms.dates import local_time
from src.transforms.history import with_version_at
from src.transforms.keys import date_key, reference_key, surrogate_key
from src.transforms.sparkify.dim_time import PLAY
from src.transforms.sparkify.dim_user import user_history, with_plain_level

KEY = ("ts", "session_id", "item_in_session")

FACT_SONGPLAY = Table(
    name="fact_songplay",
    kind="fact",
    grain="one song started by a listener",
    columns=(
        Column("songplay_key", BIGINT, "surrogate key of the play", nullable=False),
        Column("ts", BIGINT, "time of the play", nullable=False, unit="ms since 1970, UTC"),
        Column("session_id", BIGINT, "session in the app", nullable=False),
        Column("item_in_session", INTEGER, "number in the session, from 0", nullable=False),
        Column("start_time", TIMESTAMP, "time of the play, UTC", nullable=False),
        Column("date_key", INTEGER, "day of the play", nullable=False),
        Column("time_key", BIGINT, "instant of the play", nullable=False),
        Column("session_key", BIGINT, "session of the play (fact_session)", nullable=False),
        Column("user_key", BIGINT, "listener", nullable=False),
        Column("user_version_key", BIGINT, "the listener as at the play", nullable=False),
        Column("user_id", INTEGER, "number of the listener"),
        Column("level", varchar(64), "subscription at the play: free or paid"),
        Column("song_key", BIGINT, "song played; unknown where none matches", nullable=False),
        Column("song_id", varchar(64), "number of the song"),
        Column("artist_key", BIGINT, "artist of that song", nullable=False),
        Column("artist_id", varchar(64), "number of the artist"),
        Column(
            "match",
            varchar(16),
            "how the song was found: exact (title, artist and duration as logged), normalised "
            "(title and artist but for case, signs and repaired encoding), ambiguous (several "
            "songs, none taken), none",
            nullable=False,
        ),
        Column("song", varchar(2048), "title as logged"),
        Column("artist", varchar(2048), "artist as logged"),
        Column("length", decimal(12, 5), "playing time as logged", unit="second", additive=True),
        Column("location", varchar(1024), "metropolitan area of the listener", pii="address"),
        Column("user_agent", varchar(2048), "browser"),
        Column("plays", INTEGER, "1, to be summed", nullable=False, additive=True),
    ),
    primary_key=("songplay_key",),
    natural_key=KEY,
    replace_by="songplay_key",
    replace_natural=KEY,
    inputs=(
        Input("event", key=KEY),
        Input("event", through="event", on=("user_id",)),
        Input("song", through="event", on=("title_match", "artist_match")),
    ),
    counted=Counted(KEY, where=PLAY),
    references=(
        Reference("date_key", "dim_date", "date_key"),
        Reference("time_key", "dim_time", "time_key"),
        Reference("session_key", "fact_session", "session_key"),
        Reference("user_key", "dim_user", "user_key"),
        Reference("user_version_key", "dim_user", "user_version_key"),
        Reference("song_key", "dim_song", "song_key"),
        Reference("artist_key", "dim_artist", "artist_key"),
    ),
    checks=(
        Accepted("match", ("exact", "normalised", "ambiguous", "none")),
        RowCountChange(max_drop=0.5),
    ),
    distribution=Distribution("KEY", "session_key"),
    sort_key=("start_time",),
)


def fact_songplay(event: DataFrame, song: DataFrame, reporting_timezone: str) -> DataFrame:
    """One row a NextSong event.

    Takes the latest version of songs and of events; of the latter, besides the plays, all of
    their listeners, whose history tells the version. A play whose song is not found, or found
    several times, has the unknown song and artist, and the logged title and artist as always.
    """
    plays = with_plain_level(event).where(PLAY)
    start = F.timestamp_millis("ts")
    return (
        with_version_at(plays, user_history(event), "user_id", start, key="user_version_key")
        .join(matches(plays, song), on=list(KEY), how="left")
        .select(
            surrogate_key(*KEY).alias("songplay_key"),
            *KEY,
            start.alias("start_time"),
            date_key(local_time(start, reporting_timezone)).alias("date_key"),
            surrogate_key("ts").alias("time_key"),
            surrogate_key("session_id").alias("session_key"),
            reference_key("user_id").alias("user_key"),
            "user_version_key",
            "user_id",
            "level",
            reference_key("song_id").alias("song_key"),
            "song_id",
            reference_key("artist_id").alias("artist_key"),
            "artist_id",
            F.coalesce("match", F.lit("none")).alias("match"),
            "song",
            "artist",
            "length",
            "location",
            "user_agent",
            F.lit(1).alias("plays"),
        )
    )


def matches(plays: DataFrame, songs: DataFrame) -> DataFrame:
    """One row a play for which songs come into question: song_id, artist_id and ``match``.

    First by title, artist and duration exactly as logged, then by title and artist alone, their
    encoding repaired, case and punctuation left out of account. One song has to remain.
    """
    candidates = plays.select(*KEY, "song", "artist", "length", "title_match", "artist_match").join(
        songs.select("song_id", "artist_id", "title", "artist_name", "duration", "title_match",
                     "artist_match"),
        on=["title_match", "artist_match"],
        how="inner",
    )  # fmt: skip
    same = (
        (F.col("song") == F.col("title"))
        & (F.col("artist") == F.col("artist_name"))
        & (F.col("length") == F.col("duration"))
    )
    exact = F.when(F.coalesce(same, F.lit(False)), F.struct("song_id", "artist_id"))
    found = candidates.groupBy(*KEY).agg(
        F.count("*").alias("near"),
        F.count(exact).alias("exact"),
        F.min(exact).alias("exact_song"),
        F.min(F.struct("song_id", "artist_id")).alias("near_song"),
    )
    only_near = (F.col("exact") == 0) & (F.col("near") == 1)
    taken = F.when(F.col("exact") == 1, F.col("exact_song")).when(only_near, F.col("near_song"))
    return found.select(
        *KEY,
        taken["song_id"].alias("song_id"),
        taken["artist_id"].alias("artist_id"),
        F.when(F.col("exact") == 1, "exact")
        .when(only_near, "normalised")
        .otherwise("ambiguous")
        .alias("match"),
    )

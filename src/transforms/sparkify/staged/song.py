"""Staged song: one song and version, with its artist."""

from src.contract.checks import Range
from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, SMALLINT, decimal, varchar

SONG = Source(
    name="song",
    files="song_data",
    grain="one song and version",
    format="json",
    key=("song_id",),
    look_up=("song_id", "artist_id"),
    checks=(Range("duration", low="0", severity="warn"),),
    columns=(
        Column("song_id", varchar(64), "number of the song", nullable=False),
        Column("title", varchar(2048), "title", nullable=False, matched_as="title_match"),
        Column("artist_id", varchar(64), "number of the artist", nullable=False),
        Column("artist_name", varchar(2048), "name of the artist", matched_as="artist_match"),
        Column("artist_location", varchar(1024), "where the artist is from"),
        Column("artist_latitude", decimal(9, 6), "latitude of that place", unit="degree"),
        Column("artist_longitude", decimal(9, 6), "longitude of that place", unit="degree"),
        Column("duration", decimal(12, 5), "playing time", unit="second"),
        Column("year", SMALLINT, "year of release; 0 where it is not known"),
        Column("num_songs", INTEGER, "songs that the file lists"),
    ),
)

"""staging_songs: one song of the catalogue, as it was staged; a mirror in the back room."""

from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.table import Distribution, Input, Table
from src.contract.types import BIGINT, INTEGER, SMALLINT, decimal, varchar
from src.transforms.keys import surrogate_key

STAGING_SONGS = Table(
    name="staging_songs",
    kind="mirror",
    room="back",
    grain="one song of the catalogue, as its last file tells it",
    columns=(
        Column("song_key", BIGINT, "surrogate key of the song", nullable=False),
        Column("song_id", varchar(64), "number of the song", nullable=False),
        Column("num_songs", INTEGER, "songs that the file lists"),
        Column("title", varchar(2048), "title"),
        Column("artist_id", varchar(64), "number of the artist"),
        Column("artist_name", varchar(2048), "name of the artist"),
        Column("artist_location", varchar(1024), "where the artist is from"),
        Column("artist_latitude", decimal(9, 6), "latitude of that place", unit="degree"),
        Column("artist_longitude", decimal(9, 6), "longitude of that place", unit="degree"),
        Column("duration", decimal(12, 5), "playing time", unit="second"),
        Column("year", SMALLINT, "year of release; 0 where it is not known"),
        Column("raw_file", varchar(1024), "raw file of the song"),
        Column("raw_line", BIGINT, "its line there"),
    ),
    primary_key=("song_key",),
    natural_key=("song_id",),
    replace_by="song_key",
    replace_natural=("song_id",),
    inputs=(Input("song", key=("song_id",)),),
    distribution=Distribution("ALL"),
    sort_key=("song_id",),
)


def staging_songs(song: DataFrame) -> DataFrame:
    """One row a song. Takes the latest version of songs."""
    own = STAGING_SONGS.names[1:]
    return song.select(surrogate_key("song_id").alias("song_key"), *own)

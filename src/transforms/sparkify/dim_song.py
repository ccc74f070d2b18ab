"""dim_song: one song."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.column import Column
from src.contract.table import Distribution, Input, Reference, Table
from src.contract.types import BIGINT, SMALLINT, decimal, varchar
from src.transforms.keys import reference_key, surrogate_key

DIM_SONG = Table(
    name="dim_song",
    kind="dimension",
    grain="one song",
    columns=(
        Column("song_key", BIGINT, "surrogate key of the song", nullable=False),
        Column("song_id", varchar(64), "number of the song"),
        Column("title", varchar(2048), "title"),
        Column("artist_key", BIGINT, "artist of the song", nullable=False),
        Column("artist_id", varchar(64), "number of the artist"),
        Column("year", SMALLINT, "year of release; none where it is not known"),
        Column("duration", decimal(12, 5), "playing time", unit="second"),
    ),
    primary_key=("song_key",),
    natural_key=("song_id",),
    replace_by="song_key",
    replace_natural=("song_id",),
    inputs=(Input("song", key=("song_id",)),),
    references=(Reference("artist_key", "dim_artist", "artist_key"),),
    distribution=Distribution("ALL"),
    sort_key=("song_key",),
)


def dim_song(song: DataFrame) -> DataFrame:
    """One row a song. Takes the latest version; the source writes an unknown year as 0."""
    return song.select(
        surrogate_key("song_id").alias("song_key"),
        "song_id",
        "title",
        reference_key("artist_id").alias("artist_key"),
        "artist_id",
        F.when(F.col("year") != 0, F.col("year")).alias("year"),
        "duration",
    )

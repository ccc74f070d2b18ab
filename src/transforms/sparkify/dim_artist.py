"""dim_artist: one artist."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from src.contract.column import Column
from src.contract.table import Counted, Distribution, Input, Table
from src.contract.types import BIGINT, decimal, varchar
from src.transforms.keys import surrogate_key
from src.transforms.sparkify.staged.song import SONG
from src.transforms.versions import version_order

DIM_ARTIST = Table(
    name="dim_artist",
    kind="dimension",
    grain="one artist",
    columns=(
        Column("artist_key", BIGINT, "surrogate key of the artist", nullable=False),
        Column("artist_id", varchar(64), "number of the artist"),
        Column("name", varchar(2048), "name of the artist"),
        Column("location", varchar(1024), "where the artist is from"),
        Column("latitude", decimal(9, 6), "latitude of that place", unit="degree"),
        Column("longitude", decimal(9, 6), "longitude of that place", unit="degree"),
    ),
    primary_key=("artist_key",),
    natural_key=("artist_id",),
    replace_by="artist_key",
    replace_natural=("artist_id",),
    inputs=(Input("song", key=("artist_id",)),),
    counted=Counted(("artist_id",)),
    distribution=Distribution("ALL"),
    sort_key=("artist_key",),
)


def dim_artist(song: DataFrame) -> DataFrame:
    """One row an artist, as the song that came last tells it.

    Takes the latest version of songs. Songs of one artist may spell the name differently.
    """
    newest = Window.partitionBy("artist_id").orderBy(
        *[column.desc() for column in version_order(SONG)]
    )
    return (
        song.withColumn("nth newest", F.row_number().over(newest))
        .where(F.col("nth newest") == 1)
        .select(
            surrogate_key("artist_id").alias("artist_key"),
            "artist_id",
            F.col("artist_name").alias("name"),
            F.col("artist_location").alias("location"),
            F.col("artist_latitude").alias("latitude"),
            F.col("artist_longitude").alias("longitude"),
        )
    )

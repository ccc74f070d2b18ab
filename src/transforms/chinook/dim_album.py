"""dim_album: one album."""

from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.table import Distribution, Input, Reference, Table
from src.contract.types import BIGINT, BOOLEAN, INTEGER, varchar
from src.transforms.keys import reference_key, surrogate_key
from src.transforms.members import with_inferred

DIM_ALBUM = Table(
    name="dim_album",
    kind="dimension",
    grain="one album",
    columns=(
        Column("album_key", BIGINT, "surrogate key of the album", nullable=False),
        Column("album_id", INTEGER, "number of the album"),
        Column("title", varchar(640), "title of the album"),
        Column("artist_key", BIGINT, "artist of the album", nullable=False),
        Column("artist_id", INTEGER, "number of the artist"),
        Column("is_inferred", BOOLEAN, "no row of its own has come yet", nullable=False),
    ),
    primary_key=("album_key",),
    natural_key=("album_id",),
    replace_by="album_key",
    replace_natural=("album_id",),
    inputs=(
        Input("album", key=("album_id",)),
        Input("track", key=("album_id",), versions="all", only_names=True),
    ),
    references=(Reference("artist_key", "dim_artist", "artist_key"),),
    distribution=Distribution("ALL"),
    sort_key=("album_key",),
)


def dim_album(album: DataFrame, track: DataFrame) -> DataFrame:
    """One row an album; one that only a track names is inferred, its artist unknown.

    Takes the latest version of its own source, every version of those that name it.
    """
    members = with_inferred(album.select("album_id", "title", "artist_id"), track, key=["album_id"])
    return members.select(
        surrogate_key("album_id").alias("album_key"),
        "album_id",
        "title",
        reference_key("artist_id").alias("artist_key"),
        "artist_id",
        "is_inferred",
    )

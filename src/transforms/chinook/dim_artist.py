"""dim_artist: one artist."""

from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.source import IMPUTED
from src.contract.table import Distribution, Input, Table
from src.contract.types import BIGINT, BOOLEAN, INTEGER, varchar
from src.transforms.keys import surrogate_key
from src.transforms.members import with_inferred

DIM_ARTIST = Table(
    name="dim_artist",
    kind="dimension",
    grain="one artist",
    columns=(
        Column("artist_key", BIGINT, "surrogate key of the artist", nullable=False),
        Column("artist_id", INTEGER, "number of the artist"),
        Column("name", varchar(480), "name of the artist"),
        IMPUTED,
        Column("is_inferred", BOOLEAN, "no row of its own has come yet", nullable=False),
    ),
    primary_key=("artist_key",),
    natural_key=("artist_id",),
    replace_by="artist_key",
    replace_natural=("artist_id",),
    inputs=(
        Input("artist", key=("artist_id",)),
        Input("album", key=("artist_id",), versions="all", only_names=True),
    ),
    distribution=Distribution("ALL"),
    sort_key=("artist_key",),
)


def dim_artist(artist: DataFrame, album: DataFrame) -> DataFrame:
    """One row a artist; one that only a album names is inferred.

    Takes the latest version of its own source, every version of those that name it.
    """
    members = with_inferred(
        artist.select("artist_id", "name", "imputed_columns"),
        album,
        key=["artist_id"],
    )
    return members.select(
        surrogate_key("artist_id").alias("artist_key"),
        "artist_id",
        "name",
        "imputed_columns",
        "is_inferred",
    )

"""dim_playlist: one playlist."""

from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.source import IMPUTED
from src.contract.table import Distribution, Input, Table
from src.contract.types import BIGINT, BOOLEAN, INTEGER, varchar
from src.transforms.keys import surrogate_key
from src.transforms.members import with_inferred

DIM_PLAYLIST = Table(
    name="dim_playlist",
    kind="dimension",
    grain="one playlist",
    columns=(
        Column("playlist_key", BIGINT, "surrogate key of the playlist", nullable=False),
        Column("playlist_id", INTEGER, "number of the playlist"),
        Column("name", varchar(480), "name of the playlist"),
        IMPUTED,
        Column("is_inferred", BOOLEAN, "no row of its own has come yet", nullable=False),
    ),
    primary_key=("playlist_key",),
    natural_key=("playlist_id",),
    replace_by="playlist_key",
    replace_natural=("playlist_id",),
    inputs=(
        Input("playlist", key=("playlist_id",)),
        Input("playlist_track", key=("playlist_id",), versions="all", only_names=True),
    ),
    distribution=Distribution("ALL"),
    sort_key=("playlist_key",),
)


def dim_playlist(playlist: DataFrame, playlist_track: DataFrame) -> DataFrame:
    """One row a playlist; one that only a playlist track names is inferred.

    Takes the latest version of its own source, every version of those that name it.
    """
    members = with_inferred(
        playlist.select("playlist_id", "name", "imputed_columns"),
        playlist_track,
        key=["playlist_id"],
    )
    return members.select(
        surrogate_key("playlist_id").alias("playlist_key"),
        "playlist_id",
        "name",
        "imputed_columns",
        "is_inferred",
    )

"""dim_playlist_track: one track on one playlist, a bridge."""

from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.table import Distribution, Input, Reference, Table
from src.contract.types import BIGINT, INTEGER
from src.transforms.keys import surrogate_key

DIM_PLAYLIST_TRACK = Table(
    name="dim_playlist_track",
    kind="bridge",
    grain="one track on one playlist",
    columns=(
        Column("playlist_key", BIGINT, "the playlist", nullable=False),
        Column("track_key", BIGINT, "the track on it", nullable=False),
        Column("playlist_id", INTEGER, "number of the playlist", nullable=False),
        Column("track_id", INTEGER, "number of the track", nullable=False),
    ),
    primary_key=("playlist_key", "track_key"),
    natural_key=("playlist_id", "track_id"),
    replace_by="playlist_key",
    replace_natural=("playlist_id",),
    inputs=(Input("playlist_track", key=("playlist_id",)),),
    references=(
        Reference("playlist_key", "dim_playlist", "playlist_key"),
        Reference("track_key", "dim_track", "track_key"),
    ),
    distribution=Distribution("ALL"),
    sort_key=("playlist_key", "track_key"),
)


def dim_playlist_track(playlist_track: DataFrame) -> DataFrame:
    """One row a track on a playlist. Never join it into a fact that is summed: a track on two
    playlists would count twice. Takes the latest version of each pair.
    """
    return playlist_track.select(
        surrogate_key("playlist_id").alias("playlist_key"),
        surrogate_key("track_id").alias("track_key"),
        "playlist_id",
        "track_id",
    )

"""Staged playlist_track: one track on one playlist."""

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER

PLAYLIST_TRACK = Source(
    name="playlist_track",
    files="PlaylistTrack",
    grain="one track on one playlist",
    key=("playlist_id", "track_id"),
    look_up=("playlist_id", "track_id"),
    columns=(
        Column("playlist_id", INTEGER, "playlist", nullable=False),
        Column("track_id", INTEGER, "track on it", nullable=False),
    ),
)

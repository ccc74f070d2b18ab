"""Staged playlist: one playlist and version."""

from src.contract.column import Column, Impute
from src.contract.source import Source
from src.contract.types import INTEGER, varchar

PLAYLIST = Source(
    name="playlist",
    files="Playlist",
    grain="one playlist and version",
    key=("playlist_id",),
    look_up=("playlist_id",),
    columns=(
        Column("playlist_id", INTEGER, "number of the playlist", nullable=False),
        Column(
            "name",
            varchar(480),
            "name of the playlist",
            required=True,
            impute=Impute("(unnamed)", "reports group by the name, and the source allows none"),
        ),
    ),
)

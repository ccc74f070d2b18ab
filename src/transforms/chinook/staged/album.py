"""Staged album: one album and version."""

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, varchar

ALBUM = Source(
    name="album",
    files="Album",
    grain="one album and version",
    key=("album_id",),
    look_up=("album_id",),
    columns=(
        Column("album_id", INTEGER, "number of the album", nullable=False),
        Column("title", varchar(640), "title of the album", nullable=False),
        Column("artist_id", INTEGER, "artist of the album", nullable=False),
    ),
)

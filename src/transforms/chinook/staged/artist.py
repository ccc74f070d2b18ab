"""Staged artist: one artist and version."""

from src.contract.column import Column, Impute
from src.contract.source import Source
from src.contract.types import INTEGER, varchar

ARTIST = Source(
    name="artist",
    files="Artist",
    grain="one artist and version",
    key=("artist_id",),
    look_up=("artist_id",),
    columns=(
        Column("artist_id", INTEGER, "number of the artist", nullable=False),
        Column(
            "name",
            varchar(480),
            "name of the artist",
            required=True,
            impute=Impute("(unnamed)", "reports group by the name, and the source allows none"),
        ),
    ),
)

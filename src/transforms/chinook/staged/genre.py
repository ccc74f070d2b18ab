"""Staged genre: one genre and version."""

from src.contract.column import Column, Impute
from src.contract.source import Source
from src.contract.types import INTEGER, varchar

GENRE = Source(
    name="genre",
    files="Genre",
    grain="one genre and version",
    key=("genre_id",),
    look_up=("genre_id",),
    columns=(
        Column("genre_id", INTEGER, "number of the genre", nullable=False),
        Column(
            "name",
            varchar(480),
            "name of the genre",
            required=True,
            impute=Impute("(unnamed)", "reports group by the name, and the source allows none"),
        ),
    ),
)

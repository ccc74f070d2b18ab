"""Staged media_type: one media type and version."""

from src.contract.column import Column, Impute
from src.contract.source import Source
from src.contract.types import INTEGER, varchar

MEDIA_TYPE = Source(
    name="media_type",
    files="MediaType",
    grain="one media type and version",
    key=("media_type_id",),
    look_up=("media_type_id",),
    columns=(
        Column("media_type_id", INTEGER, "number of the media type", nullable=False),
        Column(
            "name",
            varchar(480),
            "name of the media type",
            required=True,
            impute=Impute("(unnamed)", "reports group by the name, and the source allows none"),
        ),
    ),
)

"""Staged track: one track and version."""

from src.contract.checks import Range
from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import BIGINT, INTEGER, decimal, varchar

TRACK = Source(
    name="track",
    files="Track",
    grain="one track and version",
    key=("track_id",),
    look_up=("track_id",),
    checks=(
        Range("milliseconds", low="0"),
        Range("bytes", low="0", high="1000000000000"),
        Range("unit_price", low="0"),
    ),
    columns=(
        Column("track_id", INTEGER, "number of the track", nullable=False),
        Column("name", varchar(800), "title of the track", nullable=False),
        Column("album_id", INTEGER, "album of the track"),
        Column("media_type_id", INTEGER, "media type of the file", nullable=False),
        Column("genre_id", INTEGER, "genre of the track"),
        Column("composer", varchar(880), "composers as the label writes them"),
        Column("milliseconds", INTEGER, "playing time", nullable=False, unit="ms"),
        Column("bytes", BIGINT, "size of the file", unit="byte"),
        Column("unit_price", decimal(10, 2), "list price", nullable=False, unit="currency unit"),
    ),
)

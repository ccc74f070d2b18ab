"""dim_track: one track."""

from pyspark.sql import DataFrame

from src.contract.checks import Range
from src.contract.column import Column
from src.contract.table import Distribution, Input, Reference, Table
from src.contract.types import BIGINT, BOOLEAN, INTEGER, decimal, varchar
from src.transforms.keys import reference_key, surrogate_key
from src.transforms.members import with_inferred

DIM_TRACK = Table(
    name="dim_track",
    kind="dimension",
    grain="one track",
    columns=(
        Column("track_key", BIGINT, "surrogate key of the track", nullable=False),
        Column("track_id", INTEGER, "number of the track"),
        Column("name", varchar(800), "title of the track"),
        Column("album_key", BIGINT, "album of the track", nullable=False),
        Column("album_id", INTEGER, "number of the album"),
        Column("media_type_key", BIGINT, "media type of the file", nullable=False),
        Column("media_type_id", INTEGER, "number of the media type"),
        Column("genre_key", BIGINT, "genre of the track", nullable=False),
        Column("genre_id", INTEGER, "number of the genre"),
        Column("composer", varchar(880), "composers as the label writes them"),
        Column("milliseconds", INTEGER, "playing time", unit="ms"),
        Column("bytes", BIGINT, "size of the file", unit="byte"),
        Column("unit_price", decimal(10, 2), "list price now", unit="currency unit"),
        Column("is_inferred", BOOLEAN, "no row of its own has come yet", nullable=False),
    ),
    primary_key=("track_key",),
    natural_key=("track_id",),
    replace_by="track_key",
    replace_natural=("track_id",),
    inputs=(
        Input("track", key=("track_id",)),
        Input("invoice_line", key=("track_id",), versions="all", only_names=True),
        Input("playlist_track", key=("track_id",), versions="all", only_names=True),
    ),
    references=(
        Reference("album_key", "dim_album", "album_key"),
        Reference("media_type_key", "dim_media_type", "media_type_key"),
        Reference("genre_key", "dim_genre", "genre_key"),
    ),
    checks=(Range("milliseconds", low="1", severity="warn"),),
    distribution=Distribution("ALL"),
    sort_key=("track_key",),
)


def dim_track(track: DataFrame, invoice_line: DataFrame, playlist_track: DataFrame) -> DataFrame:
    """One row a track; one that only an invoice line or a playlist names is inferred.

    Takes the latest version of its own source, every version of those that name it. Album, media
    type and genre are unknown where the track names none.
    """
    columns = [
        "track_id",
        "name",
        "album_id",
        "media_type_id",
        "genre_id",
        "composer",
        "milliseconds",
        "bytes",
        "unit_price",
    ]
    members = with_inferred(track.select(*columns), invoice_line, playlist_track, key=["track_id"])
    return members.select(
        surrogate_key("track_id").alias("track_key"),
        "track_id",
        "name",
        reference_key("album_id").alias("album_key"),
        "album_id",
        reference_key("media_type_id").alias("media_type_key"),
        "media_type_id",
        reference_key("genre_id").alias("genre_key"),
        "genre_id",
        "composer",
        "milliseconds",
        "bytes",
        "unit_price",
        "is_inferred",
    )

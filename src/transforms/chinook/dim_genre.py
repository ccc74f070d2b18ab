"""dim_genre: one genre."""

from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.source import IMPUTED
from src.contract.table import Distribution, Input, Table
from src.contract.types import BIGINT, BOOLEAN, INTEGER, varchar
from src.transforms.keys import surrogate_key
from src.transforms.members import with_inferred

DIM_GENRE = Table(
    name="dim_genre",
    kind="dimension",
    grain="one genre",
    columns=(
        Column("genre_key", BIGINT, "surrogate key of the genre", nullable=False),
        Column("genre_id", INTEGER, "number of the genre"),
        Column("name", varchar(480), "name of the genre"),
        IMPUTED,
        Column("is_inferred", BOOLEAN, "no row of its own has come yet", nullable=False),
    ),
    primary_key=("genre_key",),
    natural_key=("genre_id",),
    replace_by="genre_key",
    replace_natural=("genre_id",),
    inputs=(
        Input("genre", key=("genre_id",)),
        Input("track", key=("genre_id",), versions="all", only_names=True),
    ),
    distribution=Distribution("ALL"),
    sort_key=("genre_key",),
)


def dim_genre(genre: DataFrame, track: DataFrame) -> DataFrame:
    """One row a genre; one that only a track names is inferred.

    Takes the latest version of its own source, every version of those that name it.
    """
    members = with_inferred(
        genre.select("genre_id", "name", "imputed_columns"),
        track,
        key=["genre_id"],
    )
    return members.select(
        surrogate_key("genre_id").alias("genre_key"),
        "genre_id",
        "name",
        "imputed_columns",
        "is_inferred",
    )

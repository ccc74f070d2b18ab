"""dim_media_type: one media type."""

from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.source import IMPUTED
from src.contract.table import Distribution, Input, Table
from src.contract.types import BIGINT, BOOLEAN, INTEGER, varchar
from src.transforms.keys import surrogate_key
from src.transforms.members import with_inferred

DIM_MEDIA_TYPE = Table(
    name="dim_media_type",
    kind="dimension",
    grain="one media type",
    columns=(
        Column("media_type_key", BIGINT, "surrogate key of the media type", nullable=False),
        Column("media_type_id", INTEGER, "number of the media type"),
        Column("name", varchar(480), "name of the media type"),
        IMPUTED,
        Column("is_inferred", BOOLEAN, "no row of its own has come yet", nullable=False),
    ),
    primary_key=("media_type_key",),
    natural_key=("media_type_id",),
    replace_by="media_type_key",
    replace_natural=("media_type_id",),
    inputs=(
        Input("media_type", key=("media_type_id",)),
        Input("track", key=("media_type_id",), versions="all", only_names=True),
    ),
    distribution=Distribution("ALL"),
    sort_key=("media_type_key",),
)


def dim_media_type(media_type: DataFrame, track: DataFrame) -> DataFrame:
    """One row a media type; one that only a track names is inferred.

    Takes the latest version of its own source, every version of those that name it.
    """
    members = with_inferred(
        media_type.select("media_type_id", "name", "imputed_columns"),
        track,
        key=["media_type_id"],
    )
    return members.select(
        surrogate_key("media_type_id").alias("media_type_key"),
        "media_type_id",
        "name",
        "imputed_columns",
        "is_inferred",
    )

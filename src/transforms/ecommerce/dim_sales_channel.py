"""dim_sales_channel: one sales channel."""

from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.table import Distribution, Input, Table
from src.contract.types import BIGINT, BOOLEAN, varchar
from src.transforms.keys import surrogate_key
from src.transforms.members import with_inferred

DIM_SALES_CHANNEL = Table(
    name="dim_sales_channel",
    kind="dimension",
    grain="one sales channel",
    columns=(
        Column("sales_channel_key", BIGINT, "surrogate key of the channel", nullable=False),
        Column("channel_code", varchar(64), "code of the channel"),
        Column("name", varchar(400), "name of the channel"),
        Column("kind", varchar(64), "kind of the channel"),
        Column("is_inferred", BOOLEAN, "no row of its own has come yet", nullable=False),
    ),
    primary_key=("sales_channel_key",),
    natural_key=("channel_code",),
    replace_by="sales_channel_key",
    replace_natural=("channel_code",),
    inputs=(
        Input("sales_channel", key=("channel_code",)),
        Input("order_line", key=("channel_code",), versions="all", only_names=True),
    ),
    distribution=Distribution("ALL"),
    sort_key=("sales_channel_key",),
)


def dim_sales_channel(sales_channel: DataFrame, order_line: DataFrame) -> DataFrame:
    """One row a sales channel; one that only an order names is inferred.

    Takes the latest version of its own source, every version of orders.
    """
    members = with_inferred(
        sales_channel.select("channel_code", "name", "kind"), order_line, key=["channel_code"]
    )
    return members.select(
        surrogate_key("channel_code").alias("sales_channel_key"),
        "channel_code",
        "name",
        "kind",
        "is_inferred",
    )

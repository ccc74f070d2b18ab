"""dim_marketing_campaign: one marketing campaign."""

from pyspark.sql import DataFrame

from src.contract.checks import Holds
from src.contract.column import Column
from src.contract.table import Distribution, Input, Table
from src.contract.types import BIGINT, BOOLEAN, DATE, decimal, varchar
from src.transforms.keys import surrogate_key
from src.transforms.members import with_inferred

DIM_MARKETING_CAMPAIGN = Table(
    name="dim_marketing_campaign",
    kind="dimension",
    grain="one marketing campaign",
    columns=(
        Column("marketing_campaign_key", BIGINT, "surrogate key of the campaign", nullable=False),
        Column("campaign_code", varchar(64), "code of the campaign"),
        Column("name", varchar(400), "name of the campaign"),
        Column("medium", varchar(64), "medium: mail, search, …"),
        Column("start_date", DATE, "first day"),
        Column("end_date", DATE, "last day"),
        Column("budget", decimal(18, 4), "money set aside", unit="currency unit"),
        Column("is_inferred", BOOLEAN, "no row of its own has come yet", nullable=False),
    ),
    primary_key=("marketing_campaign_key",),
    natural_key=("campaign_code",),
    replace_by="marketing_campaign_key",
    replace_natural=("campaign_code",),
    inputs=(
        Input("marketing_campaign", key=("campaign_code",)),
        Input("order_line", key=("campaign_code",), versions="all", only_names=True),
    ),
    checks=(Holds("start before end", "start_date <= end_date", severity="warn"),),
    distribution=Distribution("ALL"),
    sort_key=("marketing_campaign_key",),
)


def dim_marketing_campaign(marketing_campaign: DataFrame, order_line: DataFrame) -> DataFrame:
    """One row a marketing campaign; one that only an order names is inferred.

    Takes the latest version of its own source, every version of orders.
    """
    columns = ["campaign_code", "name", "medium", "start_date", "end_date", "budget"]
    members = with_inferred(marketing_campaign.select(*columns), order_line, key=["campaign_code"])
    return members.select(
        surrogate_key("campaign_code").alias("marketing_campaign_key"),
        *columns,
        "is_inferred",
    )

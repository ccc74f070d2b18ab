"""Staged marketing_campaign: one campaign and version."""

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import DATE, TIMESTAMP, decimal, varchar

MARKETING_CAMPAIGN = Source(
    name="marketing_campaign",
    files="marketing_campaigns",
    grain="one campaign and version",
    key=("campaign_code",),
    business_time="updated_at",
    look_up=("campaign_code",),
    columns=(
        Column("campaign_code", varchar(64), "code of the campaign", nullable=False),
        Column("name", varchar(400), "name of the campaign"),
        Column("medium", varchar(64), "medium: mail, search, …"),
        Column("start_date", DATE, "first day"),
        Column("end_date", DATE, "last day"),
        Column("budget", decimal(18, 4), "money set aside"),
        Column("updated_at", TIMESTAMP, "time of this version, UTC"),
    ),
)

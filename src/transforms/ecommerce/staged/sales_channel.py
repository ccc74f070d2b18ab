"""Staged sales_channel: one sales channel and version."""

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import TIMESTAMP, varchar

SALES_CHANNEL = Source(
    name="sales_channel",
    files="sales_channels",
    grain="one sales channel and version",
    key=("channel_code",),
    business_time="updated_at",
    look_up=("channel_code",),
    columns=(
        Column("channel_code", varchar(64), "code of the channel", nullable=False),
        Column("name", varchar(400), "name of the channel"),
        Column("kind", varchar(64), "kind of the channel"),
        Column("updated_at", TIMESTAMP, "time of this version, UTC"),
    ),
)

"""Staged exchange_rate: the rate of one currency on one day, and version."""

from src.contract.checks import Range
from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import DATE, decimal, varchar

EXCHANGE_RATE = Source(
    name="exchange_rate",
    files="exchange_rates",
    grain="one currency, day and version",
    key=("currency", "rate_date"),
    look_up=("currency", "rate_date"),
    checks=(Range("rate", low="0.0000000001"),),
    columns=(
        Column("currency", varchar(8), "currency, ISO 4217", nullable=False, written="currency"),
        Column("rate_date", DATE, "day for which the rate holds", nullable=False),
        Column(
            "rate",
            decimal(19, 10),
            "units of the reporting currency for one unit of the currency",
            nullable=False,
        ),
    ),
)

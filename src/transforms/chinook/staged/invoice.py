"""Staged invoice: one invoice and version."""

from src.contract.checks import Range
from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, TIMESTAMP, decimal, varchar
from src.transforms.dates import FIRST_TIME, LAST_TIME

INVOICE = Source(
    name="invoice",
    files="Invoice",
    grain="one invoice and version",
    key=("invoice_id",),
    look_up=("invoice_id",),
    month_of="invoice_date",
    checks=(
        Range("invoice_date", low=FIRST_TIME, high=LAST_TIME),
        Range("total", low="0", severity="warn"),
    ),
    columns=(
        Column("invoice_id", INTEGER, "number of the invoice", nullable=False),
        Column("customer_id", INTEGER, "customer billed", nullable=False),
        Column("invoice_date", TIMESTAMP, "time of the sale, UTC", nullable=False),
        Column("billing_address", varchar(280), "street and number billed", pii="address"),
        Column("billing_city", varchar(160), "city billed", pii="address"),
        Column("billing_state", varchar(160), "state or province billed"),
        Column("billing_country", varchar(160), "country billed, one spelling", standard="country"),
        Column(
            "billing_postal_code",
            varchar(40),
            "postal code billed in its country's form",
            pii="address",
            standard="postal_code",
            of_country="billing_country",
        ),
        Column(
            "total",
            decimal(10, 2),
            "amount of the whole invoice",
            nullable=False,
            unit="currency unit",
            additive=True,
        ),
    ),
)

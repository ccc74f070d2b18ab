"""Staged customer: one customer and version."""

from src.contract.checks import Pattern
from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import TIMESTAMP, varchar

CUSTOMER = Source(
    name="customer",
    files="customers",
    grain="one customer and version",
    key=("customer_id",),
    business_time="updated_at",
    look_up=("customer_id",),
    checks=(Pattern("email", "[^@ ]+@[^@ ]+", "an e-mail address", severity="warn"),),
    columns=(
        Column(
            "customer_id",
            varchar(64),
            "number of the customer",
            nullable=False,
            written="number as text",
        ),
        Column("email", varchar(320), "e-mail address", pii="email"),
        Column("first_name", varchar(400), "first name", pii="name"),
        Column("last_name", varchar(400), "last name", pii="name"),
        Column("city", varchar(400), "city", pii="address"),
        Column("state", varchar(400), "state or province"),
        Column("country", varchar(160), "country, one spelling", standard="country"),
        Column(
            "postal_code",
            varchar(40),
            "postal code in its country's form",
            pii="address",
            standard="postal_code",
            of_country="country",
        ),
        Column("updated_at", TIMESTAMP, "time of this version, UTC"),
    ),
)

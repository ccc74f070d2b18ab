"""Staged customer: one customer and version."""

from src.contract.checks import Pattern
from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, varchar

CUSTOMER = Source(
    name="customer",
    files="Customer",
    grain="one customer and version",
    key=("customer_id",),
    look_up=("customer_id",),
    checks=(Pattern("email", "[^@ ]+@[^@ ]+", "an e-mail address", severity="warn"),),
    columns=(
        Column("customer_id", INTEGER, "number of the customer", nullable=False),
        Column("first_name", varchar(160), "first name", pii="name"),
        Column("last_name", varchar(80), "last name", nullable=False, pii="name"),
        Column("company", varchar(320), "company the customer buys for"),
        Column("address", varchar(280), "street and number", pii="address"),
        Column("city", varchar(160), "city", pii="address"),
        Column("state", varchar(160), "state or province"),
        Column("country", varchar(160), "country, one spelling", standard="country"),
        Column(
            "postal_code",
            varchar(40),
            "postal code in its country's form",
            pii="address",
            standard="postal_code",
            of_country="country",
        ),
        Column(
            "phone",
            varchar(96),
            "phone number, E.164 where it is a possible number",
            pii="phone",
            standard="phone",
            of_country="country",
        ),
        Column(
            "fax",
            varchar(96),
            "fax number, E.164 where it is a possible number",
            pii="phone",
            standard="phone",
            of_country="country",
        ),
        Column("email", varchar(240), "e-mail address", pii="email"),
        Column("support_rep_id", INTEGER, "employee who looks after the customer"),
    ),
)

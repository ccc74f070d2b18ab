"""Staged employee: one employee and version."""

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import DATE, INTEGER, varchar

EMPLOYEE = Source(
    name="employee",
    files="Employee",
    grain="one employee and version",
    key=("employee_id",),
    look_up=("employee_id",),
    columns=(
        Column("employee_id", INTEGER, "number of the employee", nullable=False),
        Column("last_name", varchar(80), "last name", nullable=False, pii="name"),
        Column("first_name", varchar(80), "first name", nullable=False, pii="name"),
        Column("title", varchar(120), "job title"),
        Column("reports_to", INTEGER, "employee this one reports to; none for the head"),
        Column("birth_date", DATE, "date of birth", pii="birth date"),
        Column("hire_date", DATE, "first day of work"),
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
    ),
)

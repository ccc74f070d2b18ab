"""dim_employee: one employee and version (type 2)."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.column import Column
from src.contract.table import Distribution, History, Input, Reference, Table
from src.contract.types import BIGINT, BOOLEAN, DATE, INTEGER, varchar
from src.transforms.chinook.staged.employee import EMPLOYEE
from src.transforms.history import (
    HISTORY_COLUMNS,
    HISTORY_NAMES,
    fold_history,
    inferred_history,
    version_key,
)
from src.transforms.keys import NOT_APPLICABLE, UNKNOWN, reference_key, surrogate_key
from src.transforms.members import with_inferred
from src.transforms.versions import is_tombstone, version_order

TRACKED = (
    "title",
    "reports_to",
    "address",
    "city",
    "state",
    "country",
    "country_code",
    "postal_code",
)
OVERWRITTEN = ("last_name", "first_name", "birth_date", "hire_date", "phone", "fax", "email")

DIM_EMPLOYEE = Table(
    name="dim_employee",
    kind="dimension",
    grain="one employee and version",
    columns=(
        Column("employee_version_key", BIGINT, "surrogate key of the version", nullable=False),
        Column("employee_key", BIGINT, "durable surrogate key of the employee", nullable=False),
        Column("employee_id", INTEGER, "number of the employee"),
        Column("last_name", varchar(80), "last name", pii="name"),
        Column("first_name", varchar(80), "first name", pii="name"),
        Column("title", varchar(120), "job title"),
        Column("reports_to_key", BIGINT, "employee this one reports to", nullable=False),
        Column("reports_to", INTEGER, "number of that employee; none for the head"),
        Column("birth_date", DATE, "date of birth", pii="birth date"),
        Column("hire_date", DATE, "first day of work"),
        Column("address", varchar(280), "street and number", pii="address"),
        Column("city", varchar(160), "city", pii="address"),
        Column("state", varchar(160), "state or province"),
        Column("country", varchar(160), "country, one spelling"),
        Column("country_code", varchar(2), "ISO 3166-1 alpha-2 code of the country"),
        Column("postal_code", varchar(40), "postal code", pii="address"),
        Column("phone", varchar(96), "phone number", pii="phone"),
        Column("fax", varchar(96), "fax number", pii="phone"),
        Column("email", varchar(240), "e-mail address", pii="email"),
        *HISTORY_COLUMNS,
        Column("is_inferred", BOOLEAN, "no row of its own has come yet", nullable=False),
    ),
    primary_key=("employee_version_key",),
    natural_key=("employee_id", "valid_from"),
    replace_by="employee_key",
    replace_natural=("employee_id",),
    inputs=(
        Input("employee", key=("employee_id",), versions="all"),
        Input("employee", key=("reports_to",), versions="all", only_names=True),
        Input("customer", key=("support_rep_id",), versions="all", only_names=True),
    ),
    references=(Reference("reports_to_key", "dim_employee", "employee_key"),),
    history=History(tracked=TRACKED),
    distribution=Distribution("ALL"),
    sort_key=("employee_key", "valid_from"),
)


def dim_employee(employee: DataFrame, customer: DataFrame) -> DataFrame:
    """One row an employee and version; one that only a customer or a colleague names is inferred.

    Takes every version of both sources. Versions start when their raw file arrived; who reports
    to nobody points at the not-applicable member, an inferred one at the unknown member.
    """
    superiors = employee.select(F.col("reports_to").alias("employee_id"))
    representatives = customer.select(F.col("support_rep_id").alias("employee_id"))
    history = fold_history(
        employee,
        key=["employee_id"],
        tracked=TRACKED,
        overwritten=OVERWRITTEN,
        valid_from=F.col("arrived_at"),
        order=version_order(EMPLOYEE),
        deleted=is_tombstone(employee),
    )
    members = inferred_history(
        with_inferred(history, superiors, representatives, key=["employee_id"])
    )
    return members.select(
        version_key("employee_id").alias("employee_version_key"),
        surrogate_key("employee_id").alias("employee_key"),
        "employee_id",
        "last_name",
        "first_name",
        "title",
        F.when(F.col("is_inferred"), F.lit(UNKNOWN).cast("bigint"))
        .otherwise(reference_key("reports_to", missing=NOT_APPLICABLE))
        .alias("reports_to_key"),
        "reports_to",
        "birth_date",
        "hire_date",
        "address",
        "city",
        "state",
        "country",
        "country_code",
        "postal_code",
        "phone",
        "fax",
        "email",
        *HISTORY_NAMES,
        "is_inferred",
    )

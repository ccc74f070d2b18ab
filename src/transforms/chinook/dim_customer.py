"""dim_customer: one customer and version (type 2)."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.column import Column
from src.contract.table import Distribution, History, Input, Reference, Table
from src.contract.types import BIGINT, BOOLEAN, INTEGER, varchar
from src.transforms.chinook.staged.customer import CUSTOMER
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
    "company",
    "address",
    "city",
    "state",
    "country",
    "country_code",
    "postal_code",
    "support_rep_id",
)
OVERWRITTEN = ("first_name", "last_name", "phone", "fax", "email")

DIM_CUSTOMER = Table(
    name="dim_customer",
    kind="dimension",
    grain="one customer and version",
    columns=(
        Column("customer_version_key", BIGINT, "surrogate key of the version", nullable=False),
        Column("customer_key", BIGINT, "durable surrogate key of the customer", nullable=False),
        Column("customer_id", INTEGER, "number of the customer"),
        Column("first_name", varchar(160), "first name", pii="name"),
        Column("last_name", varchar(80), "last name", pii="name"),
        Column("company", varchar(320), "company the customer buys for"),
        Column("address", varchar(280), "street and number", pii="address"),
        Column("city", varchar(160), "city", pii="address"),
        Column("state", varchar(160), "state or province"),
        Column("country", varchar(160), "country, one spelling"),
        Column("country_code", varchar(2), "ISO 3166-1 alpha-2 code of the country"),
        Column("postal_code", varchar(40), "postal code", pii="address"),
        Column("phone", varchar(96), "phone number", pii="phone"),
        Column("fax", varchar(96), "fax number", pii="phone"),
        Column("email", varchar(240), "e-mail address", pii="email"),
        Column("support_rep_key", BIGINT, "employee in charge (dim_employee)", nullable=False),
        Column("support_rep_id", INTEGER, "number of that employee"),
        *HISTORY_COLUMNS,
        Column("is_inferred", BOOLEAN, "no row of its own has come yet", nullable=False),
    ),
    primary_key=("customer_version_key",),
    natural_key=("customer_id", "valid_from"),
    replace_by="customer_key",
    replace_natural=("customer_id",),
    inputs=(
        Input("customer", key=("customer_id",), versions="all"),
        Input("invoice", key=("customer_id",), versions="all", only_names=True),
    ),
    references=(Reference("support_rep_key", "dim_employee", "employee_key"),),
    history=History(tracked=TRACKED),
    distribution=Distribution("ALL"),
    sort_key=("customer_key", "valid_from"),
)


def dim_customer(customer: DataFrame, invoice: DataFrame) -> DataFrame:
    """One row a customer and version; one that only an invoice names is inferred.

    Takes every version of both sources. Versions start when their raw file arrived; the support
    representative is not applicable where the customer has none, unknown for an inferred one.
    """
    members = inferred_history(
        with_inferred(customer_history(customer), invoice, key=["customer_id"])
    )
    return members.select(
        version_key("customer_id").alias("customer_version_key"),
        surrogate_key("customer_id").alias("customer_key"),
        "customer_id",
        "first_name",
        "last_name",
        "company",
        "address",
        "city",
        "state",
        "country",
        "country_code",
        "postal_code",
        "phone",
        "fax",
        "email",
        F.when(F.col("is_inferred"), F.lit(UNKNOWN).cast("bigint"))
        .otherwise(reference_key("support_rep_id", missing=NOT_APPLICABLE))
        .alias("support_rep_key"),
        "support_rep_id",
        *HISTORY_NAMES,
        "is_inferred",
    )


def customer_history(customer: DataFrame) -> DataFrame:
    """All customers with a row of their own, folded into versions."""
    return fold_history(
        customer,
        key=["customer_id"],
        tracked=TRACKED,
        overwritten=OVERWRITTEN,
        valid_from=F.col("arrived_at"),
        order=version_order(CUSTOMER),
        deleted=is_tombstone(customer),
    )

"""dim_customer: one customer and version (type 2)."""

from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.table import Distribution, History, Input, Table
from src.contract.types import BIGINT, BOOLEAN, varchar
from src.transforms.ecommerce.staged.customer import CUSTOMER
from src.transforms.history import (
    HISTORY_COLUMNS,
    HISTORY_NAMES,
    fold_history,
    inferred_history,
    version_key,
)
from src.transforms.keys import surrogate_key
from src.transforms.members import with_inferred
from src.transforms.versions import is_tombstone, version_order, version_time

TRACKED = ("city", "state", "country", "country_code", "postal_code")
OVERWRITTEN = ("email", "first_name", "last_name")

DIM_CUSTOMER = Table(
    name="dim_customer",
    kind="dimension",
    grain="one customer and version",
    columns=(
        Column("customer_version_key", BIGINT, "surrogate key of the version", nullable=False),
        Column("customer_key", BIGINT, "durable surrogate key of the customer", nullable=False),
        Column("customer_id", varchar(64), "number of the customer"),
        Column("email", varchar(320), "e-mail address", pii="email"),
        Column("first_name", varchar(400), "first name", pii="name"),
        Column("last_name", varchar(400), "last name", pii="name"),
        Column("city", varchar(400), "city", pii="address"),
        Column("state", varchar(400), "state or province"),
        Column("country", varchar(160), "country, one spelling"),
        Column("country_code", varchar(2), "ISO 3166-1 alpha-2 code of the country"),
        Column("postal_code", varchar(40), "postal code", pii="address"),
        *HISTORY_COLUMNS,
        Column("is_inferred", BOOLEAN, "no row of its own has come yet", nullable=False),
    ),
    primary_key=("customer_version_key",),
    natural_key=("customer_id", "valid_from"),
    replace_by="customer_key",
    replace_natural=("customer_id",),
    inputs=(
        Input("customer", key=("customer_id",), versions="all"),
        Input("order_line", key=("customer_id",), versions="all", only_names=True),
    ),
    history=History(tracked=TRACKED),
    distribution=Distribution("ALL"),
    sort_key=("customer_key", "valid_from"),
)


def dim_customer(customer: DataFrame, order_line: DataFrame) -> DataFrame:
    """One row a customer and version; one that only an order names is inferred.

    Takes every version of both sources.
    """
    members = inferred_history(
        with_inferred(customer_history(customer), order_line, key=["customer_id"])
    )
    return members.select(
        version_key("customer_id").alias("customer_version_key"),
        surrogate_key("customer_id").alias("customer_key"),
        "customer_id",
        "email",
        "first_name",
        "last_name",
        "city",
        "state",
        "country",
        "country_code",
        "postal_code",
        *HISTORY_NAMES,
        "is_inferred",
    )


def customer_history(customer: DataFrame) -> DataFrame:
    """All customers with a row of their own, folded into versions.

    A version starts when it was updated; one that does not say, when its raw file arrived.
    """
    return fold_history(
        customer,
        key=["customer_id"],
        tracked=TRACKED,
        overwritten=OVERWRITTEN,
        valid_from=version_time(CUSTOMER),
        order=[version_time(CUSTOMER), *version_order(CUSTOMER)[1:]],
        deleted=is_tombstone(customer),
    )

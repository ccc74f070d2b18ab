"""dim_product: one product and version (type 2)."""

from pyspark.sql import DataFrame

from src.contract.column import Column
from src.contract.table import Distribution, History, Input, Table
from src.contract.types import BIGINT, BOOLEAN, decimal, varchar
from src.transforms.ecommerce.staged.product import PRODUCT
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

TRACKED = ("name", "category", "brand", "list_price")

DIM_PRODUCT = Table(
    name="dim_product",
    kind="dimension",
    grain="one product and version",
    columns=(
        Column("product_version_key", BIGINT, "surrogate key of the version", nullable=False),
        Column("product_key", BIGINT, "durable surrogate key of the product", nullable=False),
        Column("product_id", varchar(64), "number of the product"),
        Column("name", varchar(1024), "name of the product"),
        Column("category", varchar(400), "category"),
        Column("brand", varchar(400), "brand"),
        Column("list_price", decimal(18, 4), "list price", unit="currency unit"),
        *HISTORY_COLUMNS,
        Column("is_inferred", BOOLEAN, "no row of its own has come yet", nullable=False),
    ),
    primary_key=("product_version_key",),
    natural_key=("product_id", "valid_from"),
    replace_by="product_key",
    replace_natural=("product_id",),
    inputs=(
        Input("product", key=("product_id",), versions="all"),
        Input("order_line", key=("product_id",), versions="all", only_names=True),
    ),
    history=History(tracked=TRACKED),
    distribution=Distribution("ALL"),
    sort_key=("product_key", "valid_from"),
)


def dim_product(product: DataFrame, order_line: DataFrame) -> DataFrame:
    """One row a product and version; one that only an order names is inferred.

    Takes every version of both sources. The shop lists a product without a name at times: that
    is a version like any other.
    """
    members = inferred_history(
        with_inferred(product_history(product), order_line, key=["product_id"])
    )
    return members.select(
        version_key("product_id").alias("product_version_key"),
        surrogate_key("product_id").alias("product_key"),
        "product_id",
        "name",
        "category",
        "brand",
        "list_price",
        *HISTORY_NAMES,
        "is_inferred",
    )


def product_history(product: DataFrame) -> DataFrame:
    """All products with a row of their own, folded into versions.

    A version starts when it was updated; one that does not say, when its raw file arrived.
    """
    return fold_history(
        product,
        key=["product_id"],
        tracked=TRACKED,
        overwritten=(),
        valid_from=version_time(PRODUCT),
        order=[version_time(PRODUCT), *version_order(PRODUCT)[1:]],
        deleted=is_tombstone(product),
    )

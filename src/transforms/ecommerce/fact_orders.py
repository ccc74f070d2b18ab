"""fact_orders: one line of an order."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.checks import Holds, RowCountChange, SumReconciles
from src.contract.column import Column
from src.contract.table import Distribution, Input, Reference, Table
from src.contract.types import BIGINT, BOOLEAN, INTEGER, TIMESTAMP, decimal, varchar
from src.transforms.allocation import with_allocated
from src.transforms.dates import local_time
from src.transforms.ecommerce.dim_customer import customer_history
from src.transforms.ecommerce.dim_product import product_history
from src.transforms.history import with_version_at
from src.transforms.keys import NOT_APPLICABLE, date_key, reference_key, surrogate_key

CANCELLED = ("cancelled", "canceled", "cancellation", "void", "voided")
RETURNED = ("returned", "return", "refunded", "refund")
SHIPPED = ("shipped",)

MONEY = decimal(28, 4)
AMOUNTS = {
    "gross_amount": "quantity times unit price",
    "line_discount_amount": "discount on the line",
    "order_discount_amount": "share in the discount on the order",
    "net_amount": "gross less both discounts",
    "shipping_amount": "share in the shipping of the order",
    "total_amount": "net and shipping",
    "withdrawn_amount": "total of a withdrawn line, which counts 0 in all other amounts",
}

FACT_ORDERS = Table(
    name="fact_orders",
    kind="fact",
    grain="one line of an order; an order without lines is one row, its line 0. Revenue is the "
    "sum of reporting_net_amount over all rows",
    columns=(
        Column("order_line_key", BIGINT, "surrogate key of the line", nullable=False),
        Column("order_key", BIGINT, "surrogate key of the order", nullable=False),
        Column("order_id", varchar(64), "number of the order", nullable=False),
        Column("line_number", INTEGER, "number of the line; 0 in an order without", nullable=False),
        Column("ordered_date_key", INTEGER, "day of the order", nullable=False),
        Column("shipped_date_key", INTEGER, "day of shipping, where known", nullable=False),
        Column("cancelled_date_key", INTEGER, "day of cancellation, where known", nullable=False),
        Column("ordered_at", TIMESTAMP, "time of the order, UTC", nullable=False),
        Column("customer_key", BIGINT, "customer; unknown for a guest", nullable=False),
        Column("customer_version_key", BIGINT, "the customer as at the order", nullable=False),
        Column("customer_id", varchar(64), "number of the customer"),
        Column("product_key", BIGINT, "product sold", nullable=False),
        Column("product_version_key", BIGINT, "the product as at the order", nullable=False),
        Column("product_id", varchar(64), "number of the product"),
        Column("sales_channel_key", BIGINT, "channel of the order", nullable=False),
        Column("channel_code", varchar(64), "code of the channel"),
        Column("marketing_campaign_key", BIGINT, "campaign that the order names", nullable=False),
        Column("campaign_code", varchar(64), "code of the campaign"),
        Column("status", varchar(64), "status as the shop writes it"),
        Column("is_cancelled", BOOLEAN, "the status says cancelled", nullable=False),
        Column("is_return", BOOLEAN, "a return: by its status, or pieces below 0", nullable=False),
        Column("is_withdrawn", BOOLEAN, "cancelled or returned by status, yet with pieces above 0",
               nullable=False),
        Column("shipping_country", varchar(160), "country shipped to, one spelling"),
        Column("shipping_country_code", varchar(2), "ISO 3166-1 alpha-2 code of the country"),
        Column("currency", varchar(8), "currency of the order, ISO 4217"),
        Column("quantity", BIGINT, "pieces, as signed at the source", nullable=False,
               unit="piece", additive=True),
        Column("unit_price", decimal(18, 4), "price of one piece", unit="order currency"),
        *[
            Column(name, MONEY, meaning, nullable=False, unit="order currency", additive=True)
            for name, meaning in AMOUNTS.items()
        ],
        Column("exchange_rate", decimal(19, 10), "reporting currency for one of the order's"),
        Column("is_rate_missing", BOOLEAN, "no rate for currency and day yet", nullable=False),
        *[
            Column(f"reporting_{name}", MONEY, meaning, unit="reporting currency", additive=True)
            for name, meaning in AMOUNTS.items()
        ],
    ),
    primary_key=("order_line_key",),
    natural_key=("order_id", "line_number"),
    replace_by="order_key",
    replace_natural=("order_id",),
    inputs=(
        Input("order_line", key=("order_id",)),
        Input(
            "customer",
            through="order_line",
            on=("customer_id",),
            versions="all",
            at="ordered_at",
        ),
        Input(
            "product",
            through="order_line",
            on=("product_id",),
            versions="all",
            at="ordered_at",
        ),
        Input(
            "exchange_rate",
            through="order_line",
            on=("currency",),
            at="ordered_at",
            day="rate_date",
        ),
    ),
    references=(
        Reference("ordered_date_key", "dim_date", "date_key"),
        Reference("shipped_date_key", "dim_date", "date_key"),
        Reference("cancelled_date_key", "dim_date", "date_key"),
        Reference("customer_key", "dim_customer", "customer_key"),
        Reference("customer_version_key", "dim_customer", "customer_version_key"),
        Reference("product_key", "dim_product", "product_key"),
        Reference("product_version_key", "dim_product", "product_version_key"),
        Reference("sales_channel_key", "dim_sales_channel", "sales_channel_key"),
        Reference("marketing_campaign_key", "dim_marketing_campaign", "marketing_campaign_key"),
    ),
    checks=(
        SumReconciles("quantity", "order_line", "quantity"),
        Holds("net is gross less discounts",
              "net_amount = gross_amount - line_discount_amount - order_discount_amount"),
        RowCountChange(max_drop=0.5),
    ),
    distribution=Distribution("KEY", "order_key"),
    sort_key=("ordered_date_key",),
)  # fmt: skip


def fact_orders(
    order_line: DataFrame,
    customer: DataFrame,
    product: DataFrame,
    exchange_rate: DataFrame,
    reporting_currency: str,
    reporting_timezone: str,
) -> DataFrame:
    """One row a line of an order, in the order's latest version.

    Takes the latest version of orders and rates, every version of customers and products. Sums of
    amounts over all rows are net: a cancellation or return with pieces below 0 takes back what
    another order brought, and keeps its sign; an order that is itself marked cancelled or returned
    brings nothing, so its amounts are 0 and stand in withdrawn_amount. Quantity stays as the
    source has it. Cancellations and returns are flagged. Discount and
    shipping of the order are shared out by the size of the lines' gross amounts. A line has one
    campaign, the one its order names, or none. Without a rate of the order's day the reporting
    amounts are null and flagged; the rate may come later.
    """
    lines = _amounts(_with_flags(order_line))
    ordered = F.col("ordered_at")
    of_customer = with_version_at(
        lines, customer_history(customer), "customer_id", ordered, key="customer_version_key"
    )
    of_product = with_version_at(
        of_customer, product_history(product), "product_id", ordered, key="product_version_key"
    )
    priced = _with_rate(of_product, exchange_rate, reporting_currency)
    is_line = F.col("line_position").isNotNull()
    none = F.lit(NOT_APPLICABLE)
    updated = date_key(local_time(F.col("updated_at"), reporting_timezone))
    rate = F.col("exchange_rate")
    return priced.select(
        surrogate_key("order_id", "line_number").alias("order_line_key"),
        surrogate_key("order_id").alias("order_key"),
        "order_id",
        "line_number",
        date_key(local_time(ordered, reporting_timezone)).alias("ordered_date_key"),
        F.when(F.col("is_shipped"), updated).otherwise(none).alias("shipped_date_key"),
        F.when(F.col("is_cancelled"), updated).otherwise(none).alias("cancelled_date_key"),
        "ordered_at",
        reference_key("customer_id").alias("customer_key"),
        "customer_version_key",
        "customer_id",
        _or_none(is_line, reference_key("product_id")).alias("product_key"),
        _or_none(is_line, F.col("product_version_key")).alias("product_version_key"),
        "product_id",
        reference_key("channel_code").alias("sales_channel_key"),
        "channel_code",
        reference_key("campaign_code", missing=NOT_APPLICABLE).alias("marketing_campaign_key"),
        "campaign_code",
        "status",
        "is_cancelled",
        "is_return",
        "is_withdrawn",
        "shipping_country",
        "shipping_country_code",
        "currency",
        F.col("quantity").cast("bigint").alias("quantity"),
        "unit_price",
        *AMOUNTS,
        "exchange_rate",
        rate.isNull().alias("is_rate_missing"),
        *[amount.alias(f"reporting_{name}") for name, amount in _reporting(rate).items()],
    )


def _reporting(rate: SparkColumn) -> dict[str, SparkColumn]:
    """The amounts in the reporting currency: parts are converted, net and total made of them."""

    def converted(name: str) -> SparkColumn:
        # 18 and 19 digits: their product is exact, so that it is rounded once.
        return F.round(F.col(name).cast("decimal(18,4)") * rate, 4).cast(MONEY.spark)

    amounts = {name: converted(name) for name in AMOUNTS}
    discounts = amounts["line_discount_amount"] + amounts["order_discount_amount"]
    amounts["net_amount"] = amounts["gross_amount"] - discounts
    amounts["total_amount"] = amounts["net_amount"] + amounts["shipping_amount"]
    return {name: amount.cast(MONEY.spark) for name, amount in amounts.items()}


def _or_none(condition: SparkColumn, key: SparkColumn) -> SparkColumn:
    return F.when(condition, key).otherwise(F.lit(NOT_APPLICABLE).cast("bigint"))


def _with_flags(order_line: DataFrame) -> DataFrame:
    """The lines with what their order's status and the sign of their pieces say."""
    status = F.lower("status")

    def says(words: tuple[str, ...]) -> SparkColumn:
        return F.coalesce(status.isin(*words), F.lit(False))

    taken_back = F.coalesce(F.col("quantity") < 0, F.lit(False))
    return order_line.select(
        "*",
        says(CANCELLED).alias("is_cancelled"),
        (says(RETURNED) | taken_back).alias("is_return"),
        says(SHIPPED).alias("is_shipped"),
        ((says(CANCELLED) | says(RETURNED)) & ~taken_back).alias("is_withdrawn"),
    )


def _amounts(order_line: DataFrame) -> DataFrame:
    """The lines with all amounts of MONEY, those of the order shared out to its lines."""
    zero = F.lit(0)
    gross = F.col("quantity") * F.coalesce("unit_price", zero)
    lines = order_line.withColumns(
        {
            "line_number": F.coalesce("line_number", zero),
            "quantity": F.coalesce("quantity", zero),
        }
    ).withColumns(
        {
            "gross_amount": gross.cast(MONEY.spark),
            "line_discount_amount": F.coalesce("line_discount_amount", zero).cast(MONEY.spark),
            "order_discount_amount": F.col("discount_amount").cast(MONEY.spark),
            "shipping_amount": F.col("shipping_amount").cast(MONEY.spark),
        }
    )
    for amount in ("order_discount_amount", "shipping_amount"):
        lines = with_allocated(
            lines, amount, weight="gross_amount", by=["order_id"], ties=["line_number"], scale=4
        )
    discounts = F.col("line_discount_amount") + F.col("order_discount_amount")
    summed = lines.withColumn(
        "net_amount", (F.col("gross_amount") - discounts).cast(MONEY.spark)
    ).withColumn("total_amount", (F.col("net_amount") + F.col("shipping_amount")).cast(MONEY.spark))
    counted = [name for name in AMOUNTS if name != "withdrawn_amount"]
    nothing = zero.cast(MONEY.spark)
    withdrawn = F.col("is_withdrawn")
    return summed.withColumn(
        "withdrawn_amount", F.when(withdrawn, F.col("total_amount")).otherwise(nothing)
    ).withColumns({name: F.when(withdrawn, nothing).otherwise(F.col(name)) for name in counted})


def _with_rate(lines: DataFrame, rates: DataFrame, reporting_currency: str) -> DataFrame:
    """The lines with the rate of their currency on the day of the order; null where none is known.

    Amounts in the reporting currency itself are worth 1, unless a rate says otherwise.
    """
    known = rates.select(
        F.col("currency").alias("of currency"), "rate_date", F.col("rate").alias("known rate")
    )
    that_day = (F.col("currency") == F.col("of currency")) & (
        F.to_date("ordered_at") == F.col("rate_date")
    )
    own = F.when(F.col("currency") == reporting_currency, F.lit(1))
    return lines.join(F.broadcast(known), that_day, how="left").select(
        *lines.columns,
        F.coalesce("known rate", own).cast("decimal(19,10)").alias("exchange_rate"),
    )

"""fact_invoice: one invoice."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.checks import Holds, RowCountChange, SumReconciles
from src.contract.column import Column
from src.contract.table import Distribution, Input, Reference, Table
from src.contract.types import BIGINT, INTEGER, TIMESTAMP, decimal, varchar
from src.transforms.chinook.dim_customer import customer_history
from src.transforms.history import with_version_at
from src.transforms.keys import NOT_APPLICABLE, UNKNOWN, date_key, reference_key, surrogate_key

FACT_INVOICE = Table(
    name="fact_invoice",
    kind="fact",
    grain="one invoice",
    columns=(
        Column("invoice_key", BIGINT, "surrogate key of the invoice", nullable=False),
        Column("invoice_id", INTEGER, "number of the invoice", nullable=False),
        Column("date_key", INTEGER, "day of the sale", nullable=False),
        Column("invoice_date", TIMESTAMP, "time of the sale, UTC", nullable=False),
        Column("customer_key", BIGINT, "customer billed", nullable=False),
        Column("customer_version_key", BIGINT, "the customer as at the sale", nullable=False),
        Column("customer_id", INTEGER, "number of the customer"),
        Column("support_rep_key", BIGINT, "employee in charge as at the sale", nullable=False),
        Column("billing_address", varchar(280), "street and number billed", pii="address"),
        Column("billing_city", varchar(160), "city billed", pii="address"),
        Column("billing_state", varchar(160), "state or province billed"),
        Column("billing_country", varchar(160), "country billed, one spelling"),
        Column("billing_country_code", varchar(2), "ISO 3166-1 alpha-2 code of the country"),
        Column("billing_postal_code", varchar(40), "postal code billed", pii="address"),
        Column(
            "total",
            decimal(10, 2),
            "amount of the invoice as its header says",
            nullable=False,
            unit="currency unit",
            additive=True,
        ),
        Column(
            "lines_total",
            decimal(20, 2),
            "amount of its lines, price times quantity",
            nullable=False,
            unit="currency unit",
            additive=True,
        ),
        Column("line_count", BIGINT, "number of its lines", nullable=False, additive=True),
        Column("quantity", BIGINT, "pieces sold", nullable=False, unit="piece", additive=True),
        Column(
            "bytes",
            BIGINT,
            "size of the files sold; tracks of unknown size count as 0",
            nullable=False,
            unit="byte",
            additive=True,
        ),
    ),
    primary_key=("invoice_key",),
    natural_key=("invoice_id",),
    replace_by="invoice_key",
    replace_natural=("invoice_id",),
    inputs=(
        Input("invoice", key=("invoice_id",)),
        Input("invoice_line", key=("invoice_id",)),
        Input(
            "customer",
            through="invoice",
            on=("customer_id",),
            versions="all",
            at="invoice_date",
        ),
        Input("track", through="invoice_line", on=("track_id",)),
    ),
    references=(
        Reference("date_key", "dim_date", "date_key"),
        Reference("customer_key", "dim_customer", "customer_key"),
        Reference("customer_version_key", "dim_customer", "customer_version_key"),
        Reference("support_rep_key", "dim_employee", "employee_key"),
    ),
    checks=(
        Holds("header total against lines", "total = lines_total", severity="warn"),
        SumReconciles("total", "invoice", "total"),
        RowCountChange(max_drop=0.5),
    ),
    distribution=Distribution("KEY", "invoice_key"),
    sort_key=("date_key",),
)


def fact_invoice(
    invoice: DataFrame, invoice_line: DataFrame, customer: DataFrame, track: DataFrame
) -> DataFrame:
    """One row an invoice, with the sums of its lines.

    Takes the latest version of invoices, lines and tracks, every version of customers. Lines
    whose invoice never came are in fact_invoice_line only.
    """
    sizes = track.select("track_id", F.col("bytes").alias("track_bytes"))
    lines = (
        invoice_line.join(sizes, on="track_id", how="left")
        .groupBy("invoice_id")
        .agg(
            F.sum(F.col("unit_price") * F.col("quantity")).alias("lines_total"),
            F.count("*").alias("line_count"),
            F.sum(F.col("quantity").cast("bigint")).alias("quantity"),
            F.sum(F.coalesce("track_bytes", F.lit(0)) * F.col("quantity")).alias("bytes"),
        )
    )
    none = F.lit(0).cast("bigint")
    return (
        with_customer(invoice, customer)
        .join(lines, on="invoice_id", how="left")
        .select(
            surrogate_key("invoice_id").alias("invoice_key"),
            "invoice_id",
            date_key(F.col("invoice_date")).alias("date_key"),
            "invoice_date",
            "customer_key",
            "customer_version_key",
            "customer_id",
            "support_rep_key",
            "billing_address",
            "billing_city",
            "billing_state",
            "billing_country",
            "billing_country_code",
            "billing_postal_code",
            "total",
            F.coalesce("lines_total", F.lit(0)).cast("decimal(20,2)").alias("lines_total"),
            F.coalesce("line_count", none).alias("line_count"),
            F.coalesce("quantity", none).alias("quantity"),
            F.coalesce("bytes", none).alias("bytes"),
        )
    )


def with_customer(invoice: DataFrame, customer: DataFrame) -> DataFrame:
    """The invoices with customer_key, and customer_version_key and support_rep_key as at the sale.

    ``customer`` holds every staged version. A customer without a row of its own is the inferred
    member, whose support representative is unknown.
    """
    history = customer_history(customer).withColumn("is_known", F.lit(True))
    sold_to = with_version_at(
        invoice,
        history,
        "customer_id",
        F.col("invoice_date"),
        key="customer_version_key",
        also=("is_known", "support_rep_id"),
    )
    return sold_to.select(
        *invoice.columns,
        reference_key("customer_id").alias("customer_key"),
        "customer_version_key",
        F.when(F.col("is_known"), reference_key("support_rep_id", missing=NOT_APPLICABLE))
        .otherwise(F.lit(UNKNOWN).cast("bigint"))
        .alias("support_rep_key"),
    )

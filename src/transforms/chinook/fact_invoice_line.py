"""fact_invoice_line: one line of an invoice."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.checks import RowCountChange, SumReconciles
from src.contract.column import Column
from src.contract.table import Distribution, Input, Reference, Table
from src.contract.types import BIGINT, INTEGER, TIMESTAMP, decimal
from src.transforms.chinook.fact_invoice import with_customer
from src.transforms.keys import UNKNOWN, date_key, surrogate_key

FACT_INVOICE_LINE = Table(
    name="fact_invoice_line",
    kind="fact",
    grain="one line of an invoice",
    columns=(
        Column("invoice_line_key", BIGINT, "surrogate key of the line", nullable=False),
        Column("invoice_line_id", INTEGER, "number of the line", nullable=False),
        Column("invoice_key", BIGINT, "invoice that the line is on", nullable=False),
        Column("invoice_id", INTEGER, "number of the invoice", nullable=False),
        Column("date_key", INTEGER, "day of the sale", nullable=False),
        Column("invoice_date", TIMESTAMP, "time of the sale, UTC"),
        Column("track_key", BIGINT, "track sold", nullable=False),
        Column("track_id", INTEGER, "number of the track", nullable=False),
        Column("customer_key", BIGINT, "customer billed", nullable=False),
        Column("customer_version_key", BIGINT, "the customer as at the sale", nullable=False),
        Column("support_rep_key", BIGINT, "employee in charge as at the sale", nullable=False),
        Column(
            "unit_price",
            decimal(10, 2),
            "price of one piece",
            nullable=False,
            unit="currency unit",
        ),
        Column("quantity", INTEGER, "pieces sold", nullable=False, unit="piece", additive=True),
        Column(
            "revenue",
            decimal(20, 2),
            "price times quantity",
            nullable=False,
            unit="currency unit",
            additive=True,
        ),
    ),
    primary_key=("invoice_line_key",),
    natural_key=("invoice_line_id",),
    replace_by="invoice_line_key",
    replace_natural=("invoice_line_id",),
    inputs=(
        Input("invoice_line", key=("invoice_line_id",)),
        Input("invoice", through="invoice_line", on=("invoice_id",)),
        Input(
            "customer",
            through="invoice",
            on=("customer_id",),
            versions="all",
            at="invoice_date",
        ),
    ),
    references=(
        Reference("invoice_key", "fact_invoice", "invoice_key", severity="warn"),
        Reference("date_key", "dim_date", "date_key"),
        Reference("track_key", "dim_track", "track_key"),
        Reference("customer_key", "dim_customer", "customer_key"),
        Reference("customer_version_key", "dim_customer", "customer_version_key"),
        Reference("support_rep_key", "dim_employee", "employee_key"),
    ),
    checks=(
        SumReconciles("quantity", "invoice_line", "quantity"),
        RowCountChange(max_drop=0.5),
    ),
    distribution=Distribution("KEY", "invoice_key"),
    sort_key=("date_key",),
)


def fact_invoice_line(
    invoice_line: DataFrame, invoice: DataFrame, customer: DataFrame
) -> DataFrame:
    """One row a line of an invoice.

    Takes the latest version of lines and invoices, every version of customers. A line whose
    invoice never came keeps its amounts; its day, customer and representative are unknown.
    """
    headers = with_customer(invoice, customer).select(
        "invoice_id", "invoice_date", "customer_key", "customer_version_key", "support_rep_key"
    )
    unknown = F.lit(UNKNOWN).cast("bigint")
    return invoice_line.join(headers, on="invoice_id", how="left").select(
        surrogate_key("invoice_line_id").alias("invoice_line_key"),
        "invoice_line_id",
        surrogate_key("invoice_id").alias("invoice_key"),
        "invoice_id",
        date_key(F.col("invoice_date")).alias("date_key"),
        "invoice_date",
        surrogate_key("track_id").alias("track_key"),
        "track_id",
        F.coalesce("customer_key", unknown).alias("customer_key"),
        F.coalesce("customer_version_key", unknown).alias("customer_version_key"),
        F.coalesce("support_rep_key", unknown).alias("support_rep_key"),
        "unit_price",
        "quantity",
        (F.col("unit_price") * F.col("quantity")).cast("decimal(20,2)").alias("revenue"),
    )

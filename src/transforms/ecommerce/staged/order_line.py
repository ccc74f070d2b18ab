"""Staged order_line: one line of an order and version."""

from src.contract.checks import Holds, Pattern, Range
from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, TIMESTAMP, decimal, varchar
from src.transforms.dates import FIRST_TIME, LAST_TIME


def _has(column: str) -> Holds:
    return Holds(f"each line has its {column}", f"line_position IS NULL OR {column} IS NOT NULL")


ORDER_LINE = Source(
    name="order_line",
    files="orders",
    grain="one line of an order and version; an order without lines is one row",
    format="json",
    explode="lines",
    key=("order_id", "line_number"),
    business_time="updated_at",
    look_up=("order_id", "product_id"),
    month_of="ordered_at",
    checks=(
        _has("line_number"),
        _has("product_id"),
        _has("quantity"),
        _has("unit_price"),
        Range("ordered_at", low=FIRST_TIME, high=LAST_TIME),
        Range("updated_at", low=FIRST_TIME, high=LAST_TIME),
        Range("line_number", low="1"),
        # More is a barcode in the wrong column, and no total of the star could hold it.
        Holds("the line's amount is below 10 billion", "abs(quantity * unit_price) < 10000000000"),
        *(
            Range(column, low="-9999999999", high="9999999999")
            for column in ("shipping_amount", "discount_amount", "line_discount_amount")
        ),
        Pattern("currency", "[A-Z]{3}", "an ISO 4217 code like GBP", severity="warn"),
    ),
    columns=(
        Column(
            "order_id", varchar(64), "number of the order", nullable=False, written="number as text"
        ),
        Column("line_number", INTEGER, "number of the line", header="lines[].line_number"),
        Column("line_position", INTEGER, "place of the line in the order", header="lines[]"),
        Column("customer_id", varchar(64), "customer; none for a guest", written="number as text"),
        Column("ordered_at", TIMESTAMP, "time of the order, UTC", nullable=False),
        Column("status", varchar(64), "status as the shop writes it"),
        Column("channel_code", varchar(64), "sales channel"),
        Column("campaign_code", varchar(64), "marketing campaign that the order names"),
        Column("currency", varchar(8), "currency of all amounts, ISO 4217", written="currency"),
        Column("shipping_country", varchar(160), "country shipped to", standard="country"),
        Column("shipping_amount", decimal(18, 4), "shipping of the whole order"),
        Column("discount_amount", decimal(18, 4), "discount on the whole order"),
        Column("updated_at", TIMESTAMP, "time of this version of the order, UTC"),
        Column(
            "product_id",
            varchar(64),
            "product sold",
            header="lines[].product_id",
            written="number as text",
        ),
        Column(
            "quantity",
            INTEGER,
            "pieces sold; negative for returns",
            header="lines[].quantity",
            unit="piece",
            additive=True,
        ),
        Column("unit_price", decimal(18, 4), "price of one piece", header="lines[].unit_price"),
        Column(
            "line_discount_amount",
            decimal(18, 4),
            "discount on the line",
            header="lines[].discount_amount",
            additive=True,
        ),
    ),
)

"""Staged invoice_line: one line of an invoice and version."""

from src.contract.checks import Range
from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, decimal

INVOICE_LINE = Source(
    name="invoice_line",
    files="InvoiceLine",
    also_named=("InvoiceItem",),
    grain="one line of an invoice and version",
    key=("invoice_line_id",),
    look_up=("invoice_line_id", "invoice_id"),
    checks=(Range("quantity", low="1", high="1000000"), Range("unit_price", low="0")),
    columns=(
        Column("invoice_line_id", INTEGER, "number of the line", nullable=False),
        Column("invoice_id", INTEGER, "invoice that the line is on", nullable=False),
        Column("track_id", INTEGER, "track sold", nullable=False),
        Column(
            "unit_price", decimal(10, 2), "price of one piece", nullable=False, unit="currency unit"
        ),
        Column("quantity", INTEGER, "pieces sold", nullable=False, unit="piece", additive=True),
    ),
)

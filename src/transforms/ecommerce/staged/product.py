"""Staged product: one product and version."""

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import TIMESTAMP, decimal, varchar

PRODUCT = Source(
    name="product",
    files="products",
    grain="one product and version",
    key=("product_id",),
    business_time="updated_at",
    look_up=("product_id",),
    columns=(
        Column(
            "product_id",
            varchar(64),
            "number of the product",
            nullable=False,
            written="number as text",
        ),
        Column("name", varchar(1024), "name of the product"),
        Column("category", varchar(400), "category"),
        Column("brand", varchar(400), "brand"),
        Column("list_price", decimal(18, 4), "list price"),
        Column("updated_at", TIMESTAMP, "time of this version, UTC"),
    ),
)

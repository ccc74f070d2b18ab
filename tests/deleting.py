"""The shipped warehouses with sources that delete: the shipped ones accumulate changes only.

``records`` is chinook with complete sets of customers, tracks and playlist tracks, and operations
on employees, albums, invoices and their lines; ``orders`` is ecommerce with complete sets of
customers and channels, and operations on products and orders; ``plays`` is sparkify with complete
sets of songs. Register one with ``monkeypatch.setitem(WAREHOUSES, RECORDS.name, RECORDS)``.

The gate's limit on lost rows is left out: between two deliveries any share of a fact may be gone.
"""

from __future__ import annotations

from dataclasses import replace

from src.contract.checks import RowCountChange
from src.contract.column import Column
from src.contract.source import Source
from src.contract.table import Table
from src.contract.types import varchar
from src.contract.warehouse import Warehouse
from src.transforms.chinook import CHINOOK
from src.transforms.ecommerce import ECOMMERCE
from src.transforms.sparkify import SPARKIFY

OP = Column("op", varchar(1), "operation: I, U, D", header="Op")


def with_operations(source: Source) -> Source:
    return replace(source, op="op", columns=(OP, *source.columns))


def as_snapshots(source: Source) -> Source:
    return replace(source, delivery="snapshot")


def _deleting(
    warehouse: Warehouse, name: str, snapshots: tuple[str, ...], operations: tuple[str, ...]
) -> Warehouse:
    def deleting(source: Source) -> Source:
        if source.name in snapshots:
            return as_snapshots(source)
        return with_operations(source) if source.name in operations else source

    sources = tuple(map(deleting, warehouse.sources))
    return replace(may_lose_rows(warehouse), name=name, sources=sources)


def may_lose_rows(warehouse: Warehouse) -> Warehouse:
    """The warehouse without the gate's limit on lost rows."""

    def unlimited(table: Table) -> Table:
        checks = tuple(one for one in table.checks if not isinstance(one, RowCountChange))
        return replace(table, checks=checks)

    tables = tuple((unlimited(table), function) for table, function in warehouse.tables)
    return replace(warehouse, tables=tables)


RECORDS = _deleting(
    CHINOOK,
    "records",
    snapshots=("customer", "track", "playlist_track"),
    operations=("employee", "album", "invoice", "invoice_line"),
)
ORDERS = _deleting(
    ECOMMERCE,
    "orders",
    snapshots=("customer", "sales_channel"),
    operations=("product", "order_line"),
)
PLAYS = _deleting(SPARKIFY, "plays", snapshots=("song",), operations=())

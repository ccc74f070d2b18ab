"""The table that is loaded, the rows, and the lake that Starlift loads them from.

The base is loaded first; the next set replaces a tenth of the base's keys and brings new ones.
"""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.orc
import pyarrow.parquet

from src.contract.column import Column
from src.contract.table import Distribution, Table
from src.contract.types import BIGINT, TIMESTAMP, decimal, varchar
from src.contract.warehouse import Warehouse
from src.io.entry import BuiltPart, ChangeSet, DataFile, Entry
from src.io.log import Log
from src.io.store_s3 import S3Store
from src.settings import S3Settings

BUCKET = "side-by-side"
LAKE = f"s3://{BUCKET}/lake"
FRONT = "starlift"
FILES = 4

SALES = Table(
    name="sales",
    kind="fact",
    grain="one sale",
    columns=(
        Column("sale_key", BIGINT, "key of the sale", nullable=False),
        Column("sale_id", BIGINT, "number of the sale", nullable=False),
        Column("item_key", BIGINT, "item sold", nullable=False),
        Column("sold_at", TIMESTAMP, "time of the sale, UTC"),
        Column("amount", decimal(20, 2), "price paid", nullable=False, additive=True),
        Column("pieces", BIGINT, "pieces sold", nullable=False, additive=True),
        Column("channel", varchar(20), "where it was sold"),
        Column("note", varchar(120), "what the customer wrote"),
    ),
    primary_key=("sale_key",),
    natural_key=("sale_id",),
    replace_by="sale_key",
    replace_natural=("sale_id",),
    distribution=Distribution("KEY", "sale_key"),
    sort_key=("sold_at",),
)


def warehouse() -> Warehouse:
    def no_function() -> None:
        raise AssertionError("nothing is built here")

    return Warehouse(FRONT, "sales", (), ((SALES, no_function),))  # type: ignore[arg-type]


def rows(first: int, count: int, salt: int) -> pa.Table:
    """Sales of consecutive keys; ``salt`` makes the same keys other rows."""
    keys = pa.array(range(first, first + count), pa.int64())
    mixed = pc.bit_wise_and(pc.multiply(keys, pa.scalar(2654435761 + salt, pa.int64())), 0xFFFFF)
    cents = pc.add(pc.bit_wise_and(mixed, 0xFFFF), salt)
    amount = pc.multiply(cents.cast(pa.decimal128(19, 0)), pa.scalar(Decimal("0.01")))
    start = pa.scalar(1_700_000_000_000_000, pa.int64())
    channels = pa.array(["web", "shop", "phone", None])
    words = pa.array([f"wish number {number} of the customer, déjà vu" for number in range(64)])
    return pa.table(
        {
            "sale_key": keys,
            "sale_id": keys,
            "item_key": mixed,
            "sold_at": pc.add(start, pc.multiply(keys, 1_000_000)).cast(pa.timestamp("us")),
            "amount": amount.cast(pa.decimal128(20, 2)),
            "pieces": pc.add(pc.bit_wise_and(mixed, 7), 1),
            "channel": channels.take(pc.bit_wise_and(mixed, 3)),
            "note": words.take(pc.bit_wise_and(mixed, 63)),
        }
    )


def sets(base: int, count: int) -> dict[str, pa.Table]:
    """The base, the next set that overlaps it by a tenth, and one that does not, to append."""
    return {
        "base": rows(0, base, 0),
        "next": rows(base - base // 10, count, 1),
        "more": rows(base, count, 1),
    }


def write_lake(settings: S3Settings, mode: str, base: pa.Table, next_: pa.Table) -> None:
    """The two entries: the base as the whole table, then the next set by keys or as the whole."""
    store = S3Store(f"{LAKE}/{mode}/{FRONT}", settings)
    whole = mode == "whole"
    total = next_.num_rows
    if not whole:
        total += base.num_rows - base.num_rows // 10
    for number, (part, all_of_it, after) in enumerate(
        ((base, True, base.num_rows), (next_, whole, total)), 1
    ):
        run = f"20250101T00000{number}000Z-00000{number}"
        keys = (
            ()
            if all_of_it
            else _files(store, f"star/{run}/keys", part.select(["sale_key", "sale_id"]))
        )
        change = ChangeSet(
            table=SALES.name,
            whole=all_of_it,
            keys=keys,
            rows=_files(store, f"star/{run}/rows", part),
            key_count=part.num_rows,
            row_count=part.num_rows,
            total=after,
            sums={name: str(pc.sum(part[name]).as_py()) for name in ("amount", "pieces")},
            columns=tuple(SALES.names),
        )
        built = BuiltPart(through=0, changes=(change,), fingerprints={})
        Log(store).commit(Entry(run, "2025-01-01T00:00:00Z", built=built), number)


def _files(store: S3Store, folder: str, data: pa.Table) -> tuple[DataFile, ...]:
    """ORC as the lake writes it by default, in files of equal size."""
    size = -(-data.num_rows // FILES)
    found = []
    for number in range(FILES):
        part, buffer = data.slice(number * size, size), io.BytesIO()
        pyarrow.orc.write_table(part, buffer, compression="zlib")
        path = f"{folder}/part-{number}.orc"
        store.create(path, buffer.getvalue())
        found.append(DataFile(path, part.num_rows, len(buffer.getvalue())))
    return tuple(found)


def write_local(folder: Path, data: dict[str, pa.Table]) -> None:
    """The sets as Parquet files that the other programs read before their clocks start."""
    for name, part in data.items():
        pyarrow.parquet.write_table(part, folder / f"{name}.parquet")

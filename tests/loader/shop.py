"""A small warehouse with a lake of its own: entries written by hand, and what each must give.

No Spark: data files come from pyarrow, log entries are spelled out, and the expected rows are kept
beside them in plain dictionaries, which know nothing of SQL.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet
from pyspark.sql import DataFrame, SparkSession

from src.contract.column import Column
from src.contract.table import Distribution, Reference, Table
from src.contract.types import BIGINT, BOOLEAN, DATE, TIMESTAMP, Type, decimal, varchar
from src.contract.warehouse import Warehouse
from src.io.entry import BuiltPart, ChangeSet, DataFile, Entry
from src.io.lake import Lake
from src.io.log import Log
from src.io.redshift import Connect
from src.io.redshift_retry import Patience
from src.io.store import LocalStore
from src.pipeline.load import Loader, LoadResult, load
from src.runs import Run, new_run
from src.settings import LakeSettings, RedshiftSettings

Rows = list[tuple[Any, ...]]

DIM_ITEM = Table(
    name="dim_item",
    kind="dimension",
    grain="one item and version",
    columns=(
        Column("item_version_key", BIGINT, "key of the version", nullable=False),
        Column("item_key", BIGINT, "key of the item", nullable=False),
        Column("item_id", BIGINT, "number of the item"),
        Column("version", BIGINT, "number of the version", nullable=False),
        Column("title", varchar(40), "what it says on the tin"),
        Column("owner", varchar(40), "who it belongs to", pii="name"),
        Column("listed", DATE, "first day in the catalogue"),
        Column("is_current", BOOLEAN, "the version that holds now", nullable=False),
    ),
    primary_key=("item_version_key",),
    natural_key=("item_id", "version"),
    replace_by="item_key",
    replace_natural=("item_id",),
    distribution=Distribution("ALL"),
    sort_key=("item_key",),
)

FACT_SALE = Table(
    name="fact_sale",
    kind="fact",
    grain="one sale",
    columns=(
        Column("sale_key", BIGINT, "key of the sale", nullable=False),
        Column("sale_id", BIGINT, "number of the sale", nullable=False),
        Column("item_version_key", BIGINT, "item as sold", nullable=False),
        Column("sold_at", TIMESTAMP, "time of the sale, UTC"),
        Column("amount", decimal(20, 2), "price paid", nullable=False, additive=True),
        Column("pieces", BIGINT, "pieces sold", nullable=False, additive=True),
    ),
    primary_key=("sale_key",),
    natural_key=("sale_id",),
    replace_by="sale_key",
    replace_natural=("sale_id",),
    references=(Reference("item_version_key", "dim_item", "item_version_key"),),
    distribution=Distribution("KEY", "sale_key"),
    sort_key=("sold_at",),
)

BASKET_ITEM = Table(
    name="basket_item",
    kind="bridge",
    grain="one item in a basket",
    columns=(
        Column("basket_key", BIGINT, "key of the basket", nullable=False),
        Column("basket_id", BIGINT, "number of the basket", nullable=False),
        Column("item_id", BIGINT, "number of the item", nullable=False),
    ),
    primary_key=("basket_key", "item_id"),
    natural_key=("basket_id", "item_id"),
    replace_by="basket_key",
    replace_natural=("basket_id",),
)

TABLES = (DIM_ITEM, FACT_SALE, BASKET_ITEM)

_ARROW: dict[str, Callable[..., pa.DataType]] = {
    "bigint": pa.int64,
    "integer": pa.int32,
    "smallint": pa.int16,
    "varchar": lambda _: pa.string(),
    "decimal": pa.decimal128,
    "date": pa.date32,
    "boolean": pa.bool_,
    "timestamp": lambda: pa.timestamp("us"),
}


def arrow_type(kind: Type) -> pa.DataType:
    return _ARROW[kind.name](*kind.args)


def no_function() -> DataFrame:
    raise AssertionError("nothing is built here")


def no_session() -> SparkSession:
    raise AssertionError("a load starts no Spark")


def as_warehouse(name: str, tables: Sequence[Table] = TABLES) -> Warehouse:
    return Warehouse(name, "a shop", (), tuple((table, no_function) for table in tables))


@dataclass
class Shop:
    """One lake and what its warehouse must hold; ``name`` is also the front room."""

    root: Path
    name: str
    url: str
    tables: Sequence[Table] = TABLES
    file_format: str = "orc"
    entries: list[Entry] = field(default_factory=list)
    now: dict[str, dict[Any, Rows]] = field(default_factory=dict)
    at: list[dict[str, Rows]] = field(default_factory=lambda: [{}])
    settings: RedshiftSettings = field(default_factory=RedshiftSettings)

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.root / self.name)

    @property
    def lake(self) -> Lake:
        return Lake(no_session, self.store, LakeSettings(path=str(self.root)))

    @property
    def warehouse(self) -> Warehouse:
        return as_warehouse(self.name, self.tables)

    def loader(self, connect: Connect, run: Run | None = None, **more: Any) -> Loader:
        """A loader of this lake that is not patient for long."""
        return Loader(
            warehouse=self.warehouse,
            lake=self.lake,
            connect=connect,
            redshift=replace(self.settings, copy_url=self.url),
            run=run or new_run(),
            **{"patience": Patience(attempts=7, first=0.02, longest=2.0), **more},
        )

    def load(self, connect: Connect, run: Run | None = None, **more: Any) -> LoadResult:
        return load(self.loader(connect, run, **more), self.entries)

    # -- writing entries ---------------------------------------------------------------------

    def commit(
        self,
        changes: dict[str, dict[Any, Rows]],
        whole: Sequence[str] = (),
        twist: Callable[[ChangeSet], ChangeSet] = lambda change: change,
    ) -> Entry:
        """An entry that replaces keys (by value of ``replace_by``) with rows, or whole tables."""
        number = len(self.entries) + 1
        run = f"20250101T00000{number % 10}000Z-{number:06x}"
        sets = tuple(
            twist(self._change(run, table, changes[table.name], table.name in whole))
            for table in self.tables
            if table.name in changes
        )
        built = BuiltPart(through=0, changes=sets, fingerprints={})
        entry = Log(self.store).commit(Entry(run, "2025-01-01T00:00:00Z", built=built), number)
        self.entries.append(entry)
        self.at.append(
            {
                table.name: sorted(
                    (row for rows in self.now.get(table.name, {}).values() for row in rows),
                    key=repr,
                )
                for table in self.tables
            }
        )
        return entry

    def _change(self, run: str, table: Table, replaced: dict[Any, Rows], whole: bool) -> ChangeSet:
        held = self.now.setdefault(table.name, {})
        if whole:
            held.clear()
        for key, rows in replaced.items():
            held[key] = rows
            if not rows:
                del held[key]
        rows = [row for some in replaced.values() for row in some]
        by = [table.replace_by, *table.replace_natural]
        # The key of this shop's tables is its natural number.
        keys = [tuple([key] * len(by)) for key in replaced]
        sums = {}
        for column in table.additive:
            index = table.names.index(column.name)
            sums[column.name] = str(sum((Decimal(row[index]) for row in rows), Decimal(0)))
        return ChangeSet(
            table=table.name,
            whole=whole,
            keys=() if whole else self._files(run, table, "keys", keys, by),
            rows=self._files(run, table, "rows", rows, table.names),
            key_count=len(keys),
            row_count=len(rows),
            total=sum(len(some) for some in held.values()),
            sums=sums,
            columns=tuple(table.names),
        )

    def _files(
        self, run: str, table: Table, kind: str, rows: Rows, names: Sequence[str]
    ) -> tuple[DataFile, ...]:
        """Up to two files, so that manifests have more than one entry."""
        cut = (len(rows) + 1) // 2
        found = []
        for number, part in enumerate((rows[:cut], rows[cut:])):
            if part:
                plain = "".join(letter if letter.isalnum() else "_" for letter in table.name)[:40]
                path = f"star/{run}/{plain}/{kind}/part-{number}.{self.file_format}"
                found.append(self.write(path, table, part, names))
        return tuple(found)

    def write(self, path: str, table: Table, rows: Rows, names: Sequence[str]) -> DataFile:
        """A data file as Spark would write it."""
        full = Path(self.store.root) / path
        full.parent.mkdir(parents=True, exist_ok=True)
        columns = [table.column(name) for name in names]
        data = pa.table(
            {
                column.name: pa.array([row[at] for row in rows], arrow_type(column.type))
                for at, column in enumerate(columns)
            }
        )
        if self.file_format == "orc":
            pyarrow.orc.write_table(data, full, compression="zlib")
        else:
            pyarrow.parquet.write_table(data, full, compression="snappy")
        return DataFile(path, len(rows), full.stat().st_size)

    # -- entries by chance -------------------------------------------------------------------

    def fill(self, seed: int = 1, items: int = 20, sales: int = 60) -> Entry:
        """The first entry: whole tables."""
        draw = random.Random(seed)
        every = {key: item_rows(key, draw) for key in range(1, items + 1)}
        self.now["dim_item"] = {}
        return self.commit(
            {
                "dim_item": every,
                "fact_sale": {
                    key: [sale_row(key, draw, [r[0] for rows in every.values() for r in rows])]
                    for key in range(1, sales + 1)
                },
                "basket_item": {key: basket_rows(key, draw) for key in range(1, 8)},
            },
            whole=[table.name for table in self.tables],
        )

    def change(self, seed: int) -> Entry:
        """A later entry: items get versions, sales are corrected, deleted and added."""
        draw = random.Random(seed)
        items = {key: item_rows(key, draw) for key in draw.sample(range(1, 30), 5)}
        # A sale of a version that is gone would be an orphan: those sales come along.
        held = self.now["dim_item"] | items
        versions = [row[0] for rows in held.values() for row in rows]
        gone = {row[0] for rows in self.now["dim_item"].values() for row in rows} - set(versions)
        sales: dict[Any, Rows] = {
            key: [sale_row(key, draw, versions)]
            for key, rows in self.now["fact_sale"].items()
            if rows[0][2] in gone
        }
        for key in draw.sample(range(1, 90), 12):
            sales[key] = [] if draw.random() < 0.2 else [sale_row(key, draw, versions)]
        baskets = {key: basket_rows(key, draw) for key in draw.sample(range(1, 12), 3)}
        return self.commit({"dim_item": items, "fact_sale": sales, "basket_item": baskets})


def item_rows(key: int, draw: random.Random) -> Rows:
    count = draw.randint(1, 3)
    return [
        (
            key * 10 + version,
            key,
            key,
            version,
            draw.choice(["Tea", "Käse", "a'b;c", None, "100 %s"]),
            draw.choice(["Ann", "Bob", None]),
            None if draw.random() < 0.2 else datetime(2024, 1, 1).date(),
            version == count - 1,
        )
        for version in range(count)
    ]


def sale_row(key: int, draw: random.Random, versions: Sequence[int]) -> tuple[Any, ...]:
    return (
        key,
        key,
        draw.choice(list(versions)),
        None if draw.random() < 0.1 else datetime(2025, 1, draw.randint(1, 28), 12, 30),
        Decimal(draw.randint(-500, 10_000)) / 100,
        draw.randint(1, 9),
    )


def basket_rows(key: int, draw: random.Random) -> Rows:
    return [(key, key, item) for item in draw.sample(range(1, 20), draw.randint(0, 4))]


def a_run(second: int = 0, suffix: str = "aaaaaa") -> Run:
    """A run of a given name, begun today."""
    now = datetime.now(UTC).replace(second=second % 60, microsecond=0)
    return Run(now.strftime("%Y%m%dT%H%M%S000Z-") + suffix, now)

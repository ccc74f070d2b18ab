"""What a table built as a whole changes of the rows that are published: the lake before and after.

Rows are told apart by the table's primary key and compared column by column, null like null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.table import Table
from src.io.entry import ChangeSet
from src.io.lake import Lake
from src.pipeline.star import as_stored, current_rows


@dataclass(frozen=True)
class Difference:
    """Rows of one table added, removed and changed, and for each column in how many it changed."""

    table: str
    added: int
    removed: int
    changed: int
    columns: dict[str, int] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        text = f"{self.added:,} added, {self.removed:,} removed, {self.changed:,} changed"
        if not self.columns:
            return text
        return f"{text} ({', '.join(f'{name} {n:,}' for name, n in self.columns.items())})"


def difference(
    table: Table, lake: Lake, before: Sequence[tuple[int, ChangeSet]], after: ChangeSet
) -> Difference:
    """Compare a table after the change sets ``before`` with its rows in ``after``, a whole one.

    A column that older files lack was null in them; one of another type is compared as text.
    """
    others = [name for name in table.names if name not in table.primary_key]
    stored = as_stored(table, lake, before)
    retyped = [
        now.name for was, now in zip(stored.columns, table.columns, strict=True) if was != now
    ]
    was_rows = current_rows(stored, lake, before, table.names)
    now_rows = lake.read(after.rows, table.columns)
    if retyped:
        as_text = {name: F.col(name).cast("string") for name in retyped}
        was_rows, now_rows = was_rows.withColumns(as_text), now_rows.withColumns(as_text)
    old = _sided(was_rows, table, others, "old")
    new = _sided(now_rows, table, others, "new")
    rows = old.join(new, on=list(table.primary_key), how="full")
    was, now = F.col("old").isNotNull(), F.col("new").isNotNull()
    differs = {name: was & now & ~_same(name) for name in others}
    counts = {
        "added": F.count_if(~was),
        "removed": F.count_if(~now),
        "changed": F.count_if(was & now & ~F.col("old").eqNullSafe(F.col("new"))),
        **{f"in {name}": F.count_if(condition) for name, condition in differs.items()},
    }
    found = rows.agg(*[count.alias(name) for name, count in counts.items()]).collect()[0]
    return Difference(
        table.name,
        added=found["added"],
        removed=found["removed"],
        changed=found["changed"],
        columns={name: found[f"in {name}"] for name in others if found[f"in {name}"]},
    )


def _sided(rows: DataFrame, table: Table, others: list[str], side: str) -> DataFrame:
    # The first field says that there is a row: a table may have no column beside its key.
    row = F.struct(F.lit(True).alias("a row"), *others)
    return rows.select(*table.primary_key, row.alias(side))


def _same(name: str) -> SparkColumn:
    return F.col(f"old.{name}").eqNullSafe(F.col(f"new.{name}"))

"""Type 2 history: all versions of a natural key folded into rows with validity intervals."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn
from pyspark.sql.window import WindowSpec

from src.contract.column import Column
from src.contract.types import BOOLEAN, TIMESTAMP
from src.transforms.keys import reference_key, surrogate_key

FIRST = "1900-01-01 00:00:00"
OPEN = "2199-12-31 00:00:00"

# What every dimension with history has beside its own columns; fold_history fills them.
HISTORY_COLUMNS = (
    Column("valid_from", TIMESTAMP, "start of the version, UTC, included", nullable=False),
    Column("valid_to", TIMESTAMP, "end of the version, UTC, not included", nullable=False),
    Column("is_current", BOOLEAN, "the version that holds now", nullable=False),
    Column("is_deleted", BOOLEAN, "deleted at the source", nullable=False),
)
HISTORY_NAMES = tuple(column.name for column in HISTORY_COLUMNS)


def fold_history(
    versions: DataFrame,
    *,
    key: Sequence[str],
    tracked: Sequence[str],
    overwritten: Sequence[str],
    valid_from: SparkColumn,
    order: Sequence[SparkColumn],
    deleted: SparkColumn | None = None,
) -> DataFrame:
    """One row a natural key and change of a tracked column.

    Columns: key, tracked, overwritten, valid_from and valid_to (half-open, UTC), is_current,
    is_deleted. ``valid_from`` is each version's own time; the first version is valid from 1900,
    the last until 2199-12-31. Of several versions at one instant the last in ``order`` counts;
    a version that changes no tracked column opens no row. ``overwritten`` columns have the last
    version's value in every row. ``deleted`` marks versions that are tombstones: the member's
    rows stay, flagged from the tombstone on, with what it was before whatever the tombstone says.
    A member of tombstones alone has no row.
    """
    is_deleted = deleted if deleted is not None else F.lit(False)
    of_key = Window.partitionBy(*key)
    in_order = of_key.orderBy(*order)
    at_instant = Window.partitionBy(*key, "valid at").orderBy(*[column.desc() for column in order])
    # Helper columns have a blank in their names, which no contract can declare.
    timed = versions.withColumn("valid at", valid_from).withColumn("is_deleted", is_deleted)
    if deleted is not None:
        timed = _as_before(timed, [*tracked, *overwritten], in_order)
    last_at_instant = timed.withColumn("nth last", F.row_number().over(at_instant)).where(
        F.col("nth last") == 1
    )
    content = F.struct(*tracked, "is_deleted")
    changes = (
        last_at_instant.withColumn("tracked now", content)
        .withColumn("tracked before", F.lag("tracked now").over(in_order))
        .withColumn("is first", F.row_number().over(in_order) == 1)
        .withColumns(
            {
                column: F.last(column).over(
                    in_order.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
                )
                for column in overwritten
            }
        )
        .where(F.col("is first") | ~F.col("tracked now").eqNullSafe(F.col("tracked before")))
    )
    next_at = F.lead("valid at").over(of_key.orderBy("valid at"))
    return changes.withColumn("next at", next_at).select(
        *key,
        *tracked,
        *overwritten,
        F.when(F.col("is first"), F.lit(FIRST).cast("timestamp"))
        .otherwise(F.col("valid at"))
        .alias("valid_from"),
        F.coalesce("next at", F.lit(OPEN).cast("timestamp")).alias("valid_to"),
        F.col("next at").isNull().alias("is_current"),
        "is_deleted",
    )


def _as_before(versions: DataFrame, columns: Sequence[str], in_order: WindowSpec) -> DataFrame:
    """The versions, tombstones among them with the columns of the last version that is none."""
    own = F.when(~F.col("is_deleted"), F.struct(*columns))
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    filled = versions.withColumn("held before", F.last(own, ignorenulls=True).over(so_far))
    known = filled.where(F.col("held before").isNotNull())
    held = {name: F.col("held before")[name] for name in columns}
    return known.withColumns(held).drop("held before")


def inferred_history(members: DataFrame) -> DataFrame:
    """The members with the interval of inferred ones filled in: one open version from 1900."""
    return members.withColumns(
        {
            "valid_from": F.coalesce("valid_from", F.lit(FIRST).cast("timestamp")),
            "valid_to": F.coalesce("valid_to", F.lit(OPEN).cast("timestamp")),
            "is_current": F.coalesce("is_current", F.lit(True)),
            "is_deleted": F.coalesce("is_deleted", F.lit(False)),
        }
    )


def version_key(*natural: str) -> SparkColumn:
    """The surrogate key of a version: its natural key and the start of its interval."""
    return surrogate_key(*natural, "valid_from")


def with_version_at(
    rows: DataFrame,
    history: DataFrame,
    natural: str,
    at: SparkColumn,
    *,
    key: str,
    also: Sequence[str] = (),
) -> DataFrame:
    """The rows with ``key``, the key of their member's version that held at the instant ``at``.

    ``natural`` names the natural key in ``rows`` and in ``history``, which has valid_from and
    valid_to. ``also`` are columns of that version to bring along; they are null where the member
    has no row of its own. Such a row points at the inferred member's only version; one that names
    no member points at the unknown member. No row is dropped or doubled.
    """
    versions = history.select(F.col(natural).alias("of natural"), "valid_from", "valid_to", *also)
    held_then = (
        (F.col(natural) == F.col("of natural"))
        & (at >= F.col("valid_from"))
        & (at < F.col("valid_to"))
    )
    start = F.coalesce(F.col("valid_from"), F.lit(FIRST).cast("timestamp"))
    return rows.join(versions, held_then, how="left").select(
        *rows.columns, *also, reference_key(F.col(natural), start).alias(key)
    )

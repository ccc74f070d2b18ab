"""Which keys are gone: tombstones as a source writes them, and what its snapshots lack.

A staged row says only what its own raw file said. That a snapshot lacks a key depends on other
files, so it is found here, from the rows of a key and the list of the source's raw files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.window import WindowSpec

from src.contract.source import TOMBSTONE, Source
from src.frames import look_up
from src.transforms.versions import DELETED


@dataclass(frozen=True)
class Snapshot:
    """A raw file of a source that delivers snapshots; ``is_complete`` when no row was refused.

    ``arrived`` is in microseconds since 1970, UTC.
    """

    raw_id: int
    arrived: int
    path: str
    is_complete: bool


def with_deletions(rows: DataFrame, source: Source, snapshots: Iterable[Snapshot]) -> DataFrame:
    """The versions of some keys, all of each, marked in ``is deleted`` where they are tombstones.

    For a source with operations these are its own rows. For snapshots a tombstone is added for
    each key at the first complete file that lacks it after one that had it: null but for the key
    and the origin, which is the file's, at line 0. A source that cannot delete comes back as is.
    """
    if source.op:
        return rows.withColumn(DELETED, F.coalesce(F.col(source.op) == TOMBSTONE, F.lit(False)))
    if source.delivery != "snapshot":
        return rows
    ordered = _in_order(snapshots)
    if not ordered:
        return rows.withColumn(DELETED, F.lit(False))
    versions = _placed(rows, source, ordered).withColumn(DELETED, F.lit(False))
    versions = versions.unionByName(_tombstones(versions, source, ordered))
    if source.business_time:
        versions = _with_rebirths(versions, source)
    return versions.select(*rows.columns, DELETED)


def changed_by_snapshots(
    rows: DataFrame, source: Source, snapshots: Iterable[Snapshot], changed: Collection[int]
) -> DataFrame:
    """The rows whose keys are other than before, now that some raw files came or went.

    ``snapshots`` holds the files as they are and as they were, ``changed`` the raw ids of those
    that came or went, ``rows`` the rows of the files from the last complete one before these
    (or more). Found are rows of the changed files that differ from the version before them, and
    rows after which one of these files is the first that lacks the key.
    """
    ordered = _in_order(snapshots)
    came_or_went = F.col("raw_id").isin(*changed)
    places = [place for place, one in enumerate(_complete(ordered)) if one.raw_id in changed]
    of_key = _of_key(source)
    content = F.struct(*[column.name for column in source.columns])
    followed = (
        _placed(rows, source, ordered)
        .withColumn("content now", content)
        .withColumn("content before", F.lag("content now").over(of_key))
        .withColumn("gone before", F.lag("is gone").over(of_key))
    )
    is_new = F.col("gone before") | ~F.col("content now").eqNullSafe(F.col("content before"))
    lost = F.col("is gone") & F.col("complete through").isin(*places)
    return followed.where(
        (came_or_went & F.coalesce(is_new, F.lit(True))) | F.coalesce(lost, F.lit(False))
    ).select(*rows.columns)


def since_last_complete(
    snapshots: Iterable[Snapshot], changed: Collection[int]
) -> tuple[Snapshot, ...]:
    """The files that ``changed_by_snapshots`` has to read: from the last complete unchanged one."""
    ordered = _in_order(snapshots)
    first = next((n for n, one in enumerate(ordered) if one.raw_id in changed), len(ordered))
    earlier = [n for n in range(first) if ordered[n].is_complete]
    return tuple(ordered[earlier[-1] if earlier else 0 :])


def _in_order(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    return sorted(snapshots, key=lambda one: (one.arrived, one.path, one.raw_id))


def _complete(ordered: list[Snapshot]) -> list[Snapshot]:
    return [one for one in ordered if one.is_complete]


def _of_key(source: Source) -> WindowSpec:
    return Window.partitionBy(*source.record_key).orderBy("place of file", "raw_line")


def _placed(rows: DataFrame, source: Source, ordered: list[Snapshot]) -> DataFrame:
    """The rows with the place of their file, and whether the key is gone after them.

    ``complete through`` counts the complete files up to and with the row's own: it is also the
    number, from 0, of the next complete one. A key is gone where that one comes before the file
    of its next row.
    """
    entries = []
    complete = 0
    for place, one in enumerate(ordered):
        entries.append((one.raw_id, place, complete, complete + one.is_complete))
        complete += one.is_complete
    schema = "raw_id long, `place of file` long, `complete before` long, `complete through` long"
    before_next = F.coalesce(F.lead("complete before").over(_of_key(source)), F.lit(complete))
    return look_up(rows, ["raw_id"], entries, schema).withColumn(
        "is gone", F.col("complete through") < before_next
    )


def _tombstones(versions: DataFrame, source: Source, ordered: list[Snapshot]) -> DataFrame:
    """One row for each row after which its key is gone, in the columns of the versions."""
    entries = [
        (number, one.raw_id, one.arrived, one.path, ordered.index(one))
        for number, one in enumerate(_complete(ordered))
    ]
    schema = (
        "`complete through` long, `its id` long, `its arrival` long, `its path` string, "
        "`its place` long"
    )
    made = {
        "raw_id": F.col("its id"),
        "raw_file": F.col("its path"),
        "raw_line": F.lit(0).cast("bigint"),
        "arrived_at": F.timestamp_micros("its arrival"),
        "place of file": F.col("its place"),
        DELETED: F.lit(True),
    }
    if source.business_time:
        # A key whose time is ahead of its arrival is deleted all the same.
        latest = F.max(source.business_time).over(_of_key(source))
        versions = versions.withColumn("latest time", latest)
        made[source.business_time] = F.greatest(made["arrived_at"], F.col("latest time"))
    gone = look_up(versions.where("`is gone`"), ["complete through"], entries, schema)
    kept = (*source.record_key, "complete before", "complete through", "is gone")
    return gone.select(
        *[
            made[name].alias(name)
            if name in made
            else (
                F.col(f"`{name}`") if name in kept else F.lit(None).cast(kind.dataType).alias(name)
            )
            for name, kind in zip(versions.columns, versions.schema, strict=True)
            if name != "latest time"
        ]
    )


def _with_rebirths(versions: DataFrame, source: Source) -> DataFrame:
    """Versions after a tombstone take effect when the key came back, whatever time they bear."""
    time = str(source.business_time)
    times_gone = F.sum(F.col(DELETED).cast("int")).over(_of_key(source))
    since = Window.partitionBy(*source.record_key, "times gone")
    came_back = F.greatest(
        F.min(F.when(~F.col(DELETED), F.col("arrived_at"))).over(since),
        F.max(F.when(F.col(DELETED), F.col(time))).over(since),
    )
    is_back = ~F.col(DELETED) & (F.col("times gone") > 0)
    return (
        versions.withColumn("times gone", times_gone)
        .withColumn("came back", came_back)
        .withColumn(time, F.when(is_back, F.greatest(time, "came back")).otherwise(F.col(time)))
    )

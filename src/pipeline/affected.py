"""Which star rows a change can touch, and which staged rows they are made of.

Both directions follow the inputs that a star table's contract declares. What comes out may be
more than needed, never less: the build keeps only the rows of the affected keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.source import Source
from src.contract.table import Input, Table
from src.contract.warehouse import Warehouse
from src.frames import kept
from src.pipeline.at_once import at_once
from src.pipeline.hits import Held
from src.transforms.deletions import Snapshot, with_deletions
from src.transforms.versions import latest_version, version_time

# Reads staged rows of a source: all live ones, or those that may match the values.
ReadStaged = Callable[[str, Held | None], DataFrame]
# What a source was found to hold for the keys, by its name and the input that was left out.
Known = dict[tuple[str, Input | None], DataFrame]
# The raw files of each source that delivers snapshots.
Snapshots = Mapping[str, Sequence[Snapshot]]
# What is looked up through which source by which columns, at the time or day of which.
Lookup = tuple[str, str, tuple[str, ...], str | None, str | None]


@dataclass(frozen=True)
class Asked:
    """What the tables of a build ask of the changed rows alike, found once for all of them.

    ``versions`` are by source the changed rows and all versions of their records; ``parents`` by
    look-up the rows of the source that looks a changed row up.
    """

    versions: dict[str, DataFrame] = field(default_factory=dict)
    parents: dict[Lookup, DataFrame] = field(default_factory=dict)


def affected_keys(
    table: Table,
    warehouse: Warehouse,
    changed: Mapping[str, Held],
    staged: ReadStaged,
    asked: Asked | None = None,
) -> DataFrame:
    """One row a natural key (``replace_natural``) that the changed staged rows can touch.

    ``asked`` is what ``asked_alike`` found for the tables of a build together.
    """
    names = list(table.replace_natural)
    found = [
        _keys_of(given, changed[given.source], table, warehouse, staged, asked or Asked())
        for given in table.inputs
        if given.source in changed
    ]
    keys = reduce(lambda left, right: left.unionByName(right), found)
    return keys.dropna().dropDuplicates(names)


def asked_alike(
    tables: Sequence[Table], warehouse: Warehouse, changed: Mapping[str, Held], staged: ReadStaged
) -> Asked:
    """The changed rows with all versions of their records, and who looks them up by time or day.

    A table asks for versions that looks rows up by what is not their key. Of the columns there
    are those by which the tables look rows up.
    """
    inputs = [given for table in tables for given in table.inputs if given.source in changed]

    def versions_of(name: str) -> DataFrame | None:
        source = warehouse.source(name)
        own = [given for given in inputs if given.source == name]
        columns = {column: None for given in own for column in (*given.key, *given.on)}
        if set(columns) <= set(source.key):
            return None
        return kept(_with_versions(changed[name], source, staged, Asked()).select(*columns))

    def parents_of(given: Input) -> DataFrame:
        source = warehouse.source(given.source)
        return kept(_parents_at(given, changed[given.source], source, staged))

    by_time = {_lookup(given): given for given in inputs if _is_by_time(given, warehouse)}
    work: list[Callable[[], DataFrame | None]] = [
        *[partial(parents_of, given) for given in by_time.values()],
        *[partial(versions_of, name) for name in changed],
    ]
    found = at_once(lambda one: one(), work)
    versions = zip(changed, found[len(by_time) :], strict=True)
    return Asked(
        {name: rows for name, rows in versions if rows is not None},
        {name: rows for name, rows in zip(by_time, found, strict=False) if rows is not None},
    )


def _lookup(given: Input) -> Lookup:
    return (given.source, str(given.through), given.on, given.at, given.day)


def _is_by_time(given: Input, warehouse: Warehouse) -> bool:
    """Whether a changed row touches only those that look it up at its time or later, or its day."""
    source = warehouse.source(given.source)
    by_key = set(given.on) | ({given.day} if given.day else set()) == set(source.key)
    return bool(given.through and given.at and by_key and not source.deletes)


def _with_versions(rows: Held, source: Source, staged: ReadStaged, asked: Asked) -> DataFrame:
    """The rows and all versions of their records.

    A row may have named another key before: that key changes as well. The rows themselves count
    because what was taken back is in no version that is left.
    """
    if source.name in asked.versions:
        return asked.versions[source.name]
    return rows.rows.unionByName(_all_versions(rows, source, staged))


def _keys_of(
    given: Input,
    rows: Held,
    table: Table,
    warehouse: Warehouse,
    staged: ReadStaged,
    asked: Asked,
) -> DataFrame:
    """The table's keys that rows of one input name, directly or through another input."""
    names = list(table.replace_natural)
    source = warehouse.source(given.source)
    if given.through:
        if _is_by_time(given, warehouse):
            parents = asked.parents.get(_lookup(given))
            if parents is None:
                parents = _parents_at(given, rows, source, staged)
        else:
            if not set(given.on) <= set(source.key):
                rows = Held(_with_versions(rows, source, staged, asked))
            values = rows.values(given.on)
            parents = _matching(staged(given.through, values), values, given.on)
        # Parents are other rows than the changed ones, of which the versions are known.
        found = [
            _keys_of(parent, Held(parents), table, warehouse, staged, Asked())
            for parent in table.inputs
            if parent.source == given.through and parent is not given
        ]
        return reduce(lambda left, right: left.unionByName(right), found)
    if not set(given.key) <= set(source.key):
        rows = Held(_with_versions(rows, source, staged, asked))
    keys = rows.values(given.key, names)
    return _without_own(given, keys, table, warehouse, staged).rows


def _without_own(
    given: Input, keys: Held, table: Table, warehouse: Warehouse, staged: ReadStaged
) -> Held:
    """The keys that an input can change: of one that only names them, those without a row of
    their own. A source that deletes is asked for all, as a row may be a tombstone.
    """
    own = table.inputs[0]
    source = warehouse.source(own.source)
    if not given.only_names or source.deletes:
        return keys
    names = table.replace_natural
    named = keys.values(names, own.key)
    rows = staged(own.source, named).select(*own.key)
    without = named.rows.join(rows, on=list(own.key), how="left_anti")
    # Most have one, so that their files would name far too many.
    return Held(
        without.select(
            *[F.col(column).alias(name) for column, name in zip(own.key, names, strict=True)]
        )
    )


def _parents_at(given: Input, rows: Held, source: Source, staged: ReadStaged) -> DataFrame:
    """The rows of the parent that look up a changed row at its time or later, or on its day."""
    return (_of_the_day if given.day else _since_change)(given, rows, source, staged)


def _of_the_day(given: Input, rows: Held, source: Source, staged: ReadStaged) -> DataFrame:
    """The rows of the parent that look up a changed row: those of its day."""
    parents = staged(str(given.through), rows.values(given.on))
    dated = parents.withColumn(str(given.day), F.to_date(str(given.at)))
    return _matching(dated, rows.values(source.key), source.key).select(*parents.columns)


def _since_change(given: Input, rows: Held, source: Source, staged: ReadStaged) -> DataFrame:
    """The rows of the parent that look up a changed version: those at its time or later.

    A member's first version holds from the beginning of time, so that a change of the first one
    touches all rows.
    """
    on = list(given.on)
    earliest_change = F.min(version_time(source)).alias("changed at")
    changed = kept(rows.rows.groupBy(*on).agg(earliest_change))
    versions = _all_versions(Held(changed, rows.files), source, staged).unionByName(rows.rows)
    first = versions.groupBy(*on).agg(F.min(version_time(source)).alias("first at"))
    is_later = F.col("changed at") > F.col("first at")
    since = kept(
        changed.join(first, on=on, how="inner")
        .select(*on, F.when(is_later, F.col("changed at")).alias("since"))
        .dropna(subset=on)
    )
    parents = staged(str(given.through), Held(since, rows.files).values(on))
    earliest = since.agg(
        F.min("since").cast("string").alias("low"),
        F.count(F.when(F.col("since").isNull(), 1)).alias("all"),
    ).collect()[0]
    at = F.col(str(given.at))
    if not earliest["all"]:
        # A bound that readers can leave out whole stretches of files by.
        bound = F.lit(earliest["low"]).cast("timestamp")
        parents = parents.where((at >= bound) | at.isNull())
    touched = F.col("since").isNull() | at.isNull() | (at >= F.col("since"))
    return parents.join(since, on=on, how="inner").where(touched).select(*parents.columns)


def restricted_inputs(
    table: Table,
    warehouse: Warehouse,
    keys: Held | None,
    staged: ReadStaged,
    snapshots: Snapshots | None = None,
) -> dict[str, DataFrame]:
    """By source, the staged rows that the table's function needs for the keys (None: for all).

    Of all versions tombstones are marked; of the latest, keys that were deleted are left out. But
    members of a dimension stay, with their last row, marked.
    """
    found = {}
    known: Known = {}
    for name in dict.fromkeys(given.source for given in table.inputs):
        source = warehouse.source(name)
        rows = _restricted(table, source, keys, warehouse, staged, known)
        found[name] = _versions(table, source, rows, warehouse, (snapshots or {}).get(name, ()))
    return found


def _versions(
    table: Table,
    source: Source,
    rows: DataFrame,
    warehouse: Warehouse,
    snapshots: Sequence[Snapshot],
) -> DataFrame:
    """All versions of the rows, or the latest of each, as the table's inputs ask."""
    rows = with_deletions(rows, source, snapshots)
    inputs = [given for given in table.inputs if given.source == source.name]
    if all(given.versions == "all" for given in inputs):
        return rows
    # The rows that a fact or a bridge is made of go; what it looks up stays.
    looked_up = table.kind == "dimension" or not any(given.key for given in inputs)
    keep = looked_up and warehouse.is_of_members(source)
    return latest_version(rows, source, keep_deleted=keep)


def _restricted(
    table: Table,
    source: Source,
    keys: Held | None,
    warehouse: Warehouse,
    staged: ReadStaged,
    known: Known,
    but: Input | None = None,
) -> DataFrame:
    """The rows by which a source reaches the keys; where the latest count, all versions of them."""
    place = (source.name, but if but and but.source == source.name else None)
    if place not in known:
        known[place] = _reached(table, source, keys, warehouse, staged, known, but)
        if keys is not None:
            known[place] = kept(known[place])
    return known[place]


def _reached(
    table: Table,
    source: Source,
    keys: Held | None,
    warehouse: Warehouse,
    staged: ReadStaged,
    known: Known,
    but: Input | None,
) -> DataFrame:
    inputs = [given for given in table.inputs if given.source == source.name and given is not but]
    wants_latest = any(given.versions == "latest" for given in inputs)
    if keys is None:
        return staged(source.name, None)
    parts = [_rows_for(given, table, keys, warehouse, staged, known) for given in inputs]
    if len(parts) > 1:
        # A row may match by several inputs; its place in the raw zone names it.
        place = ["raw_id", "raw_line", *(source.key if source.explode else ())]
        rows = reduce(lambda left, right: left.unionByName(right), parts).dropDuplicates(place)
    else:
        rows = parts[0]
    if not wants_latest:
        return rows
    if any(not set(given.key or given.on) <= set(source.key) for given in inputs):
        # The latest version of a row found here may name another key: look at all its versions.
        rows = _all_versions(Held(rows), source, staged)
    return rows


def _rows_for(
    given: Input,
    table: Table,
    keys: Held,
    warehouse: Warehouse,
    staged: ReadStaged,
    known: Known,
) -> DataFrame:
    """The staged rows of one input that belong to the keys."""
    if given.through:
        # Without itself: a play reaches the other events of its user through its own source.
        through = warehouse.source(given.through)
        parents = _restricted(table, through, keys, warehouse, staged, known, but=given)
        parents = _versions(table, through, parents, warehouse, ())
        values, columns = Held(parents).values(given.on), given.on
    else:
        own = _without_own(given, keys, table, warehouse, staged)
        values, columns = own.values(table.replace_natural, given.key), given.key
    return _matching(staged(given.source, values), values, columns)


def _all_versions(rows: Held, source: Source, staged: ReadStaged) -> DataFrame:
    values = rows.values(source.record_key)
    return _matching(staged(source.name, values), values, source.record_key)


def _matching(rows: DataFrame, values: Held, columns: Sequence[str]) -> DataFrame:
    """The rows with one of the values, their columns in another order."""
    return rows.join(values.rows, on=list(columns), how="left_semi")

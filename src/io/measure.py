"""Measuring written data: what the log says of a file is what was found by reading it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import reduce

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.column import Column
from src.io.columns import read_columns
from src.io.entry import DataFile
from src.io.lake import Lake
from src.io.store import Stored, bare_path, bare_path_read


@dataclass(frozen=True)
class Probe:
    """What to measure of a folder: its columns, which to bound by file, which to sum.

    ``by_raw`` keeps rows and sums apart by raw file version (column raw_id).
    """

    folder: str
    columns: Sequence[Column]
    bounds: Sequence[str] = ()
    sums: Sequence[str] = ()
    by_raw: bool = False


@dataclass(frozen=True)
class Measured:
    """What a folder holds: its files, its rows and exact sums, and these by raw file version."""

    files: tuple[DataFile, ...] = ()
    rows: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)
    rows_by_raw: dict[int, int] = field(default_factory=dict)
    sums_by_raw: dict[int, dict[str, Decimal]] = field(default_factory=dict)


# Up to so many bytes the driver reads a folder back of which only rows are counted.
COUNTED_BYTES = 16 * 1024 * 1024


def measure(lake: Lake, probes: Mapping[str, Probe]) -> dict[str, Measured]:
    """Read every file of the folders back: all in one Spark job, but what the driver counts."""
    stored = {name: _data_files(lake, probe.folder) for name, probe in probes.items()}
    counted = {
        name: found
        for name, probe in probes.items()
        if (found := _counted(lake, stored[name], probe)) is not None
    }
    frames = [
        _summary(
            lake.read([DataFile(file.path, 0, file.size) for file in stored[name]], probe.columns),
            name,
            probe,
        )
        for name, probe in probes.items()
        if stored[name] and name not in counted
    ]
    rows: list[Row] = []
    if frames:
        rows = reduce(lambda left, right: left.unionByName(right), frames).collect()
    return {
        name: counted.get(name)
        or _measured(lake, stored[name], [row for row in rows if row["name"] == name], probe)
        for name, probe in probes.items()
    }


def _counted(lake: Lake, stored: Sequence[Stored], probe: Probe) -> Measured | None:
    """The rows of small files, read in the driver; None where more is asked or they are large."""
    is_more = probe.bounds or probe.sums or probe.by_raw
    if is_more or sum(file.size for file in stored) > COUNTED_BYTES:
        return None
    files = []
    for file in stored:
        data = DataFile(file.path, 0, file.size)
        found = read_columns(lake.store, data, [column.name for column in probe.columns])
        if found is None:
            return None
        if found.num_rows:
            files.append(replace(data, rows=found.num_rows))
    return Measured(tuple(files), sum(file.rows for file in files))


def _data_files(lake: Lake, folder: str) -> list[Stored]:
    """The data files that this run wrote: a writer may list its own folder, a reader never.

    What a failed task left in a committer's folder (_temporary, __magic) is none of them.
    """
    below = len(folder) + 1
    return [
        file
        for file in lake.store.list(folder)
        if not any(part.startswith(("_", ".")) for part in file.path[below:].split("/"))
    ]


def _summary(rows: DataFrame, name: str, probe: Probe) -> DataFrame:
    """One row a file (and raw file version): row count, bounds and sums as text."""
    raw = F.col("raw_id") if probe.by_raw else F.lit(None).cast("bigint")
    return (
        rows.withColumn("measured url", F.col("_metadata.file_path"))
        .groupBy(F.col("measured url").alias("url"), raw.alias("raw"))
        .agg(
            F.count("*").alias("rows"),
            _texts(F.min, probe.bounds).alias("low"),
            _texts(F.max, probe.bounds).alias("high"),
            _texts(F.sum, probe.sums).alias("sums"),
        )
        .withColumn("name", F.lit(name))
    )


def _texts(function: Callable[[str], SparkColumn], names: Sequence[str]) -> SparkColumn:
    if not names:
        return F.create_map().cast("map<string,string>")
    pairs: list[SparkColumn] = []
    for name in names:
        pairs += [F.lit(name), function(name).cast("string")]
    return F.create_map(*pairs)


def _measured(lake: Lake, stored: list[Stored], rows: list[Row], probe: Probe) -> Measured:
    by_file: dict[str, list[Row]] = {}
    for row in rows:
        by_file.setdefault(bare_path_read(row["url"]), []).append(row)
    kinds = {column.name: column for column in probe.columns}
    files = []
    for file in stored:
        parts = by_file.get(bare_path(lake.store.url(file.path)), [])
        if parts:
            files.append(
                DataFile(
                    file.path,
                    sum(part["rows"] for part in parts),
                    file.size,
                    low=_bound(min, "low", parts, kinds),
                    high=_bound(max, "high", parts, kinds),
                    raw_ids=tuple(sorted(part["raw"] for part in parts)) if probe.by_raw else (),
                )
            )
    by_raw: dict[int, list[Row]] = {}
    for row in rows:
        if row["raw"] is not None:
            by_raw.setdefault(row["raw"], []).append(row)
    return Measured(
        tuple(files),
        sum(row["rows"] for row in rows),
        _sums(rows, probe.sums),
        {raw: sum(row["rows"] for row in parts) for raw, parts in by_raw.items()},
        {raw: _sums(parts, probe.sums) for raw, parts in by_raw.items()},
    )


def _bound(
    choose: Callable[..., str], end: str, parts: list[Row], kinds: dict[str, Column]
) -> dict[str, str | None]:
    """The least or greatest of the parts' values: numbers by value, dates and text as text."""
    result: dict[str, str | None] = {}
    for name in parts[0][end]:
        values = [part[end][name] for part in parts if part[end][name] is not None]
        by = Decimal if kinds[name].type.is_number else str
        result[name] = choose(values, key=by) if values else None
    return result


def _sums(parts: list[Row], names: Sequence[str]) -> dict[str, Decimal]:
    return {
        name: sum((Decimal(part["sums"][name] or 0) for part in parts), Decimal(0))
        for name in names
    }

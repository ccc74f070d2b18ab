"""Stage: raw files that no entry holds become typed rows, quarantine and accounting.

Each raw file's rows depend on that file and the rules alone. One entry of the log takes all files
of a run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial, reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import BIGINT, varchar
from src.contract.warehouse import Warehouse
from src.errors import RawFileRefused, StarliftError
from src.frames import look_up, where_computed
from src.io.entry import DataFile, Entry, RawFile, StagedPart
from src.io.lake import Lake
from src.io.measure import Measured, Probe, measure
from src.io.raw_files import Candidate
from src.io.read_csv import Block, bytes_read
from src.io.read_raw import records
from src.io.store import Store
from src.pipeline.accounting import FileCount, FileCounts, audit_rows, check_files, collect_audit
from src.pipeline.at_once import at_once
from src.pipeline.fingerprints import source_fingerprints
from src.pipeline.staged_files import staged_probe, write_staged
from src.pipeline.take import Taken, by_layout, by_source, refuse_changed, take_files
from src.runs import Run
from src.transforms.duplicates import identity_hash, judge
from src.transforms.parse import parse
from src.transforms.standardise import standardise
from src.transforms.whole_records import stand_or_fall

# Up to so many raw bytes the parsed rows are kept between counting and writing; beyond, parsing
# twice is cheaper than spilling.
KEPT_BYTES = 16 * 1024 * 1024

QUARANTINE = (
    Column("source", varchar(128), "the raw source", nullable=False),
    Column("raw_file", varchar(1024), "path of the raw file", nullable=False),
    Column("raw_line", BIGINT, "physical line where the record starts", nullable=False),
    Column("raw_id", BIGINT, "raw file version", nullable=False),
    Column("reasons", varchar(65535), "every reason, one a line", nullable=False),
    Column("raw", varchar(65535), "the record's bytes in base64, where it cannot be split"),
    Column("fields", varchar(65535), "the record's cells as read, as JSON"),
    Column("run_id", varchar(64), "the run that refused it", nullable=False),
)


@dataclass
class StageResult:
    """What staging did: the entry to commit (None when nothing was new), and what was refused."""

    entry: Entry | None
    raw_files: tuple[RawFile, ...] = ()
    refused: list[RawFileRefused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def stage(
    warehouse: Warehouse,
    raw: Store,
    lake: Lake,
    candidates: list[Candidate],
    run: Run,
    *,
    on_bad_file: str = "fail",
    live: Iterable[RawFile] = (),
) -> StageResult:
    """Stage the candidates and return the entry to commit.

    ``live`` are the raw file versions that the lake holds; those of ``events`` of which a newer
    version of the same path comes are taken back by the same entry.

    Raises RawFileRefused for a file that cannot be taken (``on_bad_file`` fail; with skip it is
    left out and named in the result), and for one that changes while it is read; CheckRefused
    when an equation of the accounting does not add up.
    """
    intake = take_files(warehouse, raw, lake, candidates, run, on_bad_file)
    result = StageResult(None, refused=intake.refused, notes=intake.notes)
    taken, blocks = intake.files, intake.blocks
    if not taken:
        return result
    keep = sum(file.candidate.stored.size for file in taken) <= KEPT_BYTES

    def count(group: tuple[Source, list[Taken]]) -> tuple[DataFrame, dict[int, FileCount]]:
        source, files = group
        rows = standardise(_parsed(lake, raw, files, blocks), source)
        rows = rows.persist() if keep else rows
        counts = collect_audit(audit_rows(rows, source, identity_hash(source)))
        troubled = [raw_id for raw_id, one in counts.items() if one.bad or one.candidates]
        if source.explode and troubled:
            in_trouble = F.col("raw_id").isin(troubled)
            judged = stand_or_fall(rows.where(in_trouble), source)
            counts.update(collect_audit(audit_rows(judged, source, identity_hash(source))))
            rows = rows.where(~in_trouble).unionByName(judged)
        return rows, counts

    parsed, counts = {}, FileCounts()
    groups = by_source(taken)
    for (source, _), (rows, counted) in zip(groups, at_once(count, groups), strict=True):
        parsed[source.name] = rows
        counts.update(counted)
    run.progress("reading raw files", sum(count.records for count in counts.values()))
    staged, quarantine = _write(lake, taken, parsed, counts, run)
    for rows in parsed.values():
        rows.unpersist()
    refuse_changed(raw, [file.candidate.stored for file in taken])
    raw_files = tuple(
        _raw_file(file, blocks[file.raw_id], counts, staged[file.source.name]) for file in taken
    )
    check_files(raw_files, {source.name: source for source in warehouse.sources}, counts, blocks)
    result.raw_files = raw_files
    used = {file.source.name for file in taken}
    fingerprints = source_fingerprints(warehouse)
    result.entry = Entry(
        run.id,
        run.at,
        staged=StagedPart(
            raw_files,
            {name: measured.files for name, measured in staged.items() if measured.files},
            quarantine,
            {name: fingerprints[name] for name in sorted(used)},
            removed_raw_ids=_replaced(raw_files, live, warehouse),
        ),
    )
    return result


def _replaced(
    raw_files: tuple[RawFile, ...], live: Iterable[RawFile], warehouse: Warehouse
) -> tuple[int, ...]:
    """The live versions of files of which a newer version replaces all rows."""
    paths = {
        (raw.source, raw.path)
        for raw in raw_files
        if warehouse.source(raw.source).delivery == "events"
    }
    return tuple(sorted(raw.raw_id for raw in live if (raw.source, raw.path) in paths))


def _parsed(
    lake: Lake, raw: Store, files: list[Taken], blocks: dict[int, list[Block]]
) -> DataFrame:
    """The parsed records of one source's files, with their origin."""
    source = files[0].source
    frames = [
        parse(records(lake.spark, raw, heads, blocks), source)
        for heads in by_layout(files).values()
    ]
    whole = reduce(lambda left, right: left.unionByName(right), [_common(f) for f in frames])
    origins = [
        (file.raw_id, file.candidate.stored.path, file.candidate.stored.modified) for file in files
    ]
    found = look_up(whole, ["raw_id"], origins, "raw_id long, raw_file string, arrived long")
    return found.withColumn("arrived_at", F.timestamp_micros("arrived")).drop("arrived")


def _common(parsed: DataFrame) -> DataFrame:
    """Cells as JSON: layouts differ in their cells, and quarantine keeps them as text."""
    return parsed.withColumn("fields", F.to_json("cells", {"ignoreNullFields": "false"})).drop(
        "cells"
    )


def _is_good() -> SparkColumn:
    return F.size("reasons") == 0


def _write(
    lake: Lake,
    taken: list[Taken],
    parsed: dict[str, DataFrame],
    counts: dict[int, FileCount],
    run: Run,
) -> tuple[dict[str, Measured], tuple[DataFile, ...]]:
    """Write staged rows by source and all refused rows, and read both back."""
    jobs = []
    refused = []
    for source, files in by_source(taken):
        rows = parsed[source.name]
        # Only what is written: quarantine's columns are made for refused and conflicting rows.
        wanted = [column.name for column in source.staged_columns] + ["reasons"]
        doubled = [file.raw_id for file in files if counts[file.raw_id].candidates]
        if doubled:
            wanted += ["broken", "raw", "fields"]
        good = where_computed(rows.select(*wanted), _is_good())
        if doubled:
            good, conflicts = _deduplicated(good, source, doubled, counts)
            if conflicts is not None:
                refused.append(_quarantine(conflicts, source, run))
        if any(counts[file.raw_id].bad for file in files):
            bad = [file.raw_id for file in files if counts[file.raw_id].bad]
            of_files = rows.where(F.col("raw_id").isin(bad))
            refused.append(_quarantine(where_computed(of_files, ~_is_good()), source, run))
        jobs.append((source, good))
    writes = [partial(write_staged, lake, source, good, run) for source, good in jobs]
    if refused:
        whole = reduce(lambda left, right: left.unionByName(right), refused)
        writes.append(partial(lake.write, whole, f"quarantine/{run.id}"))
    at_once(lambda write: write(), writes)
    probes = {source.name: staged_probe(source, run) for source, _ in jobs}
    found = measure(
        lake, {**probes, " quarantine": Probe(f"quarantine/{run.id}", QUARANTINE, by_raw=True)}
    )
    quarantine = found.pop(" quarantine")
    for file in taken:
        counts[file.raw_id].quarantined = quarantine.rows_by_raw.get(file.raw_id, 0)
    run.progress("staged", sum(measured.rows for measured in found.values()))
    return found, quarantine.files


def _deduplicated(
    good: DataFrame, source: Source, doubled: list[int], counts: dict[int, FileCount]
) -> tuple[DataFrame, DataFrame | None]:
    """The good rows without duplicates, and the conflicting ones with their reason."""
    hashed = good.withColumn("identity", identity_hash(source))
    candidates = (
        hashed.where(F.col("raw_id").isin(doubled))
        .groupBy("raw_id", "identity")
        .agg(F.count("*").alias("times"))
        .where(F.col("times") > 1)
        .drop("times")
        .persist()
    )
    judged = judge(
        hashed.join(candidates, on=["raw_id", "identity"], how="left_semi"), source
    ).persist()
    sums = [F.sum(column.name).cast("string").alias(column.name) for column in source.additive]
    for row in judged.groupBy("raw_id", "fate").agg(F.count("*").alias("rows"), *sums).collect():
        counts[row["raw_id"]].judged(
            row["fate"], row["rows"], {c.name: row[c.name] for c in source.additive}
        )
    single = hashed.join(candidates, on=["raw_id", "identity"], how="left_anti")
    kept = single.unionByName(judged.where(F.col("fate") == "keep").drop("fate"))
    if not any(counts[raw_id].conflicts for raw_id in doubled):
        return kept, None
    key = ", ".join(source.key)
    reason = f"conflict: another row of the same {key} stands later in the file, with other values"
    conflicts = judged.where(F.col("fate") == "conflict").withColumn(
        "reasons", F.array(F.lit(reason))
    )
    return kept, conflicts


def _quarantine(rows: DataFrame, source: Source, run: Run) -> DataFrame:
    broken = F.col("broken").isNotNull()
    return rows.select(
        F.lit(source.name).alias("source"),
        "raw_file",
        "raw_line",
        "raw_id",
        F.array_join("reasons", "\n").alias("reasons"),
        F.when(broken, F.base64(F.col("raw").cast("binary"))).alias("raw"),
        F.when(~broken, F.col("fields")).alias("fields"),
        F.lit(run.id).alias("run_id"),
    )


def _raw_file(
    file: Taken, blocks: list[Block], counts: dict[int, FileCount], staged: Measured
) -> RawFile:
    stored, count = file.candidate.stored, counts[file.raw_id]
    staged_sums = staged.sums_by_raw.get(file.raw_id, {})
    return RawFile(
        raw_id=file.raw_id,
        source=file.source.name,
        path=stored.path,
        size=stored.size,
        etag=stored.etag,
        arrived=stored.modified,
        bytes_read=bytes_read(file.head, blocks),
        lines=sum(block.lines for block in blocks),
        header_lines=file.head.header_lines,
        records=count.records,
        staged=staged.rows_by_raw.get(file.raw_id, 0),
        quarantined=count.quarantined,
        duplicates=count.duplicates,
        conflicts=count.conflicts,
        warnings={name: number for name, number in count.warnings.items() if number},
        sums={
            column.name: count.sums_of(column.name, staged_sums) for column in file.source.additive
        },
    )


def commit_staged(lake: Lake, result: StageResult, number: int) -> Entry | None:
    """Commit what staging made as entry ``number``; None when there was nothing new."""
    if result.entry is None:
        return None
    if number < 1:
        raise StarliftError("An entry's number starts at 1", found=str(number))
    return lake.log.commit(result.entry, number)

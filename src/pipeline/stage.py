"""Stage: raw files that no entry holds become typed rows, quarantine and accounting.

Each raw file's rows depend on that file and the rules alone. One entry of the log takes all files
of a run; what cannot be taken is named with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from src.io.lake import Lake
from src.io.log import DataFile, Entry, RawFile, StagedPart
from src.io.measure import Measured, Probe, measure
from src.io.raw_files import Candidate
from src.io.read_csv import Block, bytes_read, scan
from src.io.read_raw import Head, Layout, read_head, records
from src.io.store import Store, Stored
from src.pipeline.accounting import FileCount, FileCounts, audit_rows, check_files, collect_audit
from src.pipeline.at_once import at_once
from src.pipeline.fingerprints import source_fingerprints
from src.runs import Run
from src.transforms.duplicates import identity_hash, judge
from src.transforms.parse import parse
from src.transforms.standardise import standardise
from src.transforms.whole_records import stand_or_fall

# Up to so many raw bytes the parsed rows are kept between counting and writing; beyond, parsing
# twice is cheaper than spilling. JSON is dearer to parse.
KEPT_BYTES = {"csv": 16 * 1024 * 1024, "json": 64 * 1024 * 1024}

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


@dataclass(frozen=True)
class _Taken:
    """A raw file with its head, its source and its place in the version order."""

    candidate: Candidate
    head: Head
    source: Source

    @property
    def raw_id(self) -> int:
        return self.candidate.raw_id


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
    result = StageResult(None)
    taken = _heads(warehouse, raw, candidates, on_bad_file, result)
    if not taken:
        return result
    run.progress("reading raw files", 0)
    blocks = _scan(lake, raw, taken, on_bad_file, result)
    taken = [file for file in taken if file.raw_id in blocks]
    if not taken:
        return result

    def count(group: tuple[Source, list[_Taken]]) -> tuple[DataFrame, dict[int, FileCount]]:
        source, files = group
        size = sum(file.candidate.stored.size for file in files)
        keep = size <= KEPT_BYTES[source.format]
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
    groups = _by_source(taken)
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


def _heads(
    warehouse: Warehouse,
    raw: Store,
    candidates: list[Candidate],
    on_bad_file: str,
    result: StageResult,
) -> list[_Taken]:
    """Read and judge the heads of the files, several at once."""

    def read(candidate: Candidate) -> _Taken | RawFileRefused:
        source = warehouse.source(str(candidate.source))
        if candidate.reason:
            return RawFileRefused(
                f"The file bears the name of {source.files} and is not in the form it is read in",
                where=candidate.stored.path,
                expected=f"{source.format.upper()} as plain text",
                found=candidate.reason,
                do="unpack or export it, or take it away",
            )
        try:
            return _Taken(candidate, read_head(raw, candidate.stored, source), source)
        except RawFileRefused as refusal:
            return refusal

    with ThreadPoolExecutor(16) as pool:
        heads = list(pool.map(read, candidates))
    _refuse([head for head in heads if isinstance(head, RawFileRefused)], on_bad_file, result)
    taken = [head for head in heads if isinstance(head, _Taken)]
    _note_drift(taken, result)
    return taken


def _note_drift(taken: list[_Taken], result: StageResult) -> None:
    """Say once per source and set of columns what the headers have too much or too little."""
    seen: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for file in taken:
        path = file.candidate.stored.path
        if file.head.unknown and file.source.new_columns == "warn":
            seen.setdefault((file.source.name, "ignored", file.head.unknown), []).append(path)
        if file.head.absent:
            seen.setdefault((file.source.name, "null", file.head.absent), []).append(path)
    for (source, fate, columns), paths in sorted(seen.items()):
        others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        named = [column or "(a column without a name)" for column in columns]
        what = "undeclared columns, ignored" if fate == "ignored" else "columns missing, left null"
        result.notes.append(f"{source}: {what}: {', '.join(named)} in {paths[0]}{others}")


def _refuse(refusals: list[RawFileRefused], on_bad_file: str, result: StageResult) -> None:
    """Keep the refusals for the report, or fail with all of them at once."""
    if not refusals:
        return
    if on_bad_file == "skip":
        result.refused += refusals
        return
    if len(refusals) == 1:
        only = refusals[0]
        raise RawFileRefused(
            only.what,
            where=only.where,
            expected=only.expected,
            found=only.found,
            do=(only.do or "correct the file") + "; or leave it out with --on-bad-file skip",
        )
    shown = "; ".join(refusal.sentence().rstrip(".") for refusal in refusals[:10])
    more = f"; and {len(refusals) - 10} more" if len(refusals) > 10 else ""
    raise RawFileRefused(
        f"{len(refusals)} raw files cannot be taken, and nothing was published: {shown}{more}",
        do="correct them, or leave them out with --on-bad-file skip",
    )


def _scan(
    lake: Lake, raw: Store, taken: list[_Taken], on_bad_file: str, result: StageResult
) -> dict[int, list[Block]]:
    """Line counts of every file, one Spark job for all; files that do not add up are refused.

    Where files are left out the others are scanned again, because line numbers hold for exactly
    the files that are read together.
    """
    while taken:
        groups = [heads for _, files in _by_source(taken) for heads in _by_layout(files).values()]
        found, refusals = scan(lake.spark, raw, groups)
        if not refusals:
            return found
        _refuse(refusals, on_bad_file, result)
        taken = [file for file in taken if file.raw_id in found]
    return {}


def _by_layout(files: list[_Taken]) -> dict[Layout, list[Head]]:
    layouts: dict[Layout, list[Head]] = {}
    for file in files:
        layouts.setdefault(file.head.layout, []).append(file.head)
    return layouts


def _by_source(taken: list[_Taken]) -> list[tuple[Source, list[_Taken]]]:
    groups: dict[str, list[_Taken]] = {}
    for file in taken:
        groups.setdefault(file.source.name, []).append(file)
    return [(files[0].source, files) for files in groups.values()]


def _parsed(
    lake: Lake, raw: Store, files: list[_Taken], blocks: dict[int, list[Block]]
) -> DataFrame:
    """The parsed records of one source's files, with their origin."""
    source = files[0].source
    frames = [
        parse(records(lake.spark, raw, heads, blocks), source)
        for heads in _by_layout(files).values()
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
    taken: list[_Taken],
    parsed: dict[str, DataFrame],
    counts: dict[int, FileCount],
    run: Run,
) -> tuple[dict[str, Measured], tuple[DataFile, ...]]:
    """Write staged rows by source and all refused rows, and read both back."""
    jobs = []
    refused = []
    for source, files in _by_source(taken):
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
    writes = [partial(_write_source, lake, source, good, run) for source, good in jobs]
    if refused:
        whole = reduce(lambda left, right: left.unionByName(right), refused)
        writes.append(partial(lake.write, whole, f"quarantine/{run.id}"))
    at_once(lambda write: write(), writes)
    probes = {
        source.name: Probe(
            _folder(source, run),
            source.staged_columns,
            bounds=source.look_up,
            sums=[column.name for column in source.additive],
            by_raw=True,
        )
        for source, _ in jobs
    }
    found = measure(
        lake, {**probes, " quarantine": Probe(f"quarantine/{run.id}", QUARANTINE, by_raw=True)}
    )
    quarantine = found.pop(" quarantine")
    for file in taken:
        counts[file.raw_id].quarantined = quarantine.rows_by_raw.get(file.raw_id, 0)
    run.progress("staged", sum(measured.rows for measured in found.values()))
    return found, quarantine.files


def _folder(source: Source, run: Run) -> str:
    return f"staged/{source.name}/{run.id}"


def _write_source(lake: Lake, source: Source, good: DataFrame, run: Run) -> None:
    columns = [column.name for column in source.staged_columns]
    if source.month_of:
        monthly = good.select(*columns, F.date_format(source.month_of, "yyyy-MM").alias("month"))
        # Brought together by month, so that a month is one file and not one for every task.
        rows = monthly.repartition("month").sortWithinPartitions("month", *source.look_up)
        lake.write(rows, _folder(source, run), partition_by="month")
    else:
        rows = good.select(*columns).sortWithinPartitions(*(source.look_up or source.key))
        lake.write(rows, _folder(source, run))


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


def refuse_changed(raw: Store, listed: Sequence[Stored]) -> None:
    """Raise RawFileRefused for files whose size or etag is no longer what was listed."""
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda before: raw.stat(before.path), listed))
    changed = [
        before.path
        for before, now in zip(listed, found, strict=True)
        if now is None or (now.size, now.etag) != (before.size, before.etag)
    ]
    if changed:
        raise RawFileRefused(
            f"{len(changed)} raw files changed while they were read; nothing was staged",
            where=", ".join(changed[:5]),
            do="run again when their supplier has finished writing",
        )


def _raw_file(
    file: _Taken, blocks: list[Block], counts: dict[int, FileCount], staged: Measured
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

"""Stage: raw files that no entry holds become typed rows, quarantine and accounting.

Each raw file's rows depend on that file and the rules alone. One entry of the log takes all files
of a run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.source import Source
from src.contract.warehouse import Warehouse
from src.errors import StarliftError
from src.frames import kept, look_up
from src.io.entry import Entry, RawFile, StagedPart
from src.io.lake import Lake
from src.io.measure import Measured
from src.io.raw_files import Candidate
from src.io.read_csv import Block, bytes_read
from src.io.read_raw import records
from src.io.store import Store
from src.pipeline.accounting import FileCount, FileCounts, audit_rows, check_files, collect_audit
from src.pipeline.at_once import at_once
from src.pipeline.drift import Drifted, changed_types, drift_notes, header_drift, refuse_drifted
from src.pipeline.fingerprints import source_fingerprints
from src.pipeline.take import (
    FilesRefused,
    Intake,
    LeftOut,
    Taken,
    by_layout,
    by_source,
    refuse_changed,
    take_files,
)
from src.pipeline.write import Target, write_rows
from src.runs import Run
from src.transforms.duplicates import identity_hash
from src.transforms.parse import parse
from src.transforms.standardise import standardise
from src.transforms.whole_records import stand_or_fall

# Up to so many raw bytes the parsed rows are kept between counting and writing; beyond, parsing
# twice is cheaper than spilling. JSON is dearer to parse.
KEPT_BYTES = {"csv": 16 * 1024 * 1024, "json": 64 * 1024 * 1024}
# How often staging begins anew without the files that changed under it.
ATTEMPTS = 5


@dataclass
class StageResult:
    """What staging did: the entry to commit (None when nothing was new), and what was refused."""

    entry: Entry | None
    raw_files: tuple[RawFile, ...] = ()
    refused: list[LeftOut] = field(default_factory=list)
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

    ``live`` are the raw file versions that the lake holds. Those that are staged again are taken
    back by the same entry, and so are those of ``events`` of which another version of the same
    path comes.

    Raises FilesRefused for files that cannot be taken or change while they are read
    (``on_bad_file`` fail; with skip they are left out and named in the result), CheckRefused when
    an equation of the accounting does not add up.
    """
    left: list[LeftOut] = []
    todo = candidates
    attempt = 1
    while True:
        target = Target(lake, run, _part(run, attempt))
        try:
            result = _attempt(warehouse, raw, target, todo, on_bad_file, live)
        except FilesRefused as error:
            if on_bad_file != "skip" or attempt == ATTEMPTS:
                raise
            # What was written of them lies in files with rows of others: all is written anew.
            left += error.refused
            paths = {one.path for one in error.refused}
            todo = [one for one in todo if one.stored.path not in paths]
            attempt += 1
        else:
            result.refused = left + result.refused
            return result


def _part(run: Run, attempt: int) -> str:
    """The run's own folders; those of an attempt that was given up are not written to again."""
    return run.id if attempt == 1 else f"{run.id}/attempt-{attempt}"


def _attempt(
    warehouse: Warehouse,
    raw: Store,
    target: Target,
    candidates: list[Candidate],
    on_bad_file: str,
    live: Iterable[RawFile],
) -> StageResult:
    """Stage the candidates; raises FilesRefused for those that have to be left out."""
    try:
        intake = take_files(warehouse, raw, target.lake, candidates, target.run, on_bad_file)
        result = StageResult(None, refused=intake.refused)
        if intake.files:
            _stage_files(warehouse, raw, target, intake, live, result)
        return result
    except StarliftError:
        raise
    except Exception:
        # Spark's readers fail in their own words when a file changes or goes under them.
        refuse_changed(raw, [one.stored for one in candidates])
        raise


def _stage_files(
    warehouse: Warehouse,
    raw: Store,
    target: Target,
    intake: Intake,
    live: Iterable[RawFile],
    result: StageResult,
) -> None:
    """Parse, count, write and check the files, and put the entry into the result."""
    taken, blocks, run = intake.files, intake.blocks, target.run
    drift = header_drift(taken)
    refuse_drifted(drift)

    def count(
        group: tuple[Source, list[Taken]],
    ) -> tuple[DataFrame, dict[int, FileCount], list[Drifted]]:
        source, files = group
        size = sum(file.candidate.stored.size for file in files)
        keep = size <= KEPT_BYTES[source.format]
        rows = standardise(_parsed(target.lake, raw, files, blocks), source)
        rows = kept(rows) if keep else rows
        counts = collect_audit(audit_rows(rows, source, identity_hash(source)))
        drifted = changed_types(rows, source, files, counts)
        troubled = [raw_id for raw_id, one in counts.items() if one.bad or one.candidates]
        if source.explode and troubled:
            in_trouble = F.col("raw_id").isin(troubled)
            judged = stand_or_fall(rows.where(in_trouble), source)
            counts.update(collect_audit(audit_rows(judged, source, identity_hash(source))))
            rows = rows.where(~in_trouble).unionByName(judged)
        return rows, counts, drifted

    parsed, counts = {}, FileCounts()
    groups = by_source(taken)
    for (source, _), found in zip(groups, at_once(count, groups), strict=True):
        parsed[source.name] = found[0]
        counts.update(found[1])
        drift += found[2]
    refuse_drifted(drift)
    result.notes = drift_notes(drift)
    run.progress("reading raw files", sum(count.records for count in counts.values()))
    staged, quarantine = write_rows(target, taken, parsed, counts)
    refuse_changed(raw, [file.candidate.stored for file in taken])
    fingerprints = source_fingerprints(warehouse)
    raw_files = tuple(
        _raw_file(file, blocks[file.raw_id], counts, staged[file.source.name], fingerprints)
        for file in taken
    )
    check_files(raw_files, {source.name: source for source in warehouse.sources}, counts, blocks)
    result.raw_files = raw_files
    used = {file.source.name for file in taken}
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


def _replaced(
    raw_files: tuple[RawFile, ...], live: Iterable[RawFile], warehouse: Warehouse
) -> tuple[int, ...]:
    """The live versions that are staged again, or of which another version replaces all rows."""
    staged = {raw.raw_id for raw in raw_files}
    paths = {
        (raw.source, raw.path)
        for raw in raw_files
        if warehouse.source(raw.source).delivery == "events"
    }
    return tuple(
        sorted(
            raw.raw_id for raw in live if raw.raw_id in staged or (raw.source, raw.path) in paths
        )
    )


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


def _raw_file(
    file: Taken,
    blocks: list[Block],
    counts: dict[int, FileCount],
    staged: Measured,
    fingerprints: dict[str, str],
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
        rules=fingerprints[file.source.name],
    )


def commit_staged(lake: Lake, result: StageResult, number: int) -> Entry | None:
    """Commit what staging made as entry ``number``; None when there was nothing new."""
    if result.entry is None:
        return None
    if number < 1:
        raise StarliftError("An entry's number starts at 1", found=str(number))
    return lake.log.commit(result.entry, number)

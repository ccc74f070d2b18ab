"""Write: parsed rows become staged files and quarantine, duplicates dropped, all read back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import BIGINT, varchar
from src.frames import kept, where_computed
from src.io.entry import DataFile
from src.io.lake import Lake
from src.io.measure import Measured, Probe, measure
from src.pipeline.accounting import FileCount
from src.pipeline.at_once import at_once
from src.pipeline.staged_files import staged_probe, write_staged
from src.pipeline.take import Taken, by_source
from src.runs import Run
from src.transforms.duplicates import identity_hash, judge

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


@dataclass(frozen=True)
class Target:
    """Where one attempt to stage writes: ``part`` is the part of its folders that is its own."""

    lake: Lake
    run: Run
    part: str

    @property
    def quarantine(self) -> str:
        return f"quarantine/{self.part}"

    def folder(self, source: Source) -> str:
        return f"staged/{source.name}/{self.part}"


def write_rows(
    target: Target, taken: list[Taken], parsed: dict[str, DataFrame], counts: dict[int, FileCount]
) -> tuple[dict[str, Measured], tuple[DataFile, ...]]:
    """Write staged rows by source and all refused rows, and read both back."""
    lake, run = target.lake, target.run
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
    writes = [
        partial(write_staged, lake, source, good, target.folder(source)) for source, good in jobs
    ]
    if refused:
        whole = reduce(lambda left, right: left.unionByName(right), refused)
        writes.append(partial(lake.write, whole, target.quarantine))
    at_once(lambda write: write(), writes)
    probes = {source.name: staged_probe(source, target.folder(source)) for source, _ in jobs}
    found = measure(
        lake, {**probes, " quarantine": Probe(target.quarantine, QUARANTINE, by_raw=True)}
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
    candidates = kept(
        hashed.where(F.col("raw_id").isin(doubled))
        .groupBy("raw_id", "identity")
        .agg(F.count("*").alias("times"))
        .where(F.col("times") > 1)
        .drop("times")
    )
    of_candidates = hashed.join(candidates, on=["raw_id", "identity"], how="left_semi")
    judged = kept(judge(of_candidates, source))
    sums = [F.sum(column.name).cast("string").alias(column.name) for column in source.additive]
    for row in judged.groupBy("raw_id", "fate").agg(F.count("*").alias("rows"), *sums).collect():
        counts[row["raw_id"]].judged(
            row["fate"], row["rows"], {c.name: row[c.name] for c in source.additive}
        )
    single = hashed.join(candidates, on=["raw_id", "identity"], how="left_anti")
    good = single.unionByName(judged.where(F.col("fate") == "keep").drop("fate"))
    if not any(counts[raw_id].conflicts for raw_id in doubled):
        return good, None
    key = ", ".join(source.key)
    reason = f"conflict: another row of the same {key} stands later in the file, with other values"
    conflicts = judged.where(F.col("fate") == "conflict").withColumn(
        "reasons", F.array(F.lit(reason))
    )
    return good, conflicts


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


def _is_good() -> SparkColumn:
    return F.size("reasons") == 0

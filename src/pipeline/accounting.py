"""Every row is accounted for: the counts of a raw file, and the equations over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.source import Source
from src.errors import CheckRefused
from src.io.entry import RawFile
from src.io.read_csv import Block
from src.transforms.duplicates import may_be_doubled


@dataclass
class FileCount:
    """What the records of one raw file came to, counted before anything was written.

    ``candidates`` are good rows that share their identity with another; ``read`` and ``refused``
    hold the sums of additive columns, ``dropped`` those of duplicates, ``conflicting`` those of
    conflicts, ``unparsed`` how many cells held no number.
    """

    records: int = 0
    lines: int = 0
    bad: int = 0
    candidates: int = 0
    duplicates: int = 0
    conflicts: int = 0
    quarantined: int = 0
    warnings: dict[str, int] = field(default_factory=dict)
    read: dict[str, Decimal] = field(default_factory=dict)
    refused: dict[str, Decimal] = field(default_factory=dict)
    unparsed: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, Decimal] = field(default_factory=dict)
    conflicting: dict[str, Decimal] = field(default_factory=dict)

    def judged(self, fate: str, rows: int, sums: dict[str, str | None]) -> None:
        """Add what the deduplication found: rows of one fate."""
        if fate == "keep":
            return
        values = {name: Decimal(text or 0) for name, text in sums.items()}
        if fate == "duplicate":
            self.duplicates, self.dropped = rows, values
        else:
            self.conflicts, self.conflicting = rows, values

    def sums_of(self, column: str, staged: dict[str, Decimal]) -> dict[str, str | int]:
        """The sums of one additive column, by where the rows went."""
        zero = Decimal(0)
        refused = self.refused.get(column, zero) + self.conflicting.get(column, zero)
        return {
            "read": str(self.read.get(column, zero)),
            "staged": str(staged.get(column, zero)),
            "quarantined": str(refused),
            "duplicates": str(self.dropped.get(column, zero)),
            "unparsed": self.unparsed.get(column, 0),
        }


def audit_rows(parsed: DataFrame, source: Source, identity: SparkColumn) -> DataFrame:
    """One row a raw file: its counts and sums as a map of text, straight from the records.

    Rows are grouped by identity first, so that the same pass finds whether any file holds
    candidates for duplicates. Refused rows have no identity.
    """
    good = F.size("reasons") == 0
    warns = [check.name for check in source.row_checks if check.severity == "warn"]
    amounts = [column.name for column in source.additive]
    # What tells whether an identity is doubled in an exploded source.
    told = dict.fromkeys(["raw_line", *source.key]) if source.explode else {}
    grouped = (
        parsed.select(
            "raw_id",
            *[name for name in told if name not in amounts],
            "lines",
            "warnings",
            "unparsed",
            *amounts,
            F.when(good, identity).alias("identity"),
        )
        .groupBy("raw_id", "identity")
        .agg(
            F.count("*").alias("rows"),
            may_be_doubled(source).alias("doubled"),
            F.sum("lines").alias("lines"),
            *[_times("warnings", name).alias(f"warned {name}") for name in warns],
            *[_times("unparsed", name).alias(f"unparsed {name}") for name in amounts],
            *[F.sum(name).alias(f"sum {name}") for name in amounts],
        )
    )
    refused = F.col("identity").isNull()
    shared = ~refused & F.col("doubled")
    facts: dict[str, SparkColumn] = {
        "records": F.sum("rows"),
        "lines": F.sum("lines"),
        "bad": F.sum(F.when(refused, F.col("rows"))),
        "candidates": F.sum(F.when(shared, F.col("rows"))),
    }
    for name in warns:
        facts[f"warned {name}"] = F.sum(f"warned {name}")
    for name in amounts:
        facts[f"unparsed {name}"] = F.sum(f"unparsed {name}")
        facts[f"read {name}"] = F.sum(f"sum {name}")
        facts[f"refused {name}"] = F.sum(F.when(refused, F.col(f"sum {name}")))
    pairs: list[SparkColumn] = []
    for fact, value in facts.items():
        pairs += [F.lit(fact), F.coalesce(value.cast("string"), F.lit("0"))]
    return grouped.groupBy("raw_id").agg(F.create_map(*pairs).alias("facts"))


def _times(names: str, name: str) -> SparkColumn:
    return F.sum(F.array_contains(names, F.lit(name)).cast("int"))


class FileCounts(dict[int, FileCount]):
    """Counts by raw_id. A file without a record is absent from Spark's answer and counts zero."""

    def __missing__(self, raw_id: int) -> FileCount:
        self[raw_id] = FileCount()
        return self[raw_id]


def collect_audit(audit: DataFrame) -> dict[int, FileCount]:
    """The counts of the files of one source, by raw_id."""
    counts: dict[int, FileCount] = {}
    for row in audit.collect():
        facts: dict[str, str] = row["facts"]
        count = FileCount(
            records=int(facts["records"]),
            lines=int(facts["lines"]),
            bad=int(facts["bad"]),
            candidates=int(facts["candidates"]),
        )
        for fact, text in facts.items():
            kind, _, name = fact.partition(" ")
            if kind == "warned":
                count.warnings[name] = int(text)
            elif kind == "unparsed":
                count.unparsed[name] = int(text)
            elif kind == "read":
                count.read[name] = Decimal(text)
            elif kind == "refused":
                count.refused[name] = Decimal(text)
        counts[row["raw_id"]] = count
    return counts


def check_files(
    raw_files: tuple[RawFile, ...],
    sources: dict[str, Source],
    counts: dict[int, FileCount],
    blocks: dict[int, list[Block]],
) -> None:
    """Hold the equations of staging. Raises CheckRefused with every one that does not add up."""
    broken = []
    for raw in raw_files:
        broken += _broken(raw, sources[raw.source], counts[raw.raw_id], blocks[raw.raw_id])
    if broken:
        raise CheckRefused(
            "The accounting of staging does not add up, and nothing was committed: "
            + "; ".join(broken[:10]),
            do="run again; if it happens twice, this is a defect of Starlift: please report it "
            "with the raw file",
        )


def _broken(raw: RawFile, source: Source, count: FileCount, blocks: list[Block]) -> list[str]:
    found = []

    def equal(what: str, left: Decimal | int, right: Decimal | int) -> None:
        if left != right:
            found.append(f"{raw.path}: {what}: {left} against {right}")

    equal("bytes consumed = size", raw.bytes_read, raw.size)
    # Blank lines are no records; those inside a quoted value are part of one.
    blank = raw.lines - raw.header_lines - count.lines
    if not 0 <= blank <= sum(block.blank for block in blocks):
        found.append(f"{raw.path}: {blank} physical lines in no record")
    equal(
        "rows read = staged + quarantined + duplicates",
        raw.records,
        raw.staged + raw.quarantined + raw.duplicates,
    )
    equal("quarantined = refused + conflicts", raw.quarantined, count.bad + count.conflicts)
    for column in source.additive:
        sums = raw.sums[column.name]
        parts = sum(
            (Decimal(sums[part]) for part in ("staged", "quarantined", "duplicates")), Decimal(0)
        )
        equal(
            f"sum of {column.name} read = staged + quarantined + duplicates",
            Decimal(sums["read"]),
            parts,
        )
    return found

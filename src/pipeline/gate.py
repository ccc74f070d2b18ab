"""The gate: what a build wrote is read back and checked before anything is committed.

Every table: primary key unique and not null, one natural key under a surrogate key, NOT NULL
columns, the references that its contract declares, its own checks, and the accounting equation.
Error blocks the publish, warn is reported; failing rows are kept either way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.checks import Freshness, RowCountChange, SumReconciles, Unique
from src.errors import CheckRefused
from src.io.lake import Lake
from src.pipeline.gate_facts import (
    Parents,
    Subject,
    collect_facts,
    dangling,
    failed,
    row_checks,
)
from src.runs import Run

# Failing rows kept for reading, by check; the count is always exact.
KEPT_ROWS = 1000
SPECIAL_MEMBERS = 2


@dataclass(frozen=True)
class Finding:
    """A check that did not hold: how many rows or keys failed it, where some are kept."""

    table: str
    check: str
    severity: str
    detail: str
    kept: str | None = None

    @property
    def sentence(self) -> str:
        kept = f" (rows kept in {self.kept})" if self.kept else ""
        return f"{self.table}: {self.check}: {self.detail}{kept}"


def gate(
    subjects: list[Subject], parents: Parents, run: Run, *, accept_drop: bool = False
) -> tuple[list[Finding], dict[str, dict[str, int]]]:
    """Check all subjects; returns the warnings, and the accounting by table.

    A table that falls by more rows than its contract allows is only warned of with
    ``accept_drop``. Raises CheckRefused with every check of severity error that failed.
    """
    facts = collect_facts(subjects, parents)
    findings: list[Finding] = []
    accounting: dict[str, dict[str, int]] = {}
    for subject in subjects:
        found = facts[subject.table.name]
        for finding, rows in [*_row_findings(subject, found), *_key_findings(subject, found)]:
            findings.append(_kept(finding, rows, parents.lake, run))
        for reference in subject.table.references:
            count = int(found[f"dangling {reference.column}"])
            if count:
                finding = Finding(
                    subject.table.name,
                    f"relationship({reference.column})",
                    reference.severity,
                    f"{count} values that {reference.parent} does not have",
                )
                missing = dangling(subject, reference, parents).select(
                    F.col(reference.parent_column).alias(reference.column)
                )
                rows = subject.rows.join(missing, on=reference.column, how="left_semi")
                findings.append(_kept(finding, rows, parents.lake, run))
        findings += _table_findings(subject, found, accept_drop)
        broken, accounting[subject.table.name] = _account(subject, found)
        findings += broken
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        shown = "; ".join(finding.sentence for finding in errors[:10])
        more = f"; and {len(errors) - 10} more" if len(errors) > 10 else ""
        raise CheckRefused(
            f"The gate refused the star tables by {len(errors)} checks, and nothing was "
            f"published: {shown}{more}",
            do="correct the raw files or the contract, then run again",
        )
    return findings, accounting


def _row_findings(subject: Subject, found: dict[str, str]) -> list[tuple[Finding, DataFrame]]:
    findings = []
    for check in row_checks(subject.table):
        count = int(found[f"fails {check.name}"])
        if count:
            finding = Finding(subject.table.name, check.name, check.severity, f"{count} rows fail")
            findings.append((finding, subject.rows.where(failed(check))))
    return findings


def _key_findings(subject: Subject, found: dict[str, str]) -> list[tuple[Finding, DataFrame]]:
    table = subject.table
    key = ", ".join(table.primary_key)
    findings = []
    by_key = subject.rows.groupBy(*table.primary_key)
    if int(found["doubled"]):
        doubled = by_key.count().where(F.col("count") > 1).drop("count")
        finding = Finding(
            table.name, f"unique({key})", "error", f"{found['doubled']} keys stand more than once"
        )
        findings.append(
            (finding, subject.rows.join(doubled, on=list(table.primary_key), how="left_semi"))
        )
    if int(found["collided"]):
        natural = F.struct(*table.natural_key)
        collided = by_key.agg(F.min(natural).alias("low"), F.max(natural).alias("high")).where(
            ~F.col("low").eqNullSafe(F.col("high"))
        )
        finding = Finding(
            table.name,
            f"one natural key for each {key}",
            "error",
            f"{found['collided']} surrogate keys stand for several natural keys",
        )
        findings.append(
            (
                finding,
                subject.rows.join(
                    collided.drop("low", "high"), on=list(table.primary_key), how="left_semi"
                ),
            )
        )
    for check in table.checks:
        if isinstance(check, Unique) and int(found[f"fails {check.name}"]):
            finding = Finding(
                table.name,
                check.name,
                check.severity,
                f"{found[f'fails {check.name}']} values stand more than once",
            )
            doubled = subject.rows.groupBy(*check.columns).count().where(F.col("count") > 1)
            findings.append(
                (
                    finding,
                    subject.rows.join(
                        doubled.drop("count"), on=list(check.columns), how="left_semi"
                    ),
                )
            )
    return findings


def _table_findings(subject: Subject, found: dict[str, str], accept_drop: bool) -> list[Finding]:
    table, change = subject.table, subject.change
    findings = []
    for check in table.checks:
        detail = None
        severity = check.severity
        if isinstance(check, RowCountChange):
            least = subject.before * (1 - check.max_drop)
            if change.total < least:
                detail = f"{change.total} rows after {subject.before}, expected at least {least:g}"
                if accept_drop:
                    severity = "warn"
                else:
                    detail += "; if so many are rightly gone, build with --accept-drop"
        elif isinstance(check, SumReconciles):
            star, staged = found[f"amount {check.column}"], found[f"staged {check.column}"]
            if Decimal(star) != Decimal(staged):
                detail = (
                    f"sum {star} in star, {staged} in staged {check.source}.{check.source_column}"
                )
        elif isinstance(check, Freshness):
            newest = found[f"time {check.column}"]
            age = _age_in_days(newest)
            if age > check.max_age_days:
                detail = f"newest is {newest}, expected at most {check.max_age_days} days ago"
        if detail:
            findings.append(Finding(table.name, check.name, severity, detail))
    return findings


def _age_in_days(newest: str) -> float:
    if newest == "0":
        return 0.0
    then = datetime.fromisoformat(newest).replace(tzinfo=UTC)
    return (datetime.now(UTC) - then).total_seconds() / 86400


def _account(subject: Subject, found: dict[str, str]) -> tuple[list[Finding], dict[str, int]]:
    """The equation of a build: natural keys staged + inferred + special members = members now.

    For a history the members are its current rows; what is over are superseded versions.
    """
    table, change = subject.table, subject.change
    if not table.inputs:
        return [], {"star": change.row_count}
    special = SPECIAL_MEMBERS if table.kind == "dimension" and change.whole else 0
    staged = int(found["natural keys"])
    inferred = int(found["is inferred"])
    members = int(found["is current"])
    accounting = {
        "natural_keys": staged,
        "inferred": inferred,
        "special": special,
        "members": members,
        "star": change.row_count,
    }
    findings = []
    if staged + inferred + special != members:
        findings.append(
            Finding(
                table.name,
                "accounting",
                "error",
                f"{staged} natural keys staged + {inferred} inferred + {special} special members "
                f"should be {members} members in star",
            )
        )
    if int(found["rows"]) != change.row_count:
        findings.append(
            Finding(
                table.name,
                "accounting",
                "error",
                f"{change.row_count} rows written, {found['rows']} read back",
            )
        )
    return findings, accounting


def _kept(finding: Finding, rows: DataFrame, lake: Lake, run: Run) -> Finding:
    """The finding, some of its rows written as JSON Lines for a person to read."""
    check = "".join(sign if sign.isalnum() else "_" for sign in finding.check)
    path = f"refused/{run.id}/{finding.table}/{check}.jsonl"
    kept = rows.limit(KEPT_ROWS).select(F.to_json(F.struct("*")).alias("row")).collect()
    text = "".join(row["row"] + "\n" for row in kept)
    lake.store.create(path, text.encode())
    return replace(finding, kept=path)

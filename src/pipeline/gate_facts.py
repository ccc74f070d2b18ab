"""What the gate knows: counts and sums of the rows just written, read back from their files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.checks import Freshness, NotNull, RowCheck, RowCountChange, SumReconciles, Unique
from src.contract.table import Counted, Input, Reference, Table
from src.contract.warehouse import Warehouse
from src.io.entry import ChangeSet
from src.io.lake import Lake
from src.io.lake_state import LakeState
from src.pipeline.at_once import at_once
from src.pipeline.star import current_rows
from src.pipeline.star_hits import CannotTell, missing_values, values_in
from src.transforms.parse import holds
from src.transforms.versions import DELETED

_TABLE_CHECKS = (Unique, RowCountChange, Freshness, SumReconciles)


@dataclass(frozen=True)
class Subject:
    """A table to check: its contract, the inputs and keys its rows were made of, its change set.

    ``rows`` are the rows as read back from the files; ``keys`` is None when the whole table is
    replaced; ``before`` is the table's row count before this build.
    """

    table: Table
    inputs: dict[str, DataFrame]
    keys: DataFrame | None
    rows: DataFrame
    change: ChangeSet
    before: int


@dataclass(frozen=True)
class Parents:
    """Reads the key columns of any star table as this build would leave it."""

    warehouse: Warehouse
    lake: Lake
    state: LakeState
    changes: dict[str, ChangeSet]

    def values(self, name: str, column: str) -> DataFrame:
        return current_rows(self.warehouse.table(name), self.lake, self.history(name), [column])

    def history(self, name: str) -> list[tuple[int, ChangeSet]]:
        """The change sets of a star table, this build's among them."""
        history = list(self.state.changes.get(name, []))
        if name in self.changes:
            change = self.changes[name]
            history = [(0, change)] if change.whole else [*history, (0, change)]
        return history


def collect_facts(subjects: list[Subject], parents: Parents) -> dict[str, dict[str, str]]:
    """All facts of all subjects by table and name, as text."""

    def of_subject(subject: Subject) -> dict[str, str]:
        facts, asked = _dangling_facts(subject, parents)
        frames = _subject_facts(subject, parents, asked)
        rows: list[Row] = reduce(lambda left, right: left.unionByName(right), frames).collect()
        for row in rows:
            facts.update(row["facts"])
        return facts

    found = at_once(of_subject, subjects)
    return {subject.table.name: facts for subject, facts in zip(subjects, found, strict=True)}


def _dangling_facts(subject: Subject, parents: Parents) -> tuple[dict[str, str], list[Reference]]:
    """How many values of each reference the parent lacks, and the references to ask Spark for."""
    facts: dict[str, str] = {}
    asked = []
    store = parents.lake.store
    for reference in subject.table.references:
        parent = parents.warehouse.table(reference.parent)
        history = parents.history(reference.parent)
        try:
            wanted = values_in(store, subject.change.rows, reference.column)
            count = missing_values(parent, store, history, reference.parent_column, wanted)
        except CannotTell:
            asked.append(reference)
        else:
            facts[f"dangling {reference.column}"] = str(count)
    return facts, asked


def _subject_facts(
    subject: Subject, parents: Parents, references: list[Reference]
) -> list[DataFrame]:
    """All facts of one table; its frames become one Spark job."""
    table = subject.table
    frames = [_row_facts(table, subject.rows)]
    frames += [
        _unique_facts(table, check, subject.rows)
        for check in table.checks
        if isinstance(check, Unique)
    ]
    frames += [
        _count(table, f"dangling {reference.column}", dangling(subject, reference, parents))
        for reference in references
    ]
    return frames + _input_facts(subject, parents.warehouse)


def dangling(subject: Subject, reference: Reference, parents: Parents) -> DataFrame:
    """The distinct values of a reference that no row of the parent carries."""
    wanted = subject.rows.select(F.col(reference.column).alias(reference.parent_column)).distinct()
    known = parents.values(reference.parent, reference.parent_column)
    return wanted.join(known, on=reference.parent_column, how="left_anti")


def _as_facts(table: str, facts: dict[str, SparkColumn]) -> list[SparkColumn]:
    pairs: list[SparkColumn] = []
    for fact, value in facts.items():
        pairs += [F.lit(fact), F.coalesce(value.cast("string"), F.lit("0"))]
    return [F.lit(table).alias("table"), F.create_map(*pairs).alias("facts")]


def row_checks(table: Table) -> list[RowCheck]:
    declared = [check for check in table.checks if not isinstance(check, _TABLE_CHECKS)]
    not_null = [NotNull(column.name) for column in table.columns if not column.nullable]
    return [*not_null, *declared]


def _row_facts(table: Table, rows: DataFrame) -> DataFrame:
    """One row: counts of failures by check, and what the accounting needs.

    Grouped by primary key first, so that uniqueness costs no pass of its own.
    """
    checks = row_checks(table)
    fails = {check.name: failed(check).cast("int") for check in checks}
    natural = F.struct(*table.natural_key)
    flags = {
        "inferred": F.col("is_inferred") if "is_inferred" in table.names else F.lit(False),
        "current": F.col("is_current") if "is_current" in table.names else F.lit(True),
    }
    by_key = (
        rows.select(
            *table.primary_key,
            natural.alias("natural key"),
            *[column.alias(f"fails {name}") for name, column in fails.items()],
            *[flag.cast("int").alias(f"is {name}") for name, flag in flags.items()],
            *[F.col(c.name).alias(f"amount {c.name}") for c in table.additive],
            *[F.col(name).alias(f"time {name}") for name in _time_columns(table)],
        )
        .groupBy(*table.primary_key)
        .agg(
            F.count("*").alias("rows"),
            F.min("natural key").alias("least"),
            F.max("natural key").alias("greatest"),
            *[F.sum(f"fails {name}").alias(f"fails {name}") for name in fails],
            *[F.sum(f"is {name}").alias(f"is {name}") for name in flags],
            *[F.sum(f"amount {c.name}").alias(f"amount {c.name}") for c in table.additive],
            *[F.max(f"time {name}").alias(f"time {name}") for name in _time_columns(table)],
        )
    )
    facts = {
        "rows": F.sum("rows"),
        "doubled": F.sum((F.col("rows") > 1).cast("int")),
        "collided": F.sum((~F.col("least").eqNullSafe(F.col("greatest"))).cast("int")),
    }
    facts |= {f"fails {name}": F.sum(f"fails {name}") for name in fails}
    facts |= {f"is {name}": F.sum(f"is {name}") for name in flags}
    facts |= {f"amount {c.name}": F.sum(f"amount {c.name}") for c in table.additive}
    facts |= {f"time {name}": F.max(f"time {name}") for name in _time_columns(table)}
    totals = by_key.agg(*[column.alias(fact) for fact, column in facts.items()])
    return totals.select(*_as_facts(table.name, {fact: F.col(f"`{fact}`") for fact in facts}))


def failed(check: RowCheck) -> SparkColumn:
    return F.coalesce(~holds(check), F.lit(False))


def _time_columns(table: Table) -> list[str]:
    return [check.column for check in table.checks if isinstance(check, Freshness)]


def _unique_facts(table: Table, check: Unique, rows: DataFrame) -> DataFrame:
    doubled = rows.groupBy(*check.columns).count().where(F.col("count") > 1)
    return doubled.agg(F.count("*").alias("n")).select(
        *_as_facts(table.name, {f"fails {check.name}": F.col("n")})
    )


def _count(table: Table, fact: str, rows: DataFrame) -> DataFrame:
    return rows.agg(F.count("*").alias("n")).select(*_as_facts(table.name, {fact: F.col("n")}))


def _input_facts(subject: Subject, warehouse: Warehouse) -> list[DataFrame]:
    """Natural keys of the table's first input, for the accounting, and sums to reconcile with."""
    table = subject.table
    if not table.inputs:
        return []
    first = table.inputs[0]
    counted = table.counted or Counted(warehouse.source(first.source).key)
    rows = _of_keys(subject, first).where(counted.where)
    if first.versions == "all" and DELETED in rows.columns:
        # Tombstones alone make no member.
        rows = rows.where(~F.col(DELETED))
    keys = rows.groupBy(*counted.key).count()
    frames = [_count(table, "natural keys", keys)]
    for check in table.checks:
        if isinstance(check, SumReconciles):
            given = next(one for one in table.inputs if one.source == check.source and one.key)
            total = _of_keys(subject, given).agg(F.sum(check.source_column).alias("n"))
            facts = {f"staged {check.column}": F.col("n")}
            frames.append(total.select(*_as_facts(table.name, facts)))
    return frames


def _of_keys(subject: Subject, given: Input) -> DataFrame:
    """The rows of an input that belong to the keys: inputs may hold more than these."""
    rows = subject.inputs[given.source]
    if subject.keys is None:
        return rows
    pairs = zip(subject.table.replace_natural, given.key, strict=True)
    keys = subject.keys.select(*[F.col(name).alias(column) for name, column in pairs])
    return rows.join(keys, on=list(given.key), how="left_semi")

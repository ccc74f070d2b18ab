"""Verify: whole tables proved, in the warehouse and against the lake.

A load proves only what it brings; this looks at everything: keys unique and not null, every
reference answered, histories without gaps or overlaps, and counts, sums and key sums equal to
those of the star in the lake. After an increment a run proves in this way the tables that are not
much larger than it, and of the others their number of rows: its cost follows the increment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from pyspark.sql import functions as F

from src.contract.table import Table
from src.contract.warehouse import Warehouse
from src.io.lake import Lake
from src.io.lake_state import LakeState
from src.io.redshift import Connection
from src.io.redshift_sql import name
from src.pipeline.star import current_rows
from src.pipeline.star_hits import CannotTell, rows_and_sums


@dataclass(frozen=True)
class Proof:
    """One thing that was looked at: whether it holds, and what was found."""

    table: str
    what: str
    holds: bool
    detail: str
    severity: str = "error"


# A table is proved whole after an increment when it has at most so many rows, or at most so many
# times the rows that were loaded.
SMALL_ROWS = 100_000
TIMES = 10


def verify(
    warehouse: Warehouse,
    lake: Lake,
    state: LakeState,
    connection: Connection,
    loaded: int | None = None,
) -> list[Proof]:
    """All proofs of all tables that the lake has.

    ``loaded`` is how many rows a load has just brought: of tables much larger than that only
    the number of rows is proved.
    """
    tables = [table for table, _ in warehouse.tables if table.name in state.changes]
    proofs = []
    if loaded is not None:
        most = max(SMALL_ROWS, TIMES * loaded)
        large = [table for table in tables if state.total(table.name) > most]
        proofs += [_count(table, warehouse.schema_of(table), state, connection) for table in large]
        tables = [table for table in tables if table not in large]
    if not tables:
        return proofs
    in_lake = lake_facts(tables, lake, state)
    for table in tables:
        schema = warehouse.schema_of(table)
        proofs += _against_lake(table, schema, in_lake[table.name], connection)
        proofs += _of_table(table, schema, connection)
    return proofs


def _count(table: Table, schema: str, state: LakeState, connection: Connection) -> Proof:
    there = int(connection.query(f"SELECT COUNT(*) FROM {name(schema, table.name)}")[0][0])
    expected = state.total(table.name)
    return Proof(
        table.name,
        "rows as in the log",
        there == expected,
        f"{there} in the warehouse, {expected} in the log",
    )


def _facts(table: Table, quoted: Callable[[str], str]) -> dict[str, str]:
    """What is compared, by name: SQL that means the same to Spark and to Redshift.

    ``quoted`` is how a name is written for one of them, as it may be a word of SQL.
    """
    facts = {"rows": "COUNT(*)"}
    for key in table.primary_key:
        facts[f"sum of {key}"] = f"SUM(CAST({quoted(key)} AS DECIMAL(38, 0)))"
    for column in table.additive:
        # A column's own digits, so that nothing is rounded on either side.
        digits = column.type.args[1] if column.type.name == "decimal" else 4
        facts[f"sum of {column.name}"] = (
            f"SUM(CAST({quoted(column.name)} AS DECIMAL(38, {digits})))"
        )
    return facts


def lake_facts(tables: list[Table], lake: Lake, state: LakeState) -> dict[str, dict[str, Decimal]]:
    """The facts of every table in the lake: of small ones by the driver, of others by Spark."""

    def by_driver(table: Table) -> dict[str, Decimal] | None:
        changes = state.changes[table.name]
        try:
            rows, sums = rows_and_sums(table, lake.store, changes, _summed(table))
        except CannotTell:
            return None
        return {"rows": Decimal(rows), **{f"sum of {name}": total for name, total in sums.items()}}

    found = {table.name: by_driver(table) for table in tables}
    large = [table for table in tables if found[table.name] is None]
    facts = {name: one for name, one in found.items() if one is not None}
    return facts | (_facts_by_spark(large, lake, state) if large else {})


def _summed(table: Table) -> list[str]:
    return list(dict.fromkeys((*table.primary_key, *(column.name for column in table.additive))))


def _facts_by_spark(
    tables: list[Table], lake: Lake, state: LakeState
) -> dict[str, dict[str, Decimal]]:
    """The facts of every table in the lake, in one Spark job."""
    frames = []
    for table in tables:
        rows = current_rows(table, lake, state.changes[table.name], _summed(table))
        pairs = []
        for fact, expression in _facts(table, "`{}`".format).items():
            pairs += [F.lit(fact), F.expr(expression).cast("string")]
        frames.append(
            rows.agg(F.create_map(*pairs).alias("facts")).withColumn("table", F.lit(table.name))
        )
    found = reduce(lambda left, right: left.unionByName(right), frames).collect()
    return {
        row["table"]: {fact: Decimal(text or 0) for fact, text in row["facts"].items()}
        for row in found
    }


def _against_lake(
    table: Table, schema: str, expected: dict[str, Decimal], connection: Connection
) -> list[Proof]:
    facts = _facts(table, name)
    values = connection.query(
        f"SELECT {', '.join(facts.values())} FROM {name(schema, table.name)}"
    )[0]
    proofs = []
    for fact, value in zip(facts, values, strict=True):
        there = Decimal(value or 0)
        proofs.append(
            Proof(
                table.name,
                f"{fact} as in the lake",
                there == expected[fact],
                f"{there:f} in the warehouse, {expected[fact]:f} in the lake",
            )
        )
    return proofs


def _of_table(table: Table, schema: str, connection: Connection) -> list[Proof]:
    """The proofs that need only the warehouse: each query counts what should not be there."""
    target = name(schema, table.name)
    keys = ", ".join(name(key) for key in table.primary_key)
    queries = {
        f"primary key ({', '.join(table.primary_key)}) is unique": (
            f"SELECT COUNT(*) FROM (SELECT {keys} FROM {target} GROUP BY {keys} "
            "HAVING COUNT(*) > 1) d",
            "error",
        )
    }
    for reference in table.references:
        parent = name(schema, reference.parent)
        queries[f"{reference.column} is in {reference.parent}"] = (
            f"SELECT COUNT(*) FROM {target} c LEFT JOIN (SELECT DISTINCT "
            f"{name(reference.parent_column)} AS k FROM {parent}) p "
            f"ON c.{name(reference.column)} = p.k WHERE p.k IS NULL",
            reference.severity,
        )
    if table.history:
        by = name(table.replace_by)
        queries["versions follow each other without gap or overlap"] = (
            f"SELECT COUNT(*) FROM (SELECT {name('valid_from')} AS starts, "
            f"{name('valid_to')} AS ends, "
            f"LEAD({name('valid_from')}) OVER (PARTITION BY {by} ORDER BY {name('valid_from')}) "
            f"AS next FROM {target} WHERE {by} > 0 OR {by} < -2) v "
            "WHERE v.starts >= v.ends OR (v.next IS NOT NULL AND v.next <> v.ends)",
            "error",
        )
    proofs = []
    for what, (query, severity) in queries.items():
        wrong = int(connection.query(query)[0][0])
        proofs.append(Proof(table.name, what, wrong == 0, f"{wrong} rows fail", severity))
    return proofs

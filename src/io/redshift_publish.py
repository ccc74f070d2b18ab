"""The publish of one entry as one list of statements, the same for every driver.

A batch of the Data API cannot branch, so nothing here does: every statement that changes or
judges is gated by the ledger standing where the loader read it (rule 26), and every proof is a
cast that fails with its sentence as the value. Two statements a table and five around them: an
entry of up to seventeen tables fits one batch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from src.contract.column import Column
from src.contract.table import Reference, Table
from src.io.redshift_sql import LEDGER, LEDGER_TABLES, literal, name, names

_REFUSES = "starlift refuses "


@dataclass(frozen=True)
class StagedChange:
    """A change set whose files are in staging tables; ``keys`` is None when all is replaced.

    ``columns`` are those of the files, which may be fewer than the contract's today. Counts and
    sums are the log's; the manifests are digests, empty where there was no file.
    """

    table: Table
    columns: tuple[Column, ...]
    rows: str
    keys: str | None
    row_count: int
    total: int
    sums: dict[str, str]
    rows_manifest: str = ""
    keys_manifest: str = ""

    @property
    def additive(self) -> list[Column]:
        return [column for column in self.columns if column.additive]


@dataclass(frozen=True)
class Publication:
    """One entry, ready to be published on top of entry ``base``.

    ``keyed`` lists by table the references that were declared as foreign keys.
    """

    front: str
    back: str
    base: int
    entry: int
    run: str
    loaded_by: str
    changes: tuple[StagedChange, ...]
    keyed: dict[str, tuple[Reference, ...]]

    @property
    def gate(self) -> str:
        """Holds while the ledger stands at ``base``, so also until this entry is noted."""
        return f'(SELECT COALESCE(MAX("entry"), 0) FROM {name(self.back, LEDGER)}) = {self.base}'

    def statements(self) -> list[str]:
        """The whole transaction, between BEGIN and COMMIT."""
        return [
            lock_ledger(self.back),
            *([self._note_tables()] if self.changes else []),
            *[statement for change in self.changes for statement in self._replace(change)],
            *([self._prove_after()] if self.changes else []),
            self._note_entry(),
        ]

    def problems(self) -> str:
        """Table and sentences of what the staging tables would be refused for; changes nothing."""
        return f"SELECT table_name, problem FROM ({self._facts()}) f WHERE problem <> ''"

    def _facts(self) -> str:
        return " UNION ALL ".join(
            _facts(self.target(one.table), self.back, one) for one in self.changes
        )

    def target(self, table: Table) -> str:
        """The table that the change is for, in the room where readers see it or do not."""
        return name(self.back if table.room == "back" else self.front, table.name)

    def _note_tables(self) -> str:
        """Accounting of every table as it will be, once; fails where a proof does not hold."""
        return (
            f"INSERT INTO {name(self.back, LEDGER_TABLES)} "
            f"SELECT {self.entry}, table_name, rows_before, rows_deleted, rows_inserted, "
            "rows_before - rows_deleted + rows_inserted, sums, rows_manifest, keys_manifest, "
            f"{_assertion()} FROM ({self._facts()}) f WHERE {self.gate}"
        )

    def _replace(self, change: StagedChange) -> list[str]:
        """Delete by the replaced keys, not by the new rows: a key may have none now (rule 21).

        A whole table is emptied by DELETE, as TRUNCATE would commit (rule 18).
        """
        target = self.target(change.table)
        columns = names([column.name for column in change.columns])
        if change.keys is None:
            delete = f"DELETE FROM {target} WHERE {self.gate}"
        else:
            keys, by = name(self.back, change.keys), name(change.table.replace_by)
            delete = f"DELETE FROM {target} USING {keys} WHERE {target}.{by} = {keys}.{by}"
            delete += f" AND {self.gate}"
        return [
            delete,
            f"INSERT INTO {target} ({columns}) SELECT {columns} "
            f"FROM {name(self.back, change.rows)} WHERE {self.gate}",
        ]

    def _prove_after(self) -> str:
        """The rows are as many as was noted, and what was brought finds what it refers to."""
        proofs = []
        for change in self.changes:
            table = change.table.name
            count = f"(SELECT COUNT(*) FROM {self.target(change.table)})"
            noted = (
                f'(SELECT "rows_after" FROM {name(self.back, LEDGER_TABLES)} '
                f'WHERE "entry" = {self.entry} AND "table_name" = {literal(table)})'
            )
            proofs.append(
                f"SELECT CASE WHEN {count} <> {noted} THEN {_said(table)} || {_text(count)} || "
                f"' rows are there after the load, ' || {_text(noted)} || ' were expected' "
                "ELSE '' END AS problem"
            )
            given = {column.name for column in change.columns}
            proofs += [
                self._orphans(change, one)
                for one in self.keyed.get(table, ())
                if one.column in given
            ]
        found = " UNION ALL ".join(proofs)
        return f"SELECT SUM({_assertion()}) FROM ({found}) p WHERE {self.gate}"

    def _orphans(self, change: StagedChange, reference: Reference) -> str:
        column, parent = name(reference.column), name(self.front, reference.parent)
        return (
            f"SELECT CASE WHEN COUNT(*) > 0 THEN {_said(change.table.name)} || {_text('COUNT(*)')} "
            f"|| {literal(f' rows name a {reference.column} that {reference.parent} lacks')} "
            f"ELSE '' END AS problem FROM {name(self.back, change.rows)} c "
            f"LEFT JOIN {parent} p ON c.{column} = p.{name(reference.parent_column)} "
            f"WHERE p.{name(reference.parent_column)} IS NULL AND c.{column} IS NOT NULL"
        )

    def _note_entry(self) -> str:
        return (
            f'INSERT INTO {name(self.back, LEDGER)} ("entry", "run_id", "loaded_by", '
            f'"applied_at") SELECT {self.entry}, {literal(self.run)}, {literal(self.loaded_by)}, '
            f'GETDATE() FROM (SELECT COALESCE(MAX("entry"), 0) AS "last" '
            f'FROM {name(self.back, LEDGER)}) g WHERE g."last" = {self.base}'
        )


def lock_ledger(back: str) -> str:
    """The first statement of a transaction: it takes the lock before any snapshot (rule 15)."""
    return f"LOCK TABLE {name(back, LEDGER)}"


def last_entry(back: str) -> str:
    """Number of the last entry applied, and the run that built it; no row for none."""
    return f'SELECT "entry", "run_id" FROM {name(back, LEDGER)} ORDER BY "entry" DESC LIMIT 1'


def applied_by(back: str, entry: int) -> str:
    """The run that applied an entry; no row while it is not applied."""
    return f'SELECT "loaded_by" FROM {name(back, LEDGER)} WHERE "entry" = {entry}'


def noted_tables(back: str, entry: int) -> str:
    """What the ledger says that an entry did, by table."""
    return (
        'SELECT "table_name", "rows_before", "rows_deleted", "rows_inserted", "rows_after" '
        f'FROM {name(back, LEDGER_TABLES)} WHERE "entry" = {entry}'
    )


def noted_rows(back: str) -> str:
    """How many rows the ledger says that each table has, by the last entry that touched it."""
    tables = name(back, LEDGER_TABLES)
    return (
        f'SELECT "table_name", "rows_after" FROM {tables} JOIN (SELECT "table_name" AS "of", '
        f'MAX("entry") AS "last" FROM {tables} GROUP BY "table_name") newest '
        'ON "table_name" = "of" AND "entry" = "last"'
    )


def refusal_in(said: str) -> str | None:
    """The proof's sentence in a server's message about the cast that it failed."""
    found = re.search(re.escape(_REFUSES) + r"([^\n]*?)(?:\"?\s+(?:query|location):|\"?\s*$)", said)
    return found[1].strip(' "') if found else None


def _assertion() -> str:
    """0 where there is no problem; else the statement fails, and its message has the sentence."""
    return "CAST(CASE WHEN problem = '' THEN '0' ELSE problem END AS INTEGER)"


def _said(table: str) -> str:
    return literal(f"{_REFUSES}{table}: ")


def _text(number: str) -> str:
    return f"CAST({number} AS VARCHAR(40))"


def _word(text: str) -> str:
    """A literal with a type: a bare one in a subquery is of unknown type to Redshift."""
    return f"CAST({literal(text)} AS VARCHAR(512))"


def _facts(target: str, back: str, change: StagedChange) -> str:
    """One row about a staged change: its accounting, and in ``problem`` what speaks against it."""
    table = change.table
    staged = name(back, change.rows)
    key = names(table.primary_key)
    parts = {
        "staged": _measures(staged, change),
        "doubled": f"SELECT COUNT(*) AS n FROM (SELECT {key} FROM {staged} GROUP BY {key} "
        "HAVING COUNT(*) > 1) g",
    }
    deleted, stray = "was.n", ""
    if change.keys is None:
        parts["was"] = f"SELECT COUNT(*) AS n FROM {target}"
    else:
        keys, by = name(back, change.keys), name(table.replace_by)
        replaced = f"SELECT DISTINCT {by} FROM {keys}"
        parts["was"], collided = _was(target, staged, keys, table), "was.collided"
        parts["stray"] = (
            f"SELECT COUNT(*) AS n FROM {staged} s LEFT JOIN ({replaced}) k ON s.{by} = k.{by} "
            f"WHERE k.{by} IS NULL"
        )
        if not _has_a_row_a_key(table):
            parts["other"], collided = _collided(staged, target, table), "other.n"
        deleted = "was.gone"
        stray = _case("stray.n > 0", "stray.n", " rows have a key that is not among those replaced")
        stray += " || " + _case(
            f"{collided} > 0", collided, " keys stand for another natural key in the table"
        )
    after = f"was.n - {deleted} + staged.n"
    cases = [
        _case("doubled.n > 0", "doubled.n", " primary keys stand more than once"),
        _case("staged.null_keys > 0", "staged.null_keys", " rows have a null key"),
        _case(
            f"staged.n <> {change.row_count}",
            "staged.n",
            f" rows in the staging table, {change.row_count} in the log",
        ),
        _case(
            f"{after} <> {change.total}",
            after,
            f" rows would be there, {change.total} in the log",
        ),
        *[
            _case(
                f"COALESCE(staged.sum_{number}, 0) <> {Decimal(change.sums[column.name]):f}",
                f"COALESCE(staged.sum_{number}, 0)",
                f" is the sum of {column.name}, {change.sums[column.name]} in the log",
            )
            for number, column in enumerate(change.additive)
        ],
        *([stray] if stray else []),
    ]
    found = " || ".join(cases)
    sums = " || ', ' || ".join(
        f"{literal(f'{column.name} ')} || {_text(f'COALESCE(staged.sum_{number}, 0)')}"
        for number, column in enumerate(change.additive)
    )
    joined = " CROSS JOIN ".join(f"({query}) {alias}" for alias, query in parts.items())
    return (
        "SELECT table_name, rows_before, rows_deleted, rows_inserted, sums, rows_manifest, "
        f"keys_manifest, CASE WHEN found = '' THEN '' ELSE {_said(table.name)} || found END "
        f"AS problem FROM (SELECT {_word(table.name)} AS table_name, was.n AS rows_before, "
        f"{deleted} AS rows_deleted, staged.n AS rows_inserted, {sums or _word('')} AS sums, "
        f"{_word(change.rows_manifest)} AS rows_manifest, "
        f"{_word(change.keys_manifest)} AS keys_manifest, {found} AS found FROM {joined}) m"
    )


def _measures(staged: str, change: StagedChange) -> str:
    """One scan of the staged rows: how many, how many with a null key, and the sums."""
    table = change.table
    nulls = " OR ".join(
        f"{name(column)} IS NULL"
        for column in dict.fromkeys((*table.primary_key, table.replace_by))
    )
    sums = "".join(
        f", SUM({name(column.name)}) AS sum_{number}"
        for number, column in enumerate(change.additive)
    )
    return (
        f"SELECT COUNT(*) AS n, COALESCE(SUM(CASE WHEN {nulls} THEN 1 ELSE 0 END), 0) AS null_keys"
        f"{sums} FROM {staged}"
    )


def _has_a_row_a_key(table: Table) -> bool:
    """Whether a replaced key names one row at most: as facts do, replaced by their own key."""
    return table.primary_key == (table.replace_by,)


def _was(target: str, staged: str, keys: str, table: Table) -> str:
    """How many rows the target has, how many go, and how many of these have another natural key.

    The whole table is gone through once for all of it.
    """
    by = name(table.replace_by)
    natural = [
        name(column)
        for column in table.natural_key
        if _has_a_row_a_key(table) and column != table.replace_by
    ]
    replaced = f"SELECT g.{by}{''.join(f', MIN(s.{c}) AS {c}' for c in natural)} FROM {keys} g"
    if natural:
        replaced += f" LEFT JOIN {staged} s ON s.{by} = g.{by}"
    other = " OR ".join(f"t.{column} <> k.{column}" for column in natural)
    collided = f"COALESCE(SUM(CASE WHEN {other} THEN 1 ELSE 0 END), 0)" if natural else "0"
    return (
        f"SELECT COUNT(*) AS n, COUNT(k.{by}) AS gone, {collided} AS collided FROM {target} t "
        f"LEFT JOIN ({replaced} GROUP BY g.{by}) k ON t.{by} = k.{by}"
    )


def _collided(staged: str, target: str, table: Table) -> str:
    """Keys under which the target holds another natural key, or that the delete would not find."""
    same = " AND ".join(f"t.{name(key)} = s.{name(key)}" for key in table.primary_key)
    other = " OR ".join(
        f"t.{name(column)} <> s.{name(column)}"
        for column in dict.fromkeys((*table.natural_key, table.replace_by))
        if column not in table.primary_key
    )
    if not other:
        return "SELECT 0 AS n"
    return f"SELECT COUNT(*) AS n FROM {target} t JOIN {staged} s ON {same} WHERE {other}"


def _case(condition: str, number: str, sentence: str) -> str:
    return f"CASE WHEN {condition} THEN {_text(number)} || {literal(sentence + '; ')} ELSE '' END"

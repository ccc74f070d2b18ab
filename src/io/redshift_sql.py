"""The SQL of the loader: one small function a statement, identifiers always quoted.

The same text goes to Redshift and to its stand-in.
"""

from __future__ import annotations

from collections.abc import Sequence

from src.contract.column import Column
from src.contract.table import Distribution, Table

LEDGER = "load_ledger"


def name(*parts: str) -> str:
    """A quoted, possibly qualified identifier."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(text: str) -> str:
    """A quoted string literal."""
    return "'" + text.replace("'", "''") + "'"


def create_schema(schema: str) -> str:
    return f"CREATE SCHEMA IF NOT EXISTS {name(schema)}"


def create_ledger(back: str) -> str:
    """One row an entry applied; written in the transaction that changes the data."""
    return (
        f"CREATE TABLE IF NOT EXISTS {name(back, LEDGER)} ("
        '"entry" BIGINT NOT NULL, "run_id" VARCHAR(64) NOT NULL, '
        '"applied_at" TIMESTAMP NOT NULL, "manifests" VARCHAR(65535) NOT NULL, '
        '"accounting" VARCHAR(65535) NOT NULL, PRIMARY KEY ("entry")) DISTSTYLE ALL'
    )


def create_table(table: Table, front: str) -> str:
    """A star table with sized columns, informational keys, distribution and sort key."""
    lines = [_column(column) for column in table.columns]
    lines.append(f"PRIMARY KEY ({_names(table.primary_key)})")
    return (
        f"CREATE TABLE IF NOT EXISTS {name(front, table.name)} (\n  "
        + ",\n  ".join(lines)
        + f"\n) {_distribution(table.distribution)}"
        + (f" SORTKEY ({_names(table.sort_key)})" if table.sort_key else "")
    )


def comments(table: Table, front: str) -> list[str]:
    """Comments that carry the contract's grain and descriptions into the catalog."""
    target = name(front, table.name)
    texts = [f"COMMENT ON TABLE {target} IS {literal(table.grain)}"]
    for column in table.columns:
        unit = f" ({column.unit})" if column.unit else ""
        texts.append(
            f"COMMENT ON COLUMN {target}.{name(column.name)} IS "
            + literal(column.description + unit)
        )
    return texts


def columns_of(schema: str) -> str:
    """The columns that exist now: table, column, type, byte length, precision and scale."""
    return (
        "SELECT table_name, column_name, data_type, character_maximum_length, "
        "numeric_precision, numeric_scale FROM information_schema.columns "
        f"WHERE table_schema = {literal(schema)}"
    )


def add_column(table: Table, front: str, column: Column) -> str:
    return f"ALTER TABLE {name(front, table.name)} ADD COLUMN {_column(column)}"


def staging_tables(back: str) -> str:
    """The staging tables that earlier loads left behind."""
    return (
        "SELECT table_name FROM information_schema.tables "
        f"WHERE table_schema = {literal(back)} AND table_name LIKE 'stage_%'"
    )


def create_staging(table: Table, back: str, staging: str, columns: Sequence[Column]) -> str:
    """A staging table: no key constraints, the target's distribution where it has its column."""
    lines = ", ".join(_column(column) for column in columns)
    given = {column.name for column in columns}
    fits = table.distribution.key is None or table.distribution.key in given
    style = _distribution(table.distribution) if fits else "DISTSTYLE EVEN"
    return f"CREATE TABLE {name(back, staging)} ({lines}) {style}"


def drop_table(schema: str, table: str) -> str:
    return f"DROP TABLE IF EXISTS {name(schema, table)}"


def copy(
    back: str,
    staging: str,
    columns: Sequence[Column],
    manifest_url: str,
    iam_role: str,
    file_format: str,
) -> str:
    """COPY by position: the column list is in the order of the files' footers (rule 5)."""
    role = "default" if iam_role == "default" else literal(iam_role)
    return (
        f"COPY {name(back, staging)} ({_names([column.name for column in columns])}) "
        f"FROM {literal(manifest_url)} IAM_ROLE {role} "
        f"FORMAT AS {file_format.upper()} MANIFEST"
    )


def lock_ledger(back: str) -> str:
    """The first statement of a publish: it takes the lock before any snapshot (rule 15)."""
    return f"LOCK TABLE {name(back, LEDGER)} IN ACCESS EXCLUSIVE MODE"


def last_applied(back: str) -> str:
    return f'SELECT COALESCE(MAX("entry"), 0) FROM {name(back, LEDGER)}'


def proof(table: Table, front: str, back: str, staging: str) -> str:
    """One row of counts over a staging table, each of which must be 0, then rows and sums.

    doubled keys, null keys, and keys under which the target holds another natural key.
    """
    staged, target = name(back, staging), name(front, table.name)
    keys = _names(table.primary_key)
    nulls = " OR ".join(
        f"{name(column)} IS NULL"
        for column in dict.fromkeys((*table.primary_key, table.replace_by))
    )
    same = " AND ".join(f"t.{name(key)} = s.{name(key)}" for key in table.primary_key)
    other = " OR ".join(
        f"t.{name(key)} <> s.{name(key)}"
        for key in table.natural_key
        if key not in table.primary_key
    )
    collided = (
        f"(SELECT COUNT(*) FROM {target} t JOIN {staged} s ON {same} WHERE {other})"
        if other
        else "0"
    )
    sums = "".join(f", (SELECT SUM({name(c.name)}) FROM {staged})" for c in table.additive)
    return (
        f"SELECT (SELECT COUNT(*) FROM (SELECT {keys} FROM {staged} GROUP BY {keys} "
        f"HAVING COUNT(*) > 1) d), (SELECT COUNT(*) FROM {staged} WHERE {nulls}), "
        f"{collided}, (SELECT COUNT(*) FROM {staged}){sums}"
    )


def count(schema: str, table: str) -> str:
    return f"SELECT COUNT(*) FROM {name(schema, table)}"


def delete_all(table: Table, front: str) -> str:
    """Empties a table inside the transaction; TRUNCATE would commit (rule 18)."""
    return f"DELETE FROM {name(front, table.name)}"


def delete_keys(table: Table, front: str, back: str, keys: str) -> str:
    """Deletes by the replaced keys, not by the new rows: a key may have no rows now (rule 21)."""
    target, staged, by = name(front, table.name), name(back, keys), name(table.replace_by)
    return f"DELETE FROM {target} USING {staged} WHERE {target}.{by} = {staged}.{by}"


def insert(table: Table, front: str, back: str, staging: str) -> str:
    columns = _names(table.names)
    return (
        f"INSERT INTO {name(front, table.name)} ({columns}) "
        f"SELECT {columns} FROM {name(back, staging)}"
    )


def note_entry(back: str) -> str:
    """The ledger row, with parameters: entry, run, manifest digests, accounting."""
    return (
        f'INSERT INTO {name(back, LEDGER)} ("entry", "run_id", "applied_at", "manifests", '
        '"accounting") VALUES (%s, %s, GETDATE(), %s, %s)'
    )


def _column(column: Column) -> str:
    encode = f" ENCODE {column.encode}" if column.encode else ""
    null = "" if column.nullable else " NOT NULL"
    return f"{name(column.name)} {column.type.redshift}{encode}{null}"


def _names(columns: Sequence[str]) -> str:
    return ", ".join(name(column) for column in columns)


def _distribution(distribution: Distribution) -> str:
    if distribution.style == "KEY" and distribution.key:
        return f"DISTSTYLE KEY DISTKEY ({name(distribution.key)})"
    return f"DISTSTYLE {distribution.style}"

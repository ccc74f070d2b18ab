"""The SQL of schemas, tables and COPY: one small function a statement, identifiers always quoted.

The same text goes to Redshift by every driver, and to its stand-in. Values are written into it,
as only literals mean the same to all drivers; src/io/redshift_publish.py has the publish.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from src.contract.column import Column
from src.contract.table import Distribution, Reference, Table
from src.errors import UsageError

LEDGER = "load_ledger"
LEDGER_TABLES = "load_ledger_tables"


def name(*parts: str) -> str:
    """A quoted, possibly qualified identifier."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(text: str) -> str:
    """A quoted string literal. Raises UsageError for a backslash: Redshift takes it for an escape
    and its stand-in for itself.
    """
    if "\\" in text or "\0" in text:
        raise UsageError(
            "A backslash or NUL cannot be written into SQL that means the same everywhere",
            found=repr(text),
            do="leave it out of names, paths and descriptions",
        )
    return "'" + text.replace("'", "''") + "'"


def names(columns: Sequence[str]) -> str:
    """A list of quoted columns."""
    return ", ".join(name(column) for column in columns)


# -- schemas, tables, comments ---------------------------------------------------------------


def create_schema(schema: str) -> str:
    return f"CREATE SCHEMA IF NOT EXISTS {name(schema)}"


def create_ledger(back: str) -> dict[str, str]:
    """One row an entry applied, and one an entry and table; written with the data they speak of.
    By the name of the table.

    ``problems`` is always 0: what would be a problem fails the statement that writes it.
    """
    return {
        LEDGER: f"CREATE TABLE IF NOT EXISTS {name(back, LEDGER)} ("
        '"entry" BIGINT NOT NULL, "run_id" VARCHAR(64) NOT NULL, '
        '"loaded_by" VARCHAR(64) NOT NULL, "applied_at" TIMESTAMP NOT NULL, '
        'PRIMARY KEY ("entry")) DISTSTYLE ALL',
        LEDGER_TABLES: f"CREATE TABLE IF NOT EXISTS {name(back, LEDGER_TABLES)} ("
        '"entry" BIGINT NOT NULL, "table_name" VARCHAR(512) NOT NULL, '
        '"rows_before" BIGINT NOT NULL, "rows_deleted" BIGINT NOT NULL, '
        '"rows_inserted" BIGINT NOT NULL, "rows_after" BIGINT NOT NULL, '
        '"sums" VARCHAR(8192) NOT NULL, "rows_manifest" VARCHAR(64) NOT NULL, '
        '"keys_manifest" VARCHAR(64) NOT NULL, "problems" INTEGER NOT NULL, '
        'PRIMARY KEY ("entry", "table_name")) DISTSTYLE ALL',
    }


def create_table(table: Table, front: str, keyed: Sequence[Reference] = ()) -> str:
    """A star table with sized columns, informational keys, distribution and sort key.

    ``keyed`` are the references declared as foreign keys: those at a parent's primary key that
    every load proves.
    """
    lines = [_column(column) for column in table.columns]
    lines.append(f"PRIMARY KEY ({names(table.primary_key)})")
    lines += [
        f"FOREIGN KEY ({name(one.column)}) REFERENCES {name(front, one.parent)} "
        f"({name(one.parent_column)})"
        for one in keyed
    ]
    return (
        f"CREATE TABLE IF NOT EXISTS {name(front, table.name)} (\n  "
        + ",\n  ".join(lines)
        + f"\n) {_distribution(table.distribution)}"
        + (f" SORTKEY ({names(table.sort_key)})" if table.sort_key else "")
    )


def comments(table: Table) -> dict[str, str]:
    """The contract's words for the catalog, by column; the table's grain under ``''``."""
    texts = {"": table.grain}
    for column in table.columns:
        unit = f" ({column.unit})" if column.unit else ""
        texts[column.name] = column.description + unit
    return texts


def comment(table: str, front: str, column: str, text: str) -> str:
    """COMMENT ON a column, or on the table where ``column`` is empty."""
    target = name(front, table, column) if column else name(front, table)
    return f"COMMENT ON {'COLUMN' if column else 'TABLE'} {target} IS {literal(text)}"


def add_column(table: str, front: str, column: Column) -> str:
    return f"ALTER TABLE {name(front, table)} ADD COLUMN {_column(column)}"


def change_size(table: str, front: str, column: Column) -> str:
    """Another size of a VARCHAR; Redshift refuses it inside a transaction (rule 19)."""
    return (
        f"ALTER TABLE {name(front, table)} ALTER COLUMN {name(column.name)} "
        f"TYPE {column.type.redshift}"
    )


def make_anew(table: str, front: str, column: Column) -> list[str]:
    """What a person runs to change what ALTER cannot: a new column in the place of the old."""
    target, old, new = name(front, table), name(column.name), name(f"{column.name}_new")
    default = "" if column.nullable else " DEFAULT …"
    return [
        f"ALTER TABLE {target} ADD COLUMN {new} {column.type.redshift}{default}"
        + ("" if column.nullable else " NOT NULL"),
        f"UPDATE {target} SET {new} = {old}",
        f"ALTER TABLE {target} DROP COLUMN {old}",
        f"ALTER TABLE {target} RENAME COLUMN {new} TO {old}",
    ]


# -- what is there now -----------------------------------------------------------------------


def columns_of(schema: str) -> str:
    """The columns that exist: table, column, type, byte length, precision, scale, nullable."""
    return (
        "SELECT table_name, column_name, data_type, character_maximum_length, "
        "numeric_precision, numeric_scale, is_nullable FROM information_schema.columns "
        f"WHERE table_schema = {literal(schema)}"
    )


def tables_of(schema: str) -> str:
    return (
        "SELECT table_name FROM information_schema.tables "
        f"WHERE table_schema = {literal(schema)} ORDER BY table_name"
    )


def comments_of(schema: str) -> str:
    """The comments that exist: table, column (null for the table's own), text."""
    return (
        "SELECT c.relname, a.attname, d.description FROM pg_catalog.pg_description d "
        "JOIN pg_catalog.pg_class k ON k.oid = d.classoid AND k.relname = 'pg_class' "
        "JOIN pg_catalog.pg_class c ON c.oid = d.objoid "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid "
        f"AND d.objsubid > 0 WHERE n.nspname = {literal(schema)}"
    )


def schemas_of(*schemas: str) -> str:
    listed = ", ".join(literal(schema) for schema in schemas)
    return f"SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname IN ({listed})"


# -- who may read ----------------------------------------------------------------------------


def grant_schema(schema: str, role: str, *privileges: str) -> str:
    return f"GRANT {', '.join(privileges)} ON SCHEMA {name(schema)} TO ROLE {name(role)}"


def grant_table(schema: str, table: str, role: str, *privileges: str) -> str:
    return f"GRANT {', '.join(privileges)} ON TABLE {name(schema, table)} TO ROLE {name(role)}"


def grant_columns(schema: str, table: str, columns: Sequence[str], role: str) -> str:
    return f"GRANT SELECT ({names(columns)}) ON TABLE {name(schema, table)} TO ROLE {name(role)}"


def revoke_all(schema: str, table: str, role: str) -> str:
    return f"REVOKE ALL ON TABLE {name(schema, table)} FROM ROLE {name(role)}"


def revoke_columns(schema: str, table: str, columns: Sequence[str], role: str) -> str:
    return f"REVOKE SELECT ({names(columns)}) ON TABLE {name(schema, table)} FROM ROLE {name(role)}"


def close_schema(schema: str) -> str:
    return f"REVOKE ALL ON SCHEMA {name(schema)} FROM PUBLIC"


# -- staging and COPY ------------------------------------------------------------------------

_STAGING = re.compile(r"stage_(\d+)_(\d{14})_")


def staging_name(entry: int, load: str, attempt: int, number: int, part: str, table: str) -> str:
    """A staging table's name: entry, load, attempt, and which table and part it holds.

    The load keeps two loaders of one entry apart; its start says later how old a leftover is. The
    table's own name is there for people, cut and without what would need quotes.
    """
    started, _, rest = load.partition("-")
    token = re.sub(r"[^0-9]", "", started)[:14].ljust(14, "0")
    short = re.sub(r"[^a-z0-9]", "", rest.lower())[-8:]
    plain = re.sub(r"[^a-z0-9_]", "_", table.lower())[:16]
    return f"stage_{entry}_{token}_{short}_{attempt}_{number}{part}_{plain}"


def of_staging_name(staging: str) -> tuple[int, str] | None:
    """Entry and start (yyyymmddhhmmss, UTC) in a staging table's name; None for other names."""
    found = _STAGING.match(staging)
    return (int(found[1]), found[2]) if found else None


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
        f"COPY {name(back, staging)} ({names([column.name for column in columns])}) "
        f"FROM {literal(manifest_url)} IAM_ROLE {role} "
        f"FORMAT AS {file_format.upper()} MANIFEST"
    )


def table_id(schema: str, table: str) -> str:
    return (
        "SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
        f"ON n.oid = c.relnamespace WHERE n.nspname = {literal(schema)} "
        f"AND c.relname = {literal(table)}"
    )


def load_errors(table: int) -> list[str]:
    """Why a COPY into a table failed, newest first; the older view where the newer is missing."""
    return [
        "SELECT file_name, column_name, error_message FROM sys_load_error_detail "
        f"WHERE table_id = {table} ORDER BY start_time DESC LIMIT 1",
        "SELECT filename, colname, err_reason FROM stl_load_errors "
        f"WHERE tbl = {table} ORDER BY starttime DESC LIMIT 1",
    ]


def _column(column: Column) -> str:
    encode = f" ENCODE {column.encode}" if column.encode else ""
    null = "" if column.nullable else " NOT NULL"
    return f"{name(column.name)} {column.type.redshift}{encode}{null}"


def _distribution(distribution: Distribution) -> str:
    if distribution.style == "KEY" and distribution.key:
        return f"DISTSTYLE KEY DISTKEY ({name(distribution.key)})"
    return f"DISTSTYLE {distribution.style}"

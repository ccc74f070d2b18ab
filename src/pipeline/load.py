"""Load: built entries that the warehouse has not applied, in order, none skipped.

COPY goes into staging tables named for the entry; then one short transaction proves what they
hold, deletes by keys, inserts, and notes the entry in the ledger. What fails changes nothing.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import psycopg2

from src.contract.column import Column
from src.contract.table import Table
from src.contract.warehouse import Warehouse
from src.errors import CheckRefused, LoadFailed, StarliftError
from src.io import redshift_sql as sql
from src.io.lake import format_of
from src.io.log import ChangeSet, DataFile, Entry
from src.io.manifest import Manifest, write_manifest
from src.io.redshift import Connect, Connection, is_lost, is_retryable, said
from src.io.store import Store
from src.runs import Run
from src.settings import RedshiftSettings

ATTEMPTS = 5


@dataclass(frozen=True)
class Loaded:
    """One table of one applied entry: rows before, deleted, inserted and after."""

    table: str
    before: int
    deleted: int
    inserted: int
    after: int


@dataclass
class LoadResult:
    """Which entries were applied, and what each did to its tables."""

    applied: list[int] = field(default_factory=list)
    tables: list[Loaded] = field(default_factory=list)


@dataclass(frozen=True)
class _Staged:
    """A change set whose files are in staging tables; ``keys`` None when all is replaced."""

    table: Table
    change: ChangeSet
    rows: str
    keys: str | None


@dataclass(frozen=True)
class Loader:
    """Everything a load needs; ``copy_url`` is the warehouse's lake as COPY names it."""

    warehouse: Warehouse
    store: Store
    connect: Connect
    redshift: RedshiftSettings
    run: Run

    @property
    def front(self) -> str:
        return self.warehouse.name

    @property
    def back(self) -> str:
        return f"{self.warehouse.name}_back"

    @property
    def copy_url(self) -> str:
        return f"{self.redshift.copy_url.rstrip('/')}/{self.warehouse.name}"


def load(loader: Loader, entries: Sequence[Entry]) -> LoadResult:
    """Apply every built entry that the ledger does not hold yet.

    Raises LoadFailed (the lake stays committed, the next load continues there) and CheckRefused
    (a proof over the staging tables does not hold).
    """
    result = LoadResult()
    connection = loader.connect()
    try:
        _prepare(connection, loader)
        last = _last_applied(connection, loader)
        for entry in entries:
            if entry.built and entry.number > last:
                result.tables += _apply(connection, loader, entry)
                result.applied.append(entry.number)
                connection = _alive(connection, loader)
    except psycopg2.Error as error:
        raise _failed("The load failed", error) from error
    finally:
        connection.close()
    return result


def _last_applied(connection: Connection, loader: Loader) -> int:
    """The number of the last entry that the ledger holds; 0 for none."""
    return int(connection.query(sql.last_applied(loader.back))[0][0])


def _failed(what: str, error: Exception) -> LoadFailed:
    return LoadFailed(
        what,
        found=said(error),
        do="the lake is committed and the warehouse is as it was; 'starlift load' continues there",
    )


def _alive(connection: Connection, loader: Loader) -> Connection:
    return loader.connect() if connection.raw.closed else connection


def ddl(warehouse: Warehouse) -> list[str]:
    """The statements that make the schemas, the ledger and the tables where they are missing."""
    front, back = warehouse.name, f"{warehouse.name}_back"
    tables = [sql.create_table(table, front) for table, _ in warehouse.tables]
    return [sql.create_schema(front), sql.create_schema(back), sql.create_ledger(back), *tables]


def _prepare(connection: Connection, loader: Loader) -> None:
    """Make what is missing, add new columns, refuse other drift, drop what dead loads left."""
    existing = _existing(connection, loader)
    if not existing:
        for statement in ddl(loader.warehouse)[:3]:
            connection.execute(statement)
    for table, _ in loader.warehouse.tables:
        if table.name not in existing:
            connection.execute(sql.create_table(table, loader.front))
            for statement in sql.comments(table, loader.front):
                connection.execute(statement)
        else:
            _evolve(connection, loader, table, existing[table.name])
    for (name,) in connection.query(sql.staging_tables(loader.back)):
        connection.execute(sql.drop_table(loader.back, name))


def _existing(connection: Connection, loader: Loader) -> dict[str, dict[str, str]]:
    """By table, the type of each column that the front room has now."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind, length, precision, scale in connection.query(
        sql.columns_of(loader.front)
    ):
        found.setdefault(table, {})[column] = _type_text(kind, length, precision, scale)
    return found


def _type_text(kind: str, length: int | None, precision: int | None, scale: int | None) -> str:
    names = {
        "character varying": f"varchar({length})",
        "numeric": f"decimal({precision}, {scale})",
        "timestamp without time zone": "timestamp",
    }
    return names.get(kind, kind)


def _evolve(connection: Connection, loader: Loader, table: Table, existing: dict[str, str]) -> None:
    """Add columns that may be null; refuse what a person must decide."""
    for column in table.columns:
        if column.name not in existing:
            statement = sql.add_column(table, loader.front, column)
            if not column.nullable:
                raise LoadFailed(
                    f"Table {table.name} lacks the column {column.name}, which may not be null",
                    where=loader.front,
                    do=f"run it yourself with a default: {statement} DEFAULT …",
                )
            connection.execute(statement)
        elif existing[column.name] != str(column.type):
            raise LoadFailed(
                f"Column {column.name} of {table.name} has another type in the warehouse",
                where=loader.front,
                expected=str(column.type),
                found=existing[column.name],
                do="change the column by hand, or the contract; nothing was loaded",
            )


def _apply(connection: Connection, loader: Loader, entry: Entry) -> list[Loaded]:
    """COPY one entry into staging tables and publish it; drop the staging tables."""
    assert entry.built
    staged: list[_Staged] = []
    manifests: dict[str, str] = {}
    for change in entry.built.changes:
        table = loader.warehouse.table(change.table)
        loader.run.progress(f"copying {table.name}", change.row_count)
        one = _stage(connection, loader, entry, table, change, manifests)
        staged.append(one)
    loaded = _publish_with_retries(connection, loader, entry, staged, manifests)
    connection = _alive(connection, loader)
    for one in staged:
        connection.execute(sql.drop_table(loader.back, one.rows))
        if one.keys:
            connection.execute(sql.drop_table(loader.back, one.keys))
    return loaded


def _stage(
    connection: Connection,
    loader: Loader,
    entry: Entry,
    table: Table,
    change: ChangeSet,
    manifests: dict[str, str],
) -> _Staged:
    rows = f"stage_{entry.number}_{table.name}"
    _copy(connection, loader, entry, table, rows, table.columns, change.rows, manifests)
    if change.whole:
        return _Staged(table, change, rows, None)
    keys = f"{rows}_keys"
    columns = [table.column(name) for name in (table.replace_by, *table.replace_natural)]
    _copy(connection, loader, entry, table, keys, columns, change.keys, manifests)
    return _Staged(table, change, rows, keys)


def _copy(
    connection: Connection,
    loader: Loader,
    entry: Entry,
    table: Table,
    staging: str,
    columns: Sequence[Column],
    files: Sequence[DataFile],
    manifests: dict[str, str],
) -> None:
    """Create one staging table and fill it; an empty change set leaves it empty."""
    connection.execute(sql.drop_table(loader.back, staging))
    connection.execute(sql.create_staging(table, loader.back, staging, columns))
    if not files:
        return
    manifest: Manifest = write_manifest(
        loader.store,
        f"manifests/{loader.run.id}/{entry.number}/{staging}.manifest",
        files,
        loader.copy_url,
    )
    manifests[staging] = manifest.digest
    statement = sql.copy(
        loader.back,
        staging,
        columns,
        manifest.url,
        loader.redshift.iam_role,
        format_of(files[0].path),
    )
    try:
        connection.execute(statement)
    except psycopg2.Error as error:
        if is_retryable(error) or is_lost(error):
            raise
        raise _failed(f"COPY into {staging} was refused", error) from error


def _publish_with_retries(
    connection: Connection,
    loader: Loader,
    entry: Entry,
    staged: list[_Staged],
    manifests: dict[str, str],
) -> list[Loaded]:
    """Publish, again on a new connection after a conflict; after a lost COMMIT ask the ledger."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _publish(connection, loader, entry, staged, manifests)
        except psycopg2.Error as error:
            lost = is_lost(error)
            if not lost and not is_retryable(error):
                raise
            connection = loader.connect()
            if lost and _last_applied(connection, loader) >= entry.number:
                return []
            if attempt == ATTEMPTS:
                raise
            time.sleep(random.uniform(0.05, 0.2) * 2**attempt)
    raise StarliftError("The publish gave up")


def _publish(
    connection: Connection,
    loader: Loader,
    entry: Entry,
    staged: list[_Staged],
    manifests: dict[str, str],
) -> list[Loaded]:
    """The one transaction: lock, ledger, proofs, delete and insert of every table, ledger row."""
    with connection.transaction():
        connection.execute(sql.lock_ledger(loader.back))
        if _last_applied(connection, loader) >= entry.number:
            return []
        loaded = []
        for one in staged:
            _prove(connection, loader, one)
            loaded.append(_replace(connection, loader, one))
        accounting = {one.table: vars(one) for one in loaded}
        connection.execute(
            sql.note_entry(loader.back),
            (entry.number, entry.run, json.dumps(manifests), json.dumps(accounting)),
        )
    return loaded


def _prove(connection: Connection, loader: Loader, one: _Staged) -> None:
    """Hold the proofs over a staging table. Raises CheckRefused naming the one that fails."""
    found = connection.query(sql.proof(one.table, loader.front, loader.back, one.rows))[0]
    doubled, nulls, collided, rows, *sums = found
    broken = []
    if doubled:
        broken.append(f"{doubled} primary keys stand more than once")
    if nulls:
        broken.append(f"{nulls} rows have a null key")
    if collided and not one.change.whole:
        broken.append(f"{collided} keys stand for another natural key in the table")
    if rows != one.change.row_count:
        broken.append(f"{one.change.row_count} rows in the log, {rows} in the staging table")
    for column, value in zip(one.table.additive, sums, strict=True):
        expected = Decimal(one.change.sums[column.name])
        if Decimal(value or 0) != expected:
            broken.append(f"sum of {column.name} {expected} in the log, {value} in the table")
    if broken:
        raise CheckRefused(
            f"The proofs of {one.table.name} do not hold: " + "; ".join(broken),
            do="nothing was published; run again with --full to build the star anew",
        )


def _replace(connection: Connection, loader: Loader, one: _Staged) -> Loaded:
    """Delete and insert one table. Raises CheckRefused when the rows do not add up."""
    table = one.table
    before = int(connection.query(sql.count(loader.front, table.name))[0][0])
    if one.keys is None:
        deleted = connection.execute(sql.delete_all(table, loader.front))
    else:
        deleted = connection.execute(sql.delete_keys(table, loader.front, loader.back, one.keys))
    inserted = connection.execute(sql.insert(table, loader.front, loader.back, one.rows))
    after = int(connection.query(sql.count(loader.front, table.name))[0][0])
    if after != before - deleted + inserted or after != one.change.total:
        raise CheckRefused(
            f"The rows of {table.name} do not add up",
            expected=f"{one.change.total} = {before} − {deleted} + {inserted}",
            found=str(after),
            do="nothing was published; 'starlift verify' shows where lake and warehouse differ",
        )
    return Loaded(table.name, before, deleted, inserted, after)

"""COPY of one change set into staging tables: its rows, and the keys that it replaces.

A staging table belongs to one attempt of one loader, so nobody overwrites what another stages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from src.contract.column import Column
from src.contract.table import Table
from src.errors import LoadFailed, StarliftError
from src.io import redshift_sql as sql
from src.io.entry import ChangeSet, DataFile
from src.io.lake import Lake, format_of
from src.io.manifest import manifest_of
from src.io.redshift import Connection, StatementFailed
from src.io.redshift_publish import StagedChange
from src.io.redshift_retry import Retrying
from src.io.redshift_spark import SparkConnector
from src.settings import RedshiftSettings


@dataclass(frozen=True)
class Staging:
    """Where and how change sets of one entry are staged."""

    lake: Lake
    redshift: RedshiftSettings
    connector: SparkConnector | None
    warehouse: str
    back: str
    entry: int
    run: str
    load: str


@dataclass(frozen=True)
class Part:
    """Half of a change set: the rows (``r``) or the replaced keys (``k``) of table ``number``."""

    staging: Staging
    table: Table
    number: int
    kind: Literal["r", "k"]
    columns: tuple[Column, ...]
    files: tuple[DataFile, ...]

    @property
    def copy_url(self) -> str:
        """The warehouse's lake as COPY names it."""
        return f"{self.staging.redshift.copy_url.rstrip('/')}/{self.staging.warehouse}"

    @property
    def manifest_path(self) -> str:
        at = self.staging
        return f"manifests/{at.run}/{at.entry}/{self.number}{self.kind}.manifest"

    def name(self, attempt: int) -> str:
        """The staging table's name in this attempt."""
        at = self.staging
        return sql.staging_name(at.entry, at.load, attempt, self.number, self.kind, self.table.name)

    def statements(self, staging: str) -> list[str]:
        """What fills a staging table; an empty part has no COPY."""
        back = self.staging.back
        made = [
            sql.drop_table(back, staging),
            sql.create_staging(self.table, back, staging, self.columns),
        ]
        if self.files and self.staging.connector is None:
            url, role = f"{self.copy_url}/{self.manifest_path}", self.staging.redshift.iam_role
            form = format_of(self.files[0].path)
            made.append(sql.copy(back, staging, self.columns, url, role, form))
        return made


def parts_of(staging: Staging, number: int, table: Table, change: ChangeSet) -> list[Part]:
    """The rows of a change set, and its keys unless it replaces the whole table."""
    parts = [Part(staging, table, number, "r", file_columns(table, change), change.rows)]
    if not change.whole:
        columns = tuple(table.column(name) for name in (table.replace_by, *table.replace_natural))
        parts.append(Part(staging, table, number, "k", columns, change.keys))
    return parts


def file_columns(table: Table, change: ChangeSet) -> tuple[Column, ...]:
    """The columns of a change set's files: COPY goes by position (rule 5).

    A column that the contract has got since is null in older rows. Raises LoadFailed for one that
    it has lost: its type is not known any more.
    """
    if not change.columns:
        return table.columns
    lost = [name for name in change.columns if name not in table.names]
    if lost:
        raise LoadFailed(
            f"A waiting entry has columns of {table.name} that the contract has lost: "
            + ", ".join(lost),
            do="load with the version of the contract that built it, then go on with this one",
        )
    return tuple(table.column(name) for name in change.columns)


def stage_change(
    work: Retrying,
    staging: Staging,
    number: int,
    table: Table,
    change: ChangeSet,
    made: list[str],
) -> StagedChange:
    """Stage one change set; the names of staging tables go to ``made`` before they exist.

    Raises LoadFailed naming the file that COPY refused, or that is not what the log says.
    """
    names: dict[str, str] = {}
    digests = {"r": "", "k": ""}
    for part in parts_of(staging, number, table, change):
        if part.files and staging.connector is None:
            digests[part.kind] = _write_manifest(part)
        names[part.kind] = _fill(work, part, made)
    return staged_change(table, change, names, digests)


def staged_change(
    table: Table, change: ChangeSet, names: dict[str, str], digests: dict[str, str]
) -> StagedChange:
    """A change set under the names of its staging tables."""
    return StagedChange(
        table=table,
        columns=file_columns(table, change),
        rows=names["r"],
        keys=names.get("k"),
        row_count=change.row_count,
        total=change.total,
        sums=change.sums,
        rows_manifest=digests["r"],
        keys_manifest=digests["k"],
    )


def _write_manifest(part: Part) -> str:
    """Write the part's manifest; its digest."""
    store = part.staging.lake.store
    manifest = manifest_of(store, part.files, part.copy_url)
    store.create(part.manifest_path, manifest.content)
    return manifest.digest


def _fill(work: Retrying, part: Part, made: list[str]) -> str:
    """Make and fill the part's staging table, in a table of its own in each attempt."""
    connector = part.staging.connector

    def once(connection: Connection, attempt: int) -> str:
        staging = part.name(attempt)
        made.append(staging)
        for statement in part.statements(staging):
            # The Data API runs one token once, whatever a network does to the call.
            connection.execute(statement, f"{part.staging.load} {staging} {statement[:4]}")
        if connector and part.files:
            connector.write(part.staging.lake.read(part.files, part.columns), part.staging.back,
                            staging, part.staging.run)  # fmt: skip
        return staging

    try:
        return work.retried(once)
    except StatementFailed as error:
        if error.lost or error.conflict:
            raise
        why = _load_error(work, part.staging.back, made[-1])
        raise LoadFailed(
            f"COPY of {part.table.name} was refused",
            where=why or part.copy_url,
            found=error.said,
            do="the warehouse is as it was; correct the cause, or restore the file, and "
            "'starlift load' continues there",
        ) from error


def _load_error(work: Retrying, back: str, staging: str) -> str:
    """File, column and reason of the last COPY error of a table (rule 13); '' for none found."""
    try:
        tables: Sequence[tuple[object, ...]] = work.query(sql.table_id(back, staging))
    except StarliftError:
        return ""
    for (table,) in tables:
        for text in sql.load_errors(int(str(table))):
            try:
                rows = work.query(text)
            except StarliftError:
                continue
            if rows:
                return ", ".join(str(part).strip() for part in rows[0] if str(part or "").strip())
    return ""

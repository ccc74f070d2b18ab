"""Load: built entries that the warehouse has not applied, in order, none skipped.

COPY goes into staging tables named for entry, loading run and attempt; then one short transaction
(src/io/redshift_publish.py) proves what they hold, deletes by keys, inserts, and notes the entry
in the ledger. What fails changes nothing, and the next load continues there.

Entries are applied one by one, also when several wait: each is a state that the gate has passed,
and together they would need rows of an earlier one that a later one replaces to be left out.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from src.contract.warehouse import Warehouse
from src.errors import CheckRefused, LoadFailed, StarliftError
from src.io import redshift_publish as publish
from src.io import redshift_sql as sql
from src.io.entry import BuiltPart, Entry
from src.io.lake import Lake
from src.io.redshift import Connect, Connection, StatementFailed
from src.io.redshift_data import BATCH
from src.io.redshift_publish import Publication, StagedChange
from src.io.redshift_retry import Patience, Retrying
from src.io.redshift_spark import SparkConnector
from src.pipeline.ledger import entries_from, held, last_applied, lost_tables, waiting_after
from src.pipeline.load_copy import Staging, stage_change
from src.pipeline.load_schema import (
    FoundSchema,
    back_room,
    batches,
    find_schema,
    keyed_references,
    schema_changes,
)
from src.runs import Run
from src.settings import RedshiftSettings

# Statements end after a day at the latest (the Data API's limit): staging tables that were begun
# before that belong to nobody.
DEAD_AFTER = timedelta(hours=25)


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
    """Which entries this load applied, and what each did to its tables."""

    applied: list[int] = field(default_factory=list)
    tables: list[Loaded] = field(default_factory=list)


@dataclass(frozen=True)
class Loader:
    """Everything a load needs; ``connector`` writes staging tables where settings ask for it."""

    warehouse: Warehouse
    lake: Lake
    connect: Connect
    redshift: RedshiftSettings
    run: Run
    connector: SparkConnector | None = None
    patience: Patience = field(default_factory=Patience)

    @property
    def back(self) -> str:
        return back_room(self.warehouse)

    def staging(self, entry: Entry, load: str) -> Staging:
        """Where load ``load`` stages the change sets of an entry."""
        return Staging(
            lake=self.lake,
            redshift=self.redshift,
            connector=self.connector,
            warehouse=self.warehouse.name,
            back=self.back,
            entry=entry.number,
            run=self.run.id,
            load=load,
        )

    def publication(
        self, entry: Entry, base: int, changes: Sequence[StagedChange], load: str
    ) -> Publication:
        """The transaction that publishes staged changes of an entry on top of entry ``base``."""
        return Publication(
            front=self.warehouse.name,
            back=self.back,
            base=base,
            entry=entry.number,
            run=entry.run,
            loaded_by=load,
            changes=tuple(changes),
            keyed=keyed_references(self.warehouse),
        )


def load(loader: Loader, entries: Sequence[Entry] | None = None) -> LoadResult:
    """Apply every built entry that the ledger does not hold yet; ``entries`` are the log's.

    Raises LoadFailed (the lake stays committed, the next load continues there) and CheckRefused
    (a proof does not hold, and nothing was published).
    """
    work = Retrying(loader.connect, loader.patience, loader.run.progress)
    try:
        return _Load(loader, work, entries or ()).apply(read=entries is None)
    finally:
        work.close()


def new_load_id(run: Run) -> str:
    """A name for one load of a run: two loads of one run must not share staging tables."""
    return f"{run.id}-{secrets.token_hex(3)}"


class _Load:
    """One load at work. ``made`` names the staging tables that it may have made."""

    def __init__(self, loader: Loader, work: Retrying, entries: Sequence[Entry]) -> None:
        self.loader = loader
        self.work = work
        self.entries = entries
        self.made: list[str] = []
        self.id = new_load_id(loader.run)

    def apply(self, read: bool) -> LoadResult:
        """Prepare the warehouse, then take entry after entry until none is left.

        ``read`` takes the entries from the lake's log, as far as the ledger makes them needed.
        """
        try:
            query, warehouse = self.work.query, self.loader.warehouse
            found = find_schema(query, warehouse)
            applied = held(query, self.loader.back, found)
            if read:
                self.entries = entries_from(self.loader.lake.log, applied)
            if lost := lost_tables(query, warehouse, found, self.entries, applied):
                raise refusal_of(lost)
            self._prepare(found)
            return self._apply_all()
        except StatementFailed as error:
            raise _failed("The load failed", error) from error
        finally:
            self._tidy()

    def _apply_all(self) -> LoadResult:
        result = LoadResult()
        last = self._last()
        self._drop(self._dead(last))
        while waiting := waiting_after(self.entries, last):
            entry = waiting[0]
            try:
                self._apply(entry, last)
            except (StatementFailed, LoadFailed) as error:
                # Another loader may have applied it, and dropped what this one had staged.
                if self._last() < entry.number:
                    raise _failed(f"Entry {entry.number} was not loaded", error) from error
            last = self._moved(last, entry)
            if self._applied_here(entry):
                result.applied.append(entry.number)
                result.tables += self._accounting(entry)
            self._drop([*self.made, *self._dead(last)])
            self.made.clear()
        return result

    def _prepare(self, found: FoundSchema) -> None:
        """Bring what was found to the contract: schemas, tables, comments and grants.

        Raises LoadFailed.
        """
        loader, lock = self.loader, publish.lock_ledger(self.loader.back)
        failed: StatementFailed | None = None
        before: list[str] = []
        while True:
            changes = schema_changes(loader.warehouse, loader.redshift, found)
            if changes.refused:
                raise refusal_of(changes.refused)
            # A loader that began at the same time may have made the same thing: then less is left.
            if failed and (failed.lost or len(changes.statements) >= len(before)):
                raise _failed("The warehouse could not be prepared", failed) from failed
            try:
                for statement in (*changes.begin, *changes.alone):
                    self.work.execute(statement)
                for piece in batches(changes.together, BATCH - 1):
                    self.work.together([lock, *piece])
                return
            except StatementFailed as error:
                failed, before = error, changes.statements
                found = find_schema(self.work.query, loader.warehouse)

    # -- the ledger --------------------------------------------------------------------------

    def _last(self) -> int:
        return last_applied(self.work.query, self.loader.back, self.entries)

    def _moved(self, last: int, entry: Entry) -> int:
        """The ledger's last entry after a publish, which must be that entry or a later one."""
        now = self._last()
        if now <= last:
            raise LoadFailed(
                f"Entry {entry.number} was published, and the ledger does not hold it",
                where=self.loader.back,
                do="run 'starlift verify', and report this as a defect of Starlift",
            )
        return now

    def _applied_here(self, entry: Entry) -> bool:
        rows = self.work.query(publish.applied_by(self.loader.back, entry.number))
        return [tuple(row) for row in rows] == [(self.id,)]

    def _accounting(self, entry: Entry) -> list[Loaded]:
        """What the ledger noted of an entry, in the order of its change sets."""
        assert entry.built
        rows = self.work.query(publish.noted_tables(self.loader.back, entry.number))
        noted = {row[0]: Loaded(row[0], *map(int, row[1:])) for row in rows}
        return [noted[change.table] for change in entry.built.changes]

    # -- staging tables ----------------------------------------------------------------------

    def _dead(self, last: int) -> list[str]:
        """Staging tables that nobody needs: of applied entries, or begun more than a day ago.

        A loader that still works on an applied entry finds that out, and loses nothing.
        """
        oldest = (datetime.now(UTC) - DEAD_AFTER).strftime("%Y%m%d%H%M%S")
        dead = []
        for (name,) in self.work.query(sql.tables_of(self.loader.back)):
            found = sql.of_staging_name(name)
            if found and (found[0] <= last or found[1] < oldest):
                dead.append(name)
        return dead

    def _drop(self, names: Sequence[str]) -> None:
        for name in dict.fromkeys(names):
            self.work.execute(sql.drop_table(self.loader.back, name))

    def _tidy(self) -> None:
        """Drop what a failed load has made, where the warehouse still answers.

        Where it does not, the next load that succeeds drops it.
        """
        for name in dict.fromkeys(self.made):
            self.work.once(sql.drop_table(self.loader.back, name))

    # -- one entry ---------------------------------------------------------------------------

    def _apply(self, entry: Entry, base: int) -> None:
        """Stage one entry, then publish it on top of entry ``base``."""
        assert entry.built
        publication = self.loader.publication(entry, base, self._stage(entry, entry.built), self.id)
        statements = publication.statements()

        def once(connection: Connection, attempt: int) -> None:
            # After a lost answer the ledger knows whether the COMMIT was done.
            if attempt > 1 and self._last_by(connection) >= entry.number:
                return
            token = f"{self.id} {self.loader.back} {entry.number} {attempt}"
            connection.together(statements, token)

        self.loader.run.progress("publishing", sum(one.row_count for one in publication.changes))
        try:
            self.work.retried(once)
        except StatementFailed as error:
            raise self._explained(publication, error) from error

    def _stage(self, entry: Entry, built: BuiltPart) -> list[StagedChange]:
        staging, staged = self.loader.staging(entry, self.id), []
        for number, change in enumerate(built.changes, 1):
            self.loader.run.progress(f"copying {change.table}", change.row_count)
            table = self.loader.warehouse.table(change.table)
            staged.append(stage_change(self.work, staging, number, table, change, self.made))
        return staged

    def _last_by(self, connection: Connection) -> int:
        return last_applied(connection.query, self.loader.back, self.entries)

    def _explained(self, publication: Publication, error: StatementFailed) -> StarliftError:
        """The proofs that do not hold, where that is why a publish failed; else the error.

        A server's message may be cut, so the staging tables are asked again: they are still there.
        """
        if error.lost or error.conflict:
            return error
        broken: list[str] = []
        with suppress(StarliftError):
            broken = [
                publish.refusal_in(text) or text
                for _, text in self.work.query(publication.problems())
            ]
        if not broken and (sentence := publish.refusal_in(error.said)):
            broken = [sentence]
        if not broken:
            return error
        return CheckRefused(
            "The proofs of a load do not hold: " + " ".join(broken),
            do="nothing was published; 'starlift verify' shows where lake and warehouse differ, "
            "and a run with --full builds the star anew",
        )


def refusal_of(refused: Sequence[LoadFailed]) -> LoadFailed:
    """All that a person must decide, in one error."""
    if len(refused) == 1:
        return refused[0]
    return LoadFailed(" ".join(one.sentence() for one in refused))


def _failed(what: str, error: StarliftError) -> StarliftError:
    """A failed statement as a failed load; other errors say enough themselves."""
    if not isinstance(error, StatementFailed):
        return error
    again = "the connection broke or a conflict did not end" if error.lost or error.conflict else ""
    right = "give the loader's user this right; " if error.state == "42501" else ""
    return LoadFailed(
        f"{what}{': ' + again if again else ''}",
        found=error.said,
        do=f"{right}the lake is committed and the warehouse is as it was; 'starlift load' "
        "continues there",
    )

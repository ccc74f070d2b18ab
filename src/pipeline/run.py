"""The steps of a run and how they follow each other; the only place that knows them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyspark.sql import SparkSession

from src.connect import spark_connector
from src.contract.warehouse import Warehouse
from src.errors import CheckRefused, LogConflict, StarliftError, UsageError
from src.io.entry import Entry, RawFile
from src.io.lake import Lake
from src.io.lake_state import LakeState
from src.io.open_store import open_store
from src.io.raw_files import Candidate, fresh, list_raw
from src.io.redshift import Connect, Connection
from src.io.store import Store
from src.pipeline.build import BY_KEYS, BuildResult, build, plan_build
from src.pipeline.compact import compact, work_due, work_whole, write_manifests
from src.pipeline.ledger import applied_entry
from src.pipeline.load import Loader, load
from src.pipeline.load_plan import LoadPlan, plan_load
from src.pipeline.plan import plan_run
from src.pipeline.quarantine import ids_with_reason
from src.pipeline.report import Report
from src.pipeline.restage import Choice, again, chosen, restaged, rule_notes
from src.pipeline.stage import commit_staged, stage
from src.pipeline.staged_types import refuse_changed_types
from src.pipeline.take import FilesRefused, left_out, refused
from src.pipeline.verify import verify
from src.runs import Run, new_run
from src.settings import Settings

# About what a row of a raw file takes.
ROW_BYTES = 60
# What an increment is taken to read of a history: the rows that it touches (docs/adr/0017).
INCREMENT_BYTES = 32 * 1024 * 1024


@dataclass
class Pipeline:
    """One run over one warehouse: its steps share lake, raw folder, run and report.

    ``session`` gives the Spark session, started at its first use for about so many bytes to read:
    ``to_read``, which each step sets once it knows what lies before it.
    """

    warehouse: Warehouse
    settings: Settings
    run: Run
    session: Callable[[int], SparkSession]
    raw: str | None
    report: Report
    to_read: int = 0

    @cached_property
    def lake(self) -> Lake:
        place = f"{self.settings.lake.path.rstrip('/')}/{self.warehouse.name}"
        store = open_store(place, self.settings.s3)
        return Lake(lambda: self._spark, store, self.settings.lake)

    @cached_property
    def _spark(self) -> SparkSession:
        return self.session(self.to_read)

    @cached_property
    def raw_store(self) -> Store:
        """The raw folder. Raises UsageError where none is named."""
        path = self.settings.raw_path(self.warehouse.name, self.raw)
        return open_store(path, self.settings.s3)

    def state(self, whole: bool = False) -> LakeState:
        """What the lake holds now; ``whole`` when whole tables are to be read, whatever changed."""
        state = self.lake.log.state()
        # Staged files are compressed many times over, so their rows are counted, not their bytes.
        rows = sum(file.rows for files in state.staged.values() for _, file in files)
        self.to_read = rows * ROW_BYTES
        if self.to_read > INCREMENT_BYTES and not whole and not self._builds_whole(state):
            self.to_read = INCREMENT_BYTES
        return state

    def _builds_whole(self, state: LakeState) -> bool:
        planned = plan_build(self.warehouse, state, self.settings.rules, full=False)
        return any(why != BY_KEYS for why in planned.values())

    def candidates(self, state: LakeState) -> list[Candidate]:
        """The raw files to stage. Names in the report what belongs to no source."""
        path = self.settings.raw_path(self.warehouse.name, self.raw)
        store = self.raw_store
        listed = list_raw(store, self.warehouse.sources)
        self.report.not_taken = [
            f"{one.stored.path}: {one.reason}" for one in listed if not one.source
        ]
        # The sample is written to disk; what lies on S3 is copied there.
        target = "DIR and copy them there" if path.startswith("s3://") else path
        sample = f"starlift sample {self.warehouse.name} --out {target}"
        make = f", or make sample files: {sample}" if self.warehouse.has_sample else ""
        if not store.exists():
            raise UsageError(
                "There is no such folder of raw files",
                where=store.root,
                found="nothing below this prefix" if path.startswith("s3://") else None,
                do=f"give another with --raw PATH{make}",
            )
        if not any(one.source for one in listed) and not state.raw_files:
            raise CheckRefused(
                "No raw file belongs to a source",
                where=store.root,
                expected=", ".join(f"{s.files}.{s.format}" for s in self.warehouse.sources),
                found=", ".join(one.stored.path for one in listed[:5]) or "no file",
                do=f"give another folder with --raw PATH{make}",
            )
        todo = fresh(listed, state)
        self.to_read += sum(one.stored.size for one in todo)
        return todo

    def stage(self, on_bad_file: str = "fail", builds_whole: bool = False) -> None:
        """Stage what no entry holds and commit it; ``builds_whole`` when a full build follows."""
        with self._timed("stage"):
            state = self.state(whole=builds_whole)
            self._stage(state, self.candidates(state), on_bad_file)

    def _stage(self, state: LakeState, todo: list[Candidate], on_bad_file: str) -> None:
        try:
            result = stage(
                self.warehouse,
                self.raw_store,
                self.lake,
                todo,
                self.run,
                on_bad_file=on_bad_file,
                live=state.raw_files.values(),
            )
        except FilesRefused as error:
            self.report.refused += error.refused
            raise
        commit_staged(self.lake, result, state.last + 1)
        self.report.raw_files = result.raw_files
        self.report.refused += result.refused
        self.report.notes += result.notes

    def to_restage(self, choice: Choice, state: LakeState) -> list[RawFile]:
        """The raw file versions of a choice. Raises UsageError when it names none."""

        def with_reason(text: str) -> set[int]:
            return ids_with_reason(self.lake, state, text)

        return chosen(choice, self.warehouse, state, self._runs, with_reason)

    def _runs(self) -> dict[int, str]:
        return {entry.number: entry.run for entry in self.lake.log.entries()}

    def restage(self, choice: Choice, on_bad_file: str = "fail") -> None:
        """Parse raw file versions that the lake holds again, and commit what they are now.

        Raises FilesRefused when one is no longer there as it was, or cannot be taken any more
        (``on_bad_file`` fail; with skip its rows stay as they are).
        """
        with self._timed("restage"):
            state = self.state()
            held = self.to_restage(choice, state)
            todo, refusals = again(held, self.raw_store, self.warehouse)
            self.report.refused += left_out(refusals)
            if refusals and on_bad_file != "skip":
                raise refused(refusals)
            self.to_read += sum(one.stored.size for one in todo)
            self._stage(state, todo, on_bad_file)
            before = {raw.raw_id: raw for raw in held}
            self.report.restaged = [
                restaged(before[raw.raw_id], raw) for raw in self.report.raw_files
            ]

    def build(self, full: bool = False, accept_drop: bool = False) -> None:
        """Build what staged entries changed, or everything, and commit it.

        ``accept_drop`` lets tables fall by more rows than their contracts allow.
        """
        with self._timed("build"):
            state = self.state(whole=full)
            result = self._build(state, full, accept_drop)
            if result.entry:
                self.lake.log.commit(result.entry, state.last + 1)
            self.report.changes = result.changes
            self.report.notes += self._rule_notes(state)

    def rehearse(self) -> None:
        """Build everything and report what it would change; nothing of it counts."""
        with self._timed("build"):
            state = self.state(whole=True)
            if state.changes:
                self._build(state, full=True)

    def _build(self, state: LakeState, full: bool, accept_drop: bool = False) -> BuildResult:
        self._refuse_changed_types(state)
        result = build(
            self.warehouse,
            self.lake,
            state,
            self.run,
            self.settings.rules,
            full=full,
            accept_drop=accept_drop,
        )
        self.report.differences = result.differences
        self.report.notes += [finding.sentence for finding in result.findings]
        return result

    def _refuse_changed_types(self, state: LakeState) -> None:
        refuse_changed_types(self.warehouse, self.lake.store, state, self._restage_command)

    def _rule_notes(self, state: LakeState) -> list[str]:
        return rule_notes(self.warehouse, state, self._restage_command)

    @property
    def _restage_command(self) -> str:
        raw = f" --raw {self.raw}" if self.raw else ""
        return f"starlift restage {self.warehouse.name}{raw}"

    def load(self, connect: Connect) -> None:
        """Apply the entries that the warehouse does not have yet."""
        with self._timed("load"):
            result = load(self._loader(connect))
            self.report.loaded = result.tables
            self.report.applied = result.applied

    def plan_load(self, connect: Connect | None) -> LoadPlan:
        """What the next load would do; ``connect`` is None where no warehouse was made yet."""
        if connect is None:
            return plan_load(self._loader(_no_warehouse), None, None)
        with closing(connect()) as connection:
            return plan_load(self._loader(connect), None, connection.query)

    def loaded(self, connect: Connect) -> int:
        """The last entry that the warehouse has; 0 for none."""
        with closing(connect()) as connection:
            back = self.warehouse.back_room
            return applied_entry(connection.query, back, self.lake.log.entries())

    def raw_files(self) -> list[Candidate] | None:
        """The raw folder as it is now; None where it is not there and nobody asked for it by name.

        Raises UsageError for a folder that was asked for and is not there.
        """
        if not self.raw and self.warehouse.name not in self.settings.raw:
            return None
        if self.raw_store.exists():
            return list_raw(self.raw_store, self.warehouse.sources)
        if self.raw:
            raise UsageError("There is no such folder of raw files", where=self.raw_store.root)
        return None

    def _loader(self, connect: Connect) -> Loader:
        return Loader(
            warehouse=self.warehouse,
            lake=self.lake,
            connect=connect,
            redshift=self.settings.redshift,
            run=self.run,
            connector=spark_connector(self.settings),
        )

    def verify(self, connect: Connect, loaded: int | None = None) -> None:
        """Prove the whole tables; after a load of ``loaded`` rows, the larger ones by their count.

        Raises CheckRefused with the proofs that do not hold.
        """
        with self._timed("verify"):
            lake = self.lake
            state = self.state(whole=loaded is None)
            with closing(connect()) as connection:
                self.report.proofs = verify(self.warehouse, lake, state, connection, loaded)
        broken = [p for p in self.report.proofs if not p.holds and p.severity == "error"]
        self.report.notes += [
            f"{p.table}: {p.what}: {p.detail}"
            for p in self.report.proofs
            if not p.holds and p.severity == "warn"
        ]
        if broken:
            shown = "; ".join(f"{p.table}: {p.what}: {p.detail}" for p in broken[:10])
            raise CheckRefused(
                f"{len(broken)} proofs of the warehouse do not hold: {shown}",
                do="build and load anew with 'starlift run … --full'",
            )

    def publish(self, connect: Connect, *, full: bool = False, accept_drop: bool = False) -> None:
        """Build, load, and verify when anything was loaded."""
        self.build(full, accept_drop)
        self.load(connect)
        if self.report.applied:
            self.verify(connect, sum(table.inserted for table in self.report.loaded))
        if self.report.changed:
            self.compact(only_due=True)

    def compact(self, only_due: bool = False) -> Entry | None:
        """Merge small files and change sets and commit it; None when there is nothing to merge.

        ``only_due`` merges what has gathered too many, as a run does before it ends: losing the
        number to another run is then no failure, as the next run finds the same again. Otherwise
        all is merged, and every star table written whole.
        """
        lake, state = self.lake, self.state(whole=not only_due)
        work = (work_due if only_due else work_whole)(self.warehouse, state)
        if not work:
            return None
        with self._timed("compact"):
            self._refuse_changed_types(state)
            # A run of its own: this one's folders are written.
            run = new_run(self.run.progress)
            entry = compact(self.warehouse, lake, state, run, work)
            try:
                committed = lake.log.commit(entry, state.last + 1)
            except LogConflict as conflict:
                if not only_due:
                    raise
                self.report.notes.append(f"compaction is left to the next run: {conflict.what}")
                return None
            if work.snapshot:
                write_manifests(lake, self.settings.redshift.copy_url, self.warehouse, committed)
            return committed

    def plan(self, full: bool) -> dict[str, Any]:
        """What a run would do, without starting Spark or touching anything."""
        state = self.state()
        todo = self.candidates(state)
        planned = plan_run(self.warehouse, self.raw_store, state, todo, self.settings.rules, full)
        planned["not_taken"] = self.report.not_taken
        planned["notes"] += self._rule_notes(state)
        return planned

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        self.run.progress(step, 0)
        start = time.monotonic()
        try:
            yield
        except StarliftError as error:
            self.report.failed = error.sentence()
            raise
        finally:
            self._let_go_of_kept_rows()
            self.report.seconds[step] = round(time.monotonic() - start, 2)

    def _let_go_of_kept_rows(self) -> None:
        """What a step kept is of no use to the next, and Spark compares every plan with all of it.

        The session that is active is one of the thread: what a worker started is not this one's.
        """
        if "_spark" in vars(self):
            self._spark.catalog.clearCache()


def _no_warehouse() -> Connection:
    raise AssertionError("a plan for a warehouse that was never made asks it nothing")


def new_pipeline(
    warehouse: Warehouse,
    settings: Settings,
    run: Run,
    session: Callable[[int], SparkSession],
    raw: str | None = None,
) -> Pipeline:
    """A pipeline with an empty report."""
    return Pipeline(warehouse, settings, run, session, raw, Report(run.id, warehouse.name, run.at))

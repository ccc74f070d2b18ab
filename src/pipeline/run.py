"""The steps of a run and how they follow each other; the only place that knows them all."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from pyspark.sql import SparkSession

from src.connect import spark_connector
from src.contract.warehouse import Warehouse
from src.errors import CheckRefused, StarliftError, UsageError
from src.io.lake import Lake
from src.io.log import ChangeSet, LakeState, Log, RawFile
from src.io.open_store import open_store
from src.io.raw_files import Candidate, fresh, list_raw
from src.io.redshift import Connect, Connection
from src.io.store import Store
from src.pipeline.build import build, plan_build
from src.pipeline.load import Loaded, Loader, load
from src.pipeline.load_plan import LoadPlan, plan_load
from src.pipeline.stage import commit_staged, refuse_changed, stage
from src.pipeline.verify import Proof, verify
from src.runs import Run
from src.settings import Settings

# About what a row of a raw file takes.
ROW_BYTES = 60


@dataclass
class Report:
    """What a run did, for people, for ``starlift status``, and as JSON in the lake."""

    run: str
    warehouse: str
    at: str
    raw_files: tuple[RawFile, ...] = ()
    changes: tuple[ChangeSet, ...] = ()
    loaded: list[Loaded] = field(default_factory=list)
    applied: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: str | None = None

    @property
    def changed(self) -> bool:
        """Whether anything new came into lake or warehouse."""
        return bool(self.raw_files or self.changes or self.applied)

    def as_dict(self) -> dict[str, Any]:
        data = asdict(self)
        for change in data["changes"]:
            for part in ("keys", "rows"):
                change[part] = len(change[part])
        return data


@dataclass(frozen=True)
class Pipeline:
    """One run over one warehouse: its steps share lake, raw folder, run and report.

    ``session`` gives the Spark session, started at its first use for about so many bytes to read.
    """

    warehouse: Warehouse
    settings: Settings
    run: Run
    session: Callable[[int], SparkSession]
    raw: str | None
    report: Report

    @property
    def lake(self) -> Lake:
        place = f"{self.settings.lake.path.rstrip('/')}/{self.warehouse.name}"
        store = open_store(place, self.settings.s3)

        def session() -> SparkSession:
            return self.session(self._expected_bytes(LakeState.of(Log(store).entries())))

        return Lake(cache(session), store, self.settings.lake)

    def _raw_store(self, path: str) -> Store:
        return open_store(path, self.settings.s3)

    def _expected_bytes(self, state: LakeState) -> int:
        """How much this run may read: raw files to stage, and all that is staged."""
        # Staged files are compressed many times over, so their rows are counted, not their bytes.
        staged = sum(file.rows for files in state.staged.values() for _, file in files) * ROW_BYTES
        path = self.raw or self.settings.raw.get(self.warehouse.name)
        listed = list_raw(self._raw_store(path), self.warehouse.sources) if path else []
        return staged + sum(one.stored.size for one in fresh(listed, state))

    def candidates(self, state: LakeState) -> list[Candidate]:
        """The raw files to stage. Names in the report what belongs to no source."""
        path = self.settings.raw_path(self.warehouse.name, self.raw)
        store = self._raw_store(path)
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
        return fresh(listed, state)

    def stage(self, on_bad_file: str = "fail") -> None:
        """Stage what no entry holds and commit it."""
        with self._timed("stage"):
            lake = self.lake
            state = LakeState.of(lake.log.entries())
            todo = self.candidates(state)
            raw = self._raw_store(self.settings.raw_path(self.warehouse.name, self.raw))
            try:
                result = stage(
                    self.warehouse,
                    raw,
                    lake,
                    todo,
                    self.run,
                    on_bad_file=on_bad_file,
                    live=state.raw_files.values(),
                )
            except StarliftError:
                raise
            except Exception:
                # Spark's readers fail in their own words when a file changes or goes under them.
                refuse_changed(raw, [one.stored for one in todo])
                raise
            commit_staged(lake, result, state.last + 1)
            self.report.raw_files = result.raw_files
            self.report.refused = [refusal.sentence() for refusal in result.refused]
            self.report.notes += result.notes

    def build(self, full: bool = False) -> None:
        """Build what staged entries changed and commit it."""
        with self._timed("build"):
            lake = self.lake
            state = LakeState.of(lake.log.entries())
            result = build(self.warehouse, lake, state, self.run, self.settings.rules, full=full)
            if result.entry:
                lake.log.commit(result.entry, state.last + 1)
            self.report.changes = result.changes
            self.report.notes += result.notes
            self.report.notes += [f"{finding.sentence}" for finding in result.findings]

    def load(self, connect: Connect) -> None:
        """Apply the entries that the warehouse does not have yet."""
        with self._timed("load"):
            lake = self.lake
            result = load(self._loader(connect), lake.log.entries())
            self.report.loaded = result.tables
            self.report.applied = result.applied

    def plan_load(self, connect: Connect | None) -> LoadPlan:
        """What the next load would do; ``connect`` is None where no warehouse was made yet."""
        entries = self.lake.log.entries()
        if connect is None:
            return plan_load(self._loader(_no_warehouse), entries, None)
        connection = connect()
        try:
            return plan_load(self._loader(connect), entries, connection.query)
        finally:
            connection.close()

    def _loader(self, connect: Connect) -> Loader:
        return Loader(
            warehouse=self.warehouse,
            lake=self.lake,
            connect=connect,
            redshift=self.settings.redshift,
            run=self.run,
            connector=spark_connector(self.settings),
        )

    def verify(self, connect: Connect) -> None:
        """Prove the whole tables. Raises CheckRefused with the proofs that do not hold."""
        with self._timed("verify"):
            lake = self.lake
            state = LakeState.of(lake.log.entries())
            connection = connect()
            try:
                self.report.proofs = verify(self.warehouse, lake, state, connection)
            finally:
                connection.close()
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

    def all(self, connect: Connect, *, on_bad_file: str, full: bool) -> None:
        """Stage, build, load, and verify when anything was loaded."""
        self.stage(on_bad_file)
        self.build(full)
        self.load(connect)
        if self.report.applied:
            self.verify(connect)

    def plan(self, full: bool) -> dict[str, Any]:
        """What a run would do, without starting Spark or touching anything."""
        state = LakeState.of(self.lake.log.entries())
        todo = self.candidates(state)
        tables, notes = plan_build(self.warehouse, state, self.settings.rules, full)
        fresh_sources = {str(one.source) for one in todo}
        for table, _ in self.warehouse.tables:
            if table.name not in tables and fresh_sources & {g.source for g in table.inputs}:
                tables[table.name] = "keys"
        return {
            "stage": [
                {"file": one.stored.path, "source": one.source, "bytes": one.stored.size}
                for one in todo
            ],
            "not_taken": self.report.not_taken,
            "build": tables,
            "notes": notes,
        }

    def write_report(self) -> None:
        """Keep the report in the lake, one file a run; for reading, never a source of truth."""
        text = json.dumps(self.report.as_dict(), ensure_ascii=False, default=str)
        self.lake.store.create(f"reports/{self.run.id}.json", text.encode())

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
            self.report.seconds[step] = round(time.monotonic() - start, 2)


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


def last_reports(lake: Lake, limit: int) -> list[dict[str, Any]]:
    """The reports of the newest runs, newest first."""
    stored = [one for one in lake.store.list("reports") if one.path.endswith(".json")]
    newest = sorted(stored, key=lambda one: one.path, reverse=True)[:limit]
    return [json.loads(lake.store.read(one.path)) for one in newest]

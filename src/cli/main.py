"""``starlift``: every command, its options and its exit code.

Exit codes: 0 published (or nothing to do), 1 refused by a check, 2 wrong usage or setting,
3 failed for another reason.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.exceptions
from pyspark.sql import SparkSession

from src import __version__
from src.cli.show import Events, err, live, out, show_report, show_rows
from src.connect import (
    is_made,
    open_warehouse,
    standin_buckets,
    standin_home,
    standin_s3,
)
from src.errors import StarliftError, UsageError
from src.io.redshift import StatementFailed
from src.pipeline.load_plan import LoadPlan
from src.pipeline.quarantine import quarantined
from src.pipeline.run import Pipeline, last_reports, new_pipeline
from src.runs import new_run
from src.session import start_session
from src.settings import Settings, load_settings
from src.transforms.warehouses import WAREHOUSES
from src.transforms.warehouses import warehouse as find_warehouse

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Raw CSV and JSON files become a tested star schema in Amazon Redshift.",
    epilog="Exit codes: 0 published, 1 refused by a check, 2 wrong usage or setting, "
    "3 failed for another reason.",
)


class FileFormat(StrEnum):
    orc = "orc"
    parquet = "parquet"


class OnBadFile(StrEnum):
    skip = "skip"
    fail = "fail"


class Shown(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


Name = Annotated[str, typer.Argument(help="The warehouse: " + ", ".join(WAREHOUSES) + ".")]
Env = Annotated[str, typer.Option("--env", help="Settings to use: conf/<env>.yaml.")]
Conf = Annotated[
    str | None, typer.Option("--conf-dir", help="Folder of settings, instead of ./conf.")
]
Raw = Annotated[str | None, typer.Option("--raw", help="Folder of raw files.")]
Format = Annotated[FileFormat | None, typer.Option("--format", help="Format of new data files.")]
Full = Annotated[bool, typer.Option("--full", help="Build every star table anew from staged.")]
Bad = Annotated[
    OnBadFile,
    typer.Option(help="What to do when a raw file cannot be taken: fail publishes nothing."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, with its SQL, and do nothing.")
]
LogJson = Annotated[bool, typer.Option("--log-json", help="Progress as JSON Lines on stderr.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _settings(env: str, conf: str | None, file_format: FileFormat | None = None) -> Settings:
    settings = load_settings(env, conf)
    return settings.with_format(file_format.value if file_format else None)


def _log_file(settings: Settings, run_id: str) -> Path:
    return settings.home / "logs" / f"{run_id}.log"


def _pipeline(name: str, settings: Settings, events: Events, raw: str | None = None) -> Pipeline:
    run = new_run(events)

    def session(expected_bytes: int) -> SparkSession:
        app_name, log_file = f"starlift {name}", _log_file(settings, run.id)
        on_s3 = settings.on_s3(name, raw)
        return start_session(settings, app_name, log_file, expected_bytes, on_s3)

    return new_pipeline(find_warehouse(name), settings, run, session, raw)


@contextmanager
def _reported(pipeline: Pipeline, settings: Settings, events: Events) -> Iterator[None]:
    """Run the steps, keep the report whatever happens, and show it when all went well."""
    with live(events):
        try:
            yield
        finally:
            if pipeline.report.changed or pipeline.report.failed:
                pipeline.write_report()
    show_report(pipeline.report, _log_file(settings, pipeline.run.id))


@app.command(epilog="Example: starlift run chinook --raw exports/2025-06 --on-bad-file skip")
def run(
    warehouse: Name,
    raw: Raw = None,
    env: Env = "local",
    format: Format = None,
    full: Full = False,
    dry_run: DryRun = False,
    on_bad_file: Bad = OnBadFile.fail,
    conf_dir: Conf = None,
    log_json: LogJson = False,
) -> None:
    """Stage, build, load and verify: the main job."""
    settings, events = _settings(env, conf_dir, format), Events(log_json)
    pipeline = _pipeline(warehouse, settings, events, raw)
    if dry_run:
        _show_plan(pipeline.plan(full), _plan_load(pipeline, settings))
        return
    with open_warehouse(settings) as connect, _reported(pipeline, settings, events):
        pipeline.all(connect, on_bad_file=on_bad_file.value, full=full)


@app.command(epilog="Example: starlift stage chinook --raw exports")
def stage(
    warehouse: Name,
    raw: Raw = None,
    env: Env = "local",
    format: Format = None,
    on_bad_file: Bad = OnBadFile.fail,
    conf_dir: Conf = None,
    log_json: LogJson = False,
) -> None:
    """Parse and check new raw files; commit them to the lake."""
    settings, events = _settings(env, conf_dir, format), Events(log_json)
    pipeline = _pipeline(warehouse, settings, events, raw)
    with _reported(pipeline, settings, events):
        pipeline.stage(on_bad_file.value)


@app.command(epilog="Example: starlift build chinook --full")
def build(
    warehouse: Name,
    env: Env = "local",
    format: Format = None,
    full: Full = False,
    conf_dir: Conf = None,
    log_json: LogJson = False,
) -> None:
    """Build the star rows that staged files changed; commit them to the lake."""
    settings, events = _settings(env, conf_dir, format), Events(log_json)
    pipeline = _pipeline(warehouse, settings, events)
    with _reported(pipeline, settings, events):
        pipeline.build(full)


@app.command(epilog="Example: starlift load chinook")
def load(
    warehouse: Name,
    env: Env = "local",
    dry_run: DryRun = False,
    conf_dir: Conf = None,
    log_json: LogJson = False,
) -> None:
    """Apply built entries that the warehouse does not have yet."""
    settings, events = _settings(env, conf_dir), Events(log_json)
    pipeline = _pipeline(warehouse, settings, events)
    if dry_run:
        _show_load_plan(_plan_load(pipeline, settings))
        return
    with open_warehouse(settings) as connect, _reported(pipeline, settings, events):
        pipeline.load(connect)


@app.command(epilog="Example: starlift plan chinook --json")
def plan(
    warehouse: Name,
    raw: Raw = None,
    env: Env = "local",
    full: Full = False,
    conf_dir: Conf = None,
    as_json: AsJson = False,
) -> None:
    """What a run would do: files to stage, tables to build, DDL and statements. Does nothing."""
    settings = _settings(env, conf_dir)
    pipeline = _pipeline(warehouse, settings, Events(False), raw)
    plan, load = pipeline.plan(full), _plan_load(pipeline, settings)
    if as_json:
        print(json.dumps({**plan, "load": load.as_dict()}, ensure_ascii=False, indent=2))
        return
    _show_plan(plan, load)


@app.command(epilog="Example: starlift verify chinook --json")
def verify(
    warehouse: Name, env: Env = "local", conf_dir: Conf = None, as_json: AsJson = False
) -> None:
    """Prove whole tables: keys, references, histories, and equality with the lake."""
    settings, events = _settings(env, conf_dir), Events(False)
    pipeline = _pipeline(warehouse, settings, events)
    try:
        with open_warehouse(settings) as connect, live(events):
            pipeline.verify(connect)
    finally:
        proofs = pipeline.report.proofs
        if as_json:
            print(json.dumps([vars(proof) for proof in proofs], ensure_ascii=False, indent=2))
        else:
            rows = [
                (p.table, p.what, "holds" if p.holds else p.severity.upper(), p.detail)
                for p in proofs
            ]
            show_rows(("table", "proof", "result", "found"), rows, "table")


@app.command(epilog="Example: starlift status chinook --json")
def status(
    warehouse: Name,
    env: Env = "local",
    runs: Annotated[int, typer.Option(help="How many runs to show.", min=1)] = 5,
    conf_dir: Conf = None,
    as_json: AsJson = False,
) -> None:
    """The accounting of the last runs: per file and per table."""
    settings = _settings(env, conf_dir)
    lake = _pipeline(warehouse, settings, Events(False)).lake
    reports = last_reports(lake, runs)
    if as_json:
        print(json.dumps(reports, ensure_ascii=False, indent=2))
        return
    if not reports:
        out.print(f"No run yet of {warehouse} in {lake.store.root}.")
    for report in reports:
        _show_status(report)


@app.command(epilog="Example: starlift quarantine chinook --json")
def quarantine(
    warehouse: Name,
    env: Env = "local",
    limit: Annotated[int, typer.Option(help="How many rows to show.", min=1)] = 100,
    conf_dir: Conf = None,
    as_json: AsJson = False,
) -> None:
    """Refused rows: file, line, reasons, and the row as read."""
    settings = _settings(env, conf_dir)
    pipeline = _pipeline(warehouse, settings, Events(False))
    rows, total = quarantined(pipeline.lake, None if as_json else limit)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    columns = ("raw_file", "raw_line", "reasons", "row")
    shown = [(r["raw_file"], r["raw_line"], r["reasons"], r["fields"] or r["raw"]) for r in rows]
    if not total:
        out.print("No row is in quarantine.")
        return
    show_rows(columns, shown, "table")
    if total > len(rows):
        out.print(f"{total} rows in all; --limit shows more, --json all.")


@app.command(epilog='Example: starlift query "SELECT SUM(total) FROM chinook.fact_invoice"')
def query(
    sql: Annotated[str, typer.Argument(help="One SQL statement.")],
    format: Annotated[Shown, typer.Option("--format", help="How to print it.")] = Shown.table,
    env: Env = "local",
    conf_dir: Conf = None,
) -> None:
    """Ask the warehouse."""
    settings = _settings(env, conf_dir)
    with open_warehouse(settings) as connect:
        connection = connect()
        try:
            names, rows = connection.table(sql)
        except StatementFailed as error:
            if error.lost:
                raise
            raise UsageError(f"The warehouse refused the query: {error.said}") from error
        finally:
            connection.close()
    show_rows(names, rows, format.value)


@app.command(epilog="Example: starlift sample chinook --out raw --rows 100000 --seed 7 --dirty")
def sample(
    warehouse: Name,
    target: Annotated[Path, typer.Option("--out", help="An empty or new folder.")],
    rows: Annotated[int, typer.Option(help="Rows of the largest table.", min=1)] = 2240,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 0,
    dirty: Annotated[
        bool, typer.Option("--dirty", help="Inject defects; their truth is in _truth.json.")
    ] = False,
) -> None:
    """Make realistic raw files."""
    from src.sample import SAMPLES

    if warehouse not in SAMPLES:
        raise UsageError(
            "There is no sample of this warehouse",
            expected="one of " + ", ".join(SAMPLES),
            found=f"'{warehouse}'",
        )
    with err.status("writing") as line:
        written = SAMPLES[warehouse](
            target,
            rows=rows,
            seed=seed,
            dirty=dirty,
            progress=lambda count: line.update(f"writing · {count:,} rows"),
        )
    show_rows(("file", "rows"), list(written.items()), "table")


@app.command(epilog="Example: starlift new bikes --from raw/bikes")
def new(
    name: Annotated[str, typer.Argument(help="Name of the warehouse: small letters and _.")],
    raw: Annotated[Path, typer.Option("--from", help="Folder of its raw CSV and JSON files.")],
    into: Annotated[Path, typer.Option(help="The checkout to write into.")] = Path(),
) -> None:
    """Look at raw files and write a working warehouse for them, to be read and edited."""
    from src.scaffold.new import new_warehouse

    written = new_warehouse(name, raw, into.absolute())
    show_rows(("written", "what"), list(written.items()), "table")
    out.print(f"Next: starlift run {name}; then read src/transforms/{name} and make it yours.")


@app.command(epilog="Example: starlift redshift --port 5439")
def redshift(
    port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65535)] = 5439,
    env: Env = "local",
    conf_dir: Conf = None,
) -> None:
    """Keep the local stand-in for Redshift open for psql, drivers and BI tools."""
    from src.standin.server import Standin

    settings = _settings(env, conf_dir)
    standin = Standin(
        standin_home(settings),
        port=port,
        buckets=standin_buckets(settings),
        s3=standin_s3(settings),
    )
    with standin as at:
        out.print(f"The stand-in for Redshift is open on {at.host}:{at.port}. Connect with:")
        out.print(
            f"  PGPASSWORD={at.password} psql -h {at.host} -p {at.port} -U {at.user} {at.database}"
        )
        out.print("Stop it with Ctrl-C.")
        _wait()


def _wait() -> None:
    import signal
    import threading

    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()


def _plan_load(pipeline: Pipeline, settings: Settings) -> LoadPlan:
    """What a load would do; a stand-in that was never started is not started for it."""
    if not is_made(settings):
        return pipeline.plan_load(None)
    with open_warehouse(settings) as connect:
        return pipeline.plan_load(connect)


def _show_plan(plan: dict[str, Any], load: LoadPlan) -> None:
    out.print(f"Would stage {len(plan['stage'])} raw files:")
    for file in plan["stage"]:
        out.print(f"  {file['file']} ({file['bytes']:,} bytes) as {file['source']}")
    for other in plan["not_taken"]:
        out.print(f"  [dim]not taken[/] {other}")
    out.print("Would build:" if plan["build"] else "Would build nothing.")
    for table, why in plan["build"].items():
        out.print(f"  {table}: {why}")
    for note in plan["notes"]:
        out.print(f"[yellow]note[/] {note}")
    _show_load_plan(load)
    if plan["build"]:
        out.print("What is built would be loaded after that; its statements depend on its rows.")


def _show_load_plan(plan: LoadPlan) -> None:
    """What a load would do, with the SQL that it would send."""
    for refusal in plan.refused:
        out.print(f"A load would be refused: {refusal}", markup=False)
    held = f"holds entry {plan.applied}" if plan.applied else "holds nothing"
    out.print(f"The warehouse {held}, and {len(plan.entries)} built entries wait.")
    out.print("Would change tables, comments, grants:" if plan.schema else "Would change no table.")
    for statement in plan.schema:
        print(f"{statement};")
    for one in plan.entries:
        rows = ", ".join(f"{table} {count:,}" for table, count in one.rows.items())
        out.print(f"Would load entry {one.entry}, rows: {rows}")
        for statement in (*one.stage, "BEGIN", *one.publish, "COMMIT", *one.tidy):
            print(f"{statement};")


def _show_status(report: dict[str, Any]) -> None:
    out.print(f"[bold]Run {report['run']}[/] at {report['at']}: {report['failed'] or 'published'}")
    files = [
        (f["path"], f["records"], f["staged"], f["quarantined"], f["duplicates"])
        for f in report["raw_files"]
    ]
    if files:
        show_rows(("file", "read", "staged", "quarantined", "duplicates"), files, "table")
    tables = [
        (t["table"], t["before"], t["deleted"], t["inserted"], t["after"]) for t in report["loaded"]
    ]
    if tables:
        show_rows(("table", "before", "deleted", "inserted", "after"), tables, "table")
    out.print(", ".join(f"{step} {value} s" for step, value in report["seconds"].items()))


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _starlift(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Everything local lives under STARLIFT_HOME (default: .starlift)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code. A user's mistake is one sentence, never a stack trace."""
    os.environ.setdefault("PYTHONUTF8", "1")
    return _guarded(lambda: app(args=arguments, standalone_mode=False))


def _guarded(command: Callable[[], Any]) -> int:
    try:
        result = command()
    except typer.Abort:
        print("starlift: stopped.", file=sys.stderr)
        return 3
    except typer.exceptions.TyperException as error:
        # Wrong arguments: typer shows the usage and what is wrong with it.
        show = getattr(error, "show", None)
        if show:
            show()
        return 2
    except StarliftError as error:
        print(f"starlift: {error.sentence()}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("starlift: stopped; the next run continues where this one was.", file=sys.stderr)
        return 3
    except Exception as error:
        return _unexpected(error)
    return result if isinstance(result, int) else 0


def _unexpected(error: Exception) -> int:
    """An error that nobody foresaw: its trace goes to a file, a sentence to the user."""
    home = Path(os.environ.get("STARLIFT_HOME", ".starlift")).absolute()
    trace = home / "logs" / f"{new_run().id}.error.log"
    try:
        trace.parent.mkdir(parents=True, exist_ok=True)
        trace.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        where = f"its trace is in {trace}"
    except OSError:
        traceback.print_exception(error)
        where = "its trace is above"
    first = str(error).strip().splitlines()[0] if str(error).strip() else ""
    print(
        f"starlift: an error that is a defect of Starlift or of its surroundings: "
        f"{type(error).__name__}: {first[:300]}; {where}.",
        file=sys.stderr,
    )
    return 3

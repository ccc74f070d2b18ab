"""Commands over what the lake holds: log, files, restage."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

import typer

from src.cli.environment import Conf, Env
from src.cli.options import AsJson, Bad, Format, LogJson, Name, OnBadFile, Raw
from src.cli.running import pipeline_of, read_settings, reported
from src.cli.show import Events, err, out, show_lines
from src.connect import is_made, open_beside, open_warehouse
from src.errors import StarliftError, UsageError
from src.pipeline.log_view import EntryView, reached, view_entries
from src.pipeline.raw_view import RawView, view_files
from src.pipeline.report import reports
from src.pipeline.restage import Choice
from src.pipeline.run import Pipeline
from src.settings import Settings

commands = typer.Typer()


@commands.command(epilog="Example: starlift log chinook --json")
def log(
    warehouse: Name, env: Env = "local", conf_dir: Conf = None, as_json: AsJson = False
) -> None:
    """The entries of the log: what each adds and removes, and how far each step has come."""
    settings = read_settings(env, conf_dir)
    pipeline = pipeline_of(warehouse, settings, Events(False))
    entries = view_entries(pipeline.lake.log.entries())
    if as_json:
        _print_array("entries", (asdict(one) for one in entries))
    else:
        show_lines(
            ("entry", "at", "run", "part", "of", "what"),
            [line for entry in entries for line in _entry_lines(entry)],
        )
    come = reached(pipeline.state(), _loaded(pipeline, settings))
    if as_json:
        print(f', "reached": {json.dumps(asdict(come))}}}')
    else:
        out.print(come.sentence)


def _print_array(name: str, items: Iterable[object]) -> None:
    """An object of which the first member is an array, left open for more members."""
    print(f'{{"{name}": [', end="")
    between = "\n"
    for item in items:
        print(between + json.dumps(item, ensure_ascii=False), end="")
        between = ",\n"
    print("\n]", end="")


def _loaded(pipeline: Pipeline, settings: Settings) -> int | None:
    """The last entry that the warehouse has; None, and why on stderr, where it does not answer."""
    if not is_made(settings):
        return 0
    try:
        with open_warehouse(settings) as connect:
            return pipeline.loaded(connect)
    except StarliftError as error:
        err.print(f"The warehouse does not answer: {error.sentence()}", markup=False)
        return None


def _entry_lines(entry: EntryView) -> Iterator[tuple[object, ...]]:
    head: tuple[object, ...] = (entry.entry, entry.at, entry.run)
    for source, change in entry.sources.items():
        removed = f", −{change.removed:,}" if change.removed else ""
        what = (
            f"+{change.added:,}{removed} raw files, {change.rows:,} rows: "
            f"{change.staged:,} staged, {change.quarantined:,} quarantined, "
            f"{change.duplicates:,} duplicates"
        )
        yield (*head, "staged", source, what)
        head = ("", "", "")
    for table, built in entry.tables.items():
        replaced = "all rows" if built.whole else f"{built.keys:,} keys"
        what = f"{replaced} replaced by {built.rows:,} rows, {built.total:,} now"
        yield (*head, f"built through {entry.through}", table, what)
        head = ("", "", "")
    for part, facts in entry.upkeep.items():
        yield (*head, part, "", ", ".join(f"{name} {value}" for name, value in facts.items()))
        head = ("", "", "")
    if head[0]:
        yield (*head, "built" if entry.through else "nothing", "", "no row changed")


@commands.command(epilog="Example: starlift files chinook --raw exports/2025-06")
def files(
    warehouse: Name,
    raw: Raw = None,
    env: Env = "local",
    conf_dir: Conf = None,
    as_json: AsJson = False,
) -> None:
    """Every raw file version: the entry that took it in and its counts, or why it was not taken."""
    settings = read_settings(env, conf_dir)
    pipeline = pipeline_of(warehouse, settings, Events(False), raw)
    last = next((one for one in reports(pipeline.lake) if _staged(one)), {})
    found = view_files(pipeline.lake.log.entries(), pipeline.raw_files(), last)
    if as_json:
        _print_array("files", (asdict(one) for one in found))
        print("}")
        return
    rows = [_file_line(one) for one in found]
    show_lines(
        ("file", "size", "arrived", "state", "entry", "read", "staged", "refused", "dup", "why"),
        rows,
    )
    count: dict[str, int] = {}
    for row in rows:
        count[str(row[3])] = count.get(str(row[3]), 0) + 1
    out.print(", ".join(f"{n:,} {state}" for state, n in count.items()) or "No raw file.")


def _staged(report: dict[str, object]) -> bool:
    seconds = report["seconds"]
    return isinstance(seconds, dict) and "stage" in seconds


def _file_line(one: RawView) -> tuple[object, ...]:
    counts = (one.rows, one.staged, one.quarantined, one.duplicates)
    return (one.path, one.size, one.arrived, one.state, one.entry, *counts, one.why)


@commands.command(epilog="Example: starlift restage chinook --reason 'postal_code' --dry-run")
def restage(
    warehouse: Name,
    file: Annotated[
        list[str] | None,
        typer.Option("--file", help="Path, folder or pattern below the raw folder; repeatable."),
    ] = None,
    run: Annotated[str | None, typer.Option("--run", help="Files that this run staged.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="Arrived on this day or later.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Arrived on this day or earlier.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Files with such a text in their quarantine.")
    ] = None,
    raw: Raw = None,
    env: Env = "local",
    format: Format = None,
    on_bad_file: Bad = OnBadFile.fail,
    stage_only: Annotated[
        bool, typer.Option("--stage-only", help="Leave build and load to the next run.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say which files would be parsed again.")
    ] = False,
    conf_dir: Conf = None,
    log_json: LogJson = False,
) -> None:
    """Parse raw files again that the lake holds, after a fix of rules; then build and load.

    Without a choice it takes those of which the source's rules have changed.
    """
    choice = Choice(tuple(file or ()), run, _day(since), _day(until), reason)
    settings, events = read_settings(env, conf_dir, format), Events(log_json)
    pipeline = pipeline_of(warehouse, settings, events, raw)
    if dry_run:
        _show_chosen(pipeline, choice)
        return
    if stage_only:
        with reported(pipeline, settings, events):
            pipeline.restage(choice, on_bad_file.value)
        return
    with open_beside(settings) as connect, reported(pipeline, settings, events):
        pipeline.restage(choice, on_bad_file.value)
        pipeline.publish(connect)


def _day(text: str | None) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date() if text else None
    except ValueError as error:
        raise UsageError(
            "This is no day", expected="a day like 2025-06-30", found=f"'{text}'"
        ) from error


def _show_chosen(pipeline: Pipeline, choice: Choice) -> None:
    found = pipeline.to_restage(choice, pipeline.state())
    show_lines(
        ("file", "source", "staged", "quarantined", "duplicates"),
        [(one.path, one.source, one.staged, one.quarantined, one.duplicates) for one in found],
    )
    out.print(f"Would parse {len(found)} raw files again.")

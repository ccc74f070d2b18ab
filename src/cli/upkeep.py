"""Commands for the lake itself: compact, expire, clean, and read, which sees it as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

import typer
from pyspark.sql import functions as F
from pyspark.sql.types import TimestampType

from src.cli.environment import Conf, Env
from src.cli.look import Shown
from src.cli.options import AsJson, Format, LogJson, Name
from src.cli.running import pipeline_of, read_settings
from src.cli.show import Events, live, out, show_rows
from src.connect import is_made, open_warehouse
from src.errors import UsageError
from src.io.store import Stored
from src.pipeline.clean import left_behind
from src.pipeline.deletion import delete
from src.pipeline.expire import Expiry, plan_expiry
from src.pipeline.expire import expire as expire_states
from src.pipeline.run import Pipeline
from src.pipeline.star import rows_as_of
from src.settings import Settings

commands = typer.Typer()

OnlySay = Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and do not.")]


@commands.command(epilog="Example: starlift compact chinook")
def compact(
    warehouse: Name,
    env: Env = "local",
    format: Format = None,
    conf_dir: Conf = None,
    log_json: LogJson = False,
) -> None:
    """Merge many small files into few, and write every star table whole to star_current."""
    settings, events = read_settings(env, conf_dir, format), Events(log_json)
    pipeline = pipeline_of(warehouse, settings, events)
    with live(events):
        entry = pipeline.compact()
    if entry is None or entry.compacted is None:
        out.print("Nothing to merge: staged files and star_current are as compact as they get.")
        return
    part = entry.compacted
    out.print(
        f"Entry {entry.number}: {len(entry.files)} files stand for "
        f"{len(part.removed)}; 'starlift expire' deletes those once they are old enough."
    )


@commands.command(epilog="Example: starlift expire chinook --older-than 30d --dry-run")
def expire(
    warehouse: Name,
    older_than: Annotated[
        str, typer.Option("--older-than", help="Age of states to give up: 30d, 12h, 0d.")
    ],
    env: Env = "local",
    dry_run: OnlySay = False,
    conf_dir: Conf = None,
    as_json: AsJson = False,
) -> None:
    """Delete files that only states of long ago need. A state within the age can still be read."""
    age = _age(older_than)
    settings = read_settings(env, conf_dir)
    pipeline = pipeline_of(warehouse, settings, Events(False))
    expiry = _expiry(pipeline, settings, age)
    if not dry_run:
        expire_states(pipeline.lake.log, expiry, pipeline.run)
    _show_deleted(expiry.files, dry_run, as_json, {"kept_from": expiry.kept_from})
    if not as_json:
        out.print(f"States from entry {expiry.kept_from} on can be read.")


@commands.command(epilog="Example: starlift clean chinook --dry-run")
def clean(
    warehouse: Name,
    older_than: Annotated[
        str,
        typer.Option("--older-than", help="A run that wrote nothing for so long counts as dead."),
    ] = "1d",
    env: Env = "local",
    dry_run: OnlySay = False,
    conf_dir: Conf = None,
    as_json: AsJson = False,
) -> None:
    """Delete what dead runs left: files that no entry names."""
    age = _age(older_than)
    pipeline = pipeline_of(warehouse, read_settings(env, conf_dir), Events(False))
    store = pipeline.lake.store
    files = left_behind(pipeline.lake.log, age, pipeline.run.started)
    if not dry_run:
        delete(store, files)
    _show_deleted(files, dry_run, as_json, {})


@commands.command(epilog="Example: starlift read chinook dim_customer --as-of 12 --format csv")
def read(
    warehouse: Name,
    table: Annotated[str, typer.Argument(help="The star table.")],
    as_of: Annotated[
        int | None, typer.Option("--as-of", help="The entry of the log after which to read.")
    ] = None,
    format: Annotated[Shown, typer.Option("--format", help="How to print it.")] = Shown.table,
    limit: Annotated[
        int | None, typer.Option(help="How many rows; a table shows 100 unless told.", min=1)
    ] = None,
    env: Env = "local",
    conf_dir: Conf = None,
) -> None:
    """The rows of a star table in the lake, now or as they were after an entry of the log."""
    settings, events = read_settings(env, conf_dir), Events(False)
    pipeline = pipeline_of(warehouse, settings, events)
    with live(events):
        rows = rows_as_of(pipeline.warehouse, pipeline.lake, table, as_of)
        most = limit or (100 if format is Shown.table else None)
        chosen = rows.limit(most) if most else rows
        # Times as text: Python would show them in the machine's zone.
        texts = [
            F.col(one.name).cast("string") if isinstance(one.dataType, TimestampType) else one.name
            for one in rows.schema
        ]
        found = [tuple(row) for row in chosen.select(*texts).collect()]
    show_rows(rows.columns, found, format.value)


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([dhm])", text)
    if not found:
        raise UsageError(
            "This is no age", where="--older-than", expected="30d, 12h or 90m", found=f"'{text}'"
        )
    unit = {"d": "days", "h": "hours", "m": "minutes"}[found[2]]
    return timedelta(**{unit: int(found[1])})


def _expiry(pipeline: Pipeline, settings: Settings, age: timedelta) -> Expiry:
    applied = 0
    if is_made(settings):
        with open_warehouse(settings) as connect:
            applied = pipeline.loaded(connect)
    return plan_expiry(pipeline.lake.log, applied, age, pipeline.run.started)


def _show_deleted(
    files: Iterable[Stored], dry_run: bool, as_json: bool, more: dict[str, int]
) -> None:
    """What went, or would go, by the folder that it lies in."""
    by_folder: dict[str, list[int]] = {}
    paths = []
    for file in files:
        counts = by_folder.setdefault(file.path.split("/")[0], [0, 0])
        counts[0] += 1
        counts[1] += file.size
        paths.append(file.path)
    count, size = (sum(counts[i] for counts in by_folder.values()) for i in (0, 1))
    if as_json:
        data = {"deleted": not dry_run, "files": count, "bytes": size, **more, "paths": paths}
        print(json.dumps(data, ensure_ascii=False, indent=2))
        return
    what = "Would delete" if dry_run else "Deleted"
    out.print(f"{what} {count:,} files of {size:,} bytes.")
    if by_folder:
        rows = [(folder, *counts) for folder, counts in sorted(by_folder.items())]
        show_rows(("folder", "files", "bytes"), rows, "table")

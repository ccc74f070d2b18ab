"""Commands that look at what there is: status, quarantine, query."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from src.cli.environment import Conf, Env
from src.cli.options import AsJson, Name
from src.cli.running import pipeline_of, read_settings
from src.cli.show import Events, out, show_rows
from src.connect import open_warehouse
from src.errors import UsageError
from src.io.redshift import StatementFailed
from src.pipeline.quarantine import quarantined
from src.pipeline.report import last_reports

commands = typer.Typer()


class Shown(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


@commands.command(epilog="Example: starlift status chinook --json")
def status(
    warehouse: Name,
    env: Env = "local",
    runs: Annotated[int, typer.Option(help="How many runs to show.", min=1)] = 5,
    conf_dir: Conf = None,
    as_json: AsJson = False,
) -> None:
    """The accounting of the last runs: per file and per table."""
    settings = read_settings(env, conf_dir)
    lake = pipeline_of(warehouse, settings, Events(False)).lake
    reports = last_reports(lake, runs)
    if as_json:
        print(json.dumps(reports, ensure_ascii=False, indent=2))
        return
    if not reports:
        out.print(f"No run yet of {warehouse} in {lake.store.root}.")
    for report in reports:
        _show_status(report)


@commands.command(epilog="Example: starlift quarantine chinook --json")
def quarantine(
    warehouse: Name,
    env: Env = "local",
    limit: Annotated[int, typer.Option(help="How many rows to show.", min=1)] = 100,
    conf_dir: Conf = None,
    as_json: AsJson = False,
) -> None:
    """Refused rows: file, line, reasons, and the row as read."""
    settings = read_settings(env, conf_dir)
    pipeline = pipeline_of(warehouse, settings, Events(False))
    rows, total = quarantined(pipeline.lake, pipeline.state(), None if as_json else limit)
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


@commands.command(epilog='Example: starlift query "SELECT SUM(total) FROM chinook.fact_invoice"')
def query(
    sql: Annotated[str, typer.Argument(help="One SQL statement.")],
    format: Annotated[Shown, typer.Option("--format", help="How to print it.")] = Shown.table,
    env: Env = "local",
    conf_dir: Conf = None,
) -> None:
    """Ask the warehouse."""
    settings = read_settings(env, conf_dir)
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

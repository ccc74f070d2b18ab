"""What a person sees: progress while a run works, and its report at the end."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pyspark.sql import SparkSession
from rich.console import Console
from rich.table import Table as Grid

from src.pipeline.report import Report

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Events:
    """Progress of a run: a live line on a terminal, plain lines elsewhere, JSON on request."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.step = "starting"
        self._last = ""

    def __call__(self, step: str, rows: int) -> None:
        self.step = step
        if self.as_json:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            print(
                json.dumps({"at": at, "event": "step", "step": step, "rows": rows}),
                file=sys.stderr,
                flush=True,
            )
        elif not err.is_terminal and step != self._last:
            err.print(f"  {step} …")
        self._last = step


@contextmanager
def live(events: Events) -> Iterator[None]:
    """A line that moves while Spark works: step, rows read, rows a second, tasks."""
    if events.as_json or not err.is_terminal:
        yield
        return
    done = threading.Event()
    with err.status("starting") as status:

        def watch() -> None:
            before, then = 0, time.monotonic()
            while not done.wait(0.5):
                rows, tasks = _spark_progress()
                now = time.monotonic()
                rate = max(rows - before, 0) / (now - then)
                before, then = rows, now
                detail = f" · {rows:,} rows, {rate:,.0f} a second · {tasks}" if rows else ""
                status.update(f"{events.step}{detail}")

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()


def _spark_progress() -> tuple[int, str]:
    """Rows read by the stages that run now, and their tasks."""
    session = SparkSession.getActiveSession()
    if session is None:
        return 0, ""
    try:
        store = session.sparkContext._jsc.sc().statusStore()
        stages = store.activeStages()
        rows = done = total = 0
        for index in range(stages.size()):
            stage = stages.apply(index)
            rows += stage.inputRecords()
            done += stage.numCompleteTasks()
            total += stage.numTasks()
    except Exception:
        return 0, ""
    return rows, f"{done} of {total} tasks"


def show_report(report: Report, log_file: object) -> None:
    """The end of a run: what came in, what came out, and whether it adds up."""
    if report.raw_files:
        out.print(_sources(report))
    if report.changes:
        out.print(_tables(report))
    if report.restaged:
        out.print(_restaged(report))
    if report.differences:
        out.print(_differences(report))
    for note in report.notes:
        out.print(f"[yellow]note[/] {_plain(note)}")
    for refusal in report.refused:
        out.print(f"[yellow]left out[/] {_plain(refusal.sentence)}")
    for other in report.not_taken[:10]:
        out.print(f"[dim]not taken[/] {_plain(other)}")
    if len(report.not_taken) > 10:
        more = len(report.not_taken) - 10
        out.print(f"[dim]not taken[/] {more} more: starlift files {report.warehouse}")
    seconds = ", ".join(f"{step} {value:.1f} s" for step, value in report.seconds.items())
    if report.differences and not report.changed:
        out.print(f"Nothing was published: this is what a rebuild would change ({seconds}).")
        return
    if not report.changed:
        out.print(f"Nothing new: no raw file staged, no row changed ({seconds}).")
        return
    held = sum(proof.holds for proof in report.proofs)
    proofs = f"; {held} of {len(report.proofs)} proofs hold" if report.proofs else ""
    out.print(f"Run {report.run}: {seconds}{proofs}.")
    out.print(f"[dim]Spark's messages are in {log_file}[/]")


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _sources(report: Report) -> Grid:
    grid = Grid(title="Staged", title_justify="left")
    for name in ("source", "files", "read", "staged", "quarantined", "duplicates"):
        grid.add_column(name, justify="left" if name == "source" else "right")
    by_source: dict[str, list[int]] = {}
    for raw in report.raw_files:
        row = by_source.setdefault(raw.source, [0] * 5)
        found = (1, raw.records, raw.staged, raw.quarantined, raw.duplicates)
        by_source[raw.source] = [a + b for a, b in zip(row, found, strict=True)]
    for source, counts in by_source.items():
        grid.add_row(source, *[f"{count:,}" for count in counts])
    totals = [sum(counts[i] for counts in by_source.values()) for i in range(5)]
    grid.add_section()
    grid.add_row("all", *[f"{count:,}" for count in totals])
    return grid


def _restaged(report: Report) -> Grid:
    """Where the rows of raw files that were parsed again stood before, and stand now."""
    grid = Grid(title="Parsed again", title_justify="left")
    fates = ("staged", "quarantined", "duplicates")
    for name in ("source", "files", *fates):
        grid.add_column(name, justify="left" if name == "source" else "right")
    for source in dict.fromkeys(one.source for one in report.restaged):
        files = [one for one in report.restaged if one.source == source]
        moved = [
            f"{sum(one.before[fate] for one in files):,} → "
            f"{sum(one.after[fate] for one in files):,}"
            for fate in fates
        ]
        grid.add_row(source, f"{len(files):,}", *moved)
    return grid


def _differences(report: Report) -> Grid:
    """What tables that were built as a whole change of the rows before."""
    grid = Grid(title="Rows against those before", title_justify="left")
    for name in ("table", "added", "removed", "changed", "in columns"):
        grid.add_column(name, justify="left" if name in ("table", "in columns") else "right")
    for one in report.differences:
        columns = ", ".join(f"{name} {count:,}" for name, count in one.columns.items())
        grid.add_row(one.table, f"{one.added:,}", f"{one.removed:,}", f"{one.changed:,}", columns)
    totals = [sum(getattr(one, n) for one in report.differences) for n in ("added", "removed")]
    changed = sum(one.changed for one in report.differences)
    grid.add_section()
    grid.add_row("all", f"{totals[0]:,}", f"{totals[1]:,}", f"{changed:,}", "")
    return grid


def _tables(report: Report) -> Grid:
    grid = Grid(title="Star", title_justify="left")
    for name in ("table", "replaced", "rows now", "sums"):
        grid.add_column(name, justify="right" if name == "rows now" else "left")
    for change in report.changes:
        replaced = "whole table" if change.whole else f"{change.key_count:,} keys"
        sums = ", ".join(f"{name} {Decimal(value):,}" for name, value in change.sums.items())
        grid.add_row(change.table, replaced, f"{change.total:,}", sums)
    return grid


def show_lines(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Many rows as aligned plain text: a drawn table of 100,000 rows takes minutes."""
    texts = [["" if value is None else str(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *texts, strict=True)]
    # What may be long stands last, and is not padded.
    widths[-1] = 0
    for line in [list(names), *texts]:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def show_rows(names: Sequence[str], rows: Sequence[Sequence[Any]], style: str) -> None:
    """The result of a query as a table, CSV or JSON."""
    if style == "json":
        data = [dict(zip(names, row, strict=True)) for row in rows]
        print(json.dumps(data, ensure_ascii=False, default=_json, indent=2))
    elif style == "csv":
        import csv

        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows(rows)
    else:
        grid = Grid()
        for index, name in enumerate(names):
            number = bool(rows) and isinstance(rows[0][index], int | float | Decimal)
            grid.add_column(name, justify="right" if number else "left")
        for row in rows:
            grid.add_row(*["" if value is None else _plain(str(value)) for value in row])
        out.print(grid)
        out.print(f"{len(rows)} row{'' if len(rows) == 1 else 's'}")


def _json(value: Any) -> Any:
    """Exact decimals stay exact: as text. Times as ISO text."""
    return str(value)

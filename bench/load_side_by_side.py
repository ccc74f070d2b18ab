"""One load of a million rows by Starlift, awswrangler and dlt, on the same stand-in for Redshift.

    python bench/load_side_by_side.py [--rows 1000000] [--kill-rows 100000] [--seeds 5]
                                      [--only TEXT] [--folder DIR]

COPY's files lie on moto's S3 server. A table holds a base of a tenth as many rows; the load brings
a set that replaces a tenth of the base's keys, or new keys only where a mode can but append. Each
tool runs in a process of its own, unmodified, and is given what its documentation asks for.

Printed per mode: rows a second; what a reader saw meanwhile; whether a right granted before was
still there afterwards; the types made; then, from loads that were killed (SIGKILL) at a moment
drawn between their begin and their end, what the table held right after, and after the same load
was run again. The clients live in .venv-side-by-side, made from bench/side_by_side/requirements.txt
at the first run. docs/benchmarks.md has the figures.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.side_by_side.ground import (  # noqa: E402
    MODES,
    Content,
    Ground,
    Mode,
    anew,
    begin,
    let_go,
    make_clients,
    open_ground,
)  # fmt: skip

NOT_RUN = "| Spark-Redshift connector | not run: its jar is in none of the registries |" + " |" * 6


class Reader:
    """Looks again and again whether the table is there and has rows."""

    def __init__(self, ground: Ground, mode: Mode) -> None:
        self.seen: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(ground, mode))
        self._thread.start()

    def _look(self, ground: Ground, mode: Mode) -> None:
        with ground.asking() as cursor:
            while not self._stop.wait(0.02):
                try:
                    cursor.execute(
                        f'SELECT COUNT(*) FROM (SELECT 1 FROM "{mode.schema}"."sales" LIMIT 1) t'
                    )
                    self.seen.add("rows" if cursor.fetchone()[0] else "an empty table")
                except psycopg2.errors.UndefinedTable:
                    self.seen.add("no table")

    def stop(self) -> str:
        self._stop.set()
        self._thread.join()
        return ", ".join(sorted(self.seen - {"rows"})) or "rows"


@dataclass
class Line:
    """What is printed of a mode."""

    mode: Mode
    seconds: float = 0.0
    rows: int = 0
    seen: str = ""
    granted: bool = False
    types: str = ""
    after_kill: Counter[str] = field(default_factory=Counter)
    after_retry: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        def listed(found: Counter[str]) -> str:
            return ", ".join(f"{count} {what}" for what, count in found.most_common())

        return (
            f"| {self.mode.title} | {self.rows / self.seconds:,.0f} | {self.seen} "
            f"| {'kept' if self.granted else 'lost'} | {self.types} "
            f"| {listed(self.after_kill)} | {listed(self.after_retry)} |"
        )


def timed(ground: Ground, line: Line) -> None:
    """One load that nothing disturbs: its speed, what readers see, rights and types."""
    mode = line.mode
    anew(ground, mode)
    reader = Reader(ground, mode)
    line.seconds = begin(ground, mode, mode.given).ended()
    line.seen = reader.stop()
    line.rows = ground.data[mode.given].num_rows
    if (held := ground.content(mode)) != ground.expected(mode):
        raise RuntimeError(f"{mode.title}: {held} and not {ground.expected(mode)}")
    with ground.asking() as cursor:
        cursor.execute(
            f"SELECT has_table_privilege('bench_reader', '{mode.schema}.sales', 'SELECT')"
        )
        line.granted = cursor.fetchone()[0]
        cursor.execute(
            "SELECT column_name, data_type, character_maximum_length FROM "
            f"information_schema.columns WHERE table_schema = '{mode.schema}' "
            "AND table_name = 'sales' AND column_name IN ('channel', 'sold_at') ORDER BY 1"
        )
        line.types = ", ".join(
            f"{name} {_short(kind, length)}" for name, kind, length in cursor.fetchall()
        )


def _short(kind: str, length: int | None) -> str:
    kind = kind.replace("character varying", "varchar").replace(" without time zone", "")
    return kind.replace(" with time zone", "tz") + (f"({length})" if length else "")


def killed(ground: Ground, line: Line, seconds: float, seed: int) -> None:
    """One load that is killed at a moment drawn by the seed, and the same again."""
    mode = line.mode
    before, after = Content.of(ground.data["base"]), ground.expected(mode)

    def said(held: Content | None) -> str:
        if held is None:
            return "no table"
        if held == before:
            return "as before"
        if held == after:
            return "right"
        if not held.rows:
            return "empty"
        if held.keys < held.rows:
            return f"{held.rows - held.keys:,} rows doubled"
        return f"{held.rows:,} rows"

    anew(ground, mode)
    moment = random.Random(f"{mode.title} {seed}").uniform(0, seconds)
    begin(ground, mode, mode.given).killed_after(moment)
    let_go(ground)
    line.after_kill[said(ground.content(mode))] += 1
    try:
        begin(ground, mode, mode.given).ended()
        line.after_retry[said(ground.content(mode))] += 1
    except RuntimeError as error:
        print(f"{mode.title}, seed {seed}: {error}", file=sys.stderr)
        line.after_retry[f"{said(ground.content(mode))} and an error"] += 1


def main() -> None:
    """Measure every mode and print the table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the timed loads")
    parser.add_argument("--kill-rows", type=int, default=100_000, help="rows of the killed ones")
    parser.add_argument("--seeds", type=int, default=5, help="how many loads of a mode to kill")
    parser.add_argument("--only", default="", help="modes whose title has this text")
    parser.add_argument("--folder", type=Path, help="a new folder; default: a temporary one")
    options = parser.parse_args()
    make_clients()
    os.environ.update(
        AWS_ACCESS_KEY_ID="testing",
        AWS_SECRET_ACCESS_KEY="testing",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_EC2_METADATA_DISABLED="true",
    )
    folder = options.folder or Path(tempfile.mkdtemp(prefix="starlift-side-by-side-"))
    lines = [Line(mode) for mode in MODES if options.only in mode.title]
    try:
        with open_ground(folder / "timed", options.rows) as ground:
            for line in lines:
                print(f"{line.mode.title} …", file=sys.stderr, flush=True)
                timed(ground, line)
                print(line, file=sys.stderr, flush=True)
        with open_ground(folder / "killed", options.kill_rows) as ground:
            for line in lines:
                anew(ground, line.mode)
                seconds = begin(ground, line.mode, line.mode.given).ended()
                for seed in range(1, options.seeds + 1):
                    print(f"{line.mode.title}, kill {seed} …", file=sys.stderr, flush=True)
                    killed(ground, line, seconds, seed)
    finally:
        if not options.folder:
            shutil.rmtree(folder, ignore_errors=True)
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1024 / 1024
    print(
        f"{options.rows:,} rows timed, {options.seeds} loads of {options.kill_rows:,} rows killed; "
        f"{os.cpu_count()} cores, {memory:.0f} GB of memory, "
        f"Python {platform.python_version()}.\n"
    )
    print(
        "| tool, mode | rows a second | a reader meanwhile saw | the reader's right | types made "
        "| after a kill | after the retry |"
    )
    print("|---|---:|---|---|---|---|---|")
    for line in lines:
        print(line)
    print(NOT_RUN)


if __name__ == "__main__":
    main()

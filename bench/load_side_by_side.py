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
import contextlib
import logging
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.side_by_side import sales  # noqa: E402
from src.settings import S3Settings  # noqa: E402
from src.standin.server import Endpoint, Standin  # noqa: E402

CLIENTS = ROOT / ".venv-side-by-side"
REQUIREMENTS = ROOT / "bench/side_by_side/requirements.txt"
NOT_RUN = "| Spark-Redshift connector | not run: its jar is in none of the registries |" + " |" * 6


@dataclass(frozen=True)
class Mode:
    """One way to load: whose program, its word for it, the table, and what it should leave."""

    tool: str
    mode: str
    schema: str
    leaves: str
    """``replaced``: base and next set by key; ``appended``: base and more; ``whole``: next set."""
    starts_from: str = "files"

    @property
    def given(self) -> str:
        return "more" if self.leaves == "appended" else "next"

    @property
    def title(self) -> str:
        return f"{self.tool}, {self.mode}"


MODES = (
    Mode("starlift", "keys", "starlift", "replaced"),
    Mode("starlift", "whole", "starlift", "whole"),
    Mode("awswrangler", "copy_from_files", "wrangler", "appended"),
    Mode("awswrangler", "copy append", "wrangler", "appended", "memory"),
    Mode("awswrangler", "copy upsert", "wrangler", "replaced", "memory"),
    Mode("awswrangler", "copy overwrite", "wrangler", "whole", "memory"),
    Mode("awswrangler", "copy overwrite truncate", "wrangler", "whole", "memory"),
    Mode("awswrangler", "copy overwrite delete", "wrangler", "whole", "memory"),
    Mode("dlt", "append", "dlt_append", "appended", "memory"),
    Mode("dlt", "merge", "dlt_merge", "replaced", "memory"),
    Mode("dlt", "replace", "dlt_replace", "whole", "memory"),
)


@dataclass(frozen=True)
class Content:
    """What tells one state of the table from another: rows, distinct keys, and the amounts."""

    rows: int
    keys: int
    amount: Decimal

    @staticmethod
    def of(*parts: pa.Table) -> Content:
        one = pa.concat_tables(parts)
        amount = pc.sum(one["amount"].cast(pa.decimal128(38, 2))).as_py()
        return Content(one.num_rows, pc.count_distinct(one["sale_key"]).as_py(), amount)


@dataclass
class Ground:
    """Servers, data and working folders of one size of data."""

    folder: Path
    endpoint: Endpoint
    s3_url: str
    data: dict[str, pa.Table]

    def environment(self) -> dict[str, str]:
        at = self.endpoint
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "S3_URL": self.s3_url,
            "S3_BUCKET": sales.BUCKET,
            "DATA": str(self.folder),
            "DLT_HOME": str(self.folder / "dlt"),
            "REDSHIFT_HOST": at.host,
            "REDSHIFT_PORT": str(at.port),
            "REDSHIFT_DATABASE": at.database,
            "REDSHIFT_USER": at.user,
            "REDSHIFT_PASSWORD": at.password,
            # It would report its use over the network.
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }

    def expected(self, mode: Mode) -> Content:
        base, given = self.data["base"], self.data[mode.given]
        if mode.leaves == "whole":
            return Content.of(given)
        if mode.leaves == "appended":
            return Content.of(base, given)
        kept = base.filter(pc.less(base["sale_key"], pc.min(given["sale_key"])))
        return Content.of(kept, given)

    @contextlib.contextmanager
    def asking(self) -> Iterator[Any]:
        at = self.endpoint
        connection = psycopg2.connect(
            host=at.host, port=at.port, dbname=at.database, user=at.user, password=at.password
        )
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def content(self, mode: Mode) -> Content | None:
        """What the table holds; None where there is none."""
        with self.asking() as cursor:
            try:
                cursor.execute(
                    "SELECT COUNT(*), COUNT(DISTINCT sale_key), COALESCE(SUM(amount), 0) "
                    f'FROM "{mode.schema}"."sales"'
                )
                return Content(*cursor.fetchone())
            except psycopg2.errors.UndefinedTable:
                return None


@dataclass
class Work:
    """A load at work in a process of its own."""

    process: subprocess.Popen[str]
    begun: float

    def killed_after(self, seconds: float) -> None:
        """SIGKILL it, unless it has ended before."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.process.kill()
        self.process.wait()

    def ended(self) -> float:
        """Wait for its end; the seconds since its begin."""
        said, errors = self.process.communicate()
        seconds = time.monotonic() - self.begun
        if self.process.returncode or "done" not in said:
            raise RuntimeError(f"{said}\n{errors[-3000:]}")
        return seconds


def begin(ground: Ground, mode: Mode, which: str) -> Work:
    """Start a load and wait until it has its data at hand."""
    if mode.tool == "starlift":
        command = [sys.executable, "-m", "bench.side_by_side.by_starlift"]
    else:
        program = ROOT / f"bench/side_by_side/by_{mode.tool}.py"
        command = [str(CLIENTS / "bin/python"), str(program)]
    process = subprocess.Popen(
        [*command, mode.mode, which],
        cwd=ROOT,
        env=ground.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    while (line := process.stdout.readline()) and line != "begin\n":
        pass
    if not line:
        raise RuntimeError(process.communicate()[1][-3000:])
    return Work(process, time.monotonic())


def anew(ground: Ground, mode: Mode) -> None:
    """A table that holds the base, made by the same tool, and a reader's right on it."""
    with ground.asking() as cursor:
        for schema in (mode.schema, f"{mode.schema}_back", f"{mode.schema}_staging"):
            cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        if mode.tool == "awswrangler":
            cursor.execute(f'CREATE SCHEMA "{mode.schema}"')
    shutil.rmtree(ground.folder / "dlt", ignore_errors=True)
    first = begin(ground, Mode(mode.tool, _makes(mode), mode.schema, ""), "base")
    first.ended()
    if (held := ground.content(mode)) != Content.of(ground.data["base"]):
        raise RuntimeError(f"{mode.title}: the base was not loaded: {held}")
    with ground.asking() as cursor:
        cursor.execute(f'GRANT SELECT ON "{mode.schema}"."sales" TO bench_reader')


def _makes(mode: Mode) -> str:
    """The mode that makes the table: the same, unless that one only adds to what is there."""
    return "copy append" if mode.tool == "awswrangler" else mode.mode


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
    _let_go(ground)
    line.after_kill[said(ground.content(mode))] += 1
    try:
        begin(ground, mode, mode.given).ended()
        line.after_retry[said(ground.content(mode))] += 1
    except RuntimeError as error:
        print(f"{mode.title}, seed {seed}: {error}", file=sys.stderr)
        line.after_retry[f"{said(ground.content(mode))} and an error"] += 1


def _let_go(ground: Ground) -> None:
    """Wait until the server has rolled back what the killed process had open."""
    with ground.asking() as cursor:
        for _ in range(600):
            cursor.execute(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
                "AND datname = current_database() AND pid <> pg_backend_pid() "
                "AND application_name <> 'standin' AND state <> 'idle'"
            )
            if not cursor.fetchone()[0]:
                return
            time.sleep(0.1)
    raise RuntimeError("a session of a killed load does not end")


@contextlib.contextmanager
def open_ground(folder: Path, size: int) -> Iterator[Ground]:
    """A stand-in and an S3 server of their own, with the data of one size."""
    folder.mkdir(parents=True)
    data = sales.sets(size // 10, size)
    sales.write_local(folder, data)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    # moto's servers of one process share their objects.
    urllib.request.urlopen(f"{url}/moto-api/reset", data=b"").close()
    try:
        settings = S3Settings(url, "us-east-1", path_style=True)
        boto3.client("s3", endpoint_url=url, region_name="us-east-1").create_bucket(
            Bucket=sales.BUCKET
        )
        for mode in ("keys", "whole"):
            sales.write_lake(settings, mode, data["base"], data["next"])
        s3 = {"endpoint_url": url, "region": "us-east-1", "path_style": True}
        with Standin(folder / "redshift", s3=s3) as endpoint:
            ground = Ground(folder, endpoint, url, data)
            with ground.asking() as cursor:
                cursor.execute("CREATE USER bench_reader PASSWORD 'Reader12345'")
            yield ground
    finally:
        server.stop()


def make_clients() -> None:
    """The clients' own environment, made anew when their requirements have changed."""
    mark, wanted = CLIENTS / ".requirements", REQUIREMENTS.read_text(encoding="utf-8")
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return
    print("installing the clients …", file=sys.stderr, flush=True)
    shutil.rmtree(CLIENTS, ignore_errors=True)
    pip = [str(CLIENTS / "bin/python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([sys.executable, "-m", "venv", str(CLIENTS)], check=True)
    subprocess.run([*pip, "-r", str(REQUIREMENTS)], check=True)
    mark.write_text(wanted, encoding="utf-8")


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

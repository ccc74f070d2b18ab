"""Where the loads run: a stand-in and an S3 server, the modes, and what a table should hold.

A load is a process of its own, in the clients' environment, and begins when it has its data at
hand.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
from moto.server import ThreadedMotoServer

from bench.side_by_side import sales
from src.settings import S3Settings
from src.standin.server import Endpoint, Standin

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = ROOT / ".venv-side-by-side"
REQUIREMENTS = ROOT / "bench/side_by_side/requirements.txt"


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


def let_go(ground: Ground) -> None:
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

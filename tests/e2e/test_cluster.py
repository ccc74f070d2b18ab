"""spark-submit and the zip on a real Spark cluster: a master, two workers, a bare interpreter."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pyspark
import pytest

from src.java import find_java
from src.standin.server import Standin
from tests.e2e.test_increments import first, second

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
SPARK = Path(pyspark.__file__).parent


@contextmanager
def daemon(log: Path, *arguments: str) -> Iterator[Path]:
    """A Spark daemon in the foreground of a process of its own; ended by id."""
    environment = {**os.environ, "JAVA_HOME": find_java(), "SPARK_HOME": str(SPARK)}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(SPARK / "bin/spark-class"), *arguments],
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield log
    finally:
        process.terminate()
        process.wait(30)


def wait_for(log: Path, pattern: str) -> str:
    """What a daemon's log says, once it says it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := re.search(pattern, log.read_text(errors="replace")):
            return found[found.lastindex or 0]
        time.sleep(0.2)
    raise AssertionError(f"{pattern!r} not in the log: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    work = tmp_path_factory.mktemp("cluster")
    host = ("--host", "127.0.0.1", "--webui-port", "0")
    with daemon(
        work / "master.log", "org.apache.spark.deploy.master.Master", *host, "--port", "0"
    ) as log:
        # With port 0 the master names its real port only in this line.
        url = wait_for(log, r"Starting Spark master at (spark://\S+)")
        port = wait_for(log, r"Successfully started service 'sparkMaster' on port (\d+)")
        url = f"spark://127.0.0.1:{port}"
        worker = ("org.apache.spark.deploy.worker.Worker", *host, "--cores", "1", "--memory", "1g")
        with (
            daemon(work / "one.log", *worker, "-d", str(work / "one"), url) as one,
            daemon(work / "two.log", *worker, "-d", str(work / "two"), url) as two,
        ):
            for each in (one, two):
                wait_for(each, "Successfully registered with master")
            yield url


@pytest.fixture(scope="module")
def submitted(master: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Two runs of the main job, the second over new files, as spark-submit starts them."""
    home = tmp_path_factory.mktemp("cluster-home")
    raw = home / "raw"
    bare = home / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    starlift_zip = home / "starlift.zip"
    subprocess.run(
        [sys.executable, ROOT / "scripts/build_zip.py", "--out", starlift_zip], check=True
    )
    # Rows are few: what runs once need not be optimised.
    java = "-Duser.timezone=UTC -XX:TieredStopAtLevel=1"
    command = [
        str(SPARK / "bin/spark-submit"),
        *("--master", master, "--py-files", str(starlift_zip)),
        *("--executor-memory", "700m", "--conf", "spark.driver.host=127.0.0.1"),
        *("--conf", f"spark.driver.extraJavaOptions={java}"),
        *("--conf", f"spark.executor.extraJavaOptions={java}"),
        str(ROOT / "jobs/run_pipeline.py"),
        # What Glue adds without being asked stands between the options.
        *("--JOB_NAME", "nightly", "--warehouse", "chinook", "--TempDir", "s3://b/tmp"),
        *("--raw", str(raw), "--JOB_ID", "j_1", "--enable-metrics", "true"),
    ]
    environment = {
        **os.environ,
        "JAVA_HOME": find_java(),
        "SPARK_HOME": str(SPARK),
        "STARLIFT_HOME": str(home),
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYSPARK_PYTHON": str(bare / "bin/python"),
    }
    with Standin(home / "redshift", buckets={"starlift-local": home / "lake"}) as at:
        outputs = []
        for deliver in (first, second):
            deliver(raw)
            done = subprocess.run(
                command,
                env=environment,
                cwd=home,
                capture_output=True,
                text=True,
                timeout=400,
                check=False,
            )
            assert done.returncode == 0, done.stderr[-3000:]
            outputs.append(done.stdout)
        connection = psycopg2.connect(
            host=at.host, port=at.port, dbname=at.database, user=at.user, password=at.password
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT SUM(total) FROM chinook.fact_invoice), "
                "(SELECT SUM(revenue) FROM chinook.fact_invoice_line), "
                "(SELECT COUNT(*) FROM chinook.dim_customer)"
            )
            facts = cursor.fetchone()
        connection.close()
    # pytest keeps a link beside each of its folders, so every log is found twice.
    files = {file.resolve() for file in home.parent.glob("cluster*/*.log")}
    logs = [file.read_text(errors="replace") for file in files]
    return {"outputs": outputs, "facts": [str(fact) for fact in facts or ()], "logs": logs}


def test_the_jobs_run_on_two_workers_from_the_zip(submitted: dict[str, Any]) -> None:
    # 1.98 + 1.98 + 1.98 + 0.99 by header; three lines of 0.99, one of them moved, then 4.
    assert submitted["facts"] == ["6.93", "6.93", "7"]
    assert "whole table" in submitted["outputs"][0]
    assert "keys" in submitted["outputs"][1]


def test_both_workers_took_part(submitted: dict[str, Any]) -> None:
    launched = [log for log in submitted["logs"] if "Asked to launch executor" in log]
    assert len(launched) == 2

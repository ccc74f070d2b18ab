"""``starlift redshift``: the stand-in kept open from the command line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def opened(home: Path, *options: str) -> Iterator[tuple[int, str]]:
    """The command while it serves: its port, and the password it tells; ended by Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-m", "src.cli", "redshift", "--port", "0", *options],
        cwd=ROOT, env=os.environ | {"STARLIFT_HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = "".join(process.stdout.readline() for _ in range(3))
    try:
        found = re.search(r"PGPASSWORD=(\S+) psql -h 127.0.0.1 -p (\d+) -U awsuser dev", said)
        assert found is not None, said
        yield int(found[2]), found[1]
    finally:
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "")


def rows(port: int, user: str, password: str, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(
        host="127.0.0.1", port=port, dbname="dev", user=user, password=password
    )
    connection.autocommit = True
    with connection, connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[tuple[object, ...]] = cursor.fetchall() if cursor.description else []
    connection.close()
    return found


@pytest.mark.long
def test_users_by_iam_where_they_are_let_in(tmp_path: Path) -> None:
    with opened(tmp_path, "--iam") as (port, password):
        rows(port, "awsuser", password, "CREATE TABLE kept (a int)")
        # What GetClusterCredentials gives out: a name with a prefix, any password.
        assert rows(port, "IAM:awsuser", "given", "SELECT current_user") == [("awsuser",)]
        assert rows(port, "IAMA:newcomer", "given", "SELECT current_user") == [("newcomer",)]
    with opened(tmp_path) as (port, password):
        assert rows(port, "awsuser", password, "SELECT count(*) FROM kept") == [(0,)]
        with pytest.raises(psycopg2.OperationalError, match="start the stand-in with --iam"):
            rows(port, "IAM:awsuser", "given", "SELECT 1")
    with (
        opened(tmp_path, "--ephemeral") as (port, password),
        pytest.raises(psycopg2.errors.UndefinedTable),
    ):
        rows(port, "awsuser", password, "SELECT count(*) FROM kept")
    assert (tmp_path / "redshift" / "pgdata").exists()


def test_it_waits_for_no_spark() -> None:
    done = subprocess.run(
        [sys.executable, "-c",
         "import sys, src.cli.main as m; m.main(['redshift', '--help']); import src.standin.server;"
         "print(sorted({'pyspark', 'pyarrow', 'numpy', 'boto3'} & set(sys.modules)))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "--iam" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"

"""Many clients at once, and a kill in the midst of them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg2
import pyarrow as pa
import pytest

from src.standin.server import Endpoint, Standin
from tests.standin.helpers import Db, Files, connect_to, copy

CLIENTS = 50


@pytest.mark.long
def test_fifty_connections_at_once(
    connect: Callable[..., psycopg2.extensions.connection], db: Db, files: Files, schema: str
) -> None:
    """Each loads, reads and changes rows of its own; none waits for ever, none is lost."""
    db.run("CREATE TABLE t (client int, n int, note varchar(20))")
    table = pa.table(
        {"client": pa.array([0] * 1000, pa.int32()), "n": pa.array(range(1000), pa.int32()),
         "note": pa.array(["x"] * 1000, pa.string())}
    )  # fmt: skip
    files.parquet("part.parquet", table)
    opened = [Db(connect(autocommit=True)) for _ in range(CLIENTS)]
    together = threading.Barrier(CLIENTS)

    def work(client: int) -> int:
        mine = opened[client]
        mine.run(f"SET search_path TO {schema}")
        together.wait(60)
        for turn in range(5):
            mine.run("INSERT INTO t VALUES (%s, %s, NVL(NULL, 'y'))", (client + 1, turn))
            assert mine.one("SELECT COUNT(*) FROM t WHERE client = %s", (client + 1,)) == turn + 1
        mine.run(f"CREATE TEMP TABLE staged_{client} (LIKE t)")
        mine.run(copy(f"staged_{client}", f"{files.url}/part", "PARQUET", ""))
        mine.run(f"BEGIN; UPDATE staged_{client} SET client = {client + 1}; COMMIT")
        mine.run(f"INSERT INTO t SELECT * FROM staged_{client} WHERE n >= 5")
        with pytest.raises(psycopg2.Error, match="division"):
            mine.run("SELECT 1 / 0")
        counted: int = mine.one("SELECT COUNT(*) FROM t WHERE client = %s", (client + 1,))
        return counted

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert list(pool.map(work, range(CLIENTS))) == [1000] * CLIENTS
    assert db.rows("SELECT COUNT(*), COUNT(DISTINCT client), SUM(n) FROM t") == [
        (CLIENTS * 1000, CLIENTS, CLIENTS * 499500)
    ]


@pytest.mark.long
def test_what_was_committed_outlives_a_kill_under_load(tmp_path: Path) -> None:
    """Clients commit numbers until the endpoint and PostgreSQL are killed; all are there again."""
    standin = Standin(tmp_path)
    endpoint = standin.start()
    setup = connect_to(endpoint)
    setup.autocommit = True
    Db(setup).run("CREATE TABLE t (client int, n int)")
    setup.close()
    committed = [0] * 10
    threads = [
        threading.Thread(target=_commit_on, args=(endpoint, client, committed))
        for client in range(len(committed))
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while min(committed) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    server = int((tmp_path / "pgdata" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(endpoint.pid, signal.SIGKILL)
    os.kill(server, signal.SIGKILL)
    for thread in threads:
        thread.join(60)
    standin.stop()
    assert min(committed) >= 5
    with Standin(tmp_path) as again:
        connection = connect_to(again)
        found = dict(Db(connection).rows("SELECT client, MAX(n) FROM t GROUP BY client"))
        counts = dict(Db(connection).rows("SELECT client, COUNT(*) FROM t GROUP BY client"))
        connection.close()
    for client, last in enumerate(committed):
        # The one that was on its way may have been committed without the client knowing.
        assert found[client] in (last, last + 1)
        assert counts[client] == found[client]


def _commit_on(endpoint: Endpoint, client: int, committed: list[int]) -> None:
    with suppress(psycopg2.Error):
        connection = connect_to(endpoint)
        with connection.cursor() as cursor:
            while True:
                cursor.execute("INSERT INTO t VALUES (%s, %s)", (client, committed[client] + 1))
                connection.commit()
                committed[client] += 1

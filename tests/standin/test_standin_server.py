"""Start, stop, kill: the stand-in as a process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2
import pyarrow as pa
import pytest

from src.errors import StarliftError, UsageError
from src.standin.postgres import Postgres
from src.standin.server import Endpoint, Standin, connect_or_start, running
from tests.standin.helpers import Db, Files, connect_to, copy

ROOT = Path(__file__).resolve().parents[2]


def db_of(endpoint: Endpoint) -> Db:
    connection = connect_to(endpoint)
    connection.autocommit = True
    return Db(connection)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def postmaster(home: Path) -> int:
    return int((home / "pgdata" / "postmaster.pid").read_text().splitlines()[0])


def test_data_and_password_outlive_a_stop(tmp_path: Path) -> None:
    standin = Standin(tmp_path)
    first = standin.start()
    server = postmaster(tmp_path)
    assert standin.start() == first
    db_of(first).run("CREATE TABLE t (a varchar(5)) DISTSTYLE ALL; INSERT INTO t VALUES ('x')")
    standin.stop()
    standin.stop()
    assert not alive(first.pid) and not alive(server)
    assert running(tmp_path) is None
    assert not (tmp_path / "endpoint.json").exists()
    with Standin(tmp_path) as second:
        assert second.password == first.password
        assert db_of(second).rows("SELECT a FROM t") == [("x",)]
        assert db_of(second).one("SELECT diststyle FROM svv_table_info") == "ALL"
        assert "***" in repr(second) and second.password not in repr(second)


def test_only_loopback_and_a_private_socket(endpoint: Endpoint, home: Path) -> None:
    lines = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=False).stdout
    if lines:
        bound = [line.split()[3] for line in lines.splitlines()]
        assert [item for item in bound if item.endswith(f":{endpoint.port}")] == [
            f"127.0.0.1:{endpoint.port}"
        ]
    folder = Path((home / "pgdata" / "postmaster.pid").read_text().splitlines()[4])
    assert folder.stat().st_mode & 0o077 == 0
    assert len(str(folder / ".s.PGSQL.5432")) < 107


def test_a_home_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    older = Postgres(tmp_path, admin_password="a", user_password="b")
    older.start()
    with closing(older.admin()) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a int, at timestamp)")
        cursor.execute("INSERT INTO t VALUES (1, '2021-01-31')")
        cursor.execute("CREATE VIEW mine AS SELECT a FROM t WHERE getdate() > at")
        # A view and a function of another shape, under a version that is not today's.
        cursor.execute("SET allow_system_table_mods = on")
        cursor.execute("DROP VIEW pg_catalog.svv_tables CASCADE")
        cursor.execute("CREATE VIEW pg_catalog.svv_tables AS SELECT 1 AS table_name")
        cursor.execute("DROP FUNCTION pg_catalog.format_encoding(int) CASCADE")
        cursor.execute(
            "CREATE FUNCTION pg_catalog.format_encoding(code int) RETURNS int "
            "LANGUAGE sql AS 'SELECT 1'"
        )
        cursor.execute("UPDATE standin.catalog_version SET version = 0")
    older.stop()
    newer = Postgres(tmp_path, admin_password="a", user_password="b")
    newer.start()
    try:
        with closing(newer.admin()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT a FROM mine")
            assert cursor.fetchall() == [(1,)]
            cursor.execute("SELECT table_type FROM svv_tables WHERE table_name = 't'")
            assert cursor.fetchall() == [("BASE TABLE",)]
            cursor.execute("SELECT format_encoding(1)")
            assert cursor.fetchall() == [("none",)]
    finally:
        newer.stop()


def test_killed_endpoint_is_recovered(tmp_path: Path) -> None:
    standin = Standin(tmp_path)
    endpoint = standin.start()
    db = db_of(endpoint)
    db.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    db.run("BEGIN; INSERT INTO t VALUES (2)")
    server = postmaster(tmp_path)
    os.kill(endpoint.pid, signal.SIGKILL)
    wait_until(lambda: not alive(endpoint.pid))
    # PostgreSQL is left behind, and the state file lies.
    assert alive(server) and (tmp_path / "endpoint.json").exists()
    # The port closes with the last thread of the killed process, a moment after its first.
    wait_until(lambda: running(tmp_path) is None)
    standin.stop()
    with connect_or_start(tmp_path) as again:
        assert not alive(server)
        assert db_of(again).rows("SELECT a FROM t") == [(1,)]


def test_everything_killed_is_recovered(tmp_path: Path) -> None:
    standin = Standin(tmp_path)
    endpoint = standin.start()
    db = db_of(endpoint)
    db.run("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 1000)")
    server = postmaster(tmp_path)
    os.kill(endpoint.pid, signal.SIGKILL)
    os.kill(server, signal.SIGKILL)
    wait_until(lambda: not alive(server))
    standin.stop()
    assert (tmp_path / "pgdata" / "postmaster.pid").exists()
    with Standin(tmp_path) as again:
        assert db_of(again).one("SELECT count(*) FROM t") == 1000


def test_a_killed_postgresql_comes_back_by_itself(tmp_path: Path) -> None:
    with Standin(tmp_path) as endpoint:
        db_of(endpoint).run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
        server = postmaster(tmp_path)
        os.kill(server, signal.SIGKILL)

        def answers() -> bool:
            try:
                return bool(db_of(endpoint).rows("SELECT a FROM t") == [(1,)])
            except psycopg2.Error:
                return False

        wait_until(lambda: not alive(server))
        wait_until(answers)


def test_a_killed_caller_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from src.standin.server import Standin\n"
        "e = Standin(Path(sys.argv[1])).start(); print(e.pid, flush=True); time.sleep(60)"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert caller.stdout is not None
    pid = int(caller.stdout.readline())
    server = postmaster(tmp_path)
    caller.kill()
    caller.wait()
    caller.stdout.close()
    wait_until(lambda: not alive(pid) and not alive(server))
    assert not (tmp_path / "endpoint.json").exists()


def test_connect_or_start_reuses_and_adds_buckets(
    endpoint: Endpoint, home: Path, tmp_path: Path, db: Db
) -> None:
    table = pa.table({"x": pa.array([1], pa.int32())})
    with connect_or_start(home, buckets={"more": tmp_path}) as found:
        assert found == endpoint
        files = Files(tmp_path, "here")
        files.url = "s3://more/here"
        files.orc("f", table)
        db.run("CREATE TABLE t (a int)")
        db.run(copy("t", files.manifest("f")))
    with (
        pytest.raises(UsageError, match="another folder"),
        connect_or_start(home, buckets={"more": tmp_path / "else"}),
    ):
        pass
    assert running(home) == endpoint


def test_the_starter_waits_for_others_before_it_stops(tmp_path: Path) -> None:
    started, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def starter() -> None:
        with connect_or_start(tmp_path):
            started.set()
            may_end.wait(60)
        ended.set()

    thread = threading.Thread(target=starter)
    thread.start()
    assert started.wait(60)
    with connect_or_start(tmp_path) as guest:
        may_end.set()
        assert not ended.wait(1)
        assert db_of(guest).one("SELECT 1") == 1
    assert ended.wait(60)
    thread.join()
    assert running(tmp_path) is None


def test_connect_or_start_stops_what_it_started(tmp_path: Path) -> None:
    with connect_or_start(tmp_path) as endpoint:
        assert running(tmp_path) == endpoint
    wait_until(lambda: not alive(endpoint.pid))
    assert running(tmp_path) is None


def test_one_sentence_each(home: Path, endpoint: Endpoint, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"already running .* on port {endpoint.port}"):
        Standin(home).start()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is taken by another program"):
            Standin(tmp_path / "new", port=port).start()
    assert not (tmp_path / "new" / "pgdata").exists()
    (tmp_path / "file").touch()
    with pytest.raises(StarliftError, match="cannot be written"):
        Standin(tmp_path / "file" / "home").start()


def test_too_little_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 5_000_000})())
    with pytest.raises(StarliftError, match=r"too little disk space .* found 5 MB"):
        Postgres(tmp_path, admin_password="a", user_password="b").start()


def test_a_set_up_that_was_cut_off_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "pgdata").mkdir()
    (tmp_path / "pgdata" / "PG_VERSION").write_text("18")
    with Standin(tmp_path) as endpoint:
        assert db_of(endpoint).one("SELECT 1") == 1


def test_ephemeral_and_deep_homes(tmp_path: Path) -> None:
    home = tmp_path / ("deep/" * 30)
    with Standin(home, ephemeral=True) as endpoint:
        db_of(endpoint).run("CREATE TABLE t (a int)")
    assert not (home / "pgdata").exists()
    # Data that is kept stays, whoever is told that it may go.
    (home / "pgdata").mkdir()
    with pytest.raises(UsageError, match="a warehouse that is kept"):
        Standin(home, ephemeral=True).start()
    assert (home / "pgdata").exists()


def test_command_line(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "src.standin", "--home", str(tmp_path / "h"),
         "--bucket", f"x={tmp_path / 'b'}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    said = process.stdout.readline()
    state = json.loads((tmp_path / "h" / "endpoint.json").read_text())
    assert str(state["port"]) in said and state["password"] not in said
    assert json.loads((tmp_path / "h" / "objects.json").read_text())["buckets"] == {
        "x": str(tmp_path / "b")
    }
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    again = subprocess.run(
        [sys.executable, "-m", "src.standin", "--home", "/dev/null/x"],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert again.returncode == 3 and again.stderr.count("\n") == 1


def test_a_database_can_be_dropped(db: Db, endpoint: Endpoint) -> None:
    db.run("CREATE DATABASE passing")
    connection = psycopg2.connect(
        host=endpoint.host, port=endpoint.port, dbname="passing", user=endpoint.user,
        password=endpoint.password,
    )  # fmt: skip
    connection.autocommit = True
    # DDL makes the stand-in look into that database itself.
    Db(connection).run("CREATE TABLE t (a int) DISTSTYLE ALL")
    connection.close()
    wait_until(lambda: db.one("SELECT count(*) FROM pg_stat_activity WHERE datname = 'passing'")
               == 0)  # fmt: skip
    db.run("DROP DATABASE passing")

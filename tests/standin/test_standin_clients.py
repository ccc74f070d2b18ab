"""Unmodified clients: psycopg2, redshift_connector, psql; the protocol's corners."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pytest
import redshift_connector

from src.standin.server import Endpoint
from tests.standin.helpers import Connection, Db, Files, connect_to, copy


@pytest.fixture
def connector(endpoint: Endpoint, schema: str) -> Iterator[Any]:
    connection = redshift_connector.connect(
        host=endpoint.host,
        port=endpoint.port,
        database=endpoint.database,
        user=endpoint.user,
        password=endpoint.password,
        ssl=False,
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {schema}")
    connection.commit()
    yield connection
    connection.close()


def test_redshift_connector(connector: Any, files: Files, db: Db) -> None:
    files.orc("f", pa.table({"x": pa.array([1, 2], pa.int32()), "y": pa.array(["a", None])}))
    load = copy("t", files.manifest("f"))
    with connector.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a int, b varchar(5)) DISTKEY (a)")
        cursor.execute(load)
        cursor.execute("INSERT INTO t VALUES (%s, %s)", (3, "x%;"))
        cursor.execute("SELECT a, b FROM t ORDER BY a")
        assert [tuple(row) for row in cursor.fetchall()] == [(1, "a"), (2, None), (3, "x%;")]
        connector.commit()
        with pytest.raises(redshift_connector.error.ProgrammingError, match="25001"):
            cursor.execute("VACUUM t")
        connector.rollback()
        with pytest.raises(redshift_connector.error.ProgrammingError, match="15007"):
            cursor.execute(copy("t (a)", files.manifest("f")))
        connector.rollback()
        with pytest.raises(redshift_connector.error.ProgrammingError, match="MAXERROR"):
            cursor.execute(load + " MAXERROR 1")
        connector.rollback()
        with pytest.raises(redshift_connector.error.ProgrammingError, match="42P01"):
            cursor.execute(copy("nowhere", files.manifest("f")))
        connector.rollback()
        cursor.execute("SELECT count(*) FROM t")
        assert cursor.fetchone()[0] == 3
    connector.rollback()
    connector.autocommit = True
    with connector.cursor() as cursor:
        cursor.execute("TRUNCATE t")
        cursor.execute("VACUUM t")
    assert db.one("SELECT count(*) FROM t") == 0


def test_a_copy_executed_again_reads_the_files_again(
    connector: Any, files: Files, db: Db, endpoint: Endpoint
) -> None:
    with connector.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a int)")
        connector.commit()
        for value in (1, 2):
            files.orc("f", pa.table({"x": pa.array([value], pa.int32())}))
            cursor.execute(copy("t", files.manifest("f")))
            connector.commit()
        assert db.rows("SELECT a FROM t ORDER BY a") == [(1,), (2,)]
        # The same prepared statement, and a table that has become another.
        db.run("DROP TABLE t; CREATE TABLE t (a bigint)")
        with pytest.raises(redshift_connector.error.ProgrammingError, match="int8"):
            cursor.execute(copy("t", files.manifest("f")))
        connector.rollback()


def test_a_prepared_copy_leaves_statistics(
    connector: Any, files: Files, db: Db, endpoint: Endpoint
) -> None:
    """While PostgreSQL reads a COPY's rows it takes no other message: ours has to wait."""
    files.orc("f", pa.table({"x": pa.array([1, 2], pa.int32())}))
    with connector.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a int)")
        cursor.execute(copy("t", files.manifest("f")))
        cursor.execute("SELECT count(*) FROM t")
        assert cursor.fetchall() == ([2],)
        connector.commit()
    known = db.one(
        "SELECT c.reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relname = 't' AND n.nspname = current_schema()"
    )
    assert known == 2


@pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not installed")
def test_psql(endpoint: Endpoint, schema: str, files: Files) -> None:
    files.parquet("f", pa.table({"x": pa.array([1, 2], pa.int32())}))

    def psql(*commands: str) -> subprocess.CompletedProcess[str]:
        address = (
            f"host={endpoint.host} port={endpoint.port} dbname={endpoint.database} "
            f"user={endpoint.user} options='-c search_path={schema}'"
        )
        arguments = [part for command in commands for part in ("-c", command)]
        return subprocess.run(
            ["psql", "-X", "-At", address, *arguments],
            env=os.environ | {"PGPASSWORD": endpoint.password},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    load = copy("t", files.manifest("f"), "PARQUET")
    done = psql("CREATE TABLE t (a int) SORTKEY (a)", load, "SELECT sum(a) FROM t")
    assert (done.returncode, done.stdout.split("\n")[:3]) == (
        0, ["CREATE TABLE", "COPY 2", "3"]
    )  # fmt: skip
    assert "Load into table 't' completed, 2 record(s) loaded successfully." in done.stderr
    described = psql(r"\d t", r"\l", r"\dn", r"\dt")
    assert described.returncode == 0, described.stderr
    assert "a|integer" in described.stdout and "dev|awsuser" in described.stdout
    failed = psql(load + " REGION 'x'")
    assert failed.returncode == 1 and "REGION argument is not supported" in failed.stderr


def test_wrong_password_and_hidden_user(endpoint: Endpoint) -> None:
    for change in ({"password": "wrong"}, {"user": "standin_admin"}, {"user": "nobody"}):
        keywords: dict[str, Any] = {
            "host": endpoint.host, "port": endpoint.port, "dbname": endpoint.database,
            "user": endpoint.user, "password": endpoint.password,
        }  # fmt: skip
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(**(keywords | change))


def test_the_client_is_no_superuser(db: Db) -> None:
    assert db.one("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert db.error("SELECT pg_read_file('/etc/passwd')").pgcode == "42501"
    assert db.error("INSERT INTO standin.load_error DEFAULT VALUES").pgcode == "42501"
    assert db.error("SELECT standin.rebuild_views()").pgcode == "42501"


def test_cancel(db: Db) -> None:
    timer = threading.Timer(0.2, db.connection.cancel)
    timer.start()
    began = time.monotonic()
    assert db.error("SELECT pg_sleep(20)").pgcode == "57014"
    assert time.monotonic() - began < 5
    timer.join()


def test_cancel_of_a_copy(db: Db, files: Files) -> None:
    files.orc("f", pa.table({"x": pa.array(range(200_000), pa.int64())}))
    db.run("CREATE TABLE t (a bigint)")
    load = copy("t", files.manifest(*["f"] * 200))
    # Several times, so that some hit the middle of a message.
    for delay in (0.1, 0.13, 0.17, 0.2, 0.24, 0.3):
        timer = threading.Timer(delay, db.connection.cancel)
        timer.start()
        assert db.error(load).pgcode == "57014"
        timer.join()
        assert db.one("SELECT count(*) FROM t") == 0


def test_a_client_that_goes_leaves_nothing(
    endpoint: Endpoint, db: Db, files: Files, schema: str
) -> None:
    files.orc("f", pa.table({"x": pa.array(range(200_000), pa.int64())}))
    db.run("CREATE TABLE t (a bigint)")
    load = copy(f"{schema}.t", files.manifest(*["f"] * 200))
    leaver = connect_to(endpoint, application_name="leaver")
    running = threading.Thread(target=lambda: _quietly(leaver, load))
    running.start()
    time.sleep(0.3)
    # Not a goodbye: the connection is cut.
    socket.socket(fileno=os.dup(leaver.fileno())).shutdown(socket.SHUT_RDWR)
    running.join(10)
    left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leaver'"
    for _ in range(100):
        if db.one(left) == 0:
            break
        time.sleep(0.05)
    assert db.one(left) == 0
    assert db.one("SELECT count(*) FROM t") == 0


def _quietly(connection: Connection, sql: str) -> None:
    with pytest.raises(psycopg2.Error), connection.cursor() as cursor:
        cursor.execute(sql)


def test_large_results_both_ways(db: Db) -> None:
    assert len(db.rows("SELECT i, repeat('x', 50) FROM generate_series(1, 200000) AS s(i)")) == (
        200_000
    )
    text = "é" * 3_000_000
    assert db.one("SELECT length(%s)", (text,)) == 3_000_000


def test_many_clients(connect: Callable[..., Connection]) -> None:
    connections = [connect() for _ in range(40)]
    for number, connection in enumerate(connections):
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::int", (number,))
            assert cursor.fetchone() == (number,)


def test_serializable_conflict_in_redshifts_words(
    connect: Callable[..., Connection], schema: str, db: Db
) -> None:
    db.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    first, second = (connect(options=f"-c search_path={schema}") for _ in range(2))
    with first.cursor() as one, second.cursor() as two:
        one.execute("SELECT 1")
        one.execute("SELECT count(*) FROM t")
        two.execute("DELETE FROM t")
        second.commit()
        with pytest.raises(psycopg2.Error) as caught:
            one.execute("DELETE FROM t WHERE a = 1")
    error = caught.value
    assert error.pgcode == "XX000"
    assert error.diag.message_primary == "1023"
    table = db.one("SELECT 't'::regclass::oid")
    assert f"Serializable isolation violation on table - {table}, transactions forming" in str(
        error.diag.message_detail
    )


# -- raw protocol ----------------------------------------------------------------------------


class Raw:
    """A client that speaks the protocol itself, to send what drivers do not."""

    def __init__(self, connection: Connection) -> None:
        # Take over the socket of a psycopg2 connection that has logged in.
        self.socket = socket.socket(fileno=os.dup(connection.fileno()))
        self.socket.settimeout(10)

    def send(self, *messages: tuple[bytes, bytes]) -> None:
        self.socket.sendall(
            b"".join(kind + struct.pack("!I", len(body) + 4) + body for kind, body in messages)
        )

    def until_ready(self, count: int = 1) -> list[tuple[bytes, bytes]]:
        answers = []
        while count:
            kind, size = struct.unpack("!cI", self._exactly(5))
            answers.append((kind, self._exactly(size - 4)))
            count -= kind == b"Z"
        return answers

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            assert piece, "the connection was closed"
            data += piece
        return data


PARSE, BIND, EXECUTE, SYNC = b"P", b"B", b"E", (b"S", b"")


def steps(sql: str, name: bytes = b"") -> list[tuple[bytes, bytes]]:
    label = name + b"\0"
    return [
        (PARSE, label + sql.encode() + b"\0\0\0"),
        (BIND, label + label + b"\0\0\0\0\0\0"),
        (b"D", b"P" + label),
        (EXECUTE, label + b"\0\0\0\0"),
    ]


def kinds(answers: list[tuple[bytes, bytes]]) -> str:
    return b"".join(kind for kind, _ in answers if kind not in (b"S", b"N")).decode()


def test_pipelined_copies(
    connect: Callable[..., Connection], schema: str, files: Files, db: Db
) -> None:
    files.orc("f", pa.table({"x": pa.array([1, 2], pa.int32())}))
    load = copy("t", files.manifest("f"))
    db.run("CREATE TABLE t (a int)")
    connection = connect(options=f"-c search_path={schema}", autocommit=True, sslmode="disable")
    raw = Raw(connection)
    # Everything is sent before the first answer is read; the answers are those a client expects.
    raw.send(*steps(load, b"c"), *steps("SELECT count(*) FROM t"), SYNC, (b"Q", b"SELECT 1\0"))
    answers = raw.until_ready(2)
    assert kinds(answers) == "12nC" + "12TDC" + "Z" + "TDCZ"
    assert answers[3][1] == b"COPY 2\0" or b"COPY 2\0" in [body for _, body in answers]
    # Again by the prepared statement's name, then a failing one, which skips up to the Sync.
    again = [(BIND, b"\0c\0\0\0\0\0\0\0"), (EXECUTE, b"\0\0\0\0\0")]
    bad = steps(copy("nowhere", files.manifest("f")))
    raw.send(*again, *bad, *steps("SELECT 1"), SYNC, *steps("SELECT count(*) FROM t"), SYNC)
    answers = raw.until_ready(2)
    assert kinds(answers) == "2C" + "12nE" + "Z" + "12TDCZ"
    # The failed pipeline was one transaction: its first COPY is gone too.
    assert answers[-3][1].endswith(b"2")


def test_pipelined_truncate_commits_and_vacuum_is_refused(
    connect: Callable[..., Connection], schema: str, db: Db
) -> None:
    db.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    raw = Raw(connect(options=f"-c search_path={schema}", autocommit=True, sslmode="disable"))
    raw.send(*steps("BEGIN"), SYNC, *steps("VACUUM t"), SYNC, (b"Q", b"ROLLBACK\0"))
    assert kinds(raw.until_ready(3)) == "12nCZ" + "12nEZ" + "CZ"
    raw.send(*steps("INSERT INTO t VALUES (2)"), *steps("VACUUM t"), SYNC)
    assert kinds(raw.until_ready()) == "12nC12nEZ"
    assert db.one("SELECT count(*) FROM t") == 1
    raw.send(*steps("BEGIN"), SYNC, *steps("TRUNCATE t"), SYNC, (b"Q", b"ROLLBACK\0"))
    answers = raw.until_ready(3)
    assert kinds(answers) == "12nCZ" + "12nCZ" + "CZ"
    # The transaction has ended behind the TRUNCATE, as the client is told.
    assert [body for kind, body in answers if kind == b"Z"] == [b"T", b"I", b"I"]
    assert db.one("SELECT count(*) FROM t") == 0


def test_nonsense_on_the_port(endpoint: Endpoint, db: Db) -> None:
    for data in (b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x08\0\0\0\0", b"\xff" * 50, b""):
        with socket.create_connection((endpoint.host, endpoint.port)) as raw:
            raw.settimeout(5)
            # The stand-in may have hung up before us.
            with suppress(ConnectionError):
                raw.sendall(data)
                with suppress(OSError):
                    raw.shutdown(socket.SHUT_WR)
                raw.recv(1000)
    assert db.one("SELECT 1") == 1


# -- the log ---------------------------------------------------------------------------------


def test_statement_log(
    connect: Callable[..., Connection], home: Path, endpoint: Endpoint, files: Files, schema: str
) -> None:
    connection = Db(connect(autocommit=True, application_name="log test"))
    connection.run("CREATE USER secretive PASSWORD 'Hush-Hush-123'")
    connection.run("DROP USER secretive")
    connection.error("CREATE USER secretive PASSWORD 'Hush-Hush-123' NONSENSE")
    connection.error(
        f"COPY {schema}.nowhere FROM '{files.url}/x' ACCESS_KEY_ID 'AKIAHUSH' "
        "SECRET_ACCESS_KEY 'Hush-Hush-456' SESSION_TOKEN AS 'Hush-Hush-789' FORMAT ORC"
    )
    connection.error("SELECT 'Hush-Hush"[:14])
    text = (home / "statements.jsonl").read_text()
    entries = [json.loads(line) for line in text.splitlines()]
    mine = [entry for entry in entries if entry["client"] == "log test"]
    assert [entry["outcome"].split(" ")[0] for entry in mine] == [
        "CREATE", "DROP", "42601", "42P01", "42601",
    ]  # fmt: skip
    assert mine[0]["statement"] == "CREATE USER secretive PASSWORD '***'"
    assert "SECRET_ACCESS_KEY '***' SESSION_TOKEN AS '***'" in mine[3]["statement"]
    for name in ("statements.jsonl", "postgresql.log", "objects.json", "endpoint.json"):
        content = (home / name).read_text()
        assert "Hush" not in content and "HUSH" not in content
        if name != "endpoint.json":
            assert endpoint.password not in content
    for name in ("endpoint.json", "secrets.json"):
        assert (home / name).stat().st_mode & 0o077 == 0

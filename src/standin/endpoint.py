"""The listening side: takes clients on 127.0.0.1 and gives each a session in a thread."""

from __future__ import annotations

import errno
import json
import secrets
import socket
import ssl
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg2

from src.errors import UsageError
from src.standin.history import INSERT_HISTORY, History
from src.standin.iam import ROLE_PREFIX
from src.standin.objects import Objects, ObjectStore
from src.standin.postgres import DATABASE, USER, Postgres
from src.standin.refusal import LoadRefused
from src.standin.session import Session
from src.standin.statement_log import StatementLog
from src.standin.tokens import quote_identifier

if TYPE_CHECKING:
    from src.standin.copy_in import Loader
    from src.standin.copy_target import Target

HOST = "127.0.0.1"


class Endpoint:
    """Accepts clients until it is stopped; what sessions share is here."""

    def __init__(
        self,
        postgres: Postgres,
        objects: Objects,
        log: StatementLog,
        tls: Callable[[], ssl.SSLContext],
        port: int,
        *,
        iam: bool = False,
    ) -> None:
        self._iam = iam
        self.objects: ObjectStore = objects
        self.log = log
        self.history = History()
        self._tls = tls
        self._postgres = postgres
        self._sessions: set[Session] = set()
        self._lock = threading.Lock()
        self._stopping = False
        self._admins: dict[str, psycopg2.extensions.connection] = {}
        self._admin_lock = threading.Lock()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._listener.bind((HOST, port))
        except OSError as error:
            self._listener.close()
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                taken = error.errno == errno.EADDRINUSE
                raise UsageError(
                    f"port {port} is {'taken by another program' if taken else 'not allowed'}",
                    where=HOST,
                    do="choose another port, or 0 for any free one",
                ) from None
            raise
        self._listener.listen(128)
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Take clients until ``stop``; runs in a thread of its own."""
        while not self._stopping:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve_one, args=(client,), daemon=True).start()

    def _serve_one(self, client: socket.socket) -> None:
        session = Session(client, self._socket_path, self)
        with self._lock:
            self._sessions.add(session)
        try:
            session.run()
        except Exception:
            # A defect of ours ends one session, in words, and not the stand-in.
            traceback.print_exc()
            self.log.write(client=session.application, outcome="defect of the stand-in",
                           statement=traceback.format_exc(limit=-3))  # fmt: skip
        finally:
            with self._lock:
                self._sessions.discard(session)

    def _socket_path(self) -> str:
        if self._postgres.sockets is None:
            raise ConnectionError("PostgreSQL is being started")
        return self._postgres.socket_path

    def stop_listening(self) -> None:
        """No new clients; those that are there go on."""
        self._stopping = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def end_sessions(self) -> None:
        """Close what is still open."""
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close()
        with self._admin_lock:
            for connection in self._admins.values():
                connection.close()
            self._admins.clear()

    # -- what sessions ask for ---------------------------------------------------------------

    def _as_admin(
        self, database: str, text: str, values: tuple[object, ...] = ()
    ) -> list[tuple[object, ...]]:
        """Run one statement outside every client's transaction; its rows, if it has any."""
        with self._admin_lock:
            for last in (False, True):
                try:
                    connection = self._admins.get(database)
                    if connection is None:
                        connection = self._admins[database] = self._postgres.admin(database)
                    with connection.cursor() as cursor:
                        cursor.execute(text, values)
                        rows = cursor.fetchall() if cursor.description else []
                    if database != DATABASE:
                        # Else a client could not drop its own database.
                        self._admins.pop(database).close()
                    return rows
                except (psycopg2.OperationalError, psycopg2.InterfaceError):
                    # The connection of before a crash of PostgreSQL; once more with a new one.
                    self._admins.pop(database, None)
                    if last:
                        raise
        return []

    def tls(self) -> ssl.SSLContext:
        """The context for encrypted connections."""
        return self._tls()

    def password_of(self, user: str, given: str) -> str | None:
        """The password of a user who logs in by IAM; None when that is not allowed.

        Users other than the first have none that anybody knows: each login sets a new one.
        """
        if not self._iam or user.startswith(("standin", "pg_")):
            return None
        if user == USER:
            return self._postgres.user_password
        name, password = quote_identifier(user), secrets.token_urlsafe(24)
        known = self._as_admin(DATABASE, "SELECT 1 FROM pg_roles WHERE rolname = %s", (user,))
        if not known and not given.upper().startswith(("IAMA:", ROLE_PREFIX)):
            return None
        if not known:
            self._as_admin(DATABASE, f"CREATE ROLE {name} LOGIN")
        self._as_admin(DATABASE, f"ALTER ROLE {name} PASSWORD %s", (password,))
        return password

    def record_load_errors(self, errors: list[LoadRefused], target: Target, by: Loader) -> None:
        """Keep errors of COPY where the client's rollback does not reach."""
        row = "(%s, %s, %s, %s, %s, %s, %s, clock_timestamp(), " + ", ".join(["%s"] * 10) + ")"
        values: list[object] = []
        for error in errors:
            values += (
                target.query,
                by.user,
                by.session,
                target.transaction,
                by.database,
                target.relation,
                f"{target.schema}.{target.name}",
                error.file,
                error.line,
                error.column,
                error.column_type,
                error.column_length,
                error.value.replace("\0", ""),
                error.code,
                error.context or error.message,
                error.raw_line.replace("\0", ""),
                error.position,
            )
        text = "INSERT INTO standin.load_error VALUES " + ", ".join([row] * len(errors))
        self._as_admin(by.database, text, tuple(values))

    def write_history(self, database: str) -> None:
        """Let the system views have what was run so far."""
        ran = self.history.take(database)
        if ran:
            with suppress(psycopg2.Error):
                self._as_admin(
                    database, INSERT_HISTORY, (json.dumps([each.row() for each in ran]),)
                )

    def table_id(self, database: str, table: str) -> str:
        """The id of the table of that name, or the name when there is not just one."""
        with suppress(psycopg2.Error):
            found = self._as_admin(
                database,
                "SELECT oid FROM pg_class WHERE relname = %s AND relkind = 'r'",
                (table,),
            )
            if len(found) == 1:
                return str(found[0][0])
        return table

    def after_ddl(self, database: str) -> None:
        """Rebuild late-binding views after DDL has been committed."""
        with suppress(psycopg2.Error):
            self._as_admin(database, "SELECT standin.rebuild_views()")

    def view_failure(self, database: str) -> tuple[str, str] | None:
        """SQLSTATE and message of a late-binding view that cannot be read now."""
        with suppress(psycopg2.Error):
            [(state, text)] = self._as_admin(database, "SELECT * FROM standin.view_failure()")
            return (str(state), str(text)) if state else None
        return None

"""Connections by psycopg2 and redshift_connector: a session that speaks the wire protocol.

Both drivers are set to autocommit, and transactions are spelled out as BEGIN and COMMIT, so that
the server gets the same text from both. Statements carry no parameters: redshift_connector would
prepare them differently, and the Data API has others.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from src.errors import StarliftError
from src.io.redshift import Connection, Row, StatementFailed

APPLICATION = "starlift"
CONNECT_SECONDS = 30
# The server stops a statement when its time is over; an answer that is not there this much later
# was lost on the way.
GRACE_SECONDS = 60.0


@dataclass(frozen=True)
class Address:
    """Where a warehouse listens, and as whom to log in. The password is never shown."""

    host: str
    port: int
    database: str
    user: str
    password: str
    ssl: bool = True
    statement_seconds: float = 3600

    def __repr__(self) -> str:
        return f"Address({self})"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database} as {self.user}"


class Session(Connection):
    """A DB-API connection; ``failed`` makes the driver's errors ours, ``handle`` is its socket's.

    A statement ends after ``seconds`` by the server's own clock. An answer that was lost while the
    connection stands would be waited for without end: a little later the connection is cut.
    """

    def __init__(
        self,
        raw: Any,
        failed: Callable[[Exception], StatementFailed],
        handle: Callable[[], int],
        seconds: float,
    ) -> None:
        self._raw = raw
        self._failed = failed
        self._handle = handle
        self._seconds = seconds
        self._overdue = False
        raw.autocommit = True
        self.execute(f"SET statement_timeout TO {round(seconds * 1000)}")
        [(self.process,)] = self.query("SELECT pg_backend_pid()")

    def table(self, sql: str) -> tuple[list[str], list[Row]]:
        with self._answered():
            cursor = self._raw.cursor()
            cursor.execute(sql)
            if cursor.description is None:
                return [], []
            names = [_text(column[0]) for column in cursor.description]
            return names, [tuple(row) for row in cursor.fetchall()]

    def execute(self, sql: str, token: str | None = None) -> None:
        with self._answered():
            self._raw.cursor().execute(sql)

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """Wait for an answer, but not for ever; errors become StatementFailed."""
        watch = threading.Timer(self._seconds + GRACE_SECONDS, self._cut)
        watch.daemon = True
        watch.start()
        # redshift_connector raises errors of many kinds when its socket goes.
        try:
            yield
        except Exception as error:
            if self._overdue:
                raise StatementFailed(
                    f"no answer came within {self._seconds:g} seconds (redshift.statement_seconds)",
                    lost=True,
                ) from error
            raise self._failed(error) from error
        finally:
            watch.cancel()

    def _cut(self) -> None:
        """End the connection under the driver, which then wakes up."""
        self._overdue = True
        # What was closed meanwhile needs no cut.
        with suppress(Exception), socket.socket(fileno=os.dup(self._handle())) as line:
            line.shutdown(socket.SHUT_RDWR)

    def together(self, statements: Sequence[str], token: str | None = None) -> None:
        try:
            for statement in ("BEGIN", *statements, "COMMIT"):
                self.execute(statement)
        except BaseException:
            with suppress(StatementFailed):
                self.execute("ROLLBACK")
            raise

    def close(self) -> None:
        # A driver that finds its socket gone says so here, when there is nothing left to close.
        with suppress(Exception):
            self._raw.close()


def _text(name: str | bytes) -> str:
    """redshift_connector gives names as bytes in some of its protocols."""
    return name.decode() if isinstance(name, bytes) else name


def by_psycopg2(at: Address) -> Connection:
    """Open a connection with psycopg2. Raises StatementFailed, never naming the password."""
    import psycopg2

    def failed(error: Exception) -> StatementFailed:
        diagnosis = getattr(error, "diag", None)
        primary = getattr(diagnosis, "message_primary", None)
        detail = getattr(diagnosis, "message_detail", None)
        state = getattr(error, "pgcode", None) or ""
        # Of errors without fields the later lines ask whether a server is there.
        said = f"{primary} {detail or ''}" if primary else str(error).partition("\n")[0]
        # A connection that goes in the middle of an answer is a bare DatabaseError.
        return _failure(at, said, state, isinstance(error, psycopg2.Error))

    try:
        raw = psycopg2.connect(
            host=at.host,
            port=at.port,
            dbname=at.database,
            user=at.user,
            password=at.password,
            # "prefer" would go on in clear text where a server, or who stands before it, says no.
            sslmode="require" if at.ssl else "disable",
            application_name=APPLICATION,
            connect_timeout=CONNECT_SECONDS,
            # A peer that vanished without a word is noticed after about two minutes.
            keepalives_idle=60,
            keepalives_interval=15,
            keepalives_count=4,
        )
    except Exception as error:
        raise failed(error) from None
    return Session(raw, failed, raw.fileno, at.statement_seconds)


def by_redshift_connector(at: Address) -> Connection:
    """Open a connection with redshift_connector. Raises StatementFailed, never the password."""
    import redshift_connector

    def failed(error: Exception) -> StatementFailed:
        # Errors of the server come with a dict of its fields; all others are the driver's own.
        fields = error.args[0] if error.args and isinstance(error.args[0], dict) else None
        if fields is None:
            return _failure(at, _own(error), "", broken=True)
        said = f"{fields.get('M', '')} {fields.get('D', '')}"
        return _failure(at, said, str(fields.get("C", "")), broken=True)

    try:
        raw = redshift_connector.connect(
            host=at.host,
            port=at.port,
            database=at.database,
            user=at.user,
            password=at.password,
            ssl=at.ssl,
            application_name=APPLICATION,
            timeout=CONNECT_SECONDS,
            tcp_keepalive_idle=60,
            tcp_keepalive_interval=15,
            tcp_keepalive_count=4,
        )
        # The time-out is for connecting: a COPY may take hours.
        raw._usock.settimeout(None)
    except Exception as error:
        raise failed(error) from None
    return Session(raw, failed, raw._usock.fileno, at.statement_seconds)


def _own(error: Exception) -> str:
    """An error of redshift_connector's own; some carry Python's as their last part."""
    inner = error.args[-1] if error.args else None
    if isinstance(inner, OSError):
        return f"{error.args[0]}: {inner.strerror or inner}"
    return f"{type(error).__name__}: {error}"


# A login that is refused is refused again, though psycopg2 gives it no SQLSTATE.
_FINAL = (
    "authentication failed",
    "no password supplied",
    "does not exist",
    "does not support SSL",
    "Server refuses SSL",
    "certificate verify failed",
    "no pg_hba.conf entry",
)


def _failure(at: Address, said: str, state: str, broken: bool) -> StatementFailed:
    """An error of a driver. Without an SQLSTATE, or with one of class 08 or 57P, it is a loss."""
    lost = broken and (not state or state.startswith(("08", "57P")))
    lost = lost and not any(text in said for text in _FINAL)
    if at.password:
        said = said.replace(at.password, "***")
    return StatementFailed(said, state=state, lost=lost)


def unreachable(at: Address, error: StatementFailed) -> StarliftError:
    """The sentence for a warehouse that could not be reached when a command began."""
    return StarliftError(
        "The warehouse cannot be reached",
        where=str(at),
        found=error.said,
        do="check host, port, network, ssl and password; the lake is committed, and the next "
        "load continues there",
    )

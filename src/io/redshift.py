"""A connection to the warehouse: statements in, rows out, errors as one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
import psycopg2.extensions

from src.errors import LoadFailed

Row = tuple[Any, ...]
# SQLSTATEs and texts after which the whole transaction is taken again on a new connection.
_RETRY_STATES = ("40001", "40P01")
_RETRY_TEXTS = (
    "1023",
    "1018",
    "could not complete because of conflict with concurrent transaction",
    "could not open relation with OID",
)


class Connection:
    """One connection, in autocommit but for ``transaction()``."""

    def __init__(self, raw: psycopg2.extensions.connection) -> None:
        self.raw = raw
        self.raw.autocommit = True

    def execute(self, sql: str, values: Sequence[Any] | None = None) -> int:
        """Run a statement; the number of rows it touched."""
        with self.raw.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.rowcount

    def query(self, sql: str) -> list[Row]:
        """The rows of a query."""
        return self.table(sql)[1]

    def table(self, sql: str) -> tuple[list[str], list[Row]]:
        """Column names and rows of a query; no names for a statement without a result."""
        with self.raw.cursor() as cursor:
            cursor.execute(sql)
            if cursor.description is None:
                return [], []
            return [column.name for column in cursor.description], cursor.fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside commit together, or none does."""
        self.raw.autocommit = False
        try:
            yield
            self.raw.commit()
        except BaseException:
            if not self.raw.closed:
                self.raw.rollback()
            raise
        finally:
            if not self.raw.closed:
                self.raw.autocommit = True

    def close(self) -> None:
        self.raw.close()


Connect = Callable[[], Connection]


def connect(
    *, host: str, port: int, database: str, user: str, password: str, application: str
) -> Connection:
    """Open a connection. Raises LoadFailed, never naming the password."""
    try:
        raw = psycopg2.connect(
            host=host,
            port=port,
            dbname=database,
            user=user,
            password=password,
            application_name=application,
            connect_timeout=30,
        )
    except psycopg2.Error as error:
        raise LoadFailed(
            "The warehouse cannot be reached",
            where=f"{host}:{port}/{database} as {user}",
            found=said(error).replace(password, "***") if password else said(error),
            do="check host, port, network and password; the lake is committed, and the next "
            "load continues there",
        ) from error
    return Connection(raw)


def said(error: Exception) -> str:
    """What the server or driver said, on one line, its DETAIL included."""
    diagnosis = getattr(error, "diag", None)
    primary = getattr(diagnosis, "message_primary", None)
    if not primary:
        return " ".join(str(error).split())
    detail = getattr(diagnosis, "message_detail", None)
    return " ".join(f"{primary} {detail or ''}".split())


def is_lost(error: Exception) -> bool:
    """Whether the connection broke, so that the fate of a COMMIT is unknown."""
    return isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) and not getattr(
        error, "pgcode", None
    )


def is_retryable(error: Exception) -> bool:
    """Whether the server asks to take the whole transaction again (rule 17)."""
    if getattr(error, "pgcode", None) in _RETRY_STATES:
        return True
    return any(text in str(error) for text in _RETRY_TEXTS)

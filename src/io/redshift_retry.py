"""Statements and transactions that are taken again after a conflict or a lost connection.

Rule 17 of the Redshift rules: the whole transaction, on a fresh connection, with bounded and
jittered delays. What is done here must be harmless when done twice.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from src.io.redshift import Connect, Connection, Row, StatementFailed
from src.runs import Progress

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How often something is tried, and how long to wait between, in seconds.

    Delays double up to ``longest`` and are drawn between half and all of that, so that two
    loaders in conflict do not meet again. The default outlasts a restart of the server.
    """

    attempts: int = 8
    first: float = 0.1
    longest: float = 15.0

    def delay(self, attempt: int) -> float:
        whole = min(self.first * 2 ** (attempt - 1), self.longest)
        return random.uniform(whole / 2, whole)


class Retrying:
    """A connection that is replaced when it breaks, and statements that are then run again."""

    def __init__(self, connect: Connect, patience: Patience, progress: Progress) -> None:
        self._connection: Connection | None = connect()
        self.patience = patience
        self._connect = connect
        self._progress = progress
        self._orphan: int | None = None

    def retried(self, what: Callable[[Connection, int], T]) -> T:
        """Call ``what`` with the connection and the attempt's number until it is done.

        Raises what it raises: at once where another attempt is of no use, else after the last.
        """
        for attempt in range(1, self.patience.attempts + 1):
            try:
                return what(self._open(), attempt)
            except StatementFailed as error:
                if not (error.lost or error.conflict) or attempt == self.patience.attempts:
                    raise
                self._progress(f"trying again after: {error.said[:120]}", attempt)
                self._give_up(error)
                time.sleep(self.patience.delay(attempt))
        raise AssertionError("the last attempt returns or raises")

    def query(self, text: str) -> list[Row]:
        """The rows of a query."""
        return self.retried(lambda connection, _: connection.query(text))

    def execute(self, text: str) -> None:
        """Run a statement that is harmless when run twice."""
        self.retried(lambda connection, _: connection.execute(text))

    def together(self, statements: Sequence[str]) -> None:
        """Run a transaction that is harmless when run twice."""
        self.retried(lambda connection, _: connection.together(statements))

    def once(self, text: str) -> None:
        """Run a statement if the connection still stands, and do not insist."""
        if self._connection:
            with suppress(StatementFailed):
                self._connection.execute(text)

    def close(self) -> None:
        """Let go of the connection; the next statement opens another."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _give_up(self, error: StatementFailed) -> None:
        if self._connection and error.lost:
            self._orphan = self._connection.process
        self.close()

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
            self._end_orphan(self._connection)
        return self._connection

    def _end_orphan(self, connection: Connection) -> None:
        """End the session whose connection was lost: what is between may not have told the server,
        where it then holds the ledger's lock.
        """
        if self._orphan is not None:
            with suppress(StatementFailed):
                connection.query(f"SELECT pg_terminate_backend({self._orphan})")
        self._orphan = None

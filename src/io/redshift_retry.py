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

from src.errors import StarliftError
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
        self.connection: Connection = connect()
        self.patience = patience
        self._connect = connect
        self._progress = progress

    def retried(self, what: Callable[[Connection, int], T]) -> T:
        """Call ``what`` with the connection and the attempt's number until it is done.

        Raises what it raises: at once where another attempt is of no use, else after the last.
        """
        for attempt in range(1, self.patience.attempts + 1):
            try:
                return what(self.connection, attempt)
            except StatementFailed as error:
                if not (error.lost or error.conflict) or attempt == self.patience.attempts:
                    raise
                self._progress(f"trying again after: {error.said[:120]}", attempt)
                time.sleep(self.patience.delay(attempt))
                self._reconnect()
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

    def close(self) -> None:
        self.connection.close()

    def _reconnect(self) -> None:
        """A new connection, if there is one to be had: where not, the next attempt finds out."""
        self.connection.close()
        with suppress(StarliftError):
            self.connection = self._connect()

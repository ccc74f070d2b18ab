"""What the loader asks of a warehouse: statements in, rows out, errors as one sentence.

The drivers behind it are redshift_session.py (psycopg2, redshift_connector) and redshift_data.py
(the Data API). Nothing above this floor knows which of them is used.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from src.errors import StarliftError

Row = tuple[Any, ...]

# SQLSTATEs and texts after which the whole transaction is taken again on a new connection.
_CONFLICT_STATES = ("40001", "40P01")
_CONFLICT_TEXTS = (
    "1023",
    "1018",
    "could not complete because of conflict with concurrent transaction",
    "could not open relation with oid",
)


class StatementFailed(StarliftError):
    """A statement that the warehouse refused, or whose answer never came.

    ``said`` is what server or driver said, on one line, DETAIL included. ``lost``: the connection
    broke, and what the statement did is not known. ``conflict``: the server asks to take the
    whole transaction again (rule 17).
    """

    def __init__(self, said: str, *, state: str = "", lost: bool = False) -> None:
        self.said = " ".join(said.split())
        self.state = state
        self.lost = lost
        self.conflict = not lost and _is_conflict(state, self.said)
        super().__init__(
            "The connection to the warehouse broke" if lost else "The warehouse refused",
            found=self.said,
        )


def _is_conflict(state: str, said: str) -> bool:
    """Whether an error is one of those that rule 17 names.

    The numbers are Redshift's own message, so they count only where a message begins.
    """
    text = said.casefold().removeprefix("error:").lstrip()
    return state in _CONFLICT_STATES or any(
        text.startswith(mark) if mark.isdigit() else mark in text for mark in _CONFLICT_TEXTS
    )


class Connection(ABC):
    """One way into the warehouse. Each statement commits by itself, but for ``together``.

    Every method raises StatementFailed, and nothing of the driver's own. ``process`` is the
    server's number of the session; None where no session lasts.
    """

    process: int | None = None

    @abstractmethod
    def table(self, sql: str) -> tuple[list[str], list[Row]]:
        """Column names and rows of a query; no names for a statement without a result."""

    @abstractmethod
    def execute(self, sql: str, token: str | None = None) -> None:
        """Run one statement; of two calls with one ``token`` the Data API runs only the first."""

    @abstractmethod
    def together(self, statements: Sequence[str], token: str | None = None) -> None:
        """Run all statements as one transaction: all commit, or none did anything."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it; an open transaction is rolled back."""

    def query(self, sql: str) -> list[Row]:
        """The rows of a query."""
        return self.table(sql)[1]


Connect = Callable[[], Connection]

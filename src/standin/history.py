"""What was run, for the system views: kept in memory, written when somebody is about to ask.

So ordinary statements pay nothing for it. Queries are numbered when they are written, in the
order in which they ended; a COPY has the number that stl_load_errors knows it by.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from src.standin.tokens import Token

_KEPT = 5_000
_LONGEST_TEXT = 20_000

VIEWS_OF_HISTORY = {
    "PG_LAST_COPY_COUNT", "PG_LAST_COPY_ID", "PG_LAST_QUERY_ID", "PG_LAST_UNLOAD_COUNT",
    "PG_LAST_UNLOAD_ID", "STL_DDLTEXT", "STL_ERROR", "STL_LOAD_COMMITS", "STL_QUERY",
    "STL_QUERYTEXT", "STL_UNLOAD_LOG", "STL_UTILITYTEXT", "SVL_QLOG", "SVL_STATEMENTTEXT",
    "SYS_LOAD_HISTORY", "SYS_QUERY_HISTORY", "SYS_QUERY_TEXT", "SYS_UNLOAD_HISTORY",
}  # fmt: skip
"""What reads the history."""

INSERT_HISTORY = """
INSERT INTO standin.statement (query, user_name, database_name, pid, label, started, ended, tag,
                               state, message, text)
SELECT coalesce(nullif((e->>0)::bigint, 0), nextval('standin.query_id')), e->>1, e->>2,
       (e->>3)::int, e->>4, (e->>5)::timestamp, (e->>6)::timestamp, e->>7, e->>8, e->>9, e->>10
FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS s(e, i) ORDER BY i
"""
"""Writes a JSON array of ``Ran.row``s."""


@dataclass(frozen=True)
class Ran:
    """One statement of a client that has ended."""

    query: int
    """Its number if it has one already, else 0."""
    user: str
    database: str
    pid: int
    label: str
    ended: datetime
    seconds: float
    outcome: str
    """The command tag, or SQLSTATE and message."""
    text: str

    def row(self) -> list[object]:
        """The columns of ``standin.statement``."""
        started = self.ended - timedelta(seconds=self.seconds)
        state, _, message = self.outcome.partition(" ")
        failed = len(state) == 5 and (state[0].isdigit() or state == "XX000")
        said = ("", state, message) if failed else (self.outcome, "", "")
        times = (time.replace(tzinfo=None).isoformat() for time in (started, self.ended))
        text = self.text.replace("\0", "")
        return [self.query, self.user, self.database, self.pid, self.label, *times, *said, text]


class History:
    """The statements that have not been written yet, of all sessions of a stand-in."""

    def __init__(self) -> None:
        self._pending: dict[str, deque[Ran]] = {}
        self._lock = threading.Lock()

    def note(self, ran: Ran) -> None:
        """Keep one, a long text cut off; the oldest go when nobody asks for long."""
        ran = replace(ran, text=ran.text[:_LONGEST_TEXT])
        with self._lock:
            self._pending.setdefault(ran.database, deque(maxlen=_KEPT)).append(ran)

    def take(self, database: str) -> list[Ran]:
        """What is to be written of one database, in order; it is forgotten here."""
        with self._lock:
            return list(self._pending.pop(database, ()))


def reads_history(words: Sequence[Token]) -> bool:
    """Whether a statement asks for what was run, or takes a number of its own (COPY)."""
    return words[0].word == "COPY" or any(token.word in VIEWS_OF_HISTORY for token in words)


_LABEL = re.compile(r"\s*(?:set\s+query_group\s*(?:to|=)\s*'?(.*?)'?|reset\s+query_group)\s*", re.I)


def label_of(statement: str, before: str) -> str:
    """The query group that holds behind ``statement`` when ``before`` held in front of it."""
    found = _LABEL.fullmatch(statement)
    return before if found is None else found.group(1) or ""


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)

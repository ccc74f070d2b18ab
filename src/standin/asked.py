"""What a session has asked of its backend and has not been answered yet, in order.

So answers to questions of its own (the columns of a COPY's target) can be told from the client's
and kept from it.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from src.standin import protocol
from src.standin.start_up import Greeting
from src.standin.statement import Answers, Statement
from src.standin.wire import Wire

_HIDDEN = "standin_hidden"


@dataclass(eq=False)
class Asked:
    """A message sent to the backend whose answer has not come."""

    kind: bytes
    hidden: bool = False
    statements: list[Statement] = field(default_factory=list)
    """Of a Query: all of it; of an Execute: its one."""
    hides: list[bool] = field(default_factory=list)
    """Of a Query: which results are kept from the client."""
    described: bytes = b""
    """Of a Describe: what is to be described, as the client named it."""
    supers: tuple[int, ...] = ()
    """Of a Query: where SUPER columns are in the rows of the result now coming."""
    portal: bytes = b""
    """Of an Execute: whose description says that of its rows."""
    done: int = 0
    rows: list[list[str | None]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def hides_result(self) -> bool:
        """Whether the result now coming is one of ours."""
        return self.hidden or (self.done < len(self.hides) and self.hides[self.done])

    @property
    def statement(self) -> Statement | None:
        """The client's statement that is being answered."""
        index = self.done - sum(self.hides[: self.done])
        return self.statements[index] if index < len(self.statements) else None


class Exchange:
    """What both directions of a session know: who it is, what was asked, what must wait."""

    def __init__(self, greeting: Greeting, wire: Wire) -> None:
        self.user = greeting.user
        self.database = greeting.database
        self.application = greeting.application
        self.pid = 0
        self.wire = wire
        self.asked: deque[Asked] = deque()
        self.barrier: Asked | None = None
        """Until it is answered, the client's messages wait."""
        self.skipping = False
        """Whether the backend passes over everything up to the Sync, after an error."""
        self.status = b"I"
        """The transaction's, as of the last ReadyForQuery."""
        self.supers: dict[bytes, tuple[int, ...]] = {}
        """Where SUPER columns are in the rows of a prepared statement or portal."""
        self.keeps_case = False
        """Whether quoted names keep their capitals."""
        self._question = ""
        self._answers: Answers | None = None

    def ask(self, asked: Asked, data: bytes) -> None:
        """Send a message, and expect its answer."""
        self.wire.to_server += data
        if self.skipping and asked.kind != b"S":
            return
        self.skipping = False
        self.asked.append(asked)

    def ask_hidden(self, text: str, statement: Statement) -> None:
        """Run a statement of ours by the extended protocol; its results are kept here."""
        for kind in (b"C", b"P", b"B", b"D", b"E", b"C", b"C"):
            self.asked.append(
                Asked(kind, hidden=True, statements=[statement] if kind == b"E" else [])
            )
        self.wire.to_server += protocol.run_hidden(_HIDDEN, text)

    def pop(self) -> None:
        """The first that was asked has been answered."""
        asked = self.asked.popleft()
        if asked is self.barrier:
            self.barrier = None

    def question(self, sql: str, answers: Answers) -> None:
        """What is asked next, for ``answers``."""
        self._question, self._answers = sql, answers

    def answer(self, value: str | None) -> bool:
        """Keep the answer to the question that was asked; whether there was one."""
        if not self._question:
            return False
        assert self._answers is not None
        self._answers.known[self._question] = value
        self._question = ""
        return True

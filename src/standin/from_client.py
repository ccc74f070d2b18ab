"""The client's messages on their way to the backend: statements are edited, the rest passes unread.

Where something has to be known first, the client's message waits and we ask on its connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as replaced
from typing import Protocol

from src.standin import protocol
from src.standin.asked import Asked, Exchange
from src.standin.rewrite import in_transaction, rewrite
from src.standin.statement import Answers, Question, Statement, refusing


class Historian(Protocol):
    """What the client's messages need of the server."""

    def write_history(self, database: str) -> None:
        """Let the system views have what was run so far."""


class FromClient:
    """One client's statements: as they came, prepared, and bound to portals."""

    def __init__(self, exchange: Exchange, services: Historian) -> None:
        self._exchange = exchange
        self._services = services
        self._pipeline_began = False
        self._in_pipeline = False
        self._answers: Answers | None = None
        self._answers_for = ""
        self._prepared: dict[str, Statement] = {}
        self._portals: dict[str, Statement] = {}

    def handle(self) -> None:
        """Take what has come, as far as nothing has to be waited for."""
        inbox = self._exchange.wire.from_client
        while self._exchange.barrier is None:
            found = inbox.peek()
            if found is None:
                return
            kind, start, end = found
            handler = _HANDLERS.get(kind)
            if handler is None:
                self._exchange.wire.to_server += inbox.take(end)
                continue
            payload = bytes(memoryview(inbox.data)[start + 5 : end])
            if kind == b"E" and self._must_wait(payload):
                return
            inbox.at = end
            try:
                handler(self, payload)
            except Question as question:
                inbox.at = start
                self._ask_first(question)
                return
            self._in_pipeline = kind not in (b"Q", b"S", b"F")

    def _on_query(self, payload: bytes) -> None:
        text, _ = protocol.cstring(payload, 0)
        statements = self._rewritten(text)
        if statements is None:
            self._exchange.ask(
                Asked(b"Q", statements=[Statement(text, "(unfinished quote)")]),
                protocol.message(b"Q", payload),
            )
            return
        statements = list(self._alone(statements))
        pieces: list[str] = []
        hides: list[bool] = []
        for statement in statements:
            pieces += statement.before
            hides += [True] * len(statement.before)
            pieces += [statement.text, *statement.after]
            hides += [False] + [True] * len(statement.after)
        asked = Asked(b"Q", statements=statements, hides=hides)
        edited = any(hides) or any(statement.edited for statement in statements)
        if any(statement.reads_history for statement in statements):
            self._services.write_history(self._exchange.database)
        body = protocol.encode(";\n".join(pieces)) + b"\0" if edited else payload
        self._exchange.ask(asked, protocol.message(b"Q", body))
        if any(statement.before for statement in statements) and not self._exchange.skipping:
            self._exchange.barrier = asked

    def _rewritten(self, text: str) -> list[Statement] | None:
        """The client's text in PostgreSQL's words; raises Question."""
        if self._answers is None or self._answers_for != text:
            may_ask = self._exchange.status != b"E" and not self._exchange.skipping
            self._answers, self._answers_for = (
                Answers(may_ask=may_ask, keeps_case=self._exchange.keeps_case),
                text,
            )
        statements = rewrite(text, self._answers)
        self._answers = None
        return statements

    def _ask_first(self, question: Question) -> None:
        """Ask on the client's own connection; its message waits until the answer is here.

        In a pipeline this is one more statement of its transaction; else a request by itself.
        """
        assert self._answers is not None
        self._exchange.question(question.sql, self._answers)
        if self._in_pipeline:
            self._exchange.ask_hidden(question.sql, Statement("", "(a question of the stand-in)"))
            self._exchange.wire.to_server += protocol.message(b"H")
            self._exchange.barrier = self._exchange.asked[-1]
        else:
            asked = Asked(b"Q", hidden=True)
            self._exchange.ask(asked, protocol.message(b"Q", protocol.encode(question.sql) + b"\0"))
            self._exchange.barrier = asked

    def _alone(self, statements: list[Statement]) -> Iterator[Statement]:
        """Refuse what must be alone where it would run inside a transaction."""
        inside = self._exchange.status != b"I" or len(statements) > 1
        for statement in statements:
            if statement.alone is not None and inside:
                text = refusing(in_transaction(statement.alone))
                yield replaced(statement, text=text, edited=True)
            else:
                yield statement

    def _on_parse(self, payload: bytes) -> None:
        name, at = protocol.cstring(payload, 0)
        text, at = protocol.cstring(payload, at)
        statements = self._rewritten(text)
        self._exchange.supers.pop(b"S" + protocol.encode(name), None)
        data = protocol.message(b"P", payload)
        if statements is not None and len(statements) == 1:
            self._prepared[name] = statements[0]
            if statements[0].edited:
                data = protocol.parse_message(name, statements[0].text, payload[at:])
        else:
            # Empty, unfinished, or several at once: PostgreSQL says what is wrong.
            log = ";".join(statement.log for statement in statements or ())
            self._prepared[name] = Statement(text, log)
        self._exchange.ask(Asked(b"P", statements=[self._prepared[name]]), data)

    def _on_bind(self, payload: bytes) -> None:
        portal, at = protocol.cstring(payload, 0)
        name, _ = protocol.cstring(payload, at)
        statement = self._prepared.get(name)
        known = self._exchange.supers.get(b"S" + protocol.encode(name), ())
        self._exchange.supers[b"P" + protocol.encode(portal)] = known
        if statement is not None:
            self._portals[portal] = statement
        else:
            self._portals.pop(portal, None)
        self._exchange.ask(
            Asked(b"B", statements=[statement] if statement else []),
            protocol.message(b"B", payload),
        )

    def _on_describe(self, payload: bytes) -> None:
        self._exchange.ask(Asked(b"D", described=payload[:-1]), protocol.message(b"D", payload))

    def _on_close(self, payload: bytes) -> None:
        name, _ = protocol.cstring(payload, 1)
        (self._prepared if payload[:1] == b"S" else self._portals).pop(name, None)
        self._exchange.ask(Asked(b"C"), protocol.message(b"C", payload))

    def _must_wait(self, payload: bytes) -> bool:
        """Whether an Execute needs the transaction's state, which earlier answers will bring."""
        portal, _ = protocol.cstring(payload, 0)
        statement = self._portals.get(portal)
        if statement is None or statement.alone is None:
            return False
        for asked in reversed(self._exchange.asked):
            if asked.kind in (b"S", b"Q"):
                self._exchange.barrier = asked
                return True
        return False

    def _on_execute(self, payload: bytes) -> None:
        portal, _ = protocol.cstring(payload, 0)
        statement = self._portals.get(portal)
        data = protocol.message(b"E", payload)
        if statement is None or self._exchange.skipping:
            self._exchange.ask(Asked(b"E", statements=[statement] if statement else []), data)
            return
        if statement.reads_history:
            self._services.write_history(self._exchange.database)
        inside = self._exchange.status != b"I" or self._pipeline_began
        if statement.alone is not None and inside:
            self._exchange.ask_hidden(refusing(in_transaction(statement.alone)), statement)
        else:
            # A COPY's target is looked up anew each time: it may be seconds old, or another.
            for text in statement.before:
                self._exchange.ask_hidden(text, statement)
        asked = Asked(b"E", statements=[statement], portal=b"P" + protocol.encode(portal))
        self._exchange.ask(asked, data)
        # While a COPY asks for rows, PostgreSQL takes nothing else: see FromServer.
        for text in statement.after if statement.copy is None else ():
            self._exchange.ask_hidden(text, statement)
        # Even without BEGIN, what runs before the Sync is one transaction.
        self._pipeline_began = True
        if statement.before:
            self._exchange.wire.to_server += protocol.message(b"H")
            self._exchange.barrier = asked

    def _on_sync(self, payload: bytes) -> None:
        self._exchange.ask(Asked(b"S"), protocol.message(b"S", payload))
        self._pipeline_began = False

    def _on_function(self, payload: bytes) -> None:
        self._exchange.ask(Asked(b"F"), protocol.message(b"F", payload))


_HANDLERS = {
    b"Q": FromClient._on_query,
    b"P": FromClient._on_parse,
    b"B": FromClient._on_bind,
    b"D": FromClient._on_describe,
    b"E": FromClient._on_execute,
    b"C": FromClient._on_close,
    b"S": FromClient._on_sync,
    b"F": FromClient._on_function,
}

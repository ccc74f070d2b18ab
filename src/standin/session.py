"""One client's connection: its messages go to a PostgreSQL backend of its own and back.

Most bytes pass unread. Statements are edited on their way (rewrite.py), and a COPY is fed by us:
the backend runs ``COPY … FROM STDIN`` and asks for rows, which come from the files. The session
keeps a queue of what it has asked of the backend, in order, so that answers to questions of its
own (the columns of a COPY's target) can be told from the client's and kept from it.
"""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace as replaced
from typing import TYPE_CHECKING, Protocol

from src.standin import protocol
from src.standin.asked import Asked
from src.standin.bulk import Bulk, Stores
from src.standin.copy_in import Loader
from src.standin.history import History, Ran, label_of, now
from src.standin.parameters import keeps_case
from src.standin.reword import (
    is_conflict,
    is_lost_relation,
    reword,
    reword_conflict,
)
from src.standin.rewrite import in_transaction, rewrite
from src.standin.start_up import Greeting, greet
from src.standin.statement import Answers, Question, Statement, refusing
from src.standin.super_output import compact_row, super_columns
from src.standin.wire import Gone, Side, Stopped, Wire, hang_up

if TYPE_CHECKING:
    from src.standin.statement_log import StatementLog

_HIDDEN = "standin_hidden"


class Services(Stores, Protocol):
    """What a session needs of the server around it."""

    log: StatementLog

    def tls(self) -> ssl.SSLContext:
        """The context for encrypted connections."""

    def password_of(self, user: str, given: str) -> str | None:
        """The password of a user who logs in by IAM; None when that is not allowed."""

    def after_ddl(self, database: str) -> None:
        """Rebuild late-binding views after DDL has been committed."""

    history: History

    def write_history(self, database: str) -> None:
        """Let the system views have what was run so far."""

    def view_failure(self, database: str) -> tuple[str, str] | None:
        """SQLSTATE and message of a late-binding view that cannot be read now."""

    def table_id(self, database: str, table: str) -> str:
        """The id of the table of that name, or the name when there is not just one."""


class Session:
    """Runs one connection from its first byte to its last, in the calling thread."""

    def __init__(
        self, client: socket.socket, socket_path: Callable[[], str], services: Services
    ) -> None:
        self._client: Side = client
        self._wire: Wire | None = None
        self._socket_path = socket_path
        self._services = services
        self._asked: deque[Asked] = deque()
        self._barrier: Asked | None = None
        self._skipping = False
        self._status = b"I"
        self._pipeline_began = False
        self._in_pipeline = False
        self._answers: Answers | None = None
        self._answers_for = ""
        self._question = ""
        self._prepared: dict[str, Statement] = {}
        self._portals: dict[str, Statement] = {}
        self._supers: dict[bytes, tuple[int, ...]] = {}
        self._bulk = Bulk(services)
        self._ddl = False
        self.user = ""
        self.database = ""
        self.application = ""
        self.pid = 0
        self._label = ""
        self._keeps_case = False

    # -- life --------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until one side goes; closes both."""
        try:
            greeting = greet(
                self._client, self._connect, self._services.tls, self._services.password_of
            )
            if greeting is not None:
                self._relay(greeting)
        except (Gone, ConnectionError, protocol.ProtocolError, ValueError, struct.error):
            pass
        finally:
            self._bulk.forget()
            self.close()

    def close(self) -> None:
        """Close both connections; may be called from another thread to end the session."""
        if self._wire is not None:
            self._wire.close()
        hang_up(self._client)

    def _connect(self) -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._socket_path())
        return server

    @property
    def wire(self) -> Wire:
        """Both sides, once the client has been greeted."""
        assert self._wire is not None
        return self._wire

    def _relay(self, greeting: Greeting) -> None:
        """Pass messages both ways until one side closes."""
        self.user, self.database = greeting.user, greeting.database
        self.application = greeting.application
        wire = self._wire = Wire(greeting.client, greeting.server)
        while True:
            # In this order: an answer may lift the barrier that client's messages wait behind.
            self._handle_server()
            self._handle_client()
            try:
                wire.exchange(hold_client=self._barrier is not None)
            except Gone:
                self._handle_server()
                wire.drain()
                raise

    # -- from the client ---------------------------------------------------------------------

    def _handle_client(self) -> None:
        inbox = self.wire.from_client
        while self._barrier is None:
            found = inbox.peek()
            if found is None:
                return
            kind, start, end = found
            handler = _HANDLERS.get(kind)
            if handler is None:
                self.wire.to_server += inbox.take(end)
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

    def _ask(self, asked: Asked, data: bytes) -> None:
        self.wire.to_server += data
        if self._skipping and asked.kind != b"S":
            return  # the backend passes over everything up to the Sync
        self._skipping = False
        self._asked.append(asked)

    def _on_query(self, payload: bytes) -> None:
        text, _ = protocol.cstring(payload, 0)
        statements = self._rewritten(text)
        if statements is None:
            self._ask(
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
            self._services.write_history(self.database)
        body = protocol.encode(";\n".join(pieces)) + b"\0" if edited else payload
        self._ask(asked, protocol.message(b"Q", body))
        if any(statement.before for statement in statements) and not self._skipping:
            self._barrier = asked

    def _rewritten(self, text: str) -> list[Statement] | None:
        """The client's text in PostgreSQL's words; raises Question."""
        if self._answers is None or self._answers_for != text:
            may_ask = self._status != b"E" and not self._skipping
            self._answers, self._answers_for = (
                Answers(may_ask=may_ask, keeps_case=self._keeps_case),
                text,
            )
        statements = rewrite(text, self._answers)
        self._answers = None
        return statements

    def _ask_first(self, question: Question) -> None:
        """Ask on the client's own connection; its message waits until the answer is here.

        In a pipeline this is one more statement of its transaction; else a request by itself.
        """
        self._question = question.sql
        if self._in_pipeline:
            self._hidden(question.sql, Statement("", "(a question of the stand-in)"))
            self.wire.to_server += protocol.message(b"H")
            self._barrier = self._asked[-1]
        else:
            asked = Asked(b"Q", hidden=True)
            self._ask(asked, protocol.message(b"Q", protocol.encode(question.sql) + b"\0"))
            self._barrier = asked

    def _alone(self, statements: list[Statement]) -> Iterator[Statement]:
        """Refuse what must be alone where it would run inside a transaction."""
        inside = self._status != b"I" or len(statements) > 1
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
        self._supers.pop(b"S" + protocol.encode(name), None)
        data = protocol.message(b"P", payload)
        if statements is not None and len(statements) == 1:
            self._prepared[name] = statements[0]
            if statements[0].edited:
                data = protocol.parse_message(name, statements[0].text, payload[at:])
        else:
            # Empty, unfinished, or several at once: PostgreSQL says what is wrong.
            log = ";".join(statement.log for statement in statements or ())
            self._prepared[name] = Statement(text, log)
        self._ask(Asked(b"P", statements=[self._prepared[name]]), data)

    def _on_bind(self, payload: bytes) -> None:
        portal, at = protocol.cstring(payload, 0)
        name, _ = protocol.cstring(payload, at)
        statement = self._prepared.get(name)
        known = self._supers.get(b"S" + protocol.encode(name), ())
        self._supers[b"P" + protocol.encode(portal)] = known
        if statement is not None:
            self._portals[portal] = statement
        else:
            self._portals.pop(portal, None)
        self._ask(
            Asked(b"B", statements=[statement] if statement else []),
            protocol.message(b"B", payload),
        )

    def _on_describe(self, payload: bytes) -> None:
        self._ask(Asked(b"D", described=payload[:-1]), protocol.message(b"D", payload))

    def _on_close(self, payload: bytes) -> None:
        name, _ = protocol.cstring(payload, 1)
        (self._prepared if payload[:1] == b"S" else self._portals).pop(name, None)
        self._ask(Asked(b"C"), protocol.message(b"C", payload))

    def _must_wait(self, payload: bytes) -> bool:
        """Whether an Execute needs the transaction's state, which earlier answers will bring."""
        portal, _ = protocol.cstring(payload, 0)
        statement = self._portals.get(portal)
        if statement is None or statement.alone is None:
            return False
        for asked in reversed(self._asked):
            if asked.kind in (b"S", b"Q"):
                self._barrier = asked
                return True
        return False

    def _on_execute(self, payload: bytes) -> None:
        portal, _ = protocol.cstring(payload, 0)
        statement = self._portals.get(portal)
        data = protocol.message(b"E", payload)
        if statement is None or self._skipping:
            self._ask(Asked(b"E", statements=[statement] if statement else []), data)
            return
        if statement.reads_history:
            self._services.write_history(self.database)
        inside = self._status != b"I" or self._pipeline_began
        if statement.alone is not None and inside:
            self._hidden(refusing(in_transaction(statement.alone)), statement)
        else:
            # A COPY's target is looked up anew each time: it may be seconds old, or another.
            for text in statement.before:
                self._hidden(text, statement)
        asked = Asked(b"E", statements=[statement], portal=b"P" + protocol.encode(portal))
        self._ask(asked, data)
        for text in statement.after:
            self._hidden(text, statement)
        # Even without BEGIN, what runs before the Sync is one transaction.
        self._pipeline_began = True
        if statement.before:
            self.wire.to_server += protocol.message(b"H")
            self._barrier = asked

    def _hidden(self, text: str, statement: Statement) -> None:
        for kind in (b"C", b"P", b"B", b"D", b"E", b"C", b"C"):
            self._asked.append(
                Asked(kind, hidden=True, statements=[statement] if kind == b"E" else [])
            )
        self.wire.to_server += protocol.run_hidden(_HIDDEN, text)

    def _on_sync(self, payload: bytes) -> None:
        self._ask(Asked(b"S"), protocol.message(b"S", payload))
        self._pipeline_began = False

    def _on_function(self, payload: bytes) -> None:
        self._ask(Asked(b"F"), protocol.message(b"F", payload))

    # -- from the server ---------------------------------------------------------------------

    def _handle_server(self) -> None:
        """Scan the backend's messages; whole runs that need nothing go on in one piece."""
        inbox = self.wire.from_server
        data = inbox.data
        run = inbox.at
        looking = self._looks_at_rows()
        while (found := inbox.peek()) is not None:
            kind, start, end = found
            inbox.at = end
            if kind == b"D" and not looking:
                continue
            if run < start:
                self.wire.to_client += memoryview(data)[run:start]
            whole = bytes(memoryview(data)[start:end])
            # This may receive more and shift the inbox: offsets from before do not hold after.
            if self._answer(kind, whole[5:]):
                self.wire.to_client += whole
            run = inbox.at
            looking = self._looks_at_rows()
        if run < inbox.at:
            self.wire.to_client += memoryview(data)[run : inbox.at]

    def _looks_at_rows(self) -> bool:
        """Whether rows that now come are ours, or have SUPER values."""
        if not self._asked:
            return False
        return self._asked[0].hides_result() or bool(self._places())

    def _answer(self, kind: bytes, payload: bytes) -> bool:
        """One message of the backend; whether the client gets it as it is."""
        head = self._asked[0] if self._asked else None
        hidden = head is not None and head.hides_result()
        if kind == b"D":
            assert head is not None
            if hidden:
                head.rows.append(protocol.row_values(payload))
            else:
                row = compact_row(payload, self._places())
                self.wire.to_client += protocol.message(b"D", row)
            return False
        if kind in (b"1", b"2", b"3", b"n", b"s", b"I"):
            if head is not None and head.kind != b"Q":
                self._pop()
            return not hidden
        if kind == b"T":
            if hidden:
                self._bulk.described = payload
            if head is None:
                return True
            told, places = super_columns(payload)
            if head.kind == b"D":
                self._supers[head.described] = places
                self._pop()
            else:
                head.supers = places
            if not hidden:
                self.wire.to_client += protocol.message(b"T", told)
            return False
        if kind in (b"H", b"d", b"c") and hidden:
            self._bulk.unload(head.statement if head is not None else None, kind, payload)
            return False
        if kind == b"C":
            return self._completed(head, payload)
        if kind == b"G":
            return self._copy_in(head)
        if kind == b"E":
            self._failed(head, payload)
            return False
        if kind == b"Z":
            hidden = head is not None and head.hidden
            self._ready(payload)
            return not hidden
        if kind == b"K":
            (self.pid,) = struct.unpack_from("!I", payload)
        elif kind == b"S" and self.application.startswith("psql"):
            if protocol.cstring(payload, 0)[0] == "server_version":
                # psql's \l and \d ask for the catalog of the version that they know; before 15
                # the columns are those that 18 has too.
                self.wire.to_client += protocol.message(
                    b"S", b"\0".join((b"server_version", b"14.0", b""))
                )
                return False
        elif kind == b"N":
            fields = protocol.fields_of(payload)
            if "standin." in fields.get("W", ""):
                del fields["W"]
                self.wire.to_client += protocol.fields_message(b"N", fields)
                return False
        return True

    def _places(self) -> tuple[int, ...]:
        """Where SUPER columns are in the rows that are now coming."""
        if not self._asked:
            return ()
        head = self._asked[0]
        return self._supers.get(head.portal, ()) if head.portal else head.supers

    def _pop(self) -> None:
        asked = self._asked.popleft()
        if asked is self._barrier:
            self._barrier = None

    def _completed(self, head: Asked | None, payload: bytes) -> bool:
        if head is None:
            return True
        hidden = head.hides_result()
        tag, _ = protocol.cstring(payload, 0)
        statement = head.statement
        if hidden:
            self._bulk.columns, head.rows = head.rows, []
            if self._question:
                value = self._bulk.columns[0][0] if self._bulk.columns else None
                assert self._answers is not None
                self._answers.known[self._question] = value
                self._question = ""
        elif statement is not None:
            told, tag = self._bulk.completed(tag)
            self.wire.to_client += told
            self._ddl |= tag.startswith(("CREATE", "ALTER", "DROP"))
            if tag in ("SET", "RESET"):
                self._keeps_case = keeps_case(statement.log, self._keeps_case)
            self._log(statement, tag, head)
        head.done += 1
        head.started = time.monotonic()
        if head.kind == b"E":
            self._pop()
        if not hidden:
            self.wire.to_client += protocol.message(b"C", protocol.encode(tag) + b"\0")
        return False

    def _ready(self, payload: bytes) -> None:
        self._status = payload
        if self._asked and self._asked[0].kind in (b"S", b"Q", b"F"):
            self._pop()
        if payload == b"I" and self._ddl:
            self._ddl = False
            self._services.after_ddl(self.database)

    def _failed(self, head: Asked | None, payload: bytes) -> None:
        fields = protocol.fields_of(payload)
        if self._question:
            # It could not be asked: the statement goes as it is.
            assert self._answers is not None
            self._answers.known[self._question] = None
            self._question = ""
            if head is not None and head.kind == b"Q":
                return
        statement = head.statement if head is not None else None
        ours = self._bulk.failed(fields)
        if ours is not None:
            fields = ours
        else:
            self._reword(fields, statement)
        if statement is not None:
            # A syntax error quotes the text that it is near, which may be a secret.
            said = "syntax error" if fields["C"] == "42601" else fields["M"]
            self._log(statement, f"{fields['C']} {said}", head)
        self.wire.to_client += protocol.fields_message(b"E", fields)
        if head is None or head.kind in (b"Q", b"F"):
            return
        while self._asked and self._asked[0].kind != b"S":
            self._pop()
        self._skipping = not self._asked

    def _reword(self, fields: dict[str, str], statement: Statement | None) -> None:
        reword(fields, edited=statement is not None and statement.edited)
        if is_conflict(fields):
            table = statement.table if statement is not None else ""
            known = self._services.table_id(self.database, table) if table else "unknown"
            reword_conflict(fields, known, self.pid)
        elif is_lost_relation(fields):
            failure = self._services.view_failure(self.database)
            if failure is not None:
                fields["C"], fields["M"] = failure

    # -- COPY --------------------------------------------------------------------------------

    def _copy_in(self, head: Asked | None) -> bool:
        """The backend asks for rows: send them, and then CopyDone or CopyFail."""
        statement = head.statement if head is not None else None
        if statement is None or not statement.before:
            return True
        try:
            by = Loader(self.user, self.pid, self.database)
            ending = self._bulk.ending(statement, by, self.wire)
            if head is not None and head.kind == b"E":
                # The Flush behind the Execute was read, and ignored, as part of the COPY.
                ending += protocol.message(b"H")
            self.wire.push(ending)
        except Stopped:
            pass  # the backend has said why; its message is in the inbox
        return False

    # -- log ---------------------------------------------------------------------------------

    def _log(self, statement: Statement, outcome: str, head: Asked | None) -> None:
        started = head.started if head is not None else time.monotonic()
        self._label = label_of(statement.log, self._label)
        self._services.history.note(
            Ran(
                self._bulk.query, self.user, self.database, self.pid, self._label, now(),
                time.monotonic() - started, outcome, statement.log,
            )
        )  # fmt: skip
        self._services.log.write(
            client=self.application,
            user=self.user,
            database=self.database,
            pid=self.pid,
            statement=statement.log,
            outcome=outcome,
            ms=round((time.monotonic() - started) * 1000, 1),
        )


_HANDLERS = {
    b"Q": Session._on_query,
    b"P": Session._on_parse,
    b"B": Session._on_bind,
    b"D": Session._on_describe,
    b"E": Session._on_execute,
    b"C": Session._on_close,
    b"S": Session._on_sync,
    b"F": Session._on_function,
}

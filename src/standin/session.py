"""One client's connection: its messages go to a PostgreSQL backend of its own and back.

Most bytes pass unread. Statements are edited on their way (rewrite.py), and a COPY is fed by us:
the backend runs ``COPY … FROM STDIN`` and asks for rows, which come from the files. The session
keeps a queue of what it has asked of the backend, in order, so that answers to questions of its
own (the columns of a COPY's target) can be told from the client's and kept from it.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from typing import TYPE_CHECKING, Protocol

from src.standin import protocol
from src.standin.prefetch import ahead
from src.standin.refusal import LoadRefused, Refusal
from src.standin.rewrite import Statement, in_transaction, refusing, rewrite
from src.standin.tokens import quote_literal

if TYPE_CHECKING:
    from src.standin.copy_columnar import Target
    from src.standin.objects import ObjectReader
    from src.standin.statement_log import StatementLog

_BUFFER = 1 << 18
_FULL = 1 << 20

_HIDDEN = "standin_hidden"

# Start-up parameters that PostgreSQL knows; drivers of Redshift send many others.
_KNOWN_PARAMETERS = {
    "user", "database", "application_name", "client_encoding", "options", "datestyle", "timezone",
    "extra_float_digits", "search_path", "statement_timeout", "intervalstyle",
}  # fmt: skip


class Services(Protocol):
    """What a session needs of the server around it."""

    log: StatementLog

    @property
    def objects(self) -> ObjectReader:
        """Where COPY reads."""

    def record_load_error(
        self, error: LoadRefused, target: Target, user: str, session: int, database: str
    ) -> None:
        """Keep an error of COPY where the client's rollback does not reach."""

    def after_ddl(self, database: str) -> None:
        """Rebuild late-binding views after DDL has been committed."""

    def view_failure(self, database: str) -> tuple[str, str] | None:
        """SQLSTATE and message of a late-binding view that cannot be read now."""


@dataclass(eq=False)
class _Asked:
    """A message sent to the backend whose answer has not come."""

    kind: bytes
    hidden: bool = False
    statements: list[Statement] = field(default_factory=list)
    """Of a Query: all of it; of an Execute: its one."""
    hides: list[bool] = field(default_factory=list)
    """Of a Query: which results are kept from the client."""
    done: int = 0
    rows: list[list[str | None]] = field(default_factory=list)
    failed: bool = False
    started: float = field(default_factory=time.monotonic)

    def hides_result(self) -> bool:
        """Whether the result now coming is one of ours."""
        return self.hidden or (self.done < len(self.hides) and self.hides[self.done])

    @property
    def statement(self) -> Statement | None:
        """The client's statement that is being answered."""
        index = self.done - sum(self.hides[: self.done])
        return self.statements[index] if index < len(self.statements) else None


class Gone(Exception):
    """One of the two sides has closed the connection."""


class Session:
    """Runs one connection from its first byte to its last, in the calling thread."""

    def __init__(
        self, client: socket.socket, socket_path: Callable[[], str], services: Services
    ) -> None:
        self.client = client
        self.server: socket.socket | None = None
        self._socket_path = socket_path
        self._services = services
        self._from_client = protocol.Inbox()
        self._from_server = protocol.Inbox()
        self._to_client = bytearray()
        self._to_server = bytearray()
        self._asked: deque[_Asked] = deque()
        self._barrier: _Asked | None = None
        self._skipping = False
        self._status = b"I"
        self._pipeline_began = False
        self._prepared: dict[str, Statement] = {}
        self._portals: dict[str, Statement] = {}
        self._columns: list[list[str | None]] = []
        self._target: Target | None = None
        self._refused: LoadRefused | Refusal | None = None
        self._ddl = False
        self.user = ""
        self.database = ""
        self.application = ""
        self.pid = 0

    # -- life --------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until one side goes; closes both."""
        try:
            if self._start():
                self._relay()
        except (Gone, ConnectionError, protocol.ProtocolError, ValueError, struct.error):
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Close both connections; may be called from another thread to end the session."""
        for side in (self.client, self.server):
            if side is not None:
                # shutdown wakes a thread that waits in select; close alone does not.
                with suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
                side.close()

    def _start(self) -> bool:
        """The start-up packets, up to the first message that belongs to the relay."""
        while True:
            (size,) = struct.unpack("!I", self._exactly(4))
            if not 8 <= size <= 100_000:
                return False
            body = self._exactly(size - 4)
            (code,) = struct.unpack_from("!I", body)
            if code in (protocol.SSL_REQUEST, protocol.GSS_REQUEST):
                # No TLS yet. A socket wrapped here would be all that the session needs.
                self.client.sendall(b"N")
                continue
            if code == protocol.CANCEL_REQUEST:
                with self._connect() as server:
                    server.sendall(struct.pack("!I", size) + body)
                    server.recv(1)  # PostgreSQL closes when the signal is sent
                return False
            return self._hello(code, body[4:])

    def _hello(self, code: int, body: bytes) -> bool:
        parameters = protocol.startup_parameters(body)
        self.user = parameters.get("user", "")
        self.database = parameters.setdefault("database", self.user)
        self.application = parameters.get("application_name", "")
        known = {k: v for k, v in parameters.items() if k.lower() in _KNOWN_PARAMETERS}
        # Some drivers send Python's or Java's name of the encoding.
        known["client_encoding"] = "UTF8"
        if self.user.startswith("standin"):
            self._refuse_login("28000", f'no user "{self.user}" for clients')
            return False
        try:
            self.server = self._connect()
        except OSError:
            self._refuse_login("57P03", "the stand-in's PostgreSQL is not there, try again")
            return False
        self.server.sendall(protocol.startup_message(code, known))
        return True

    def _refuse_login(self, state: str, text: str) -> None:
        self.client.sendall(protocol.error_message(state, text, severity="FATAL"))

    def _connect(self) -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._socket_path())
        return server

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self.client.recv(size - len(data))
            if not piece:
                raise Gone
            data += piece
        return data

    # -- the relay ---------------------------------------------------------------------------

    def _relay(self) -> None:
        """Pass messages both ways until one side closes.

        Neither side is waited for while the other has something to say: a client that sends
        without reading must not stop its own backend from being read.
        """
        assert self.server is not None
        self.client.setblocking(False)
        self.server.setblocking(False)
        while True:
            # In this order: an answer may lift the barrier that client's messages wait behind.
            self._handle_server()
            self._handle_client()
            if self._to_client:
                self._send(self.client, self._to_client)
            if self._to_server:
                self._send(self.server, self._to_server)
            readers = []
            # While a barrier stands the client's bytes wait in its socket, so that a pipelining
            # client is slowed, not stored. Without one they are read whatever their number: a
            # single message may be larger than any buffer.
            waiting = self._barrier is not None and len(self._from_client.data) >= _FULL
            if len(self._to_server) < _FULL and not waiting:
                readers.append(self.client)
            if len(self._to_client) < _FULL:
                readers.append(self.server)
            writers = [self.client] if self._to_client else []
            writers += [self.server] if self._to_server else []
            readable, _, _ = select.select(readers, writers, [])
            if self.client in readable:
                self._receive(self.client, self._from_client)
            if self.server in readable:
                try:
                    self._receive(self.server, self._from_server)
                except Gone:
                    self._handle_server()
                    self._drain()
                    raise

    def _send(self, side: socket.socket, buffer: bytearray) -> None:
        try:
            sent = side.send(memoryview(buffer)[:_FULL])
        except BlockingIOError:
            return
        del buffer[:sent]

    def _drain(self) -> None:
        """Give the client what is left for it (a FATAL of the backend) before closing."""
        self.client.settimeout(2)
        self.client.sendall(self._to_client)
        self._to_client.clear()

    @staticmethod
    def _receive(side: socket.socket, inbox: protocol.Inbox) -> None:
        try:
            data = side.recv(_BUFFER)
        except BlockingIOError:
            return
        if not data:
            raise Gone
        inbox.feed(data)

    # -- from the client ---------------------------------------------------------------------

    def _handle_client(self) -> None:
        inbox = self._from_client
        while self._barrier is None:
            found = inbox.peek()
            if found is None:
                return
            kind, start, end = found
            handler = _HANDLERS.get(kind)
            if handler is None:
                self._to_server += inbox.take(end)
                continue
            payload = bytes(memoryview(inbox.data)[start + 5 : end])
            if kind == b"E" and self._must_wait(payload):
                return
            inbox.at = end
            handler(self, payload)

    def _ask(self, asked: _Asked, data: bytes) -> None:
        self._to_server += data
        if self._skipping and asked.kind != b"S":
            return  # the backend passes over everything up to the Sync
        self._skipping = False
        self._asked.append(asked)

    def _on_query(self, payload: bytes) -> None:
        text, _ = protocol.cstring(payload, 0)
        statements = rewrite(text)
        if statements is None:
            self._ask(
                _Asked(b"Q", statements=[Statement(text, "(unfinished quote)")]),
                protocol.message(b"Q", payload),
            )
            return
        statements = list(self._alone(statements))
        pieces: list[str] = []
        hides: list[bool] = []
        for statement in statements:
            if statement.copy is not None:
                pieces.append(_columns_query(statement))
                hides.append(True)
            pieces.append(statement.text)
            hides.append(False)
        asked = _Asked(b"Q", statements=statements, hides=hides)
        edited = any(statement.edited for statement in statements)
        body = protocol.encode(";\n".join(pieces)) + b"\0" if edited else payload
        self._ask(asked, protocol.message(b"Q", body))
        if any(hides) and not self._skipping:
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
        statements = rewrite(text)
        data = protocol.message(b"P", payload)
        if statements is not None and len(statements) == 1:
            self._prepared[name] = statements[0]
            if statements[0].edited:
                data = protocol.parse_message(name, statements[0].text, payload[at:])
        else:
            # Empty, unfinished, or several at once: PostgreSQL says what is wrong.
            log = ";".join(statement.log for statement in statements or ())
            self._prepared[name] = Statement(text, log)
        self._ask(_Asked(b"P", statements=[self._prepared[name]]), data)

    def _on_bind(self, payload: bytes) -> None:
        portal, at = protocol.cstring(payload, 0)
        name, _ = protocol.cstring(payload, at)
        statement = self._prepared.get(name)
        if statement is not None:
            self._portals[portal] = statement
        else:
            self._portals.pop(portal, None)
        self._ask(
            _Asked(b"B", statements=[statement] if statement else []),
            protocol.message(b"B", payload),
        )

    def _on_describe(self, payload: bytes) -> None:
        self._ask(_Asked(b"D"), protocol.message(b"D", payload))

    def _on_close(self, payload: bytes) -> None:
        name, _ = protocol.cstring(payload, 1)
        (self._prepared if payload[:1] == b"S" else self._portals).pop(name, None)
        self._ask(_Asked(b"C"), protocol.message(b"C", payload))

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
            self._ask(_Asked(b"E", statements=[statement] if statement else []), data)
            return
        inside = self._status != b"I" or self._pipeline_began
        if statement.alone is not None and inside:
            self._hidden(refusing(in_transaction(statement.alone)), statement)
        elif statement.copy is not None:
            # The target is looked up anew each time: it may be seconds old, or another by now.
            self._hidden(_columns_query(statement), statement)
        asked = _Asked(b"E", statements=[statement])
        self._ask(asked, data)
        # Even without BEGIN, what runs before the Sync is one transaction.
        self._pipeline_began = True
        if statement.copy is not None:
            self._to_server += protocol.message(b"H")
            self._barrier = asked

    def _hidden(self, text: str, statement: Statement) -> None:
        for kind in (b"C", b"P", b"B", b"E", b"C", b"C"):
            self._asked.append(
                _Asked(kind, hidden=True, statements=[statement] if kind == b"E" else [])
            )
        self._to_server += protocol.run_hidden(_HIDDEN, text)

    def _on_sync(self, payload: bytes) -> None:
        self._ask(_Asked(b"S"), protocol.message(b"S", payload))
        self._pipeline_began = False

    def _on_function(self, payload: bytes) -> None:
        self._ask(_Asked(b"F"), protocol.message(b"F", payload))

    # -- from the server ---------------------------------------------------------------------

    def _handle_server(self) -> None:
        """Scan the backend's messages; whole runs that need nothing go on in one piece."""
        inbox = self._from_server
        data = inbox.data
        run = inbox.at
        hiding = self._hiding()
        while (found := inbox.peek()) is not None:
            kind, start, end = found
            inbox.at = end
            if kind == b"D" and not hiding:
                continue
            if run < start:
                self._to_client += memoryview(data)[run:start]
            whole = bytes(memoryview(data)[start:end])
            # This may receive more and shift the inbox: offsets from before do not hold after.
            if self._answer(kind, whole[5:]):
                self._to_client += whole
            run = inbox.at
            hiding = self._hiding()
        if run < inbox.at:
            self._to_client += memoryview(data)[run : inbox.at]

    def _hiding(self) -> bool:
        return bool(self._asked) and self._asked[0].hides_result()

    def _answer(self, kind: bytes, payload: bytes) -> bool:
        """One message of the backend; whether the client gets it as it is."""
        head = self._asked[0] if self._asked else None
        hidden = head is not None and head.hides_result()
        if kind == b"D":
            assert head is not None
            head.rows.append(protocol.row_values(payload))
            return False
        if kind in (b"1", b"2", b"3", b"n", b"s", b"I"):
            if head is not None and head.kind != b"Q":
                self._pop()
            return not hidden
        if kind == b"T":
            if head is not None and head.kind == b"D":
                self._pop()
            return not hidden
        if kind == b"C":
            return self._completed(head, payload)
        if kind == b"G":
            return self._copy_in(head)
        if kind == b"E":
            self._failed(head, payload)
            return False
        if kind == b"Z":
            self._ready(payload)
            return True
        if kind == b"K":
            (self.pid,) = struct.unpack_from("!I", payload)
        elif kind == b"S" and self.application.startswith("psql"):
            if protocol.cstring(payload, 0)[0] == "server_version":
                # psql's \l and \d ask for the catalog of the version that they know; before 15
                # the columns are those that 18 has too.
                self._to_client += protocol.message(
                    b"S", b"\0".join((b"server_version", b"14.0", b""))
                )
                return False
        elif kind == b"N":
            fields = protocol.fields_of(payload)
            if "standin." in fields.get("W", ""):
                del fields["W"]
                self._to_client += protocol.fields_message(b"N", fields)
                return False
        return True

    def _pop(self) -> None:
        asked = self._asked.popleft()
        if asked is self._barrier:
            self._barrier = None

    def _completed(self, head: _Asked | None, payload: bytes) -> bool:
        if head is None:
            return True
        hidden = head.hides_result()
        tag, _ = protocol.cstring(payload, 0)
        statement = head.statement
        if hidden:
            self._columns, head.rows = head.rows, []
        elif statement is not None:
            if statement.copy is not None:
                self._loaded(statement, tag)
            self._ddl |= tag.startswith(("CREATE", "ALTER", "DROP"))
            self._log(statement, tag, head)
        head.done += 1
        head.started = time.monotonic()
        if head.kind == b"E":
            self._pop()
        return not hidden

    def _loaded(self, statement: Statement, tag: str) -> None:
        assert statement.copy is not None
        rows = tag.rpartition(" ")[2]
        text = (
            f"Load into table '{statement.copy.table[-1]}' completed, "
            f"{rows} record(s) loaded successfully."
        )
        fields = {"S": "INFO", "V": "INFO", "C": "00000", "M": text}
        self._to_client += protocol.fields_message(b"N", fields)

    def _ready(self, payload: bytes) -> None:
        self._status = payload
        if self._asked and self._asked[0].kind in (b"S", b"Q", b"F"):
            self._pop()
        if payload == b"I" and self._ddl:
            self._ddl = False
            self._services.after_ddl(self.database)
        self._refused = None

    def _failed(self, head: _Asked | None, payload: bytes) -> None:
        fields = protocol.fields_of(payload)
        statement = head.statement if head is not None else None
        refused, self._refused = self._refused, None
        if refused is not None:
            fields = self._refusal_fields(refused, fields)
        else:
            self._note_load_error(fields, statement)
            self._reword(fields, statement)
        if statement is not None:
            # A syntax error quotes the text that it is near, which may be a secret.
            said = "syntax error" if fields["C"] == "42601" else fields["M"]
            self._log(statement, f"{fields['C']} {said}", head)
        self._to_client += protocol.fields_message(b"E", fields)
        if head is None or head.kind in (b"Q", b"F"):
            return
        while self._asked and self._asked[0].kind != b"S":
            self._pop()
        self._skipping = not self._asked

    # -- COPY --------------------------------------------------------------------------------

    def _copy_in(self, head: _Asked | None) -> bool:
        """The backend asks for rows: send them, and then CopyDone or CopyFail."""
        statement = head.statement if head is not None else None
        if statement is None or statement.copy is None:
            return True
        try:
            ending = self._fed(statement)
            if head is not None and head.kind == b"E":
                # The Flush behind the Execute was read, and ignored, as part of the COPY.
                ending += protocol.message(b"H")
            self._push(ending)
        except _Stopped:
            pass  # the backend has said why; its message is in the inbox
        return False

    def _fed(self, statement: Statement) -> bytes:
        """Send the rows; the message that ends them, well or not."""
        try:
            self._stream(statement)
        except (LoadRefused, Refusal) as error:
            self._refused = error
            if isinstance(error, LoadRefused) and self._target is not None:
                self._services.record_load_error(
                    error, self._target, self.user, self.pid, self.database
                )
            return protocol.message(b"f", b"refused by the stand-in\0")
        return protocol.message(b"c")

    def _stream(self, statement: Statement) -> None:
        # Imported at the first COPY: Arrow takes a quarter of a second, and most sessions that
        # start a stand-in want to look at something, not load.
        from src.standin.copy_columnar import stream, target_of

        assert statement.copy is not None
        self._target = None
        self._target = target_of(statement.copy, self._columns)
        made = stream(statement.copy, self._target, self._services.objects)
        with ahead(made) as pieces:
            for piece in pieces:
                view = memoryview(piece)
                for at in range(0, len(view), _BUFFER):
                    part = view[at : at + _BUFFER]
                    self._push(protocol.header(b"d", len(part)), part)

    def _push(self, *parts: bytes | memoryview) -> None:
        """Send whole messages to the backend; stop when it has failed or the client is gone.

        A message is never left half sent: the backend would take what follows for its rest.
        """
        assert self.server is not None
        if self._to_server:
            parts = (bytes(self._to_server), *parts)
            self._to_server.clear()
        left = [memoryview(part) for part in parts]
        stopped = False
        while left:
            readable, writable, _ = select.select([self.server, self.client], [self.server], [])
            if self.server in readable:
                self._receive(self.server, self._from_server)
                stopped = stopped or self._has_error()
            if self.client in readable and not self._client_there():
                raise Gone
            if self.server in writable:
                try:
                    sent = self.server.sendmsg(left)
                except BlockingIOError:
                    continue
                while left and sent >= len(left[0]):
                    sent -= len(left.pop(0))
                if left and sent:
                    left[0] = left[0][sent:]
        if stopped:
            raise _Stopped

    def _client_there(self) -> bool:
        if len(self._from_client.data) < _FULL:
            try:
                self._receive(self.client, self._from_client)
            except Gone:
                return False
            return True
        time.sleep(0.001)
        return True

    def _has_error(self) -> bool:
        """Whether an error is among the backend's messages that wait."""
        data, at = self._from_server.data, self._from_server.at
        while at + 5 <= len(data):
            if data[at : at + 1] == b"E":
                return True
            at += 1 + int(struct.unpack_from("!I", data, at + 1)[0])
        return False

    # -- errors and log ----------------------------------------------------------------------

    def _refusal_fields(
        self, refused: LoadRefused | Refusal, fields: dict[str, str]
    ) -> dict[str, str]:
        kept = {"S": fields.get("S", "ERROR"), "V": fields.get("V", "ERROR")}
        if isinstance(refused, LoadRefused):
            query = self._target.query if self._target is not None else 0
            return kept | {"C": refused.state, "M": refused.message, "D": refused.detail(query)}
        more = {"D": refused.detail} if refused.detail else {}
        more |= {"H": refused.hint} if refused.hint else {}
        return kept | {"C": refused.state, "M": refused.message} | more

    def _note_load_error(self, fields: dict[str, str], statement: Statement | None) -> None:
        """Values that PostgreSQL refuses during a COPY are load errors too."""
        if statement is None or statement.copy is None or self._target is None:
            return
        if fields.get("C", "")[:2] not in ("22", "23"):
            return
        error = LoadRefused(fields.get("M", ""), code=1, column=fields.get("c", ""))
        self._services.record_load_error(error, self._target, self.user, self.pid, self.database)

    def _reword(self, fields: dict[str, str], statement: Statement | None) -> None:
        """PostgreSQL's error in Redshift's words, where they differ and matter."""
        state = fields.get("C", "")
        if "standin." in fields.get("W", ""):
            for key in "WFLR":
                fields.pop(key, None)
        if statement is not None and statement.edited:
            fields.pop("P", None)  # a place in a text that the client did not write
        if state == "40001":
            said = fields.get("M", "")
            table = statement.table if statement is not None and statement.table else "unknown"
            fields["M"] = "1023"
            fields["D"] = (
                f"Serializable isolation violation on table - {table}, transactions forming the "
                f"cycle are: unknown to the stand-in (pid:{self.pid})"
            )
            fields["H"] = f"PostgreSQL said: {said}"
        elif state == "23514" and fields.get("n", "").startswith("standin_bytes_"):
            _, _, kind, _, size = fields["n"].split("_")
            label = "character varying" if kind == "varchar" else "character"
            fields.pop("D", None)  # the failing row, which may be private
            fields["C"] = "22001"
            fields["M"] = f"value too long for type {label}({size})"
        elif state == "XX000" and fields.get("M", "").startswith("could not open relation with"):
            failure = self._services.view_failure(self.database)
            if failure is not None:
                fields["C"], fields["M"] = failure

    def _log(self, statement: Statement, outcome: str, head: _Asked | None) -> None:
        started = head.started if head is not None else time.monotonic()
        self._services.log.write(
            client=self.application,
            user=self.user,
            database=self.database,
            pid=self.pid,
            statement=statement.log,
            outcome=outcome,
            ms=round((time.monotonic() - started) * 1000, 1),
        )


class _Stopped(Exception):
    """The backend has ended a COPY from its side."""


def _columns_query(statement: Statement) -> str:
    assert statement.copy is not None
    return f"SELECT * FROM standin.copy_columns({quote_literal(statement.copy.target)})"


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

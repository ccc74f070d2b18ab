"""The backend's messages on their way to the client: its own answers, in Redshift's words.

Answers to what we have asked are kept here, and so are the rows of a COPY or UNLOAD.
"""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Protocol

from src.standin import protocol
from src.standin.asked import Asked, Exchange
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
from src.standin.statement import Statement
from src.standin.super_output import compact_row, super_columns
from src.standin.wire import Stopped

if TYPE_CHECKING:
    from src.standin.statement_log import StatementLog


class Teller(Stores, Protocol):
    """What the backend's messages need of the server."""

    log: StatementLog
    history: History

    def after_ddl(self, database: str) -> None:
        """Rebuild late-binding views after DDL has been committed."""

    def view_failure(self, database: str) -> tuple[str, str] | None:
        """SQLSTATE and message of a late-binding view that cannot be read now."""

    def table_id(self, database: str, table: str) -> str:
        """The id of the table of that name, or the name when there is not just one."""


class FromServer:
    """What one backend answers, and the COPY or UNLOAD that it is carrying out."""

    def __init__(self, exchange: Exchange, services: Teller) -> None:
        self._exchange = exchange
        self._services = services
        self._bulk = Bulk(services)
        self._ddl = False
        self._label = ""

    def forget(self) -> None:
        """The client is gone: files that are not finished are not to be seen."""
        self._bulk.forget()

    def handle(self) -> None:
        """Scan the backend's messages; whole runs that need nothing go on in one piece."""
        inbox = self._exchange.wire.from_server
        data = inbox.data
        run = inbox.at
        looking = self._looks_at_rows()
        while (found := inbox.peek()) is not None:
            kind, start, end = found
            inbox.at = end
            if kind == b"D" and not looking:
                continue
            if run < start:
                self._exchange.wire.to_client += memoryview(data)[run:start]
            whole = bytes(memoryview(data)[start:end])
            # This may receive more and shift the inbox: offsets from before do not hold after.
            if self._answer(kind, whole[5:]):
                self._exchange.wire.to_client += whole
            run = inbox.at
            looking = self._looks_at_rows()
        if run < inbox.at:
            self._exchange.wire.to_client += memoryview(data)[run : inbox.at]

    def _looks_at_rows(self) -> bool:
        """Whether rows that now come are ours, or have SUPER values."""
        if not self._exchange.asked:
            return False
        return self._exchange.asked[0].hides_result() or bool(self._places())

    def _answer(self, kind: bytes, payload: bytes) -> bool:
        """One message of the backend; whether the client gets it as it is."""
        head = self._exchange.asked[0] if self._exchange.asked else None
        hidden = head is not None and head.hides_result()
        if kind == b"D":
            assert head is not None
            if hidden:
                head.rows.append(protocol.row_values(payload))
            else:
                row = compact_row(payload, self._places())
                self._exchange.wire.to_client += protocol.message(b"D", row)
            return False
        if kind in (b"1", b"2", b"3", b"n", b"s", b"I"):
            if head is not None and head.kind != b"Q":
                self._exchange.pop()
            return not hidden
        if kind == b"T":
            if hidden:
                self._bulk.described = payload
            if head is None:
                return True
            told, places = super_columns(payload)
            if head.kind == b"D":
                self._exchange.supers[head.described] = places
                self._exchange.pop()
            else:
                head.supers = places
            if not hidden:
                self._exchange.wire.to_client += protocol.message(b"T", told)
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
            (self._exchange.pid,) = struct.unpack_from("!I", payload)
        elif kind == b"S" and self._exchange.application.startswith("psql"):
            if protocol.cstring(payload, 0)[0] == "server_version":
                # psql's \l and \d ask for the catalog of the version that they know; before 15
                # the columns are those that 18 has too.
                self._exchange.wire.to_client += protocol.message(
                    b"S", b"\0".join((b"server_version", b"14.0", b""))
                )
                return False
        elif kind == b"N":
            fields = protocol.fields_of(payload)
            if "standin." in fields.get("W", ""):
                del fields["W"]
                self._exchange.wire.to_client += protocol.fields_message(b"N", fields)
                return False
        return True

    def _places(self) -> tuple[int, ...]:
        """Where SUPER columns are in the rows that are now coming."""
        if not self._exchange.asked:
            return ()
        head = self._exchange.asked[0]
        return self._exchange.supers.get(head.portal, ()) if head.portal else head.supers

    def _completed(self, head: Asked | None, payload: bytes) -> bool:
        if head is None:
            return True
        hidden = head.hides_result()
        tag, _ = protocol.cstring(payload, 0)
        statement = head.statement
        if hidden:
            self._bulk.columns, head.rows = head.rows, []
            self._exchange.answer(self._bulk.columns[0][0] if self._bulk.columns else None)
        elif statement is not None:
            told, tag = self._bulk.completed(tag)
            self._exchange.wire.to_client += told
            self._ddl |= tag.startswith(("CREATE", "ALTER", "DROP"))
            if tag in ("SET", "RESET"):
                self._exchange.keeps_case = keeps_case(statement.log, self._exchange.keeps_case)
            self._log(statement, tag, head)
        head.done += 1
        head.started = time.monotonic()
        if head.kind == b"E":
            self._exchange.pop()
        if not hidden:
            self._exchange.wire.to_client += protocol.message(b"C", protocol.encode(tag) + b"\0")
        return False

    def _ready(self, payload: bytes) -> None:
        self._exchange.status = payload
        if self._exchange.asked and self._exchange.asked[0].kind in (b"S", b"Q", b"F"):
            self._exchange.pop()
        if payload == b"I" and self._ddl:
            self._ddl = False
            self._services.after_ddl(self._exchange.database)

    def _failed(self, head: Asked | None, payload: bytes) -> None:
        fields = protocol.fields_of(payload)
        # A question that could not be asked: the statement goes as it is.
        if self._exchange.answer(None) and head is not None and head.kind == b"Q":
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
        self._exchange.wire.to_client += protocol.fields_message(b"E", fields)
        if head is None or head.kind in (b"Q", b"F"):
            return
        while self._exchange.asked and self._exchange.asked[0].kind != b"S":
            self._exchange.pop()
        self._exchange.skipping = not self._exchange.asked

    def _reword(self, fields: dict[str, str], statement: Statement | None) -> None:
        reword(fields, edited=statement is not None and statement.edited)
        if is_conflict(fields):
            table = statement.table if statement is not None else ""
            known = self._services.table_id(self._exchange.database, table) if table else "unknown"
            reword_conflict(fields, known, self._exchange.pid)
        elif is_lost_relation(fields):
            failure = self._services.view_failure(self._exchange.database)
            if failure is not None:
                fields["C"], fields["M"] = failure

    # -- COPY --------------------------------------------------------------------------------

    def _copy_in(self, head: Asked | None) -> bool:
        """The backend asks for rows: send them, and then CopyDone or CopyFail."""
        statement = head.statement if head is not None else None
        if statement is None or not statement.before:
            return True
        try:
            by = Loader(self._exchange.user, self._exchange.pid, self._exchange.database)
            ending = self._bulk.ending(statement, by, self._exchange.wire)
            if head is not None and head.kind == b"E":
                # The Flush behind the Execute was read, and ignored, as part of the COPY.
                ending += protocol.message(b"H")
            self._exchange.wire.push(ending)
            if head is not None and head.kind == b"E" and statement.copy is not None:
                for text in statement.after:
                    self._exchange.ask_hidden(text, statement)
        except Stopped:
            pass  # the backend has said why; its message is in the inbox
        return False

    # -- log ---------------------------------------------------------------------------------

    def _log(self, statement: Statement, outcome: str, head: Asked | None) -> None:
        started = head.started if head is not None else time.monotonic()
        who = self._exchange
        self._label = label_of(statement.log, self._label)
        self._services.history.note(
            Ran(
                self._bulk.query, who.user, who.database, who.pid, self._label, now(),
                time.monotonic() - started, outcome, statement.log,
            )
        )  # fmt: skip
        self._services.log.write(
            client=who.application,
            user=who.user,
            database=who.database,
            pid=who.pid,
            statement=statement.log,
            outcome=outcome,
            ms=round((time.monotonic() - started) * 1000, 1),
        )

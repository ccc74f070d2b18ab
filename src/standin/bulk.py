"""The COPY or UNLOAD that a session is carrying out, between the backend and the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from src.standin import protocol
from src.standin.copy_in import CopyIn, Loader, LoadErrors
from src.standin.reword import refusal_fields
from src.standin.statement import Statement
from src.standin.wire import Wire

if TYPE_CHECKING:
    from src.standin.copy_out import CopyOut
    from src.standin.objects import ObjectStore


class Stores(LoadErrors, Protocol):
    """What COPY and UNLOAD need of the server."""

    @property
    def objects(self) -> ObjectStore:
        """Where COPY reads and UNLOAD writes."""


class Bulk:
    """At most one COPY or UNLOAD at a time; what the backend said before it is kept here."""

    def __init__(self, stores: Stores) -> None:
        self.columns: list[list[str | None]] = []
        """The rows of the last statement of ours: of a COPY's target."""
        self.described = b""
        """The last row description of ours: of an UNLOAD's query."""
        self.query = 0
        """The number of the COPY that has just ended, else 0."""
        self._stores = stores
        self._job: CopyIn | CopyOut | None = None

    def ending(self, statement: Statement, by: Loader, wire: Wire) -> bytes:
        """Send a COPY's rows, or finish an UNLOAD's files; the message that ends it.

        Raises wire.Stopped when the backend has failed meanwhile.
        """
        if statement.copy is not None:
            self._job = copy = CopyIn(statement.copy, self._stores, by)
            return copy.feed(self.columns, self._stores.objects, wire)
        assert self._job is not None and not isinstance(self._job, CopyIn)
        self._job.finish()
        if self._job.refused is not None:
            return protocol.message(b"f", b"refused by the stand-in\0")
        return protocol.message(b"c")

    def unload(self, statement: Statement | None, kind: bytes, payload: bytes) -> None:
        """A message of the backend that carries an UNLOAD's rows."""
        if kind == b"H":
            # Imported at the first UNLOAD: Arrow takes a quarter of a second.
            from src.standin.copy_out import CopyOut, described

            assert statement is not None and statement.unload is not None
            self._job = CopyOut(statement.unload, described(self.described), self._stores.objects)
        elif kind == b"d":
            assert self._job is not None and not isinstance(self._job, CopyIn)
            self._job.write(payload)

    def completed(self, tag: str) -> tuple[bytes, str]:
        """What the client is told of it, and the tag that the client gets."""
        job, self._job = self._job, None
        self.query = job.query if job is not None else 0
        if job is None:
            return b"", tag
        told = b""
        for text in job.notices(tag.rpartition(" ")[2]):
            fields = {"S": "INFO", "V": "INFO", "C": "00000", "M": text}
            told += protocol.fields_message(b"N", fields)
        return told, job.tag(tag)

    def failed(self, fields: dict[str, str]) -> dict[str, str] | None:
        """The error that the client is to see when it is ours, else None."""
        job, self._job = self._job, None
        self.query = job.query if job is not None else 0
        if job is None:
            return None
        if job.refused is not None:
            return refusal_fields(job.refused, job.query, fields)
        job.note_failure(fields.get("C", ""), fields.get("M", ""), fields.get("c", ""))
        return None

    def forget(self) -> None:
        """The client is gone: files that are not finished are not to be seen."""
        job, self._job = self._job, None
        if job is not None:
            job.note_failure("", "", "")

"""Feed a COPY: the backend asks for rows, and they come from the files that the command names."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from src.standin import protocol
from src.standin.prefetch import ahead
from src.standin.refusal import LoadRefused, Refusal
from src.standin.wire import BUFFER, Wire

if TYPE_CHECKING:
    from src.standin.copy_command import CopyCommand
    from src.standin.copy_target import Target
    from src.standin.copy_text import TextCopy
    from src.standin.objects import ObjectStore


class LoadErrors(Protocol):
    """Where errors of COPY are kept, out of reach of the client's rollback."""

    def record_load_errors(self, errors: list[LoadRefused], target: Target, by: Loader) -> None:
        """Keep ``errors`` for stl_load_errors and sys_load_error_detail."""


@dataclass(frozen=True)
class Loader:
    """Who loads: the user, PostgreSQL's process of the session, and its database."""

    user: str
    session: int
    database: str


class CopyIn:
    """One COPY of a session, from its look at the target to its last row."""

    def __init__(self, command: CopyCommand, errors: LoadErrors, by: Loader) -> None:
        self.command = command
        self.target: Target | None = None
        self.refused: LoadRefused | Refusal | None = None
        self._text: TextCopy | None = None
        self._errors = errors
        self._by = by

    @property
    def query(self) -> int:
        """The number of the query, as stl_load_errors has it."""
        return self.target.query if self.target is not None else 0

    def feed(self, columns: list[list[str | None]], objects: ObjectStore, wire: Wire) -> bytes:
        """Send all rows to the backend; the message that ends them, well or not.

        ``columns`` are the rows of ``standin.copy_columns``. Raises wire.Stopped.
        """
        try:
            for piece in self._rows(columns, objects):
                view = memoryview(piece)
                for at in range(0, len(view), BUFFER):
                    part = view[at : at + BUFFER]
                    wire.push(protocol.header(b"d", len(part)), part)
        except (LoadRefused, Refusal) as error:
            self.refused = error
            if isinstance(error, LoadRefused) and not error.recorded:
                self.record([error])
            return protocol.message(b"f", b"refused by the stand-in\0")
        return protocol.message(b"c")

    def record(self, errors: list[LoadRefused]) -> None:
        """Keep errors of this load; those of a table that was not found have no place."""
        if self.target is not None:
            self._errors.record_load_errors(errors, self.target, self._by)

    def note_failure(self, state: str, message: str, column: str) -> None:
        """A value that PostgreSQL itself refused during the COPY is a load error too."""
        if state[:2] in ("22", "23"):
            self.record([LoadRefused(message, code=1, column=column)])

    @staticmethod
    def tag(tag: str) -> str:
        """The command tag that the client gets."""
        return tag

    def _rows(
        self, columns: list[list[str | None]], objects: ObjectStore
    ) -> Generator[bytes | memoryview, None, None]:
        # Imported at the first COPY: Arrow takes a quarter of a second, and most sessions that
        # start a stand-in want to look at something, not load.
        from src.standin.copy_columnar import stream
        from src.standin.copy_target import target_of

        self.target = target_of(self.command, columns)
        if self.command.text is None:
            made = stream(self.command, self.target, objects)
        else:
            from src.standin.copy_text import TextCopy

            self._text = TextCopy(self.command, self.target, objects, self.record)
            made = self._text.stream()
        with ahead(made) as pieces:
            yield from pieces

    def notices(self, rows: str) -> Iterator[str]:
        """What the client is told once ``rows`` rows are loaded."""
        table = self.command.table[-1]
        yield f"Load into table '{table}' completed, {rows} record(s) loaded successfully."
        if self._text is not None and self._text.skipped:
            yield (
                f"Load into table '{table}' completed, {self._text.skipped} record(s) could not "
                "be loaded.  Check 'stl_load_errors' system table for details."
            )

"""What a session has asked of its backend and has not been answered yet."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from src.standin.statement import Statement


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

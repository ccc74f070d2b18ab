"""The errors that clients see: what the stand-in refuses, and PostgreSQL's in Redshift's words."""

from __future__ import annotations

from dataclasses import dataclass

NOT_SUPPORTED = "0A000"
SYNTAX = "42601"
IN_TRANSACTION = "25001"
INTERNAL = "XX000"


@dataclass
class Refusal(Exception):
    """A statement that is not run, with what the client is told."""

    message: str
    state: str = NOT_SUPPORTED
    detail: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.message} ({self.state}){': ' + self.detail if self.detail else ''}"


@dataclass
class LoadRefused(Exception):
    """A COPY that fails over its files; it also goes to stl_load_errors."""

    message: str
    context: str = ""
    code: int = 15001
    file: str = ""
    line: int | None = None
    column: str = ""
    column_type: str = ""
    column_length: str = ""
    value: str = ""
    raw_line: str = ""
    position: int | None = None
    state: str = INTERNAL
    shows_detail: bool = True
    """Whether the client is told more than the message."""
    recorded: bool = False
    """Whether it is in stl_load_errors already."""

    def __str__(self) -> str:
        return f"{self.message}: {self.context}" if self.context else self.message

    def detail(self, query: int) -> str:
        """The block that Redshift puts into DETAIL."""
        line = "  " + "-" * 47
        return "\n".join(
            [
                "",
                line,
                f"  error:  {self.message}",
                f"  code:      {self.code}",
                f"  context:   {self.context}",
                f"  query:     {query}",
                "  location:  standin/copy_columnar.py",
                line,
            ]
        )


def scan_error(code: int, context: str, **where: object) -> LoadRefused:
    """A fault found in a file's footer or rows, under the headline Redshift gives it."""
    return LoadRefused("Spectrum Scan Error", context, code, **where)  # type: ignore[arg-type]

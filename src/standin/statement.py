"""A statement of a client as the stand-in runs it, and what has to be asked before it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from src.standin.copy_command import CopyCommand
from src.standin.refusal import Refusal
from src.standin.tokens import Kind, Token, quote_literal
from src.standin.unload_command import UnloadCommand

SECRETS = {
    "PASSWORD", "CREDENTIALS", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "TOKEN",
    "MASTER_SYMMETRIC_KEY", "SECRET_ARN",
}  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """One statement of a client, as the stand-in runs it."""

    text: str
    """What PostgreSQL gets."""
    log: str
    """What the client sent, without secrets."""
    edited: bool = False
    before: tuple[str, ...] = ()
    """What is run first, its results kept from the client."""
    after: tuple[str, ...] = ()
    """What is run behind it, its results kept too."""
    copy: CopyCommand | None = None
    unload: UnloadCommand | None = None
    alone: str | None = None
    """Why the statement is refused inside a transaction, if it is."""
    begins: bool = False
    reads_history: bool = False
    """Whether it asks for what was run before."""
    table: str = ""
    """The table a change is made to, for the words of a serializable conflict."""


class Question(Exception):
    """What must be known of the client's own database before its statement can be rewritten."""

    def __init__(self, sql: str) -> None:
        super().__init__(sql)
        self.sql = sql


class Answers:
    """What has been asked on the client's connection for the statements at hand."""

    def __init__(self, *, may_ask: bool = True, keeps_case: bool = False) -> None:
        self.known: dict[str, str | None] = {}
        self.keeps_case = keeps_case
        """Whether quoted names keep their capitals: enable_case_sensitive_identifier."""
        self._may_ask = may_ask

    def ask(self, sql: str) -> str | None:
        """The first value of the query ``sql``; raises Question when it is not known yet.

        None where nothing can be asked, as in a transaction that has failed.
        """
        if sql not in self.known and self._may_ask:
            raise Question(sql)
        return self.known.get(sql)


def redacted(tokens: Sequence[Token]) -> str:
    """The statement's text without the strings that follow a word like PASSWORD."""
    out: list[str] = []
    secret = False
    for token in tokens:
        if token.kind is Kind.SPACE:
            out.append(token.text)
            continue
        out.append("'***'" if secret and token.kind is Kind.STRING else token.text)
        secret = token.word in SECRETS or (secret and token.word in ("AS", "=", "TO", "ENCRYPTED"))
    return "".join(out).strip()


def refusing(refusal: Refusal) -> str:
    """A statement that fails with the refusal's words, in the client's own transaction."""
    parts = (refusal.state, refusal.message, refusal.detail, refusal.hint)
    return f"SELECT standin.refuse({', '.join(quote_literal(part) for part in parts)})"

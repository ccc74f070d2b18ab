"""Walk over a statement's tokens: words, names, strings, what COPY and UNLOAD share."""

from __future__ import annotations

from collections.abc import Sequence

from src.standin.refusal import INTERNAL, SYNTAX, Refusal
from src.standin.tokens import Kind, Token, close_parenthesis

SWITCHES = ("ON", "TRUE", "OFF", "FALSE")


class Reader:
    """The significant tokens of a statement, and how far they have been read."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.tokens)

    @property
    def word(self) -> str:
        """The next word in capitals, empty at the end and for what is no word."""
        return "" if self.ended else self.tokens[self.at].word

    def fail(self) -> Refusal:
        """The error for the next token, which cannot stand where it does."""
        if self.ended:
            return Refusal("syntax error at end of input", SYNTAX)
        return Refusal(f'syntax error at or near "{self.tokens[self.at].text}"', SYNTAX)

    def take(self, *words: str) -> bool:
        """Pass over the next token if it is one of ``words``."""
        if self.word in words:
            self.at += 1
            return True
        return False

    def expect(self, word: str) -> None:
        """Pass over ``word``, which must be next."""
        if not self.take(word):
            raise self.fail()

    def name(self) -> str:
        """The next token as an identifier."""
        if self.ended or (name := self.tokens[self.at].name) is None:
            raise self.fail()
        self.at += 1
        return name

    def names(self) -> list[str]:
        """A list of names in parentheses, the opening one being next."""
        self.expect("(")
        found = [self.name()]
        while self.take(","):
            found.append(self.name())
        self.expect(")")
        return found

    @property
    def at_string(self) -> bool:
        """Whether a string is next."""
        return not self.ended and self.tokens[self.at].value is not None

    def string(self) -> str:
        """The next token as a string, behind an AS that may stand before it."""
        self.take("AS")
        if self.ended or (value := self.tokens[self.at].value) is None:
            raise self.fail()
        self.at += 1
        return value

    def number(self) -> float:
        """The next token as a number, behind an AS that may stand before it."""
        self.take("AS")
        if self.ended or self.tokens[self.at].kind is not Kind.NUMBER:
            raise self.fail()
        self.at += 1
        return float(self.tokens[self.at - 1].text)

    def switch(self) -> bool:
        """ON, OFF, TRUE, FALSE, or nothing, which means ON."""
        off = self.word in ("OFF", "FALSE")
        self.take(*SWITCHES)
        return not off

    def relation(self) -> tuple[str, ...]:
        """A name of one or two parts; the database's name in front of them is dropped."""
        parts = [self.name()]
        while self.take("."):
            parts.append(self.name())
        if len(parts) > 3:
            raise Refusal(
                f"improper qualified name (too many dotted names): {'.'.join(parts)}", SYNTAX
            )
        return tuple(parts[-2:])

    def authorization(self) -> bool:
        """Pass over IAM_ROLE, CREDENTIALS or keys, which nobody here looks at."""
        if self.take("IAM_ROLE"):
            if not self.take("DEFAULT"):
                self.string()
        elif self.take("CREDENTIALS", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
            self.string()
        else:
            return False
        return True

    def skip_value(self) -> None:
        """Pass over the value of an option that is refused anyway."""
        self.take("AS")
        if self.ended:
            return
        token = self.tokens[self.at]
        if token.kind in (Kind.STRING, Kind.NUMBER) or token.word in SWITCHES:
            self.at += 1
        elif token.word == "(":
            self.at = close_parenthesis(self.tokens, self.at) + 1


def no_authorization(command: str) -> Refusal:
    """The refusal of a COPY or UNLOAD that says not by which right it reads or writes."""
    return Refusal(
        f"{command} needs authorization: IAM_ROLE or CREDENTIALS is missing",
        INTERNAL,
        hint="add IAM_ROLE default",
    )

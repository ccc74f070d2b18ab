"""Cut SQL text into tokens, so that statements can be edited without parsing or reprinting them.

The tokenizer knows what PostgreSQL's lexer knows about where a word ends: quotes, in which a
backslash escapes as in Redshift, dollar quotes, nested comments. Joining all token texts gives
the input back, to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a token is; SPACE covers comments too."""

    WORD = "word"
    QUOTED = "quoted identifier"
    STRING = "string"
    NUMBER = "number"
    PARAMETER = "parameter"
    SYMBOL = "symbol"
    SPACE = "space"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind, its text as written, and its offset in the text."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """Offset just after the token."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """The token in capitals when it is a bare word or a symbol, else the empty string."""
        if self.kind is Kind.WORD:
            return self.text.upper()
        return self.text if self.kind is Kind.SYMBOL else ""

    @property
    def name(self) -> str | None:
        """The identifier that the token spells (bare words folded to lower case), else None."""
        if self.kind is Kind.WORD:
            return self.text.lower()
        if self.kind is Kind.QUOTED:
            return self.text[1:-1].replace('""', '"')
        return None

    @property
    def value(self) -> str | None:
        """The content of a plain, escape or dollar-quoted string, else None."""
        if self.kind is not Kind.STRING:
            return None
        text = self.text
        if text.startswith("$"):
            tag = text[: text.index("$", 1) + 1]
            return text[len(tag) : -len(tag)]
        body = text[text.index("'") + 1 : -1].replace("''", "'")
        # Only what a quote needs: COPY and UNLOAD read '\N' and '\t' themselves.
        return re.sub(r"\\([\\'])", r"\1", body)


class UnfinishedText(ValueError):
    """A quote or comment that never ends; PostgreSQL is left to say so in its own words."""


_TOKEN = re.compile(
    r"""
    (?P<space>(?:\s+|--[^\n]*)+)
  | (?P<comment>/\*)
  | (?P<string>[nNeE]?'[^'\\]*(?:(?:''|\\.)[^'\\]*)*')
  | (?P<bstring>[bBxX]'[^']*')
  | (?P<ustring>[uU]&'[^']*(?:''[^']*)*')
  | (?P<uquoted>[uU]&"[^"]*(?:""[^"]*)*")
  | (?P<quoted>"[^"]*(?:""[^"]*)*")
  | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$)
  | (?P<parameter>\$[0-9]+)
  | (?P<number>(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<word>[A-Za-z_\#\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
  | (?P<cast>::|:=)
  | (?P<symbol>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_KINDS = {
    "space": Kind.SPACE,
    "string": Kind.STRING,
    "bstring": Kind.STRING,
    "ustring": Kind.STRING,
    "uquoted": Kind.QUOTED,
    "quoted": Kind.QUOTED,
    "parameter": Kind.PARAMETER,
    "number": Kind.NUMBER,
    "word": Kind.WORD,
    "cast": Kind.SYMBOL,
    "symbol": Kind.SYMBOL,
}


def _comment_end(text: str, start: int) -> int:
    depth = 0
    for mark in re.finditer(r"/\*|\*/", text[start:]):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return start + mark.end()
    raise UnfinishedText("comment")


def tokenize(text: str) -> list[Token]:
    """All tokens of ``text``, spaces and comments included; raises UnfinishedText."""
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None  # the last alternative takes any character
        group = match.lastgroup or ""
        end = match.end()
        if group == "comment":
            end, kind = _comment_end(text, at), Kind.SPACE
        elif group == "dollar":
            close = text.find(match.group(), end)
            if close < 0:
                raise UnfinishedText("dollar quote")
            end, kind = close + len(match.group()), Kind.STRING
        else:
            kind = _KINDS[group]
            if group == "symbol" and match.group() in "'\"":
                raise UnfinishedText("quote")
        tokens.append(Token(kind, text[at:end], at))
        at = end
    return tokens


def significant(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without spaces and comments."""
    return [token for token in tokens if token.kind is not Kind.SPACE]


def joined(tokens: Sequence[Token]) -> str:
    """The text of some tokens, one blank where something stood between two of them.

    What was written in one piece stays so: of ``||`` and ``>=`` each sign is a token.
    """
    pieces = []
    for at, token in enumerate(tokens):
        if at and tokens[at - 1].end != token.start:
            pieces.append(" ")
        pieces.append(token.text)
    return "".join(pieces)


def split_statements(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The token lists of single statements, cut at ``;`` outside parentheses and SQL bodies.

    ``CREATE FUNCTION … BEGIN ATOMIC … END`` is not cut specially: its body is refused elsewhere.
    Pieces without a significant token are dropped.
    """
    piece: list[Token] = []
    depth = 0
    for token in tokens:
        if token.kind is Kind.SYMBOL:
            if token.text == "(":
                depth += 1
            elif token.text == ")":
                depth -= 1
            elif token.text == ";" and depth <= 0:
                if any(part.kind is not Kind.SPACE for part in piece):
                    yield piece
                piece, depth = [], 0
                continue
        piece.append(token)
    if any(part.kind is not Kind.SPACE for part in piece):
        yield piece


def close_parenthesis(tokens: Sequence[Token], opening: int) -> int:
    """The index of the ``)`` that closes the ``(`` at ``opening``, or the number of tokens."""
    depth = 0
    for index in range(opening, len(tokens)):
        word = tokens[index].word
        if word == "(":
            depth += 1
        elif word == ")":
            depth -= 1
            if depth == 0:
                return index
    return len(tokens)


class Edits:
    """Replacements in one statement's text, applied together so that offsets stay valid."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._changes: list[tuple[int, int, str]] = []

    def replace(self, first: Token, last: Token, text: str) -> None:
        """Put ``text`` in place of everything from ``first`` to ``last``."""
        self._changes.append((first.start, last.end, text))

    def insert_after(self, token: Token, text: str) -> None:
        """Put ``text`` right behind ``token``."""
        self._changes.append((token.end, token.end, text))

    def __bool__(self) -> bool:
        return bool(self._changes)

    def text(self) -> str:
        """The edited statement."""
        base = self._tokens[0].start if self._tokens else 0
        original = "".join(token.text for token in self._tokens)
        out: list[str] = []
        at = base
        for start, end, text in sorted(self._changes, key=lambda change: (change[0], change[1])):
            if start < at:
                continue  # inside a piece that was replaced already
            out.append(original[at - base : start - base])
            out.append(text)
            at = end
        out.append(original[at - base :])
        return "".join(out)


def quote_identifier(name: str) -> str:
    """``name`` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(value: str) -> str:
    """``value`` as a string literal that reads the same whatever the settings."""
    quoted = "'" + value.replace("'", "''") + "'"
    return " E" + quoted.replace("\\", "\\\\") if "\\" in value else quoted

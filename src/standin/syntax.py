"""What all statements are read with: words, names, lists, and the error of one out of place."""

from __future__ import annotations

from collections.abc import Sequence

from src.standin.refusal import SYNTAX, Refusal
from src.standin.tokens import Token, joined

LONGEST_NAME = 63
"""Bytes that PostgreSQL keeps of a name: Redshift keeps 127."""


def refuse_long_names(tokens: Sequence[Token]) -> None:
    """Raise Refusal for a name that PostgreSQL would cut off, and take for another's."""
    for token in tokens:
        # Of four bytes a character at most: short texts need no look.
        name = token.name if len(token.text) > LONGEST_NAME // 4 else None
        if name is not None and len(name.encode()) > LONGEST_NAME:
            raise Refusal(
                f'the stand-in has no names of more than {LONGEST_NAME} bytes: "{name}"',
                "42622",
                hint="Redshift takes up to 127",
            )


def syntax_error(tokens: Sequence[Token], at: int) -> Refusal:
    """The error for a token that cannot stand where it does."""
    if at >= len(tokens):
        return Refusal("syntax error at end of input", SYNTAX)
    return Refusal(f'syntax error at or near "{tokens[at].text}"', SYNTAX)


def word(tokens: Sequence[Token], at: int) -> str:
    """The word at ``at``, empty behind the end."""
    return tokens[at].word if at < len(tokens) else ""


def read_relation(tokens: Sequence[Token], at: int) -> tuple[list[str], int]:
    """The parts of a relation's name, and the index behind it."""
    parts: list[str] = []
    while at < len(tokens):
        name = tokens[at].name
        if name is None:
            break
        parts.append(name)
        at += 1
        if word(tokens, at) != ".":
            break
        at += 1
    if not parts:
        raise syntax_error(tokens, at)
    return parts, at


def split_list(tokens: Sequence[Token], start: int, end: int) -> list[tuple[int, int]]:
    """Ranges of the elements between the parentheses at ``start`` and ``end``."""
    ranges: list[tuple[int, int]] = []
    depth = 0
    first = start + 1
    for index in range(start + 1, end):
        text = tokens[index].word
        depth += (text == "(") - (text == ")")
        if text == "," and depth == 0:
            ranges.append((first, index))
            first = index + 1
    ranges.append((first, end))
    return ranges


def words_of(tokens: Sequence[Token], start: int, end: int) -> str:
    """The text of a range of tokens."""
    return joined(tokens[start:end])

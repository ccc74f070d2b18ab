"""Redshift's types of columns and casts in the words of PostgreSQL.

Lengths are Redshift's defaults and limits; types that it has not are refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from src.standin.refusal import Refusal
from src.standin.syntax import syntax_error, word, words_of
from src.standin.tokens import Edits, Kind, Token, close_parenthesis

_PLAIN_TYPES = {
    "SMALLINT", "INT2", "INTEGER", "INT", "INT4", "BIGINT", "INT8", "REAL", "FLOAT4", "FLOAT8",
    "FLOAT", "BOOLEAN", "BOOL", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIME", "TIMETZ", "DOUBLE",
}  # fmt: skip


_TEXT_TYPES = {
    "VARCHAR": "varchar", "NVARCHAR": "varchar", "TEXT": "varchar", "CHARACTER": "char",
    "CHAR": "char", "NCHAR": "char", "BPCHAR": "char",
}  # fmt: skip


_LONGEST = {"varchar": 65535, "char": 4096}


_REST_OF_TYPE = {"VARYING", "PRECISION", "WITH", "WITHOUT", "TIME", "ZONE"}


def edit_type(tokens: Sequence[Token], at: int, column: str, edits: Edits) -> int:
    """Rewrite the type that starts at ``at``; the index behind it. Raises Refusal."""
    kind = word(tokens, at)
    if not kind:
        raise syntax_error(tokens, at)
    end = at + 1
    while word(tokens, end) in _REST_OF_TYPE:
        end += 1
    length: tuple[int, int] | None = None
    if word(tokens, end) == "(":
        close = close_parenthesis(tokens, end)
        length = (end, close)
        end = close + 1
        while word(tokens, end) in _REST_OF_TYPE:
            end += 1
    if word(tokens, end) == "[" or kind == "ARRAY":
        raise Refusal(f'Column "{column}" has unsupported type "{words_of(tokens, at, end)}[]".')
    first, last = tokens[at], tokens[min(end, len(tokens)) - 1]
    if kind in _TEXT_TYPES:
        _editwords_of(tokens, at, length, (first, last), edits)
    elif kind in ("NUMERIC", "DECIMAL"):
        if length is None:
            edits.replace(first, last, "numeric(18,0)")
        else:
            _check_decimal(tokens, length)
    elif kind == "SUPER":
        edits.replace(first, last, "jsonb")
    elif kind not in _PLAIN_TYPES:
        raise Refusal(f'Column "{column}" has unsupported type "{first.text.lower()}".')
    return end


def _check_decimal(tokens: Sequence[Token], length: tuple[int, int]) -> None:
    """The precision and scale between two parentheses; raises Refusal."""
    said = [token.text for token in tokens[length[0] + 1 : length[1]]]
    precision, scale = said[0] if said else "", said[2] if len(said) == 3 else "0"
    if not precision.isdigit() or not 1 <= int(precision) <= 38:
        raise Refusal("DECIMAL precision must be between 1 and 38", "22023")
    if len(said) not in (1, 3) or not scale.isdigit() or int(scale) > min(37, int(precision)):
        raise Refusal(f"DECIMAL scale must be between 0 and {min(37, int(precision))}", "22023")


def _editwords_of(
    tokens: Sequence[Token],
    at: int,
    length: tuple[int, int] | None,
    span: tuple[Token, Token],
    edits: Edits,
) -> None:
    kind = word(tokens, at)
    base = "varchar" if word(tokens, at + 1) == "VARYING" else _TEXT_TYPES[kind]
    if length is None:
        # Redshift's defaults: CHAR is one byte, BPCHAR, TEXT and VARCHAR are 256.
        size = 1 if base == "char" and kind != "BPCHAR" else 256
    elif word(tokens, length[0] + 1) == "MAX":
        size = _LONGEST[base]
    else:
        number = tokens[length[0] + 1]
        if number.kind is not Kind.NUMBER or not number.text.isdigit():
            raise syntax_error(tokens, length[0] + 1)
        size = int(number.text)
        if not 1 <= size <= _LONGEST[base]:
            label = "character varying" if base == "varchar" else "character"
            limit = "cannot exceed" if size else "must be at least 1, and at most"
            raise Refusal(f"length for type {label} {limit} {_LONGEST[base]}", "22023")
    edits.replace(*span, f"{base}({size})")

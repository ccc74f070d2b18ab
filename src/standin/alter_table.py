"""Redshift's ALTER TABLE in the words of PostgreSQL; what only PostgreSQL can alter is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from src.standin.column_types import edit_type
from src.standin.create_table import edit_column
from src.standin.declared import Declared, declared_of, encoding, read_attribute
from src.standin.postgresql_only import refuse_action
from src.standin.refusal import NOT_SUPPORTED, SYNTAX, Refusal
from src.standin.syntax import read_relation, split_list, syntax_error, word, words_of
from src.standin.tokens import Edits, Token

_NO_NULLS = (
    "ALTER TABLE has no {what} on an existing column in Redshift",
    "add a new column with the wanted default and copy the values over",
)


@dataclass(frozen=True)
class Altered:
    """What the session must know about an ALTER TABLE."""

    alone: str | None = None
    """Why it cannot run inside a transaction block, if it cannot."""


def edit_alter_table(tokens: Sequence[Token], at: int, edits: Edits) -> Altered:
    """``ALTER TABLE`` with ``at`` behind TABLE; raises Refusal."""
    if word(tokens, at) in ("IF", "ONLY"):
        raise syntax_error(tokens, at)
    name_at = at
    parts, at = read_relation(tokens, at)
    if len(parts) == 3:
        edits.replace(tokens[name_at], tokens[name_at + 1], "")
    declared = declared_of(parts)
    action, second = word(tokens, at), word(tokens, at + 1)
    refuse_action(action)
    if action == "SET":
        raise Refusal(f"the stand-in has no ALTER TABLE … SET {second}: Redshift has it for "
                      "external tables only")  # fmt: skip
    if action == "ROW" and second == "LEVEL":
        raise Refusal("the stand-in has no row-level security policies yet", NOT_SUPPORTED)
    if action == "ADD":
        _edit_add(tokens, at, declared, edits)
    elif action == "ALTER" and second in (
        "DISTKEY", "DISTSTYLE", "SORTKEY", "COMPOUND", "INTERLEAVED", "ENCODE",
    ):  # fmt: skip
        _remember_only(tokens, at, declared, edits)
    elif action == "ALTER":
        return _edit_alter_column(tokens, at + (2 if second == "COLUMN" else 1), declared, edits,
                                  at)  # fmt: skip
    return Altered()


def _edit_add(tokens: Sequence[Token], at: int, declared: Declared, edits: Edits) -> None:
    start = at + (2 if word(tokens, at + 1) == "COLUMN" else 1)
    kind_at = start + 2 if word(tokens, start) == "CONSTRAINT" else start
    kind = word(tokens, kind_at)
    if kind == "FOREIGN":
        declared.foreign_keys.append(words_of(tokens, kind_at, len(tokens)))
        _put_mark(tokens, at, declared, edits)
        return
    if kind == "CHECK":
        raise Refusal("CHECK constraints are not supported")
    if kind in ("PRIMARY", "UNIQUE") and word(tokens, kind_at + 1) in ("KEY", "("):
        return
    if word(tokens, start) == "IF":
        raise syntax_error(tokens, start)
    if len(split_list(tokens, at - 1, len(tokens))) > 1:
        raise Refusal("ALTER TABLE takes one ADD COLUMN at a time", SYNTAX)
    words = [token.word for token in tokens[start + 1 :]]
    for unwanted in ("PRIMARY", "UNIQUE", "REFERENCES", "IDENTITY", "DISTKEY", "SORTKEY"):
        if unwanted in words:
            raise Refusal(f"ALTER TABLE ADD COLUMN does not take {unwanted}")
    if "DEFAULT" not in words and ("NOT", "NULL") in pairwise(words):
        raise Refusal("ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default "
                      "expression")  # fmt: skip
    if start < len(tokens) and tokens[start].name is not None:
        edit_column(tokens, start, len(tokens), declared, edits)
    if comment := declared.comment():
        edits.insert_after(tokens[-1], " " + comment)


def _put_mark(tokens: Sequence[Token], at: int, declared: Declared, edits: Edits) -> None:
    # RESET of an option that was never set does nothing, and is an ALTER TABLE: tag, lock,
    # privileges and the event trigger that reads the comment are those of the real one.
    edits.replace(tokens[at], tokens[-1], f"RESET (fillfactor) {declared.comment()}")


def _remember_only(tokens: Sequence[Token], at: int, declared: Declared, edits: Edits) -> None:
    begin = at
    while at < len(tokens):
        if word(tokens, at) in ("ALTER", ","):
            at += 1
            continue
        after = read_attribute(tokens, at, declared)
        if after == at:
            raise syntax_error(tokens, at)
        at = after
    _put_mark(tokens, begin, declared, edits)


def _edit_alter_column(
    tokens: Sequence[Token], at: int, declared: Declared, edits: Edits, begin: int
) -> Altered:
    column = tokens[at].name if at < len(tokens) else None
    if column is None:
        raise syntax_error(tokens, at)
    first, second, third = (word(tokens, at + n) for n in (1, 2, 3))
    if (first, second) in (("SET", "NOT"), ("DROP", "NOT"), ("SET", "DEFAULT"),
                           ("DROP", "DEFAULT")):  # fmt: skip
        what = f"{first} {second}{' ' + third if second == 'NOT' else ''}"
        raise Refusal(_NO_NULLS[0].format(what=what), hint=_NO_NULLS[1])
    if first == "ENCODE":
        declared.encode[column] = encoding(tokens, at + 2)
        _put_mark(tokens, begin, declared, edits)
        return Altered()
    if first != "TYPE":
        raise syntax_error(tokens, at + 1)
    kind = word(tokens, at + 2)
    if kind not in ("VARCHAR", "NVARCHAR", "CHARACTER", "TEXT") or (
        kind == "CHARACTER" and third != "VARYING"
    ):
        raise Refusal(
            f"ALTER COLUMN TYPE changes the size of VARCHAR columns only, not to {kind.lower()}"
        )
    end = edit_type(tokens, at + 2, column, edits)
    if end < len(tokens):
        raise syntax_error(tokens, end)  # COLLATE, USING
    declared.values["widen"] = column
    edits.insert_after(tokens[-1], " " + declared.comment())
    return Altered(alone="ALTER TABLE ALTER COLUMN cannot run inside a transaction block")

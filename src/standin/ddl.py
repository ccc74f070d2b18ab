"""Redshift's CREATE TABLE, ALTER TABLE and CREATE VIEW in the words of PostgreSQL.

What PostgreSQL does not know is cut out and left in a comment (see catalog.py); what it would
allow and Redshift does not is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from src.standin.catalog import mark
from src.standin.postgresql_only import refuse_action
from src.standin.refusal import NOT_SUPPORTED, SYNTAX, Refusal
from src.standin.tokens import Edits, Kind, Token, close_parenthesis, quote_identifier

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


@dataclass
class _Declared:
    """What a statement declares beyond PostgreSQL's words."""

    schema: str | None
    name: str
    values: dict[str, object] = field(default_factory=dict)
    encode: dict[str, str] = field(default_factory=dict)
    foreign_keys: list[str] = field(default_factory=list)

    def comment(self) -> str:
        payload: dict[str, object] = {"name": self.name, **self.values}
        if self.schema is not None:
            payload["schema"] = self.schema
        if self.encode:
            payload["encode"] = self.encode
        if self.foreign_keys:
            payload["foreign_keys"] = self.foreign_keys
        return mark(payload) if len(payload) > (2 if self.schema is not None else 1) else ""


def _declared(parts: Sequence[str]) -> _Declared:
    return _Declared(parts[-2] if len(parts) > 1 else None, parts[-1])


def _text(tokens: Sequence[Token], start: int, end: int) -> str:
    return " ".join(token.text for token in tokens[start:end])


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
        raise Refusal(f'Column "{column}" has unsupported type "{_text(tokens, at, end)}[]".')
    first, last = tokens[at], tokens[min(end, len(tokens)) - 1]
    if kind in _TEXT_TYPES:
        _edit_text(tokens, at, length, (first, last), edits)
    elif kind in ("NUMERIC", "DECIMAL"):
        if length is None:
            edits.replace(first, last, "numeric(18,0)")
        elif int(tokens[length[0] + 1].text or 0) > 38:
            raise Refusal("DECIMAL precision must be between 1 and 38", "22023")
    elif kind == "SUPER":
        edits.replace(first, last, "jsonb")
    elif kind not in _PLAIN_TYPES:
        raise Refusal(f'Column "{column}" has unsupported type "{first.text.lower()}".')
    return end


def _edit_text(
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


def _edit_identity(tokens: Sequence[Token], at: int, opening: int, how: str, edits: Edits) -> int:
    """An identity column with its seed and step, 1 and 1 where there are none; the index behind."""
    start, increment, last = 1, 1, opening - 1
    if word(tokens, opening) == "(":
        last = close_parenthesis(tokens, opening)
        seed, _, step = _text(tokens, opening + 1, last).replace(" ", "").partition(",")
        try:
            start, increment = int(seed), int(step)
        except ValueError:
            raise syntax_error(tokens, opening + 1) from None
    edge = "MINVALUE" if increment > 0 else "MAXVALUE"
    text = (
        f"GENERATED {how} AS IDENTITY (START WITH {start} INCREMENT BY {increment} {edge} {start})"
    )
    edits.replace(tokens[at], tokens[last], text)
    return last + 1


def _edit_column(
    tokens: Sequence[Token], start: int, end: int, declared: _Declared, edits: Edits
) -> None:
    """One column definition: its type, and the attributes behind it."""
    name = tokens[start].name
    assert name is not None
    if start + 1 >= end:
        return  # CREATE TABLE t (a, b) AS …
    at = edit_type(tokens, start + 1, name, edits)
    while at < end:
        attribute = word(tokens, at)
        after = at + 1
        if attribute == "ENCODE":
            declared.encode[name] = word(tokens, after).lower()
            edits.replace(tokens[at], tokens[after], "")
            after += 1
        elif attribute == "DISTKEY":
            declared.values |= {"distkey": name, "diststyle": "KEY"}
            edits.replace(tokens[at], tokens[at], "")
        elif attribute == "SORTKEY":
            declared.values |= {"sortkeys": [name], "sortstyle": "COMPOUND"}
            edits.replace(tokens[at], tokens[at], "")
        elif attribute == "IDENTITY":
            after = _edit_identity(tokens, at, after, "ALWAYS", edits)
        elif attribute == "GENERATED" and _text(tokens, at, at + 5).upper() == (
            "GENERATED BY DEFAULT AS IDENTITY"
        ):
            after = _edit_identity(tokens, at, at + 5, "BY DEFAULT", edits)
        elif attribute == "COLLATE" and word(tokens, after) in ("CASE_SENSITIVE", "CS"):
            edits.replace(tokens[at], tokens[after], "")
            after += 1
        elif attribute == "COLLATE":
            raise Refusal("the stand-in has no case-insensitive collation")
        elif attribute == "REFERENCES":
            after = _reference_end(tokens, after, end)
            text = f"FOREIGN KEY ({name}) {_text(tokens, at, after)}"
            declared.foreign_keys.append(text)
            edits.replace(tokens[at], tokens[after - 1], "")
        elif attribute in ("CHECK", "GENERATED"):
            raise Refusal(f"{attribute} on a column is not supported")
        elif attribute == "(":
            after = close_parenthesis(tokens, at) + 1
        at = after


def _reference_end(tokens: Sequence[Token], at: int, end: int) -> int:
    """The index behind ``table [(columns)]`` of a REFERENCES."""
    _, at = read_relation(tokens, at)
    if at < end and word(tokens, at) == "(":
        at = close_parenthesis(tokens, at) + 1
    return at


def _edit_elements(
    tokens: Sequence[Token], start: int, end: int, declared: _Declared, edits: Edits
) -> None:
    """The parenthesised list of columns and constraints of a CREATE TABLE."""
    kept = 0
    for first, stop in split_list(tokens, start, end):
        lead = word(tokens, first)
        at = first + 2 if lead == "CONSTRAINT" else first
        kind = word(tokens, at)
        if kind == "FOREIGN" and word(tokens, at + 1) == "KEY":
            declared.foreign_keys.append(_text(tokens, at, stop))
            # The comma in front goes too; a foreign key is never the first element.
            edits.replace(tokens[first - 1] if kept else tokens[first], tokens[stop - 1], "")
            continue
        kept += 1
        if lead == "LIKE":
            parts, _ = read_relation(tokens, first + 1)
            declared.values["like"] = ".".join(quote_identifier(part) for part in parts)
        elif kind in ("CHECK", "EXCLUDE") and word(tokens, at + 1) in ("(", "USING"):
            raise Refusal(f"{kind} constraints are not supported")
        elif kind in ("PRIMARY", "UNIQUE") and word(tokens, at + 1) in ("KEY", "("):
            continue
        elif tokens[first].name is not None:
            _edit_column(tokens, first, stop, declared, edits)


def _names_in(tokens: Sequence[Token], opening: int) -> tuple[list[str], int]:
    close = close_parenthesis(tokens, opening)
    names = [token.name for token in tokens[opening + 1 : close] if token.name is not None]
    return names, close + 1


def _table_attribute(tokens: Sequence[Token], at: int, declared: _Declared) -> int:
    """Read one table attribute at ``at``; the index behind it, or ``at`` when it is none."""
    attribute = word(tokens, at)
    after = at + 1
    if attribute == "DISTSTYLE":
        style = word(tokens, after)
        if style not in ("AUTO", "EVEN", "KEY", "ALL"):
            raise syntax_error(tokens, after)
        declared.values.setdefault("diststyle", style)
        return after + 1
    if attribute == "DISTKEY":
        if word(tokens, after) == "(":
            names, after = _names_in(tokens, after)
        else:
            names, after = [tokens[after].name or ""] if after < len(tokens) else [], after + 1
        if len(names) != 1:
            raise syntax_error(tokens, at)
        declared.values |= {"distkey": names[0], "diststyle": "KEY"}
        return after
    if attribute in ("COMPOUND", "INTERLEAVED") and word(tokens, after) == "SORTKEY":
        names, after = _names_in(tokens, after + 1)
        declared.values |= {"sortkeys": names, "sortstyle": attribute}
        return after
    if attribute == "SORTKEY":
        if word(tokens, after) in ("AUTO", "NONE"):
            declared.values |= {"sortkeys": [], "sortstyle": word(tokens, after)}
            return after + 1
        names, after = _names_in(tokens, after)
        declared.values |= {"sortkeys": names, "sortstyle": "COMPOUND"}
        return after
    if attribute == "ENCODE" and word(tokens, after) == "AUTO":
        declared.values["encode_auto"] = True
        return after + 1
    if attribute == "BACKUP" and word(tokens, after) in ("YES", "NO"):
        declared.values["backup"] = word(tokens, after) == "YES"
        return after + 1
    return at


def edit_create_table(tokens: Sequence[Token], at: int, edits: Edits) -> None:
    """``CREATE … TABLE`` with ``at`` behind TABLE."""
    if guarded := word(tokens, at) == "IF":
        at += 3
    name_at = at
    parts, at = read_relation(tokens, at)
    if len(parts) == 3:
        edits.replace(tokens[name_at], tokens[name_at + 1], "")
    if parts[-1].startswith("#") and word(tokens, 1) == "TABLE":
        edits.replace(tokens[1], tokens[1], "TEMP TABLE")  # what a # in front of a name says
    declared = _declared(parts)
    if word(tokens, at) == "(":
        close = close_parenthesis(tokens, at)
        if close >= len(tokens):
            return  # PostgreSQL says what is missing
        _edit_elements(tokens, at, close, declared, edits)
        at = close + 1
    while at < len(tokens) and word(tokens, at) != "AS":
        after = _table_attribute(tokens, at, declared)
        if after == at:
            after = at + 1
        else:
            edits.replace(tokens[at], tokens[min(after, len(tokens)) - 1], "")
        at = after
    if guarded and word(tokens, at) == "AS":
        raise Refusal("CREATE TABLE … AS takes no IF NOT EXISTS in Redshift", SYNTAX)
    if declared.values.get("diststyle") == "KEY" and "distkey" not in declared.values:
        raise Refusal("DISTSTYLE KEY needs a DISTKEY", SYNTAX)
    if comment := declared.comment():
        edits.insert_after(tokens[-1], " " + comment)


# -- ALTER TABLE -----------------------------------------------------------------------------

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
    declared = _declared(parts)
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


def _edit_add(tokens: Sequence[Token], at: int, declared: _Declared, edits: Edits) -> None:
    start = at + (2 if word(tokens, at + 1) == "COLUMN" else 1)
    kind_at = start + 2 if word(tokens, start) == "CONSTRAINT" else start
    kind = word(tokens, kind_at)
    if kind == "FOREIGN":
        declared.foreign_keys.append(_text(tokens, kind_at, len(tokens)))
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
        _edit_column(tokens, start, len(tokens), declared, edits)
    if comment := declared.comment():
        edits.insert_after(tokens[-1], " " + comment)


def _put_mark(tokens: Sequence[Token], at: int, declared: _Declared, edits: Edits) -> None:
    # RESET of an option that was never set does nothing, and is an ALTER TABLE: tag, lock,
    # privileges and the event trigger that reads the comment are those of the real one.
    edits.replace(tokens[at], tokens[-1], f"RESET (fillfactor) {declared.comment()}")


def _remember_only(tokens: Sequence[Token], at: int, declared: _Declared, edits: Edits) -> None:
    begin = at
    while at < len(tokens):
        if word(tokens, at) in ("ALTER", ","):
            at += 1
            continue
        after = _table_attribute(tokens, at, declared)
        if after == at:
            raise syntax_error(tokens, at)
        at = after
    _put_mark(tokens, begin, declared, edits)


def _edit_alter_column(
    tokens: Sequence[Token], at: int, declared: _Declared, edits: Edits, begin: int
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
        declared.encode[column] = second.lower()
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


# -- CREATE VIEW -----------------------------------------------------------------------------


def edit_create_view(
    tokens: Sequence[Token], at: int, edits: Edits, body_of: dict[str, int]
) -> None:
    """``CREATE [OR REPLACE] VIEW`` with ``at`` behind VIEW: WITH NO SCHEMA BINDING."""
    if [token.word for token in tokens[-4:]] != ["WITH", "NO", "SCHEMA", "BINDING"]:
        return
    _, at = read_relation(tokens, at)
    if word(tokens, at) != "AS":
        raise Refusal("the stand-in has no column names on a late-binding view",
                      hint="name the columns in the SELECT")  # fmt: skip
    body_of["start"] = tokens[at].end
    body_of["end"] = tokens[-4].start
    edits.replace(tokens[-4], tokens[-1], "")


def late_binding_mark(parts: Sequence[str], body: str) -> str:
    """The comment that makes the event trigger unbind a view from what it reads."""
    declared = _declared(parts)
    declared.values["body"] = body.strip()
    return declared.comment()

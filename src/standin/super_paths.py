"""SUPER in queries: navigation by dots and brackets, and FROM over arrays, in jsonb's words.

``c.orders[0].price`` becomes ``(c.orders)[0]['price']``; ``FROM t AS c, c.orders AS o`` becomes
``FROM t AS c, LATERAL standin.unnest(c.orders) AS o(o)``. Only names that cannot be anything else
are taken for navigation: what PostgreSQL would resolve is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from src.standin.select_blocks import Block, blocks
from src.standin.syntax import word
from src.standin.tokens import (
    Edits,
    Kind,
    Token,
    close_parenthesis,
    quote_identifier,
    quote_literal,
)

_AFTER_RELATION = {
    "ON", "USING", "WHERE", "GROUP", "HAVING", "QUALIFY", "ORDER", "LIMIT", "OFFSET", "UNION",
    "INTERSECT", "EXCEPT", "MINUS", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL",
    "WINDOW", "WITH", "AT", "PIVOT", "UNPIVOT", "FOR", "SET", "VALUES", "SELECT", "TABLESAMPLE",
}  # fmt: skip


@dataclass
class _Scope:
    """The names that FROM clauses give, and which of them are elements of an array."""

    tables: set[str] = field(default_factory=set)
    elements: set[str] = field(default_factory=set)
    roots: frozenset[str] = frozenset()
    doubtful: bool = False


def edit_super(words: Sequence[Token], edits: Edits, roots: frozenset[str]) -> bool:
    """Edit navigation and unnesting in all SELECTs of a statement.

    ``c.name`` navigates when ``c`` is no table but a column, which only PostgreSQL can tell:
    ``roots`` are the names that it has missed as tables. True when some may still be missed.
    """
    found = blocks(words)
    if not found:
        return False
    scope = _Scope(roots=roots)
    for at, token in enumerate(words):
        if token.word in ("INTO", "UPDATE", "USING", "TABLE", "VIEW") and at + 1 < len(words):
            steps, _ = _chain(words, at + 1)
            # The last name is the table's; those before it are its schema and database.
            if steps and (table := _name(steps[-1])):
                scope.tables.add(table)
        elif token.word == "AS" and word(words, at + 1) == "(" and at and words[at - 1].name:
            scope.tables.add(words[at - 1].name or "")  # WITH name AS (
    spans = []
    for block in found:
        span = block.clause("FROM")
        if span is not None:
            spans.append(span)
            _edit_from(words, span, scope, edits)
    relations = _relation_positions(words, spans)
    for block in found:
        _edit_paths(words, block, scope, relations, edits)
    return scope.doubtful


def _chain(words: Sequence[Token], at: int) -> tuple[list[Token | int | str], int]:
    """The steps of ``a.b[0].c`` at ``at``, and the index behind them."""
    steps: list[Token | int | str] = []
    if at >= len(words) or words[at].name is None:
        return steps, at
    steps.append(words[at])
    at += 1
    while at + 1 < len(words):
        if words[at].word == "." and words[at + 1].name is not None:
            steps.append(words[at + 1])
            at += 2
        elif words[at].word == "[" and word(words, at + 2) == "]":
            inner = words[at + 1]
            if inner.kind is Kind.NUMBER:
                steps.append(int(inner.text) if inner.text.isdigit() else inner.text)
            elif inner.value is not None:
                steps.append(inner.value)
            else:
                break
            at += 3
        else:
            break
    return steps, at


def _name(step: Token | int | str) -> str | None:
    return step.name if isinstance(step, Token) else None


def _subscripts(steps: Sequence[Token | int | str]) -> str:
    out = ""
    for step in steps:
        if isinstance(step, int):
            out += f"[{step}]"
        else:
            key = step if isinstance(step, str) else step.name or ""
            out += f"[{quote_literal(key)}]"
    return out


def _path(steps: Sequence[Token | int | str], scope: _Scope) -> str | None:
    """The chain in jsonb's words, or None when it is an ordinary name."""
    first = steps[0]
    assert isinstance(first, Token)
    name = first.name or ""
    if name in scope.elements:
        own = quote_identifier(name)
        return f"({own}.{own}){_subscripts(steps[1:])}" if len(steps) > 1 else None
    if name in scope.tables:
        if len(steps) < 3 or not isinstance(steps[1], Token):
            return None
        return f"({first.text}.{steps[1].text}){_subscripts(steps[2:])}"
    if any(_name(step) in scope.tables for step in steps[1:3]):
        return None  # schema.table.column, database.schema.table.column
    if len(steps) == 1:
        return None
    # Of ``c.a.b`` PostgreSQL misses the table a, of the schema c.
    missed = {name, _name(steps[1])} if len(steps) > 2 else {name}
    if isinstance(steps[1], Token) and not missed & scope.roots:
        scope.doubtful = True
        return None
    return f"({first.text}){_subscripts(steps[1:])}"


def _edit_from(words: Sequence[Token], span: tuple[int, int], scope: _Scope, edits: Edits) -> None:
    at, fresh = span[0], True
    while at < span[1]:
        name = words[at].word
        if name == "(":
            at = close_parenthesis(words, at) + 1
            at = _take_alias(words, at, scope)
            fresh = False
        elif name in (",", "JOIN"):
            fresh = True
            at += 1
        elif name == "ON":
            fresh = False
            at += 1
        elif fresh and name == "UNPIVOT" and at + 1 < span[1] and words[at + 1].name is not None:
            at = _edit_object(words, at, scope, edits)
            fresh = False
        elif fresh and words[at].name is not None and name not in ("LATERAL", "ONLY", "AS"):
            at = _edit_relation(words, at, scope, edits)
            fresh = False
        else:
            at += 1


def _take_alias(words: Sequence[Token], at: int, scope: _Scope) -> int:
    if word(words, at) == "AS":
        at += 1
    if at < len(words) and words[at].name is not None and words[at].word not in _AFTER_RELATION:
        scope.tables.add(words[at].name or "")
        return at + 1
    return at


def _edit_relation(words: Sequence[Token], at: int, scope: _Scope, edits: Edits) -> int:
    steps, end = _chain(words, at)
    if word(words, end) == "(":
        return _take_alias(words, close_parenthesis(words, end) + 1, scope)
    first = words[at].name or ""
    if len(steps) > 1 and first in scope.tables | scope.elements:
        return _edit_unnest(words, at, end, steps, scope, edits)
    after = _take_alias(words, end, scope)
    if after == end:
        last = _name(steps[-1])
        scope.tables.add(last or "")
    return after


def _edit_unnest(
    words: Sequence[Token],
    at: int,
    end: int,
    steps: Sequence[Token | int | str],
    scope: _Scope,
    edits: Edits,
) -> int:
    """``c.orders AS o AT i``: the elements of an array, with their positions if asked for."""
    path = _path(steps, scope)
    if path is None:
        second = steps[1]
        assert isinstance(second, Token)
        path = f"{words[at].text}.{second.text}"
    after = end + 1 if word(words, end) == "AS" else end
    alias = words[after].name if after < len(words) else None
    if alias is None or words[after].word in _AFTER_RELATION:
        return end
    after += 1
    own = quote_identifier(alias)
    text = f"LATERAL standin.unnest({path}) AS {own}({own})"
    if word(words, after) == "AT" and after + 1 < len(words):
        index = words[after + 1].name or ""
        text = f"LATERAL standin.unnest_at({path}) AS {own}({own}, {quote_identifier(index)})"
        after += 2
    scope.elements.add(alias)
    edits.replace(words[at], words[after - 1], text)
    return after


def _edit_object(words: Sequence[Token], at: int, scope: _Scope, edits: Edits) -> int:
    """``UNPIVOT c.address AS val AT attr``: the values of an object with their names."""
    steps, end = _chain(words, at + 1)
    first = words[at + 1].name or ""
    path = _path(steps, scope)
    if path is None:
        own = quote_identifier(first)
        path = f"{own}.{own}" if first in scope.elements else _text(words[at + 1 : end])
    after = end + 1 if word(words, end) == "AS" else end
    alias = words[after].name if after < len(words) else None
    if alias is None or word(words, after + 1) != "AT" or after + 2 >= len(words):
        return end
    own, label = quote_identifier(alias), quote_identifier(words[after + 2].name or "")
    scope.elements.add(alias)
    edits.replace(
        words[at], words[after + 2], f"LATERAL standin.unpivot({path}) AS {own}({own}, {label})"
    )
    return after + 3


def _text(words: Sequence[Token]) -> str:
    return "".join(token.text for token in words)


def _relation_positions(words: Sequence[Token], spans: Sequence[tuple[int, int]]) -> set[int]:
    """Places in FROM clauses where relations stand, which are no navigation."""
    places: set[int] = set()
    for begin, end in spans:
        at, fresh, depth = begin, True, 0
        while at < end:
            name = words[at].word
            depth += (name == "(") - (name == ")")
            if depth == 0:
                if name in (",", "JOIN"):
                    fresh = True
                elif name == "ON":
                    fresh = False
                elif fresh and name != "(":
                    places.add(at)
            at += 1
    return places


def _edit_paths(
    words: Sequence[Token], block: Block, scope: _Scope, relations: set[int], edits: Edits
) -> None:
    at = block.start + 1
    depth = 0
    while at < block.end:
        name = words[at].word
        if name == "(" and word(words, at + 1) == "SELECT":
            at = close_parenthesis(words, at) + 1  # a block of its own
            continue
        depth += (name == "(") - (name == ")")
        if words[at].name is None or at in relations or word(words, at - 1) in (".", "AS"):
            at += 1
            continue
        steps, end = _chain(words, at)
        follows = word(words, end)
        if len(steps) > 1 and follows not in ("(", ".", "["):
            path = _path(steps, scope)
            if path is not None:
                tail = _label(words, at, end, steps, block)
                edits.replace(words[at], words[end - 1], path + tail)
                if follows in ("=", "<", ">", "!"):
                    _edit_compared(words, end, edits)
        at = max(end, at + 1)


def _edit_compared(words: Sequence[Token], at: int, edits: Edits) -> None:
    """A string that a SUPER value is compared with is a string of SUPER, and no JSON text."""
    while word(words, at) in ("=", "<", ">", "!"):
        at += 1
    if at < len(words) and words[at].kind is Kind.STRING and word(words, at + 1) != "::":
        edits.replace(words[at], words[at], f"to_jsonb({words[at].text}::text)")


def _label(
    words: Sequence[Token], at: int, end: int, steps: Sequence[Token | int | str], block: Block
) -> str:
    """The name of the column that a bare path in the select list has, as Redshift names it."""
    limit = min([*block.clauses.values(), block.end])
    if at > limit or word(words, at - 1) not in (",", "SELECT", "DISTINCT"):
        return ""
    if word(words, end) not in (",", "FROM", "") and end != limit:
        return ""
    names = [_name(step) for step in steps if _name(step)]
    return f" AS {quote_identifier(names[-1] or '')}" if names else ""

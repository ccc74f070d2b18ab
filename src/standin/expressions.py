"""Functions and words inside expressions that Redshift has and PostgreSQL has not, or differently.

Each becomes PostgreSQL's words of the same meaning; functions that only have another body are
in functions_sql.py, those with another meaning under the same name in the schema ``standin``.
"""

from __future__ import annotations

from collections.abc import Sequence

from src.standin.ddl import edit_type, split_list, word
from src.standin.refusal import Refusal
from src.standin.tokens import (
    Edits,
    Kind,
    Token,
    close_parenthesis,
    quote_literal,
    significant,
    tokenize,
)

OTHER_MEANING = {
    "AVG", "CONCAT", "JSON_SERIALIZE", "REGEXP_REPLACE", "REGEXP_SUBSTR", "TO_DATE",
}  # fmt: skip
"""Functions that PostgreSQL has too, with another result: ours are in the schema standin."""

_CATALOG_COLUMNS = {
    "ATTISDISTKEY": "standin.att_is_distkey({0}attrelid, {0}attnum)",
    "ATTSORTKEYORD": "standin.att_sortkey({0}attrelid, {0}attnum)",
    "ATTENCODINGTYPE": "standin.att_encoding({0}attrelid, {0}attnum, {0}atttypid)",
    "RELDISTSTYLE": "standin.rel_diststyle({0}oid)",
    "ADSRC": "pg_catalog.pg_get_expr({0}adbin, {0}adrelid)",
}
"""Columns that Redshift's catalog has beside PostgreSQL's."""

_AGGREGATES_ONLY = {"MEDIAN", "PERCENTILE_CONT", "PERCENTILE_DISC"}
_DATE_PARTS = {"DATEADD", "DATEDIFF", "DATE_PART", "DATE_TRUNC"}

EDITED_WORDS = OTHER_MEANING | _AGGREGATES_ONLY | _DATE_PARTS | {
    "NVL", "NVL2", "DECODE", "SYSDATE", "LISTAGG", "APPROXIMATE", "RATIO_TO_REPORT", "MINUS",
    *_CATALOG_COLUMNS, "PG_GET_LATE_BINDING_VIEW_COLS", "DISTINCT", "DECIMAL",
    "NUMERIC", "VARCHAR", "NVARCHAR", "SUPER", "TEXT", "OBJECT", "ARRAY",
}  # fmt: skip
"""Words that a statement must be cut up for."""


def edit_expressions(words: Sequence[Token], edits: Edits) -> None:
    """Edit all expressions among ``words``; raises Refusal."""
    for at, token in enumerate(words):
        if token.word in _CATALOG_COLUMNS and word(words, at + 1) not in ("(", "."):
            _catalog_column(words, at, edits)
            continue
        if token.kind is Kind.NUMBER and at + 1 < len(words):
            following = words[at + 1]
            if following.kind is Kind.WORD and following.start == token.end:
                edits.insert_after(token, " ")  # 1WHEN, which PostgreSQL has ceased to take
        if token.name in ("pg_attribute", "columns"):
            _catalog_relation(words, at, edits)
        if token.kind is not Kind.WORD or (at and words[at - 1].word == "."):
            continue
        name = token.word
        called = word(words, at + 1) == "("
        if called:
            _edit_call(words, at, name, edits)
        if name == "WHERE" and _is_bare_one(words, at + 1):
            edits.replace(words[at + 1], words[at + 1], "true")
        if name == "SYSDATE" and not called and word(words, at + 1) != ".":
            edits.replace(token, token, "pg_catalog.standin_sysdate()")
        elif name == "APPROXIMATE" and word(words, at + 1) in ("COUNT", "PERCENTILE_DISC"):
            edits.replace(token, token, "")
        elif name == "MINUS" and word(words, at + 1) in ("SELECT", "(", "ALL"):
            edits.replace(token, token, "EXCEPT")
        elif name == "DISTINCT" and word(words, at + 1) == "ON" and word(words, at + 2) == "(":
            raise Refusal("SELECT DISTINCT ON is not supported")
        elif name in ("DECIMAL", "NUMERIC") and not called and _is_cast(words, at):
            edits.replace(token, token, "numeric(18,0)")
        elif name in ("VARCHAR", "NVARCHAR", "TEXT") and _is_cast(words, at) and not called:
            edits.replace(token, token, "varchar(256)")
        elif name in ("VARCHAR", "NVARCHAR") and word(words, at + 2) == "MAX" and called:
            edit_type(words, at, "", edits)
        elif name == "SUPER" and _is_cast(words, at):
            edits.replace(token, token, "jsonb")


def _is_bare_one(words: Sequence[Token], at: int) -> bool:
    """Whether a condition is the number 1 by itself, which Redshift takes for true."""
    ends = ("", "AND", "OR", ")", "ORDER", "GROUP", "UNION", "LIMIT")
    return at < len(words) and words[at].text == "1" and word(words, at + 1) in ends


def _catalog_column(words: Sequence[Token], at: int, edits: Edits) -> None:
    first, table = words[at], ""
    if at > 1 and words[at - 1].word == "." and words[at - 2].name is not None:
        first, table = words[at - 2], f"{words[at - 2].text}."
    elif at and words[at - 1].word == "AS":
        return
    text = _CATALOG_COLUMNS[words[at].word].format(table)
    listed = word(words, at - (3 if table else 1)) in ("SELECT", ",")
    alone = listed and word(words, at + 1) in (",", "FROM")
    edits.replace(first, words[at], f"{text} AS {words[at].text}" if alone else text)


def _catalog_relation(words: Sequence[Token], at: int, edits: Edits) -> None:
    """pg_attribute and information_schema.columns without late-binding views, as in Redshift."""
    schema = words[at - 2].name if at > 1 and words[at - 1].word == "." else None
    first = at if schema is None else at - 2
    wanted = "information_schema" if words[at].name == "columns" else "pg_catalog"
    read = word(words, first - 1) in ("FROM", "JOIN", ",")
    if read and word(words, at + 1) != "." and (
        schema == wanted or (schema is None and wanted == "pg_catalog")
    ):  # fmt: skip
        edits.replace(words[first], words[at], f"standin.{words[at].name}")


def _late_binding_columns(words: Sequence[Token], at: int, edits: Edits) -> None:
    """The types that Redshift wants told are known here: only the names of columns stay."""
    opening = at + 3
    while opening < len(words) and words[opening].name is not None:
        opening += 1
    if opening == at + 3 or word(words, opening) != "(":
        return
    close = close_parenthesis(words, opening)
    for start, stop in split_list(words, opening, close):
        if stop - start > 1:
            edits.replace(words[start + 1], words[stop - 1], "")


def _edit_call(words: Sequence[Token], at: int, name: str, edits: Edits) -> None:
    token = words[at]
    before = words[at - 1] if at else token
    if name == "NVL" or (name == "ISNULL" and before.word not in (")", "]") and (
        before.name is None or before.word in ("SELECT", "WHEN", "THEN", "ELSE", "AND", "OR", "BY",
                                               "WHERE", "ON", "NOT", "CASE", "IN"))
    ):  # fmt: skip
        edits.replace(token, token, "COALESCE")
    elif name == "NVL2":
        _nvl2(words, at, edits)
    elif name == "DECODE":
        _decode(words, at, edits)
    elif name in _DATE_PARTS:
        _quote_date_part(words, at + 2, edits)
    elif name == "LISTAGG":
        _listagg(words, at, edits)
    elif name == "RATIO_TO_REPORT":
        _ratio_to_report(words, at, edits)
    elif name in _AGGREGATES_ONLY:
        _percentile(words, at, edits)
    elif name in OTHER_MEANING:
        edits.replace(token, token, f"standin.{token.text.lower()}")
    elif name == "PG_GET_LATE_BINDING_VIEW_COLS":
        _late_binding_columns(words, at, edits)
    elif name == "OBJECT":
        edits.replace(token, token, "jsonb_build_object")
    elif name == "ARRAY" and word(words, at + 2) not in ("SELECT", "WITH", "VALUES"):
        edits.replace(token, token, "jsonb_build_array")


def _arguments(words: Sequence[Token], at: int) -> tuple[int, list[tuple[int, int]]]:
    """The closing parenthesis of the call at ``at``, and the ranges of its arguments."""
    close = close_parenthesis(words, at + 1)
    return close, split_list(words, at + 1, min(close, len(words)))


def edited(words: Sequence[Token]) -> str:
    """The text of a part of a statement with its expressions edited."""
    tokens = tokenize(" ".join(token.text for token in words))
    edits = Edits(tokens)
    edit_expressions(significant(tokens), edits)
    return edits.text()


def _nvl2(words: Sequence[Token], at: int, edits: Edits) -> None:
    close, arguments = _arguments(words, at)
    if close >= len(words) or len(arguments) != 3:
        return
    edits.replace(words[at], words[at + 1], "(CASE WHEN (")
    edits.replace(words[arguments[0][1]], words[arguments[0][1]], ") IS NOT NULL THEN (")
    edits.replace(words[arguments[1][1]], words[arguments[1][1]], ") ELSE (")
    edits.replace(words[close], words[close], ") END)")


def _decode(words: Sequence[Token], at: int, edits: Edits) -> None:
    """DECODE(e, s, r, …, d); two nulls are equal here, which a plain CASE does not say."""
    close, arguments = _arguments(words, at)
    if close >= len(words) or len(arguments) < 3:
        return  # PostgreSQL's decode(text, format)
    first = edited(words[arguments[0][0] : arguments[0][1]])
    edits.replace(words[at], words[at + 1], "(CASE WHEN (")
    for index in range(1, len(arguments)):
        comma = words[arguments[index - 1][1]]
        last = index == len(arguments) - 1
        if index % 2 == 0:
            text = ") THEN ("
        elif last:
            text = ") ELSE ("
        elif index == 1:
            text = ") IS NOT DISTINCT FROM ("
        else:
            text = f") WHEN ({first}) IS NOT DISTINCT FROM ("
        edits.replace(comma, comma, text)
    edits.replace(words[close], words[close], ") END)")


def _ratio_to_report(words: Sequence[Token], at: int, edits: Edits) -> None:
    close, arguments = _arguments(words, at)
    if word(words, close + 1) != "OVER" or word(words, close + 2) != "(":
        return
    end = close_parenthesis(words, close + 2)
    if end >= len(words) or len(arguments) != 1:
        return
    inner = edited(words[arguments[0][0] : arguments[0][1]])
    edits.replace(words[at], words[at + 1], "((")
    edits.replace(words[close], words[close], f")::float8 / NULLIF(SUM({inner})")
    edits.insert_after(words[end], ", 0))")


def _percentile(words: Sequence[Token], at: int, edits: Edits) -> None:
    """MEDIAN(x) as a percentile; none of them is a window function in PostgreSQL."""
    close = close_parenthesis(words, at + 1)
    end = close
    if word(words, close + 1) == "WITHIN" and word(words, close + 2) == "GROUP":
        end = close_parenthesis(words, close + 3)
    if word(words, end + 1) == "OVER":
        raise Refusal(f"the stand-in has no {words[at].word} as a window function")
    if words[at].word == "MEDIAN":
        edits.replace(words[at], words[at + 1],
                      "percentile_cont(0.5) WITHIN GROUP (ORDER BY ")  # fmt: skip


def _is_cast(words: Sequence[Token], at: int) -> bool:
    """Whether the type at ``at`` is that of ``x::type`` or of ``CAST(x AS type)``."""
    if word(words, at - 1) == "::":
        return True
    return word(words, at - 1) == "AS" and word(words, at + 1) == ")"


def _quote_date_part(words: Sequence[Token], at: int, edits: Edits) -> None:
    if at < len(words) and words[at].kind is Kind.WORD and word(words, at + 1) == ",":
        edits.replace(words[at], words[at], quote_literal(words[at].text.lower()))


def _listagg(words: Sequence[Token], at: int, edits: Edits) -> None:
    """LISTAGG(x, d) WITHIN GROUP (ORDER BY y) as listagg(x::text, d ORDER BY y)."""
    close = close_parenthesis(words, at + 1)
    arguments = split_list(words, at + 1, close)
    first, stop = arguments[0]
    begin = first + 1 if word(words, first) == "DISTINCT" else first
    if close >= len(words) or begin >= stop or len(arguments) > 2:
        return
    edits.replace(words[at], words[at], "standin.listagg")
    # Insertions sit right behind tokens, so nested functions in the argument are still edited.
    edits.insert_after(words[begin - 1], "(")
    edits.insert_after(words[stop - 1], ")::text" if len(arguments) == 2 else ")::text, ''")
    if word(words, close + 1) == "WITHIN" and word(words, close + 2) == "GROUP":
        opening = close + 3
        ending = close_parenthesis(words, opening)
        if ending >= len(words):
            return
        # Move the closing parenthesis behind the ORDER BY.
        edits.replace(words[close], words[opening], " ")
        if word(words, ending + 1) == "OVER":
            raise Refusal("the stand-in has no LISTAGG as a window function yet")

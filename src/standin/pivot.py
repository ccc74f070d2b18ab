"""PIVOT, UNPIVOT, ``* EXCLUDE`` and GROUP BY ALL: what leaves columns for the database to name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from src.standin.refusal import SYNTAX, Refusal
from src.standin.select_blocks import CLAUSES, SETS, blocks, items
from src.standin.syntax import split_list, word, words_of
from src.standin.tokens import (
    Edits,
    Kind,
    Token,
    close_parenthesis,
    quote_identifier,
    quote_literal,
)

NamesOf = Callable[[str], list[str]]
"""Tells the columns of what may stand in a FROM clause."""

_AGGREGATES = {
    "ANY_VALUE", "APPROXIMATE", "AVG", "BIT_AND", "BIT_OR", "BOOL_AND", "BOOL_OR", "COUNT", "HLL",
    "LISTAGG", "MAX", "MEDIAN", "MIN", "PERCENTILE_CONT", "PERCENTILE_DISC", "STDDEV",
    "STDDEV_POP", "STDDEV_SAMP", "SUM", "VARIANCE", "VAR_POP", "VAR_SAMP",
}  # fmt: skip


def edit_named_columns(words: Sequence[Token], edits: Edits, names_of: NamesOf) -> bool:
    """The first such construct of a statement, in words of SQL; whether there was one.

    Raises Refusal.
    """
    for at, token in enumerate(words):
        if token.kind is not Kind.WORD:
            continue
        stands_behind = word(words, at - 1) in (")", *_names_before(words, at))
        if token.word == "PIVOT" and word(words, at + 1) == "(" and stands_behind:
            _edit_one_pivot(words, at, edits, names_of)
            return True
        if token.word == "UNPIVOT" and stands_behind and (
            word(words, at + 1) == "(" or word(words, at + 2) == "NULLS"
        ):  # fmt: skip
            _edit_unpivot(words, at, edits, names_of)
            return True
        if token.word == "EXCLUDE" and word(words, at - 1) == "*":
            _edit_exclude(words, at, edits, names_of)
            return True
    return _edit_group_by_all(words, edits)


def _edit_group_by_all(words: Sequence[Token], edits: Edits) -> bool:
    """GROUP BY the places of all that is no aggregate."""
    for block in blocks(words):
        group = block.clause("GROUP")
        if group is None or [token.word for token in words[group[0] : group[1]]] != ["BY", "ALL"]:
            continue
        listed = items(words, block)
        if any(word(words, item.end - 1) == "*" for item in listed):
            raise Refusal("the stand-in has no GROUP BY ALL with * in the select list")
        places = [
            str(place)
            for place, item in enumerate(listed, 1)
            if not any(
                words[i].word in _AGGREGATES and word(words, i + 1) in ("(", "COUNT")
                for i in range(item.start, item.end)
            )
        ]
        text = f"GROUP BY {', '.join(places)}" if places else ""
        edits.replace(words[group[0] - 1], words[group[1] - 1], text)
        return True
    return False


def _edit_exclude(words: Sequence[Token], at: int, edits: Edits, names_of: NamesOf) -> None:
    """``* EXCLUDE (a, b)`` as the list of the other columns."""
    block = next((block for block in reversed(blocks(words)) if block.start < at < block.end), None)
    source = block.clause("FROM") if block is not None else None
    if source is None or word(words, at - 2) == ".":
        raise Refusal("the stand-in has EXCLUDE behind a plain * with a FROM clause only")
    end = at + 1
    if word(words, end) == "(":
        end = close_parenthesis(words, end)
    gone = {token.name for token in words[at + 1 : end + 1]}
    known = names_of(words_of(words, *source))
    if missing := gone - set(known) - {None}:
        raise Refusal(f'column "{min(str(name) for name in missing)}" does not exist', "42703")
    kept = ", ".join(quote_identifier(name) for name in known if name not in gone)
    edits.replace(words[at - 1], words[end], kept)


def _edit_unpivot(words: Sequence[Token], at: int, edits: Edits, names_of: NamesOf) -> None:
    """UNPIVOT as a join with the columns as rows: of the others first, then name and value."""
    opening = at + 1 if word(words, at + 1) == "(" else at + 3
    keeps_nulls = word(words, at + 1) == "INCLUDE"
    close = close_parenthesis(words, opening)
    if (
        close >= len(words)
        or word(words, opening + 2) != "FOR"
        or word(words, opening + 4) != "IN"
        or word(words, opening + 5) != "("
    ):
        raise Refusal("UNPIVOT is not understood: expected UNPIVOT (value FOR name IN (…))", SYNTAX)
    value, name = words[opening + 1].text, words[opening + 3].text
    begin = _source_start(words, at)
    source = words_of(words, begin, at)
    if words[begin].word == "(" and words[at - 1].word == ")":
        source += " AS standin_unpivoted"
    rows, used = [], set()
    for start, stop in split_list(words, opening + 5, close_parenthesis(words, opening + 5)):
        column, last = words[start], words[stop - 1]
        used.add(column.name)
        label = last.value if last.value is not None else last.name or ""
        rows.append(f"({quote_literal(label)}::varchar, {column.text})")
    kept = [quote_identifier(other) for other in names_of(source) if other not in used]
    condition = "" if keeps_nulls else f" WHERE standin_rows.{value} IS NOT NULL"
    columns = ", ".join([*kept, f"standin_rows.{name}", f"standin_rows.{value}"])
    text = (
        f"(SELECT {columns} FROM {source} CROSS JOIN LATERAL (VALUES {', '.join(rows)}) "
        f"AS standin_rows({name}, {value}){condition})"
    )
    _replace_source(words, begin, close, text, edits)


def _names_before(words: Sequence[Token], at: int) -> tuple[str, ...]:
    before = words[at - 1] if at else None
    return (before.word,) if before is not None and before.name is not None else ()


def _source_start(words: Sequence[Token], at: int) -> int:
    """Where the table or subquery begins that ends before ``at``."""
    begin = at - 1
    if words[begin].word != ")" and word(words, begin - 1) in (")", "AS"):
        begin -= 1 if word(words, begin - 1) == ")" else 2  # an alias
    if words[begin].word == ")":
        depth = 0
        while begin >= 0:
            depth += (words[begin].word == ")") - (words[begin].word == "(")
            if depth == 0:
                return begin
            begin -= 1
    while word(words, begin - 1) == ".":
        begin -= 2
    return begin


def _edit_one_pivot(words: Sequence[Token], at: int, edits: Edits, names_of: NamesOf) -> None:
    begin, close = _source_start(words, at), close_parenthesis(words, at + 1)
    source = words_of(words, begin, at)
    if words[begin].word == "(" and words[at - 1].word == ")":
        source += " AS standin_pivoted"
    keyword = next((i for i in range(at, close) if words[i].word == "FOR"), close)
    inside = next((i for i in range(keyword, close) if words[i].word == "IN"), close)
    if close >= len(words) or inside >= close or inside != keyword + 2:
        raise Refusal("PIVOT is not understood: expected PIVOT (aggregate FOR column IN (…))",
                      SYNTAX)  # fmt: skip
    column = words[keyword + 1]
    used = {column.name}
    aggregates = []
    for start, end in split_list(words, at + 1, keyword):
        alias = words[end - 1].name or "" if word(words, end - 2) in ("AS", ")") else ""
        stop = end - (2 if word(words, end - 2) == "AS" else 1) if alias else end
        used |= {token.name for token in words[start + 1 : stop]}
        aggregates.append((words_of(words, start, stop), alias))
    outputs = []
    for start, stop in split_list(words, inside + 1, close_parenthesis(words, inside + 1)):
        value, name = words[start], words[start].value or words[start].text.lower()
        if stop - start > 1:
            name = words[stop - 1].name or name
        test = "IS NULL" if value.word == "NULL" else f"= {value.text}"
        for aggregate, alias in aggregates:
            label = quote_identifier(f"{name}_{alias}" if alias else name)
            outputs.append(f"{aggregate} FILTER (WHERE {column.text} {test}) AS {label}")
    kept = [quote_identifier(name) for name in names_of(source) if name not in used]
    grouping = f" GROUP BY {', '.join(kept)}" if kept else ""
    text = f"(SELECT {', '.join(kept + outputs)} FROM {source}{grouping})"
    _replace_source(words, begin, close, text, edits)


def _replace_source(
    words: Sequence[Token], begin: int, close: int, text: str, edits: Edits
) -> None:
    """Put a subquery into the place of a table, named if it has no name."""
    follows = words[close + 1] if close + 1 < len(words) else None
    named = follows is not None and follows.name is not None and (
        follows.word == "AS" or follows.word not in CLAUSES | SETS | {
            "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "ON", "WITH"}
    )  # fmt: skip
    edits.replace(words[begin], words[close], text if named else f"{text} AS standin_pivot")

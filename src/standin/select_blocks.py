"""The SELECTs of a statement and their clauses, and what Redshift has in them beyond PostgreSQL:
TOP, QUALIFY, aliases used beside where they are made, PIVOT.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from src.standin.ddl import split_list, word
from src.standin.refusal import SYNTAX, Refusal
from src.standin.tokens import Edits, Kind, Token, close_parenthesis, quote_identifier

_CLAUSES = {"FROM", "WHERE", "GROUP", "HAVING", "QUALIFY", "WINDOW", "ORDER", "LIMIT", "OFFSET",
            "INTO"}  # fmt: skip
_SETS = {"UNION", "INTERSECT", "EXCEPT", "MINUS"}
_NO_ALIAS = {"END", "NULL", "TRUE", "FALSE", "SYSDATE", "CURRENT_DATE", "CURRENT_TIMESTAMP",
             "CURRENT_USER", "USER"}  # fmt: skip


@dataclass
class Item:
    """An element of a select list: its expression, and its alias if it has one."""

    start: int
    end: int
    alias: str | None


@dataclass
class Block:
    """One SELECT: where it starts and ends among the words, and its clauses."""

    start: int
    end: int
    depth: int
    clauses: dict[str, int] = field(default_factory=dict)
    in_set: bool = False

    def clause(self, name: str) -> tuple[int, int] | None:
        """The range of a clause behind its first word."""
        if name not in self.clauses:
            return None
        begin = self.clauses[name]
        later = [at for at in self.clauses.values() if at > begin]
        return begin + 1, min([*later, self.end])


def blocks(words: Sequence[Token]) -> list[Block]:
    """All SELECTs of a statement, outer before inner."""
    found: list[Block] = []
    open_at: dict[int, Block] = {}
    depth = 0
    for at, token in enumerate(words):
        name = token.word
        if name == "(":
            depth += 1
        elif name == ")":
            block = open_at.pop(depth, None)
            if block is not None:
                block.end = at
            depth -= 1
        elif name == "SELECT":
            block = Block(at, len(words), depth)
            previous = open_at.get(depth)
            if previous is not None:
                block.in_set = True
            open_at[depth] = block
            found.append(block)
        elif depth in open_at:
            block = open_at[depth]
            if name in _SETS and block.end == len(words):
                block.end, block.in_set = at, True
            elif name == "WITH" and word(words, at + 1) == "NO":
                block.end = at  # … WITH NO SCHEMA BINDING
                del open_at[depth]
            elif (
                name in _CLAUSES
                and block.end == len(words)
                and not (name == "FROM" and word(words, at - 1) == "DISTINCT")  # IS DISTINCT FROM
            ):
                block.clauses.setdefault(name, at)
    return found


def list_start(words: Sequence[Token], block: Block) -> int:
    """Where the select list begins: behind DISTINCT, ALL and TOP n."""
    at = block.start + 1
    if word(words, at) in ("DISTINCT", "ALL"):
        at += 1
    count = top_count(words, at)
    return at if count is None else at + (4 if word(words, at + 1) == "(" else 2)


def top_count(words: Sequence[Token], at: int) -> Token | None:
    """The number of ``TOP n`` at ``at``."""
    if word(words, at) != "TOP":
        return None
    number = at + 2 if word(words, at + 1) == "(" else at + 1
    if number < len(words) and words[number].kind in (Kind.NUMBER, Kind.PARAMETER):
        return words[number]
    return None


def items(words: Sequence[Token], block: Block) -> list[Item]:
    """The elements of a block's select list."""
    begin = list_start(words, block)
    end = min([*block.clauses.values(), block.end])
    found = []
    for start, stop in split_list(words, begin - 1, end):
        alias = None
        expression_end = stop
        if stop - start >= 3 and word(words, stop - 2) == "AS" and words[stop - 1].name:
            alias, expression_end = words[stop - 1].name, stop - 2
        elif stop - start >= 2 and _is_bare_alias(words, start, stop):
            alias, expression_end = words[stop - 1].name, stop - 1
        found.append(Item(start, expression_end, alias))
    return found


def _is_bare_alias(words: Sequence[Token], start: int, stop: int) -> bool:
    """Whether the last token of an element names it without AS."""
    last, before = words[stop - 1], words[stop - 2]
    if last.name is None or (last.kind is Kind.WORD and last.word in _NO_ALIAS):
        return False
    if before.kind in (Kind.NUMBER, Kind.STRING) or before.word in (")", "]", "END"):
        return True
    return before.name is not None and (stop - 3 < start or words[stop - 3].word in (".", "::"))


# -- TOP and QUALIFY ---------------------------------------------------------------------------


def edit_blocks(words: Sequence[Token], edits: Edits) -> None:
    """TOP as LIMIT, QUALIFY as a filter behind the window functions; raises Refusal."""
    for block in blocks(words):
        at = block.start + 1
        if word(words, at) in ("DISTINCT", "ALL"):
            at += 1
        count = top_count(words, at)
        tail = ""
        if count is not None:
            if "LIMIT" in block.clauses:
                raise Refusal("SELECT takes TOP or LIMIT, not both", SYNTAX)
            edits.replace(words[at], words[list_start(words, block) - 1], "")
            tail = f" LIMIT {count.text}"
        qualify = block.clause("QUALIFY")
        if qualify is not None:
            _edit_qualify(words, block, qualify, edits)
        if block.in_set and (count is not None or qualify is not None):
            if "ORDER" in block.clauses or "LIMIT" in block.clauses:
                raise Refusal(
                    "the stand-in has no TOP or QUALIFY in the last SELECT of a set operation "
                    "that is ordered", hint="put that SELECT into parentheses",
                )  # fmt: skip
            edits.replace(words[block.start], words[block.start], "(SELECT")
            tail += ")"
        if tail:
            edits.insert_after(words[block.end - 1], tail)


def _edit_qualify(
    words: Sequence[Token], block: Block, qualify: tuple[int, int], edits: Edits
) -> None:
    """A row that fails is multiplied by none.

    PostgreSQL computes a set-returning function of ORDER BY after the window functions and
    repeats each row as often as it returns one; so no column is added, and none has to be named.
    """
    if word(words, block.start + 1) == "DISTINCT":
        raise Refusal("the stand-in has no QUALIFY with SELECT DISTINCT",
                      hint="put the SELECT with QUALIFY into a subquery")  # fmt: skip
    begin, end = qualify
    edits.replace(words[begin - 1], words[begin - 1],
                  "ORDER BY pg_catalog.generate_series(1, CASE WHEN (")  # fmt: skip
    edits.insert_after(words[end - 1], ") THEN 1 ELSE 0 END)")
    if word(words, end) == "ORDER" and word(words, end + 1) == "BY":
        edits.replace(words[end], words[end + 1], ",")


_LABELS = {"MEDIAN", "RATIO_TO_REPORT", "SYSDATE", "NVL2", "DECODE"}


def label_columns(words: Sequence[Token], edits: Edits) -> None:
    """Give columns that are nothing but a rewritten call the names that Redshift gives them."""
    for block in blocks(words):
        for item in items(words, block):
            name = word(words, item.start)
            if item.alias is not None or name not in _LABELS or item.end <= item.start:
                continue
            close = item.start
            if word(words, close + 1) == "(":
                close = close_parenthesis(words, close + 1)
            if word(words, close + 1) == "OVER":
                close = close_parenthesis(words, close + 2)
            if close == item.end - 1:
                label = "case" if name in ("NVL2", "DECODE") else name.lower()
                edits.insert_after(words[close], f" AS {quote_identifier(label)}")


# -- aliases -----------------------------------------------------------------------------------


def used_aliases(words: Sequence[Token]) -> set[str]:
    """Aliases of select lists that the same SELECT uses in a later element or clause."""
    found: set[str] = set()
    for block in blocks(words):
        for alias, _, places in _uses(words, block):
            if places:
                found.add(alias)
    return found


def with_alias(words: Sequence[Token], alias: str, edits: Edits) -> None:
    """Put the expression in the place of each use of its alias."""
    for block in blocks(words):
        listed = items(words, block)
        for name, item, places in _uses(words, block):
            if name != alias:
                continue
            text = " ".join(token.text for token in words[item.start : item.end])
            for place in places:
                alone = any(
                    other.start == place and other.end == place + 1 and other.alias is None
                    for other in listed
                )
                tail = f" AS {quote_identifier(alias)}" if alone else ""
                edits.replace(words[place], words[place], f"({text}){tail}")


def _uses(words: Sequence[Token], block: Block) -> list[tuple[str, Item, list[int]]]:
    listed = items(words, block)
    found = []
    for index, item in enumerate(listed):
        if item.alias is None:
            continue
        spans = [(other.start, other.end) for other in listed[index + 1 :]]
        for clause in ("WHERE", "HAVING", "QUALIFY", "ORDER"):
            span = block.clause(clause)
            if span is not None:
                spans.append(span)
        places = [
            at
            for span in spans
            for at in _references(words, span, item.alias)
            if not _is_sort_key(words, at)
        ]
        found.append((item.alias, item, places))
    return found


def _is_sort_key(words: Sequence[Token], at: int) -> bool:
    """Whether an alias stands alone in ORDER BY, where PostgreSQL knows it."""
    ordered = any(
        words[i].word == "ORDER" and words[i + 1].word == "BY" for i in range(max(at - 60, 0), at)
    )
    return (
        ordered
        and word(words, at - 1) in ("BY", ",")
        and word(words, at + 1) in ("", ",", "ASC", "DESC", "NULLS", "LIMIT", ")")
    )


def _references(words: Sequence[Token], span: tuple[int, int], alias: str) -> list[int]:
    """Where ``alias`` stands for itself in a range, subqueries left out."""
    places, at = [], span[0]
    while at < span[1]:
        if words[at].word == "(" and word(words, at + 1) in ("SELECT", "WITH"):
            at = close_parenthesis(words, at) + 1
            continue
        if (
            words[at].name == alias
            and word(words, at - 1) not in (".", "AS")
            and word(words, at + 1) not in (".", "(")
        ):
            places.append(at)
        at += 1
    return places


# -- PIVOT -------------------------------------------------------------------------------------


def edit_pivot(words: Sequence[Token], edits: Edits, names_of: Callable[[str], list[str]]) -> bool:
    """The first PIVOT as a grouped SELECT; whether there was one. Raises Refusal.

    ``names_of`` tells the columns of the source, which PIVOT groups by without naming them.
    """
    for at, token in enumerate(words):
        if token.kind is not Kind.WORD or word(words, at + 1) != "(":
            continue
        if token.word == "UNPIVOT" and word(words, at - 1) in (")", *_names_before(words, at)):
            raise Refusal("the stand-in has no UNPIVOT")
        if token.word == "PIVOT" and word(words, at - 1) in (")", *_names_before(words, at)):
            _edit_one_pivot(words, at, edits, names_of)
            return True
    return False


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


def _edit_one_pivot(
    words: Sequence[Token], at: int, edits: Edits, names_of: Callable[[str], list[str]]
) -> None:
    begin, close = _source_start(words, at), close_parenthesis(words, at + 1)
    source = " ".join(token.text for token in words[begin:at])
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
        aggregates.append((" ".join(token.text for token in words[start:stop]), alias))
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
    follows = words[close + 1] if close + 1 < len(words) else None
    named = follows is not None and follows.name is not None and (
        follows.word == "AS" or follows.word not in _CLAUSES | _SETS | {
            "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "ON", "WITH"}
    )  # fmt: skip
    edits.replace(words[begin], words[close], text if named else f"{text} AS standin_pivot")

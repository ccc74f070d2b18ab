"""The SELECTs of a statement and their clauses, and what Redshift has in them beyond PostgreSQL:
TOP, QUALIFY, aliases used beside where they are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from src.standin.refusal import SYNTAX, Refusal
from src.standin.syntax import split_list, word, words_of
from src.standin.tokens import Edits, Kind, Token, close_parenthesis, quote_identifier

CLAUSES = {"FROM", "WHERE", "GROUP", "HAVING", "QUALIFY", "WINDOW", "ORDER", "LIMIT", "OFFSET",
            "INTO"}  # fmt: skip
SETS = {"UNION", "INTERSECT", "EXCEPT", "MINUS"}
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
            if name in SETS and block.end == len(words):
                block.end, block.in_set = at, True
            elif name == "WITH" and word(words, at + 1) == "NO":
                block.end = at  # … WITH NO SCHEMA BINDING
                del open_at[depth]
            elif (
                name in CLAUSES
                and block.end == len(words)
                and not (name == "FROM" and word(words, at - 1) == "DISTINCT")  # IS DISTINCT FROM
                and not (name == "GROUP" and word(words, at - 1) == "WITHIN")
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
    if before.word == "NOT":
        return False
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
    begin, end = qualify
    tail = ") THEN 1 ELSE 0 END)"
    distinct = word(words, block.start + 1) == "DISTINCT"
    if distinct:
        # What passes is made distinct behind it, in a SELECT around this one.
        edits.replace(words[block.start + 1], words[block.start + 1], "DISTINCT * FROM (SELECT")
        tail += ") AS standin_qualified"
    edits.replace(words[begin - 1], words[begin - 1],
                  "ORDER BY pg_catalog.generate_series(1, CASE WHEN (")  # fmt: skip
    edits.insert_after(words[end - 1], tail)
    if not distinct and word(words, end) == "ORDER" and word(words, end + 1) == "BY":
        edits.replace(words[end], words[end + 1], ",")


_LABELS = {
    "ARRAY": "array", "DATEADD": "date_add", "DATEDIFF": "date_diff",
    "DATE_PART": "pgdate_part", "DECODE": "case", "EXTRACT": "date_part",
    "FIRST_VALUE": "first_value", "HLL": "hll", "LAG": "lag", "LAST_VALUE": "last_value",
    "LEAD": "lead",
    "LISTAGG": "listagg", "MEDIAN": "median", "NTH_VALUE": "nth_value", "NVL2": "case",
    "OBJECT": "object", "PERCENTILE_CONT": "percentile_cont",
    "PERCENTILE_DISC": "percentile_disc", "RATIO_TO_REPORT": "ratio_to_report",
    "SYSDATE": "timestamp", "TO_CHAR": "to_char",
}  # fmt: skip
"""Calls whose columns PostgreSQL would name otherwise."""


def label_columns(words: Sequence[Token], edits: Edits) -> None:
    """Give columns that are nothing but a rewritten call the names that Redshift gives them."""
    for block in blocks(words):
        for item in items(words, block):
            label = _LABELS.get(word(words, item.start))
            if item.alias is None and label and _call_end(words, item.start) == item.end:
                edits.insert_after(words[item.end - 1], f" AS {quote_identifier(label)}")


def _call_end(words: Sequence[Token], at: int) -> int:
    """The index behind a call with all that belongs to it."""
    at += 1
    while word(words, at) in ("(", "WITHIN", "GROUP", "IGNORE", "RESPECT", "NULLS", "OVER"):
        at = close_parenthesis(words, at) + 1 if word(words, at) == "(" else at + 1
    return at


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
            text = words_of(words, item.start, item.end)
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
    """Whether an alias stands alone in the SELECT's ORDER BY, where PostgreSQL knows it."""
    if word(words, at - 1) not in ("BY", ",") or word(words, at + 1) not in (
        "", ",", "ASC", "DESC", "NULLS", "LIMIT", ")",
    ):  # fmt: skip
        return False
    depth, ordered = 0, False
    for before in range(at - 1, 0, -1):
        depth += (words[before].word == ")") - (words[before].word == "(")
        if depth < 0:
            # A subquery's ORDER BY, or that of a window, which knows columns only.
            return ordered and words[before + 1].word in ("SELECT", "WITH")
        ordered = ordered or (
            depth == 0 and (words[before - 1].word, words[before].word) == ("ORDER", "BY")
        )
    return ordered


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

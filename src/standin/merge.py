"""MERGE with Redshift's limits: a table as source, equality only, both branches."""

from __future__ import annotations

from collections.abc import Sequence

from src.standin.refusal import SYNTAX, Refusal
from src.standin.syntax import read_relation, syntax_error, word
from src.standin.tokens import Edits, Kind, Token, joined


def edit_merge(words: Sequence[Token], edits: Edits) -> str | None:
    """Check a MERGE, and give the whole statement where PostgreSQL's words are others.

    PostgreSQL's MERGE means the same for what passes here: a target row that two source rows
    match is an error, source rows that match none are inserted, twice where they are there twice.
    """
    if word(words, 1) != "INTO":
        raise syntax_error(words, 1)
    target, at = read_relation(words, 2)
    target_end = at
    if word(words, at) != "USING":
        raise Refusal("MERGE INTO takes no alias for the target table", SYNTAX)
    if word(words, at + 1) == "(":
        raise Refusal("MERGE takes a table as its source, not a subquery",
                      hint="put the rows into a temporary table")  # fmt: skip
    source_at = at + 1
    source, at = read_relation(words, source_at)
    source_end = at
    if word(words, at) == "AS":
        at += 1
    if word(words, at) != "ON":
        at += 1
        source_end = at
    if word(words, at) != "ON":
        raise syntax_error(words, at)
    if source == target:
        raise Refusal("MERGE cannot use one table as source and target")
    end = next((i for i in range(at, len(words)) if words[i].word in ("WHEN", "REMOVE")), None)
    if end is None:
        raise Refusal("MERGE needs WHEN MATCHED and WHEN NOT MATCHED, or REMOVE DUPLICATES", SYNTAX)
    _check_condition(words[at + 1 : end])
    if word(words, end) == "REMOVE":
        if [token.word for token in words[end:]] != ["REMOVE", "DUPLICATES"]:
            raise syntax_error(words, end + 1)
        target_text = joined(words[2:target_end])
        source_text = joined(words[source_at:source_end])
        return (
            f"WITH standin_gone AS (DELETE FROM {target_text} USING {source_text} "
            f"WHERE {joined(words[at + 1 : end])}) "
            f"INSERT INTO {target_text} SELECT DISTINCT * FROM {source_text}"
        )
    _check_branches(words, end)
    return None


def _check_condition(words: Sequence[Token]) -> None:
    """Only equality between columns, joined by AND."""
    for token in words:
        if token.name is not None and token.word not in ("OR", "NOT", "IN", "LIKE", "BETWEEN",
                                                          "IS"):  # fmt: skip
            continue
        if token.word in ("=", ".", "(", ")"):
            continue
        raise Refusal(
            f"MERGE joins by equality of columns only, not by {token.text}",
            hint="prepare the source in a temporary table",
        )


def _check_branches(words: Sequence[Token], at: int) -> None:
    branches = [i for i in range(at, len(words)) if words[i].word == "WHEN"]
    kinds = []
    for begin in branches:
        then = begin + 1
        kind = "MATCHED"
        if word(words, then) == "NOT":
            kind, then = "NOT MATCHED", then + 1
        if word(words, then) != "MATCHED":
            raise syntax_error(words, then)
        if word(words, then + 1) != "THEN":
            raise Refusal(f"MERGE … WHEN {kind} takes no further condition", SYNTAX)
        action = word(words, then + 2)
        if action not in (("UPDATE", "DELETE") if kind == "MATCHED" else ("INSERT",)):
            raise syntax_error(words, then + 2)
        kinds.append(kind)
    if sorted(kinds) != ["MATCHED", "NOT MATCHED"]:
        raise Refusal("MERGE takes WHEN MATCHED and WHEN NOT MATCHED, each once", SYNTAX)
    for token in words:
        if token.kind is Kind.WORD and token.word == "RETURNING":
            raise Refusal('syntax error at or near "RETURNING"', SYNTAX)

"""CREATE PROCEDURE and CREATE FUNCTION: bodies are Redshift's SQL too, and become PostgreSQL's.

What a procedure declares of a table's keys is cut out and not remembered: the event trigger reads
it from the client's own statement, which here is the CALL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from src.standin.refusal import SYNTAX, Refusal
from src.standin.statement import Answers
from src.standin.syntax import read_relation, split_list, word
from src.standin.tokens import (
    Edits,
    Kind,
    Token,
    close_parenthesis,
    quote_identifier,
    quote_literal,
    significant,
    split_statements,
    tokenize,
)

_BEFORE_STATEMENT = {"", "BEGIN", "THEN", "ELSE", "LOOP"}
_WHOLE_STATEMENTS = {"CREATE", "ALTER", "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "DROP",
                     "WITH"}  # fmt: skip


def edit_routine(
    words: Sequence[Token],
    kind: str,
    edits: Edits,
    statement_text: Callable[[Sequence[Token]], str],
    piece_text: Callable[[Sequence[Token]], str],
) -> None:
    """Edit head and body; raises Refusal.

    ``statement_text`` gives a whole statement in PostgreSQL's words, ``piece_text`` a part of
    one.
    """
    language = next(
        (word(words, at + 1) for at, token in enumerate(words) if token.word == "LANGUAGE"), ""
    )
    if language in ("PLPYTHONU", "PLPYTHON3U", "EXFUNC"):
        raise Refusal(f"the stand-in has no functions in {language.lower()}",
                      hint="write it in SQL: LANGUAGE sql")  # fmt: skip
    for at, token in enumerate(words):
        if token.word == "NONATOMIC":
            raise Refusal("the stand-in has no NONATOMIC procedures")
        if token.word == "SUPER":
            edits.replace(token, token, "jsonb")
        if token.word == "(" and word(words, at + 1) == "MAX" and word(words, at + 2) == ")":
            edits.replace(token, words[at + 2], "(65535)")
        if token.kind is Kind.STRING and word(words, at - 1) == "AS":
            body = token.value
            if body is None or "$" not in token.text[:1]:
                raise Refusal(f"the body of a {kind.lower()} stands between $$ and $$", SYNTAX)
            tag = token.text[: token.text.index("$", 1) + 1]
            edits.replace(token, token, tag + _body(body, statement_text, piece_text) + tag)


def edit_call(words: Sequence[Token], edits: Edits, answers: Answers) -> None:
    """Redshift's CALL leaves OUT arguments out; PostgreSQL's wants something in their places."""
    name, at = read_relation(words, 1)
    close = close_parenthesis(words, at)
    if word(words, at) != "(" or close >= len(words):
        return
    given = split_list(words, at, close) if close > at + 1 else []
    quoted = ".".join(quote_identifier(part) for part in name[-2:])
    places = answers.ask(f"SELECT standin.out_places({quote_literal(quoted)}, {len(given)})")
    if not places:
        return
    texts = [" ".join(token.text for token in words[start:stop]) for start, stop in given]
    for place in places.split(","):
        texts.insert(int(place), "NULL")
    edits.replace(words[at], words[close], f"({', '.join(texts)})")


def _body(
    body: str,
    statement_text: Callable[[Sequence[Token]], str],
    piece_text: Callable[[Sequence[Token]], str],
) -> str:
    pieces = []
    for piece in split_statements(tokenize(body)):
        words = significant(piece)
        start = next(
            (
                at
                for at, token in enumerate(words)
                if token.word in _WHOLE_STATEMENTS
                and (words[at - 1].word if at else "") in _BEFORE_STATEMENT
            ),
            None,
        )
        if start is None:
            pieces.append(piece_text(piece))
            continue
        cut = piece.index(words[start])
        head = "".join(token.text for token in piece[:cut])
        pieces.append(head + statement_text(piece[cut:]))
    end = ";" if body.rstrip().endswith(";") else ""
    return ";".join(pieces) + end + "\n"

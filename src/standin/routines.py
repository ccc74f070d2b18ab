"""CREATE PROCEDURE and CREATE FUNCTION: bodies are Redshift's SQL too, and become PostgreSQL's.

So does a statement that EXECUTE has as one literal. One that is put together when the procedure
runs cannot: standin.put_together lets it through when nothing in it would have been rewritten.
What a procedure declares of a table's keys is cut out and not remembered: the event trigger reads
it from the client's own statement, which here is the CALL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from src.standin.refusal import SYNTAX, Refusal
from src.standin.statement import Answers
from src.standin.syntax import read_relation, split_list, word, words_of
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
_IN_HANDLER = _WHOLE_STATEMENTS | {"CALL", "EXECUTE", "PERFORM", "SELECT", "COMMIT", "ROLLBACK"}


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
    if (kind, language) == ("FUNCTION", "PLPGSQL"):
        raise Refusal("Redshift has no functions in plpgsql", hint="write a procedure")
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
    texts = [words_of(words, start, stop) for start, stop in given]
    for place in places.split(","):
        texts.insert(int(place), "NULL")
    edits.replace(words[at], words[close], f"({', '.join(texts)})")


def _body(
    body: str,
    statement_text: Callable[[Sequence[Token]], str],
    piece_text: Callable[[Sequence[Token]], str],
) -> str:
    pieces = []
    handler = _Handler()
    for piece in split_statements(tokenize(body)):
        words = significant(piece)
        rethrown = "\n  RAISE;" if handler.ends(words) else ""
        start = _statement_start(words, _WHOLE_STATEMENTS)
        if start is None:
            pieces.append(rethrown + _dynamic(piece, statement_text, piece_text))
            continue
        cut = piece.index(words[start])
        head = "".join(token.text for token in piece[:cut])
        # Redshift's TRUNCATE commits, in a procedure too.
        tail = ";\n  COMMIT" if words[start].word == "TRUNCATE" else ""
        pieces.append(head + statement_text(piece[cut:]) + tail)
    end = ";" if body.rstrip().endswith(";") else ""
    return ";".join(pieces) + end + "\n"


class _Handler:
    """Whether the pieces of a body, in order, stand in a handler of EXCEPTION.

    Redshift commits what a handler changes and raises the error again. PostgreSQL cannot commit
    there, so that such a statement is refused.
    """

    def __init__(self) -> None:
        self._handling = False
        self._depth = 0

    def ends(self, words: Sequence[Token]) -> bool:
        """Whether this piece is the END of a handler's block; raises Refusal."""
        at = next(
            (i for i, token in enumerate(words) if token.word == "EXCEPTION"
             and word(words, i + 1) == "WHEN"), None,
        )  # fmt: skip
        if at is not None:
            if word(words, at + 2) != "OTHERS" or word(words, at + 3) != "THEN":
                raise Refusal("Redshift's procedures have EXCEPTION WHEN OTHERS only", SYNTAX)
            self._handling, self._depth, words = True, 0, words[at + 4 :]
        if not self._handling:
            return False
        if (found := _statement_start(words, _IN_HANDLER)) is not None:
            raise Refusal(
                f"the stand-in has no {words[found].word} in an EXCEPTION handler",
                hint="Redshift commits it and raises the error again; RAISE INFO is there",
            )
        first = word(words, 0)
        self._depth += first in ("BEGIN", "DECLARE")
        if first == "END" and word(words, 1) not in ("IF", "LOOP", "CASE"):
            self._depth -= 1
        self._handling = self._depth >= 0
        return not self._handling


def _statement_start(words: Sequence[Token], firsts: set[str]) -> int | None:
    """Where a statement with one of these first words begins in a piece."""
    for at, token in enumerate(words):
        if token.word in firsts and (words[at - 1].word if at else "") in _BEFORE_STATEMENT:
            return at
    return None


def _dynamic(
    piece: Sequence[Token],
    statement_text: Callable[[Sequence[Token]], str],
    piece_text: Callable[[Sequence[Token]], str],
) -> str:
    """A piece with what its EXECUTE runs rewritten now, or looked at when it is put together."""
    words = significant(piece)
    at = next((i for i, token in enumerate(words) if token.word == "EXECUTE"), None)
    if at is None or at + 1 >= len(words):
        return piece_text(piece)
    end = next(
        (i for i in range(at + 1, len(words)) if words[i].word in ("INTO", "USING", "LOOP")),
        len(words),
    )
    first, last = words[at + 1], words[end - 1]
    edits = Edits(piece)
    if first is last and first.value is not None:
        statement = tokenize(first.value)
        if word(significant(statement), 0) == "TRUNCATE":
            raise Refusal("the stand-in has no EXECUTE of TRUNCATE", hint="write TRUNCATE itself")
        edits.replace(first, first, quote_literal(statement_text(statement)))
        return edits.text()
    edits.insert_after(words[at], " standin.put_together(")
    edits.insert_after(last, ")")
    return piece_text(tokenize(edits.text()))

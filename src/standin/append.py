"""ALTER TABLE … APPEND FROM: the rows of one table move to another of the same columns."""

from __future__ import annotations

from collections.abc import Sequence

from src.standin.syntax import read_relation, syntax_error, word
from src.standin.tokens import Token, quote_identifier, quote_literal


def append_from(words: Sequence[Token]) -> tuple[str, str] | None:
    """What moves the rows, and the statement that the client is answered by; None if it is none.

    The second is an ALTER TABLE that does nothing, so that the command tag is the right one.
    """
    target, at = read_relation(words, 2)
    if word(words, at) != "APPEND":
        return None
    if word(words, at + 1) != "FROM":
        raise syntax_error(words, at + 1)
    source, end = read_relation(words, at + 2)
    option = word(words, end)
    if option not in ("", "IGNOREEXTRA", "FILLTARGET") or len(words) > end + bool(option):
        raise syntax_error(words, end + (option in ("IGNOREEXTRA", "FILLTARGET")))
    into, out_of = (
        ".".join(quote_identifier(part) for part in name[-2:]) for name in (target, source)
    )
    call = f"{quote_literal(into)}, {quote_literal(out_of)}, {quote_literal(option)}"
    return f"SELECT standin.append_from({call})", f"ALTER TABLE {into} RESET (fillfactor)"

"""Statements of Redshift made into statements of PostgreSQL, by editing their tokens.

What is not known here is left to PostgreSQL, which runs it or says that it is wrong. What
PostgreSQL would run with another meaning than Redshift's is refused. The table of all this is in
constructs.py.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

from src.standin.access import (
    cancelled,
    edit_access,
    edit_grant,
    plain_view_change,
    session_authorization,
)
from src.standin.alter_table import edit_alter_table
from src.standin.append import append_from
from src.standin.copy_command import read_copy
from src.standin.create_table import edit_create_table, edit_create_view, late_binding_mark
from src.standin.expressions import EDITED_WORDS, edit_expressions
from src.standin.history import reads_history
from src.standin.merge import edit_merge
from src.standin.parameters import PARAMETERS, shown
from src.standin.pivot import edit_named_columns
from src.standin.postgresql_only import refuse_foreign
from src.standin.refusal import IN_TRANSACTION, NOT_SUPPORTED, SYNTAX, Refusal
from src.standin.routines import edit_call, edit_routine
from src.standin.select_blocks import (
    edit_blocks,
    label_columns,
    used_aliases,
    with_alias,
)
from src.standin.show import show_query
from src.standin.statement import SECRETS, Answers, Statement, redacted, refusing
from src.standin.super_paths import edit_super
from src.standin.syntax import LONGEST_NAME, read_relation, refuse_long_names, syntax_error, word
from src.standin.tokens import (
    Edits,
    Kind,
    Token,
    UnfinishedText,
    close_parenthesis,
    joined,
    quote_literal,
    significant,
    split_statements,
    tokenize,
)
from src.standin.unload_command import ALL_DIGITS, DIGITS_AS_BEFORE, read_unload

# First words of statements that Redshift knows and the stand-in does not.
_NOT_BUILT = {
    ("CREATE", "EXTERNAL"): "the stand-in has no external tables, schemas or functions",
    ("CREATE", "LIBRARY"): "the stand-in has no libraries",
    ("CREATE", "MODEL"): "the stand-in has no models",
    ("CREATE", "DATASHARE"): "the stand-in has no datashares",
    ("CREATE", "MASKING"): "the stand-in has no masking policies yet",
    ("CREATE", "RLS"): "the stand-in has no row-level security policies yet",
    ("ANALYZE", "COMPRESSION"): "the stand-in has no ANALYZE COMPRESSION",
    ("ALTER", "DATASHARE"): "the stand-in has no datashares",
    ("DROP", "DATASHARE"): "the stand-in has no datashares",
    ("DESC", "DATASHARE"): "the stand-in has no datashares",
    ("DESC", "IDENTITY"): "the stand-in has no identity providers",
    ("CREATE", "IDENTITY"): "the stand-in has no identity providers",
    ("ALTER", "MASKING"): "the stand-in has no masking policies yet",
    ("DROP", "MASKING"): "the stand-in has no masking policies yet",
    ("ATTACH", "MASKING"): "the stand-in has no masking policies yet",
    ("DETACH", "MASKING"): "the stand-in has no masking policies yet",
    ("ATTACH", "RLS"): "the stand-in has no row-level security policies yet",
    ("DETACH", "RLS"): "the stand-in has no row-level security policies yet",
    ("DROP", "RLS"): "the stand-in has no row-level security policies yet",
    ("DROP", "MODEL"): "the stand-in has no models",
    ("DROP", "LIBRARY"): "the stand-in has no libraries",
    ("ALTER", "EXTERNAL"): "the stand-in has no external tables, schemas or functions",
    ("USE", ""): "the stand-in has no USE: connect to the other database",
}


# A large INSERT need not be cut into tokens, which takes longer than running it, when none of the
# words is in it that would be edited.
_PLAIN_START = re.compile(
    r"\s*(?:((?:COMMIT|ROLLBACK)\s*$|(?:FETCH|CLOSE)\b[^\"]*$)|INSERT\s+INTO\s+(?:[a-z_][\w$]*\s*\.\s*)*"
    r"([a-z_][\w$]*)\s*(?:\([\w\s,]*\)\s*)?VALUES\b)",
    re.IGNORECASE,
)
_NOT_PLAIN = re.compile(
    rf";|/\*|\$\$|\b(?:{'|'.join(sorted(EDITED_WORDS | SECRETS))}|RETURNING|CONFLICT|SELECT)\b",
    re.IGNORECASE,
)


def rewrite(text: str, answers: Answers) -> list[Statement] | None:
    """The statements of ``text``, or None when it cannot be cut up and goes through as it is.

    Raises Question when something has to be asked first.
    """
    plain = _PLAIN_START.match(text)
    whole = text.count("'") % 2 == text.count('"') % 2 == 0
    if (
        plain is not None
        and whole
        and "\\" not in text
        and _NOT_PLAIN.search(text) is None
        and len((plain.group(2) or "").encode()) <= LONGEST_NAME
    ):
        return [Statement(text, text.strip(), table=(plain.group(2) or "").lower())]
    try:
        tokens = tokenize(text)
    except UnfinishedText:
        return None
    marked = "/*standin:" in text
    if marked:
        tokens = tokenize("".join(_unmarked(token) for token in tokens))
    folded = _folded(tokens, answers)
    statements = [_rewrite_one(piece, answers) for piece in split_statements(folded)]
    if marked or folded is not tokens:
        return [replace(each, edited=True) for each in statements]
    return statements


def _folded(tokens: list[Token], answers: Answers) -> list[Token]:
    """The same tokens where no quoted name has capitals, which Redshift folds too."""
    if answers.keeps_case or not any(
        token.kind is Kind.QUOTED and token.text.lower() != token.text for token in tokens
    ):
        return tokens
    return [
        Token(token.kind, token.text.lower(), token.start) if token.kind is Kind.QUOTED else token
        for token in tokens
    ]


def query_text(text: str, answers: Answers) -> str:
    """One query in PostgreSQL's words; raises Refusal and Question."""
    pieces = list(split_statements(_folded(tokenize(text), answers)))
    if len(pieces) != 1:
        raise Refusal("one query is expected", SYNTAX)
    refuse_foreign(significant(pieces[0]))
    return _rewritten(pieces[0], answers).text


def _unmarked(token: Token) -> str:
    """A client's comment that looks like one of ours must not reach the event trigger."""
    if token.kind is not Kind.SPACE:
        return token.text
    return token.text.replace("/*standin:", "/* standin:")


def _rewrite_one(tokens: list[Token], answers: Answers) -> Statement:
    words = significant(tokens)
    try:
        refuse_foreign(words)
        statement = _rewritten(tokens, answers)
        return replace(statement, reads_history=reads_history(words))
    except Refusal as refusal:
        return Statement(refusing(refusal), redacted(tokens), edited=True)


_QUERIES = {
    "SELECT", "WITH", "INSERT", "CREATE", "UPDATE", "DELETE", "(", "EXPLAIN", "DECLARE", "PREPARE",
}  # fmt: skip


def _rewritten(
    tokens: list[Token], answers: Answers, roots: frozenset[str] = frozenset()
) -> Statement:
    """One statement in PostgreSQL's words; ``roots`` are columns known to be SUPER's."""
    words = significant(tokens)
    refuse_long_names(words)
    plain = "".join(token.text for token in tokens)
    statement = Statement(plain, redacted(tokens))
    edits = Edits(tokens)
    has_queries = words[0].word in _QUERIES

    def names_of(source: str) -> list[str]:
        query = query_text(f"{_with_clause(words)}SELECT * FROM {source}", answers)
        names = answers.ask(f"SELECT standin.names_of({quote_literal(query)})")
        if not names:
            raise Refusal("the stand-in has no PIVOT, UNPIVOT or EXCLUDE over columns that are "
                          "not known before it is run")  # fmt: skip
        found: list[str] = json.loads(names)
        return found

    if has_queries and edit_named_columns(words, edits, names_of):
        return replace(_rewritten(tokenize(edits.text()), answers), log=statement.log, edited=True)
    statement = _dispatch(words, statement, edits, answers)
    doubtful = False
    if has_queries:
        edit_blocks(words, edits)
        doubtful = edit_super(words, edits, roots)
    edit_expressions(words, edits)
    if has_queries:
        label_columns(words, edits)
    if statement.before or statement.text != plain:
        return replace(statement, edited=True)
    if edits:
        statement = replace(statement, text=edits.text(), edited=True)
    aliases = used_aliases(words) if has_queries else set()
    if not aliases and not doubtful:
        return statement
    probe = _query_part(statement.text)
    missing = answers.ask(f"SELECT standin.missing_name({quote_literal(probe)})") or ""
    kind, _, name = missing.partition(" ")
    if kind == "column" and name in aliases:
        # An alias that is used beside where it is made, and is no column: its expression.
        edits = Edits(tokens)
        with_alias(words, name, edits)
        tokens = tokenize(edits.text())
    elif kind == "table" and doubtful and name not in roots:
        roots |= {name}
    else:
        return statement
    return replace(_rewritten(tokens, answers, roots), log=statement.log, edited=True)


def _with_clause(words: list[Token]) -> str:
    """The WITH that a statement begins with, for queries of its parts."""
    if word(words, 0) != "WITH":
        return ""
    depth = 0
    for at, token in enumerate(words):
        depth += (token.word == "(") - (token.word == ")")
        if depth == 0 and token.word == "SELECT":
            return joined(words[:at]) + " "
    return ""


def _query_part(text: str) -> str:
    """What PostgreSQL can prepare of a statement: of CREATE … AS and the like only the query."""
    tokens = significant(tokenize(text))
    if not tokens or tokens[0].word not in ("CREATE", "DECLARE", "EXPLAIN", "PREPARE"):
        return text
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.word == "(") - (token.word == ")")
        if depth == 0 and token.word in ("SELECT", "WITH") and word(tokens, at + 1) != "HOLD":
            return text[token.start :]
    return text


def _dispatch(
    words: list[Token], statement: Statement, edits: Edits, answers: Answers
) -> Statement:
    first, second = word(words, 0), word(words, 1)
    for key in ((first, second), (first, "")):
        if key in _NOT_BUILT:
            raise Refusal(_NOT_BUILT[key], NOT_SUPPORTED)
    if first == "COPY":
        command = read_copy(words)
        text = f"COPY {command.target}{command.column_list} FROM STDIN (FORMAT binary)"
        look = f"SELECT * FROM standin.copy_columns({quote_literal(command.target)})"
        after: tuple[str, ...] = ()
        if command.statistics is not False:
            target = quote_literal(command.target)
            after = (f"SELECT standin.update_statistics({target}, {command.statistics is True})",)
        return replace(
            statement, text=text, before=(look,), after=after, copy=command, table=command.table[-1]
        )
    if first == "UNLOAD":
        unload = read_unload(words)
        unload.query = query_text(unload.query, answers)
        exactly = (ALL_DIGITS, DIGITS_AS_BEFORE) if unload.format == "PARQUET" else ()
        # The empty COPY at the end is where a file that cannot be written fails the statement.
        return replace(
            statement,
            text="COPY standin.unload_end FROM STDIN",
            before=(*exactly[:1], unload.describing, unload.copying, *exactly[1:]),
            unload=unload,
        )
    if first in ("BEGIN", "START"):
        return replace(statement, begins=True)
    if first == "CREATE":
        return _create(words, statement, edits, answers)
    if first == "ALTER" and second == "TABLE" and (moved := append_from(words)):
        return replace(
            statement, text=moved[1], before=(moved[0],),
            alone="ALTER TABLE APPEND cannot run inside a transaction block",
        )  # fmt: skip
    if first == "ALTER" and second == "TABLE":
        return replace(statement, alone=edit_alter_table(words, 2, edits).alone)
    if first == "TRUNCATE":
        return replace(statement, after=("COMMIT",))
    if first == "MERGE":
        whole = edit_merge(words, edits)
        target = read_relation(words, 2)[0][-1]
        return replace(statement, text=whole or statement.text, table=target)
    if first == "CALL":
        edit_call(words, edits, answers)
    if first == "SHOW":
        query = show_query(words)
        if query is not None:
            return replace(statement, text=query)
    if first == "VACUUM":
        return replace(
            statement, text=_vacuum(words), alone="VACUUM cannot run inside a transaction block"
        )
    if first == "ANALYZE":
        _cut_tail(words, edits, ("PREDICATE", "COLUMNS"), ("ALL", "COLUMNS"))
    elif first in ("SET", "RESET", "SHOW"):
        if (role := session_authorization(words)) is not None:
            return replace(statement, text=role)
        _settings(words, edits)
    elif first in ("GRANT", "REVOKE"):
        edit_grant(words, edits)
    elif first == "CANCEL":
        doing, answer = cancelled(words)
        return replace(statement, text=answer, before=(doing,))
    elif first in ("ALTER", "DROP") and second in ("USER", "DATABASE", "SCHEMA", "ROLE"):
        edit_access(words, edits)
    elif (first, second) == ("ALTER", "MATERIALIZED") and (view := plain_view_change(words)):
        return replace(statement, text=view)
    elif first in ("INSERT", "UPDATE", "DELETE"):
        if first == "DELETE" and second != "FROM":
            edits.insert_after(words[0], " FROM")
        return replace(statement, table=_changed(words))
    return statement


def _changed(words: list[Token]) -> str:
    """The table that INSERT, UPDATE or DELETE changes; refuses what only PostgreSQL has."""
    depth = 0
    for at, token in enumerate(words):
        depth += (token.word == "(") - (token.word == ")")
        if depth == 0 and (token.word == "RETURNING" or (
            token.word == "ON" and word(words, at + 1) == "CONFLICT"
        )):  # fmt: skip
            raise syntax_error(words, at)
    start = 1 if words[0].word == "UPDATE" or word(words, 1) not in ("INTO", "FROM") else 2
    try:
        return read_relation(words, start)[0][-1]
    except Refusal:
        return ""


def _create(words: list[Token], statement: Statement, edits: Edits, answers: Answers) -> Statement:
    at = 1
    while word(words, at) in ("LOCAL", "TEMP", "TEMPORARY", "OR", "REPLACE"):
        at += 1
    kind = word(words, at)
    if kind == "UNLOGGED":
        raise syntax_error(words, at)
    if kind == "TABLE":
        edit_create_table(words, at + 1, edits)
    elif kind == "VIEW":
        bounds: dict[str, int] = {}
        edit_create_view(words, at + 1, edits, bounds)
        if bounds:
            return _late_binding(words, at + 1, statement, bounds, answers)
    elif kind == "MATERIALIZED":
        _cut_storage(words, at + 2, edits)
    elif kind in ("USER", "DATABASE", "SCHEMA"):
        edit_access(words, edits)
    elif kind in ("PROCEDURE", "FUNCTION"):
        edit_routine(
            words, kind, edits,
            lambda piece: _statement_text(list(piece), answers),
            lambda piece: _edited_piece(list(piece)),
        )  # fmt: skip
    return statement


def _statement_text(tokens: list[Token], answers: Answers) -> str:
    """A statement of a procedure's body."""
    refuse_foreign(significant(tokens))
    return _rewritten(tokens, answers).text


def _edited_piece(tokens: list[Token]) -> str:
    """A part of a procedure's body with its SELECTs and expressions edited."""
    words, edits = significant(tokens), Edits(tokens)
    edit_blocks(words, edits)
    edit_expressions(words, edits)
    return edits.text()


def _cut_storage(words: list[Token], at: int, edits: Edits) -> None:
    """A materialized view's storage and refresh have no meaning here."""
    _, at = read_relation(words, at)
    if word(words, at) == "(":
        at = close_parenthesis(words, at) + 1
    end = next((i for i in range(at, len(words)) if words[i].word == "AS"), None)
    if end is not None and end > at:
        edits.replace(words[at], words[end - 1], "")


def _late_binding(
    words: list[Token],
    name_at: int,
    statement: Statement,
    bounds: dict[str, int],
    answers: Answers,
) -> Statement:
    # The body is kept as PostgreSQL is to read it, so expressions are edited before.
    inner = [token for token in words if bounds["start"] <= token.start < bounds["end"]]
    if not inner:
        raise syntax_error(words, len(words))
    base = words[0].start
    shift = statement.text.index(words[0].text) - base
    whole = statement.text
    body = query_text(whole[bounds["start"] + shift : bounds["end"] + shift], answers)
    parts, _ = read_relation(words, name_at)
    head = whole[: bounds["start"] + shift]
    return replace(statement, text=f"{head} {body} {late_binding_mark(parts, body)}", edited=True)


def _vacuum(words: list[Token]) -> str:
    """Redshift's VACUUM as a plain one: what it sorts and deletes has no meaning here."""
    at = 1
    while word(words, at) in ("FULL", "SORT", "DELETE", "ONLY", "REINDEX", "RECLUSTER"):
        at += 1
    if at >= len(words) or word(words, at) in ("TO", "BOOST"):
        return "VACUUM"
    begin = at
    _, at = read_relation(words, at)
    name = "".join(token.text for token in words[begin:at])
    if word(words, at) == "TO" and word(words, at + 2) == "PERCENT":
        at += 3
    if word(words, at) == "BOOST":
        at += 1
    if at < len(words):
        raise syntax_error(words, at)
    return f"VACUUM {name}"


def _cut_tail(words: list[Token], edits: Edits, *tails: tuple[str, ...]) -> None:
    for tail in tails:
        if tuple(token.word for token in words[-len(tail) :]) == tail:
            edits.replace(words[-len(tail)], words[-1], "")


def _settings(words: list[Token], edits: Edits) -> None:
    at = 1
    if word(words, 0) == "SET" and word(words, 1) in ("SESSION", "LOCAL"):
        at = 2
    if word(words, 0) == "SHOW" and word(words, at) in PARAMETERS and at + 1 == len(words):
        edits.replace(words[0], words[at], shown(words[at].text))
    elif word(words, at) in PARAMETERS and word(words, at + 1) != ".":
        edits.replace(words[at], words[at], f"standin.{words[at].text.lower()}")


def in_transaction(reason: str) -> Refusal:
    """The refusal of a statement that cannot run inside a transaction."""
    return Refusal(reason, IN_TRANSACTION)

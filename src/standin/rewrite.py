"""Statements of Redshift made into statements of PostgreSQL, by editing their tokens.

What is not known here is left to PostgreSQL, which runs it or says that it is wrong. What
PostgreSQL would run with another meaning than Redshift's is refused. The table of all this is in
constructs.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from src.standin.copy_command import CopyCommand, read_copy
from src.standin.ddl import (
    edit_alter_table,
    edit_create_table,
    edit_create_view,
    edit_type,
    late_binding_mark,
    read_relation,
    split_list,
    syntax_error,
    word,
)
from src.standin.refusal import IN_TRANSACTION, NOT_SUPPORTED, Refusal
from src.standin.tokens import (
    Edits,
    Kind,
    Token,
    UnfinishedText,
    close_parenthesis,
    quote_literal,
    significant,
    split_statements,
    tokenize,
)


@dataclass(frozen=True)
class Statement:
    """One statement of a client, as the stand-in runs it."""

    text: str
    """What PostgreSQL gets."""
    log: str
    """What the client sent, without secrets."""
    edited: bool = False
    copy: CopyCommand | None = None
    alone: str | None = None
    """Why the statement is refused inside a transaction, if it is."""
    begins: bool = False
    table: str = ""
    """The table a change is made to, for the words of a serializable conflict."""


SETTINGS = {
    "QUERY_GROUP", "WLM_QUERY_SLOT_COUNT", "ENABLE_RESULT_CACHE_FOR_SESSION",
    "ENABLE_CASE_SENSITIVE_IDENTIFIER", "ENABLE_CASE_SENSITIVE_SUPER_ATTRIBUTE",
    "DESCRIBE_FIELD_NAME_IN_UPPERCASE", "DOWNCASE_DELIMITED_IDENTIFIER",
    "JSON_SERIALIZATION_ENABLE", "JSON_SERIALIZATION_PARSE_NESTED_STRINGS", "AUTO_ANALYZE",
    "ANALYZE_THRESHOLD_PERCENT", "MV_ENABLE_AQMV_FOR_SESSION", "ENABLE_NUMERIC_ROUNDING",
    "ERROR_ON_NONDETERMINISTIC_UPDATE", "USE_FIPS_SSL", "NAVIGATE_SUPER_NULL_ON_ERROR",
    "SPECTRUM_ENABLE_PSEUDO_COLUMNS", "SPECTRUM_QUERY_MAXERROR", "CAST_SUPER_NULL_ON_ERROR",
    "ENABLE_VACUUM_BOOST", "MAX_CURSOR_RESULT_SET_SIZE", "INTERVAL_FORBID_COMPOSITE_LITERALS",
}  # fmt: skip
"""Redshift's settings that PostgreSQL does not have: kept under a name it accepts."""

_SECRETS = {
    "PASSWORD", "CREDENTIALS", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "TOKEN",
    "MASTER_SYMMETRIC_KEY", "SECRET_ARN",
}  # fmt: skip

# First words of statements that PostgreSQL knows and Redshift does not, or that mean other things.
_UNKNOWN_HERE = {
    ("CREATE", "INDEX"): 'SQL command "CREATE INDEX" not supported on Redshift tables.',
    ("CREATE", "UNIQUE"): 'SQL command "CREATE INDEX" not supported on Redshift tables.',
    ("CREATE", "TRIGGER"): "CREATE TRIGGER is not supported",
    ("CREATE", "RULE"): "CREATE RULE is not supported",
    ("CREATE", "SEQUENCE"): "CREATE SEQUENCE is not supported",
    ("CREATE", "TYPE"): "CREATE TYPE is not supported",
    ("CREATE", "DOMAIN"): "CREATE DOMAIN is not supported",
    ("CREATE", "EXTENSION"): "CREATE EXTENSION is not supported",
    ("CREATE", "EXTERNAL"): "the stand-in has no external tables, schemas or functions",
    ("CREATE", "LIBRARY"): "the stand-in has no libraries",
    ("CREATE", "MODEL"): "the stand-in has no models",
    ("CREATE", "DATASHARE"): "the stand-in has no datashares",
    ("CREATE", "MASKING"): "the stand-in has no masking policies yet",
    ("CREATE", "RLS"): "the stand-in has no row-level security policies yet",
    ("CREATE", "POLICY"): "CREATE POLICY is PostgreSQL's",
    ("ANALYZE", "COMPRESSION"): "the stand-in has no ANALYZE COMPRESSION",
    ("LISTEN", ""): "LISTEN is not supported",
    ("NOTIFY", ""): "NOTIFY is not supported",
    ("MERGE", ""): "the stand-in has no MERGE yet",
    ("UNLOAD", ""): "the stand-in has no UNLOAD yet",
    ("CLUSTER", ""): "CLUSTER is not supported",
    ("REINDEX", ""): "REINDEX is not supported",
    ("DO", ""): "DO is not supported",
}
_SHOWN_BY_REDSHIFT = {
    "TABLE", "VIEW", "SCHEMAS", "DATABASES", "TABLES", "COLUMNS", "EXTERNAL", "MODEL", "DATASHARES",
    "PROCEDURE", "GRANTS", "FUNCTIONS", "PROCEDURES", "PARAMETERS", "CONSTRAINTS", "ROW", "COLUMN",
}  # fmt: skip


def redacted(tokens: Sequence[Token]) -> str:
    """The statement's text without the strings that follow a word like PASSWORD."""
    out: list[str] = []
    secret = False
    for token in tokens:
        if token.kind is Kind.SPACE:
            out.append(token.text)
            continue
        out.append("'***'" if secret and token.kind is Kind.STRING else token.text)
        secret = token.word in _SECRETS or (secret and token.word in ("AS", "=", "TO", "ENCRYPTED"))
    return "".join(out).strip()


def refusing(refusal: Refusal) -> str:
    """A statement that fails with the refusal's words, in the client's own transaction."""
    parts = (refusal.state, refusal.message, refusal.detail, refusal.hint)
    return f"SELECT standin.refuse({', '.join(quote_literal(part) for part in parts)})"


# A statement that begins with one of the first words and has none of the others is not changed:
# it need not be cut into tokens, which for a large INSERT takes longer than running it.
_PLAIN_START = re.compile(
    r"\s*(?:(SELECT|WITH|VALUES|COMMIT|ROLLBACK|FETCH|CLOSE)\b|"
    r"(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:[a-z_][\w$]*\s*\.\s*)*([a-z_][\w$]*)\s)",
    re.IGNORECASE,
)
_NOT_PLAIN = re.compile(
    r";|/\*|\$\$|\b(?:NVL|SYSDATE|DATEADD|DATEDIFF|DATE_PART|LISTAGG|TOP|DISTINCT|"
    r"DECIMAL|NUMERIC|N?VARCHAR|RETURNING|CONFLICT|PASSWORD|CREDENTIALS|ACCESS_KEY_ID|"
    r"SECRET_ACCESS_KEY|SESSION_TOKEN|TOKEN|MASTER_SYMMETRIC_KEY|SECRET_ARN)\b",
    re.IGNORECASE,
)


def rewrite(text: str) -> list[Statement] | None:
    """The statements of ``text``, or None when it cannot be cut up and goes through as it is."""
    plain = _PLAIN_START.match(text)
    whole = text.count("'") % 2 == text.count('"') % 2 == 0
    if plain is not None and whole and _NOT_PLAIN.search(text) is None:
        return [Statement(text, text.strip(), table=(plain.group(2) or "").lower())]
    try:
        tokens = tokenize(text)
    except UnfinishedText:
        return None
    if "/*standin:" in text:
        tokens = tokenize("".join(_unmarked(token) for token in tokens))
        return [replace(_rewrite_one(piece), edited=True) for piece in split_statements(tokens)]
    return [_rewrite_one(piece) for piece in split_statements(tokens)]


def _unmarked(token: Token) -> str:
    """A client's comment that looks like one of ours must not reach the event trigger."""
    if token.kind is not Kind.SPACE:
        return token.text
    return token.text.replace("/*standin:", "/* standin:")


def _rewrite_one(tokens: list[Token]) -> Statement:
    words = significant(tokens)
    plain = "".join(token.text for token in tokens)
    statement = Statement(plain, redacted(tokens))
    edits = Edits(tokens)
    try:
        statement = _dispatch(words, statement, edits)
        _edit_expressions(words, edits)
    except Refusal as refusal:
        return replace(statement, text=refusing(refusal), edited=True, copy=None, alone=None)
    if statement.copy is not None or statement.text != plain:
        return replace(statement, edited=True)
    return replace(statement, text=edits.text(), edited=True) if edits else statement


def _dispatch(words: list[Token], statement: Statement, edits: Edits) -> Statement:
    first, second = word(words, 0), word(words, 1)
    for key in ((first, second), (first, "")):
        if key in _UNKNOWN_HERE:
            raise Refusal(_UNKNOWN_HERE[key], NOT_SUPPORTED)
    if first == "COPY":
        command = read_copy(words)
        text = f"COPY {command.target}{command.column_list} FROM STDIN (FORMAT binary)"
        return replace(statement, text=text, copy=command, table=command.table[-1])
    if first in ("BEGIN", "START"):
        return replace(statement, begins=True)
    if first == "CREATE":
        return _create(words, statement, edits)
    if first == "ALTER" and second == "TABLE":
        return replace(statement, alone=edit_alter_table(words, 2, edits).alone)
    if first == "TRUNCATE":
        return replace(
            statement, alone="TRUNCATE commits its transaction in Redshift, so the stand-in "
            "refuses it inside one",
        )  # fmt: skip
    if first == "VACUUM":
        return replace(
            statement, text=_vacuum(words), alone="VACUUM cannot run inside a transaction block"
        )
    if first == "ANALYZE":
        _cut_tail(words, edits, ("PREDICATE", "COLUMNS"), ("ALL", "COLUMNS"))
    elif first in ("SET", "RESET", "SHOW"):
        _settings(words, edits)
    elif first in ("GRANT", "REVOKE"):
        for at, token in enumerate(words):
            if token.word == "ROLE" and word(words, at - 1) in ("TO", "FROM", ","):
                edits.replace(token, token, "")
    elif first in ("INSERT", "UPDATE", "DELETE"):
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


def _create(words: list[Token], statement: Statement, edits: Edits) -> Statement:
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
            return _late_binding(words, at + 1, statement, bounds)
    elif kind == "USER":
        for index, token in enumerate(words):
            if token.word == "PASSWORD" and word(words, index + 1) == "DISABLE":
                edits.replace(words[index + 1], words[index + 1], "NULL")
    return statement


def _late_binding(
    words: list[Token], name_at: int, statement: Statement, bounds: dict[str, int]
) -> Statement:
    # The body is kept as PostgreSQL is to read it, so expressions are edited before.
    inner = [token for token in words if bounds["start"] <= token.start < bounds["end"]]
    if not inner:
        raise syntax_error(words, len(words))
    base = words[0].start
    shift = statement.text.index(words[0].text) - base
    whole = statement.text
    body_tokens = tokenize(whole[bounds["start"] + shift : bounds["end"] + shift])
    edits = Edits(body_tokens)
    _edit_expressions(significant(body_tokens), edits)
    body = edits.text()
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
    if word(words, 0) == "SHOW" and word(words, 1) in _SHOWN_BY_REDSHIFT and len(words) > 1:
        raise Refusal(f"the stand-in has no SHOW {word(words, 1)} yet")
    if word(words, at) in SETTINGS and word(words, at + 1) != ".":
        edits.replace(words[at], words[at], f"standin.{words[at].text.lower()}")


# -- inside expressions ----------------------------------------------------------------------


def _edit_expressions(words: list[Token], edits: Edits) -> None:
    """Functions and words of Redshift that have an exact counterpart."""
    for at, token in enumerate(words):
        if token.kind is not Kind.WORD or word(words, at - 1 if at else len(words)) == ".":
            continue
        called = word(words, at + 1) == "("
        name = token.word
        if name == "NVL" and called:
            edits.replace(token, token, "COALESCE")
        elif name == "SYSDATE" and not called and word(words, at + 1) != ".":
            edits.replace(token, token, "pg_catalog.standin_sysdate()")
        elif name in ("DATEADD", "DATEDIFF", "DATE_PART") and called:
            _quote_date_part(words, at + 2, edits)
        elif name == "LISTAGG" and called:
            _listagg(words, at, edits)
        elif name == "TOP" and word(words, at - 1) == "SELECT" and word(words, at + 1) != ",":
            _refuse_top(words, at)
        elif name == "DISTINCT" and word(words, at + 1) == "ON" and word(words, at + 2) == "(":
            raise Refusal("SELECT DISTINCT ON is not supported")
        elif name in ("DECIMAL", "NUMERIC") and not called and _is_cast(words, at):
            edits.replace(token, token, "numeric(18,0)")
        elif name in ("VARCHAR", "NVARCHAR") and word(words, at + 2) == "MAX" and called:
            edit_type(words, at, "", edits)


def _refuse_top(words: list[Token], at: int) -> None:
    if at + 1 < len(words) and words[at + 1].kind is Kind.NUMBER:
        raise Refusal("the stand-in has no SELECT TOP yet", hint="use LIMIT")


def _is_cast(words: list[Token], at: int) -> bool:
    """Whether the type at ``at`` is that of ``x::type`` or of ``CAST(x AS type)``."""
    if word(words, at - 1) == "::":
        return True
    return word(words, at - 1) == "AS" and word(words, at + 1) == ")"


def _quote_date_part(words: list[Token], at: int, edits: Edits) -> None:
    if at < len(words) and words[at].kind is Kind.WORD and word(words, at + 1) == ",":
        edits.replace(words[at], words[at], quote_literal(words[at].text.lower()))


def _listagg(words: list[Token], at: int, edits: Edits) -> None:
    """LISTAGG(x, d) WITHIN GROUP (ORDER BY y) as string_agg(x::text, d ORDER BY y)."""
    close = close_parenthesis(words, at + 1)
    arguments = split_list(words, at + 1, close)
    first, stop = arguments[0]
    begin = first + 1 if word(words, first) == "DISTINCT" else first
    if close >= len(words) or begin >= stop or len(arguments) > 2:
        return
    edits.replace(words[at], words[at], "string_agg")
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


def in_transaction(reason: str) -> Refusal:
    """The refusal of a statement that cannot run inside a transaction."""
    return Refusal(reason, IN_TRANSACTION)

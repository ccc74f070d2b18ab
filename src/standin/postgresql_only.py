"""What PostgreSQL has and Redshift has not: refused by name, so that nobody gets used to it here.

A construct is known by its words. Queries of the catalog are let through: psql, drivers and tools
take the catalog for PostgreSQL's, and send to it what Redshift would take from them in other words.
Sources are the pages "Unsupported PostgreSQL features", "… data types" and "… functions" of
Redshift's documentation, and the syntax that it gives for each statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from src.standin.refusal import NOT_SUPPORTED, Refusal
from src.standin.tokens import Kind, Token


@dataclass(frozen=True)
class Foreign:
    """A construct that only PostgreSQL has.

    Each of ``words`` is one way to write it: ``^`` stands for the statement's begin, ``#`` for a
    number, ``x`` for a name. Symbols that are written in one piece are one word here.
    """

    name: str
    words: tuple[str, ...]
    instead: str = ""


FOREIGN: tuple[Foreign, ...] = (
    Foreign("FILTER (WHERE …)", (") FILTER ( WHERE",), "aggregate a CASE expression"),
    Foreign("DISTINCT ON", ("DISTINCT ON (",), "QUALIFY ROW_NUMBER() OVER (…) = 1"),
    Foreign("LATERAL", ("FROM LATERAL", ", LATERAL", "JOIN LATERAL")),
    Foreign("TABLESAMPLE", ("TABLESAMPLE x (",), "ORDER BY RANDOM() LIMIT …"),
    Foreign("INTERSECT ALL, EXCEPT ALL or MINUS ALL",
            ("INTERSECT ALL", "EXCEPT ALL", "MINUS ALL")),
    Foreign("IS DISTINCT FROM", ("IS DISTINCT FROM", "IS NOT DISTINCT FROM"),
            "compare, and ask for nulls with IS NULL"),
    Foreign("FOR UPDATE or FOR SHARE", ("FOR UPDATE", "FOR SHARE", "FOR NO KEY", "FOR KEY SHARE"),
            "LOCK the table"),
    Foreign("WITH … AS MATERIALIZED", ("AS MATERIALIZED (", "AS NOT MATERIALIZED (")),
    Foreign("changes inside of WITH",
            ("AS ( INSERT", "AS ( UPDATE", "AS ( DELETE", "AS ( MERGE")),
    Foreign("FETCH FIRST", ("FETCH FIRST # ROW", "FETCH FIRST # ROWS", "FETCH FIRST ROW",
                            "FETCH NEXT # ROW", "FETCH NEXT # ROWS", "FETCH NEXT ROW"),
            "write LIMIT"),
    Foreign("VALUES in the place of a table", ("( VALUES", "^ VALUES"),
            "SELECT … UNION ALL SELECT …"),
    Foreign("ONLY", ("FROM ONLY", "UPDATE ONLY", "JOIN ONLY", "TRUNCATE ONLY")),
    Foreign("TABLE in the place of a query", ("^ TABLE",), "SELECT * FROM …"),
    Foreign("arrays", ("ARRAY [", "ARRAY ( SELECT", "ARRAY ( WITH", ":: x [ ]", "AS x [ ]"),
            "ARRAY(1, 2) makes a SUPER"),
    Foreign("named windows", (") OVER x", "WINDOW x AS ("), "write the window behind OVER"),
    Foreign("frames by GROUPS, by RANGE with a distance, or with EXCLUDE",
            ("GROUPS BETWEEN", "GROUPS UNBOUNDED", "GROUPS #", "RANGE BETWEEN #", "RANGE #",
             "RANGE BETWEEN INTERVAL", "EXCLUDE CURRENT ROW", "EXCLUDE TIES", "EXCLUDE GROUP",
             "EXCLUDE NO OTHERS"), "write ROWS"),
    Foreign("WITH ORDINALITY or ROWS FROM", ("WITH ORDINALITY", "ROWS FROM (")),
    Foreign("OVERRIDING", ("OVERRIDING SYSTEM VALUE", "OVERRIDING USER VALUE")),
    Foreign("SET (…)", ("SET (",), "write SET a = …, b = …"),
    Foreign("operators of JSON", ("->", "->>", "# >", "@>", "<@"),
            "navigate by dots and brackets, or JSON_EXTRACT_PATH_TEXT"),
    Foreign("system columns", ("CTID", "TABLEOID", "XMIN", "XMAX", "CMIN", "CMAX")),
    Foreign("SAVEPOINT", ("^ SAVEPOINT", "^ RELEASE", "^ ROLLBACK TO", "^ ROLLBACK WORK TO",
                          "^ ROLLBACK TRANSACTION TO"), "Redshift rolls back whole transactions"),
    Foreign("EXPLAIN ANALYZE or EXPLAIN (…)", (
            "^ EXPLAIN ANALYZE", "^ EXPLAIN VERBOSE ANALYZE", "^ EXPLAIN ("),
            "EXPLAIN or EXPLAIN VERBOSE"),
    Foreign("two-phase transactions", ("^ PREPARE TRANSACTION", "^ COMMIT PREPARED",
                                        "^ ROLLBACK PREPARED")),
    Foreign("SET CONSTRAINTS", ("^ SET CONSTRAINTS",)),
    Foreign("LISTEN or NOTIFY", ("^ LISTEN", "^ NOTIFY")),
    Foreign("DO", ("^ DO",), "write a procedure and CALL it"),
    Foreign("CLUSTER, REINDEX, CHECKPOINT, LOAD, REASSIGN or DROP OWNED, SECURITY LABEL, IMPORT",
            ("^ CLUSTER", "^ REINDEX", "^ CHECKPOINT", "^ LOAD", "^ REASSIGN", "^ DROP OWNED",
             "^ SECURITY LABEL", "^ IMPORT FOREIGN")),
    Foreign("TRUNCATE … RESTART IDENTITY", ("RESTART IDENTITY", "CONTINUE IDENTITY")),
    Foreign("INHERITS", ("INHERITS (",)),
    Foreign("partitioned tables",
            (") PARTITION BY RANGE", ") PARTITION BY LIST", ") PARTITION BY HASH",
             "PARTITION OF")),
    Foreign("ON COMMIT", ("ON COMMIT DROP", "ON COMMIT DELETE", "ON COMMIT PRESERVE")),
    Foreign("storage parameters of a table",
            (") WITH (", ") TABLESPACE", "WITH OIDS", "WITHOUT OIDS", "STORAGE EXTERNAL",
             "STORAGE EXTENDED", "STORAGE MAIN", "STORAGE PLAIN")),
    Foreign("WITH NO DATA", ("WITH NO DATA",)),
    Foreign("LIKE … INCLUDING more than DEFAULTS",
            tuple(f"INCLUDING {what}" for what in (
                "ALL", "COMMENTS", "COMPRESSION", "CONSTRAINTS", "GENERATED", "IDENTITY",
                "INDEXES", "STATISTICS", "STORAGE"))),
    Foreign("DEFERRABLE", (") DEFERRABLE", "UNIQUE DEFERRABLE", "KEY DEFERRABLE",
                           "INITIALLY DEFERRED", "INITIALLY IMMEDIATE")),
    Foreign("temporary or recursive views, or such with options",
            ("TEMP VIEW", "TEMPORARY VIEW", "RECURSIVE VIEW", "VIEW x WITH (",
             "WITH CHECK OPTION", "WITH LOCAL CHECK", "WITH CASCADED CHECK")),
)  # fmt: skip

_OBJECTS = {
    "CREATE": {
        "DATABASE", "DATASHARE", "EXTERNAL", "FUNCTION", "GROUP", "IDENTITY", "LIBRARY", "MASKING",
        "MATERIALIZED", "MODEL", "PROCEDURE", "RLS", "ROLE", "SCHEMA", "TABLE", "USER", "VIEW",
    },
    "ALTER": {
        "DATABASE", "DATASHARE", "DEFAULT", "EXTERNAL", "FUNCTION", "GROUP", "IDENTITY", "MASKING",
        "MATERIALIZED", "PROCEDURE", "RLS", "ROLE", "SCHEMA", "SYSTEM", "TABLE", "USER", "VIEW",
    },
    "DROP": {
        "DATABASE", "DATASHARE", "EXTERNAL", "FUNCTION", "GROUP", "IDENTITY", "LIBRARY", "MASKING",
        "MATERIALIZED", "MODEL", "OWNED", "PROCEDURE", "RLS", "ROLE", "SCHEMA", "TABLE", "USER",
        "VIEW",
    },
}  # fmt: skip
"""What Redshift can create, alter and drop."""

_ALTER_TABLE = {"ADD", "ALTER", "APPEND", "DROP", "OWNER", "RENAME", "ROW", "SET"}

_OF_THE_CATALOG = ("pg_", "svv_", "svl_", "svcs_", "stl_", "stv_", "sys_", "information_schema")

_SYMBOLS = ("->>", "->", "@>", "<@")


def _patterns() -> dict[str, list[tuple[list[str], Foreign]]]:
    """The ways to write all constructs, by their first word."""
    found: dict[str, list[tuple[list[str], Foreign]]] = {}
    for foreign in FOREIGN:
        for way in foreign.words:
            first, *rest = way.split(" ")
            found.setdefault(first, []).append((rest, foreign))
    return found


_PATTERNS = _patterns()


def refuse_foreign(words: Sequence[Token]) -> None:
    """Raise Refusal for the first construct among ``words`` that only PostgreSQL has."""
    _refuse_object(words)
    if any((token.name or "").startswith(_OF_THE_CATALOG) for token in words):
        return
    _refuse_pattern(words, "^", 0)
    for at, token in enumerate(words):
        key = _symbol(words, at) if token.kind is Kind.SYMBOL else token.word
        _refuse_pattern(words, key, at + 1)


def _refuse_pattern(words: Sequence[Token], first: str, after: int) -> None:
    for rest, foreign in _PATTERNS.get(first, ()):
        if _follows(words, after, rest) and not _is_name(words, after - 1, foreign):
            said = f"Redshift has no {foreign.name}"
            raise Refusal(said, NOT_SUPPORTED, hint=foreign.instead)


def _is_name(words: Sequence[Token], at: int, foreign: Foreign) -> bool:
    """Whether a system column's name is somebody's alias or table instead."""
    if foreign.name != "system columns":
        return False
    before = words[at - 1].word if at else ""
    after = words[at + 1].word if at + 1 < len(words) else ""
    return before in ("AS", "FROM", "JOIN", "TABLE", "INTO") or after in (".", "(")


def _follows(words: Sequence[Token], at: int, rest: Sequence[str]) -> bool:
    """Whether the words of a pattern stand at ``at``."""
    for offset, wanted in enumerate(rest):
        token = words[at + offset] if at + offset < len(words) else None
        if token is None:
            return False
        if wanted == "#":
            fits = token.kind is Kind.NUMBER
        elif wanted == "x":
            fits = token.name is not None
        else:
            fits = token.word == wanted
        if not fits:
            return False
    return True


def _symbol(words: Sequence[Token], at: int) -> str:
    """The operator that begins at ``at``, of symbols that stand without a blank."""
    text = words[at].text
    for following in words[at + 1 : at + 3]:
        if following.kind is not Kind.SYMBOL or following.start != words[at].start + len(text):
            break
        text += following.text
    return next((symbol for symbol in _SYMBOLS if text.startswith(symbol)), words[at].text)


def _refuse_object(words: Sequence[Token]) -> None:
    """Refuse to create, alter or drop what Redshift has not."""
    first = words[0].word
    known = _OBJECTS.get(first)
    if known is None:
        return
    at = 1
    while at < len(words) and words[at].word in (
        "OR", "REPLACE", "LOCAL", "GLOBAL", "TEMP", "TEMPORARY", "UNLOGGED", "RECURSIVE",
    ):  # fmt: skip
        at += 1
    kind = words[at].word if at < len(words) else ""
    if kind in ("INDEX", "UNIQUE"):
        raise Refusal(f'SQL command "{first} INDEX" not supported on Redshift tables.')
    if kind and kind not in known:
        raise Refusal(f"{first} {kind} is not supported: Redshift has none", NOT_SUPPORTED)


def refuse_action(action: str) -> None:
    """Refuse an action of ALTER TABLE that Redshift has not."""
    if action not in _ALTER_TABLE:
        raise Refusal(f"Redshift has no ALTER TABLE … {action}", NOT_SUPPORTED)

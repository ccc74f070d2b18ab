"""Functions and words inside expressions that Redshift has and PostgreSQL has not, or differently.

Each becomes PostgreSQL's words of the same meaning; functions that only have another body are
in functions_sql.py, those with another meaning under the same name in the schema ``standin``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from src.standin.column_types import edit_type
from src.standin.parameters import PARAMETERS, value_of
from src.standin.refusal import Refusal
from src.standin.syntax import split_list, word, words_of
from src.standin.tokens import (
    Edits,
    Kind,
    Token,
    close_parenthesis,
    joined,
    quote_identifier,
    quote_literal,
    significant,
    tokenize,
)
from src.standin.windows import (
    NULLS_IGNORING,
    SORTED_AGGREGATES,
    edit_ignored_nulls,
    edit_sorted_aggregate,
    refuse_window,
)

OTHER_MEANING = {
    "AVG", "BPCHARCMP", "BTTEXT_PATTERN_CMP", "CONCAT", "CRC32", "EXP",
    "JSON_SERIALIZE", "LN", "LOG", "OCTET_LENGTH", "POWER", "REGEXP_COUNT", "REGEXP_INSTR",
    "REGEXP_REPLACE", "REGEXP_SUBSTR", "SPLIT_PART", "SQRT", "STDDEV", "STDDEV_POP",
    "STDDEV_SAMP", "TO_DATE", "VARIANCE", "VAR_POP", "VAR_SAMP",
}  # fmt: skip
"""Functions that PostgreSQL has too, with another result: ours are in the schema standin."""

_CATALOG_COLUMNS = {
    "ATTISDISTKEY": "standin.att_is_distkey({0}attrelid, {0}attnum)",
    "ATTSORTKEYORD": "standin.att_sortkey({0}attrelid, {0}attnum)",
    "ATTENCODINGTYPE": "standin.att_encoding({0}attrelid, {0}attnum, {0}atttypid)",
    "RELDISTSTYLE": "standin.rel_diststyle({0}oid)",
    "ADSRC": "pg_catalog.pg_get_expr({0}adbin, {0}adrelid)",
}
"""Columns that Redshift's catalog has beside PostgreSQL's."""

_BEFORE_RELATION = {"TABLE", "FROM", "JOIN", "INTO", "UPDATE", "EXISTS", "TRUNCATE", ",", "ANALYZE",
                    "VACUUM", "USING", "LIKE"}  # fmt: skip

_WORDS = {"CURRENT_USER_ID": "(SELECT usesysid::int FROM pg_user WHERE usename = current_user)"}
_DATE_PARTS = {"DATEADD", "DATEDIFF", "DATE_PART", "DATE_TRUNC"}

_NAMING = {"TABLE", "INTO", "FUNCTION", "PROCEDURE", "VIEW", "REFERENCES", "."}
"""Behind these a parenthesis does not make a call of a name."""

_POSTGRESQL_ONLY = {
    "ARRAY_AGG", "CASEFOLD", "CLOCK_TIMESTAMP", "CONCAT_WS", "CONVERT_FROM", "CONVERT_TO", "CORR",
    "COVAR_POP", "COVAR_SAMP", "DATE_BIN", "DIV", "ENCODE", "ERF", "ERFC", "EVERY", "FACTORIAL",
    "FORMAT", "GCD", "GEN_RANDOM_UUID",
    "JSON_AGG", "JSON_BUILD_ARRAY", "JSON_BUILD_OBJECT", "JSON_OBJECT_AGG", "JSONB_AGG",
    "JSONB_ARRAY_ELEMENTS", "JSONB_BUILD_ARRAY", "JSONB_BUILD_OBJECT", "JSONB_EACH",
    "JSONB_EXTRACT_PATH", "JSONB_OBJECT_AGG", "JSONB_PATH_QUERY", "JSONB_SET", "JUSTIFY_DAYS",
    "JUSTIFY_HOURS", "JUSTIFY_INTERVAL", "LCM", "MAKE_DATE", "MAKE_INTERVAL", "MAKE_TIMESTAMP",
    "MIN_SCALE", "MODE", "NUM_NONNULLS", "NUM_NULLS", "OVERLAY", "PARSE_IDENT", "QUOTE_NULLABLE",
    "RANDOM_NORMAL", "REGEXP_LIKE",
    "REGEXP_MATCH", "REGEXP_MATCHES", "REGEXP_SPLIT_TO_ARRAY", "REGEXP_SPLIT_TO_TABLE",
    "REGR_AVGX", "REGR_AVGY", "REGR_COUNT", "REGR_INTERCEPT", "REGR_R2", "REGR_SLOPE",
    "REGR_SXX", "REGR_SXY", "REGR_SYY", "ROW_TO_JSON", "SETSEED", "SHA224", "SHA256", "SHA384",
    "SHA512", "STARTS_WITH", "STRING_AGG", "STRING_TO_TABLE", "TO_BIN", "TO_OCT", "TO_JSON",
    "TO_JSONB", "TO_TSQUERY", "TO_TSVECTOR",
    "TRANSACTION_TIMESTAMP", "TRIM_SCALE", "UNISTR", "UUIDV4", "UUIDV7", "WIDTH_BUCKET", "XMLAGG",
}  # fmt: skip
"""Those that Redshift's documentation calls unsupported, or that are younger than Redshift's fork
and not in its lists, and that clients do not ask its catalog with."""

_NOT_HERE = {
    **dict.fromkeys(
        ("HLL_CREATE_SKETCH", "HLL_CARDINALITY", "HLL_COMBINE", "HLL_COMBINE_SKETCHES"),
        "there are no HLL sketches (HLL itself counts exactly)",
    ),
    **dict.fromkeys(
        ("TO_VARBYTE", "FROM_VARBYTE", "FROM_HEX", "GETBIT", "JSON_SERIALIZE_TO_VARBYTE"),
        "there is no VARBYTE",
    ),
    **dict.fromkeys(("FARMFINGERPRINT64", "MURMUR3_32_HASH"), "FNV_HASH is there"),
    **dict.fromkeys(("TEXT_TO_INT_ALT", "TEXT_TO_NUMERIC_ALT"), "TO_NUMBER is there"),
    **dict.fromkeys(
        ("LOWER_ATTRIBUTE_NAMES", "UPPER_ATTRIBUTE_NAMES", "OBJECT_TRANSFORM"),
        "objects are read by paths",
    ),
    "TRY_CAST": "CASE with a condition tells what can be cast",
    "COLLATE": "comparisons are case-sensitive",
    "SIZE": "JSON_SIZE is there",
}

_SIZED_TYPES = {"BPCHAR", "CHAR", "CHARACTER", "DECIMAL", "NCHAR", "NUMERIC", "NVARCHAR", "VARCHAR"}
_TYPES_NOT_HERE = {"VARBYTE", "GEOMETRY", "GEOGRAPHY", "HLLSKETCH"}
_FOREIGN_TYPES = {
    "BIT", "BOX", "BYTEA", "CIDR", "CIRCLE", "DATERANGE", "HSTORE", "INET", "INT4RANGE",
    "INT8RANGE", "JSON", "JSONB", "LINE", "LSEG", "MACADDR", "MONEY", "NUMRANGE", "PATH", "POINT",
    "POLYGON", "TSQUERY", "TSRANGE", "TSTZRANGE", "TSVECTOR", "UUID", "VARBIT", "XML",
}  # fmt: skip
"""Types of PostgreSQL's that Redshift's documentation calls unsupported; psql asks for none."""

EDITED_WORDS = OTHER_MEANING | SORTED_AGGREGATES | NULLS_IGNORING | _DATE_PARTS | {
    *_POSTGRESQL_ONLY, *_NOT_HERE, *_TYPES_NOT_HERE, "HLL", "CONNECT", "CONVERT",
    "CURRENT_SETTING", "CURRENT_USER_ID", "TO_CHAR", "EXTRACT", "NVL", "NVL2", "DECODE",
    "SYSDATE", "APPROXIMATE", "RATIO_TO_REPORT", "MINUS",
    *_CATALOG_COLUMNS, *_FOREIGN_TYPES, "PG_GET_LATE_BINDING_VIEW_COLS", "DISTINCT", "DECIMAL",
    "NUMERIC", "VARCHAR", "NVARCHAR", "SUPER", "TEXT", "OBJECT", "ARRAY",
}  # fmt: skip
"""Words that a statement must be cut up for."""


def edit_expressions(words: Sequence[Token], edits: Edits) -> None:
    """Edit all expressions among ``words``; raises Refusal."""
    for at, token in enumerate(words):
        if token.word == "+" and word(words, at - 1) == "(" and word(words, at + 1) == ")":
            raise Refusal("the stand-in has no outer joins by (+)", hint="write LEFT JOIN")
        if token.word in _CATALOG_COLUMNS and word(words, at + 1) not in ("(", "."):
            _catalog_column(words, at, edits)
            continue
        if token.kind is Kind.NUMBER and at + 1 < len(words):
            following = words[at + 1]
            if following.kind is Kind.WORD and following.start == token.end:
                edits.insert_after(token, " ")  # 1WHEN, which PostgreSQL has ceased to take
        if token.name in ("pg_attribute", "columns"):
            _catalog_relation(words, at, edits)
        if token.kind is not Kind.WORD or (at and words[at - 1].word == "."):
            continue
        name = token.word
        called = word(words, at + 1) == "(" and word(words, at - 1) not in _NAMING
        if called:
            refuse_window(words, at)
            _edit_call(words, at, name, edits)
        if name == "WHERE" and _is_bare_one(words, at + 1):
            edits.replace(words[at + 1], words[at + 1], "true")
        if name in _WORDS and not called:
            edits.replace(token, token, _WORDS[name])
        elif name.startswith("#") and (
            word(words, at - 1) in _BEFORE_RELATION or word(words, at + 1) == "."
        ):
            edits.replace(token, token, quote_identifier(name.lower()))
        elif name == "CONNECT" and word(words, at + 1) == "BY":
            raise Refusal("the stand-in has no CONNECT BY", hint="write a recursive WITH")
        elif name == "SYSDATE" and not called and word(words, at + 1) != ".":
            edits.replace(token, token, "pg_catalog.standin_sysdate()")
        elif name == "APPROXIMATE" and word(words, at + 1) in ("COUNT", "PERCENTILE_DISC"):
            edits.replace(token, token, "")
        elif name == "COLLATE" and not called:
            _collation(words, at, edits)
        elif name == "MINUS" and word(words, at + 1) in ("SELECT", "("):
            edits.replace(token, token, "EXCEPT")
        elif name in ("DECIMAL", "NUMERIC") and not called and _is_cast(words, at):
            edits.replace(token, token, "numeric(18,0)")
        elif name in ("VARCHAR", "NVARCHAR", "TEXT") and _is_cast(words, at) and not called:
            edits.replace(token, token, "varchar(256)")
        elif (name in ("VARCHAR", "NVARCHAR") and word(words, at + 2) == "MAX" and called) or (
            name in _SIZED_TYPES and called and word(words, at - 1) in ("::", "AS")
        ):
            edit_type(words, at, "", edits)
        elif name in _FOREIGN_TYPES and _is_cast(words, at):
            raise Refusal(f"Redshift has no type {name}")
        elif name in _TYPES_NOT_HERE and _is_cast(words, at):
            raise Refusal(f"the stand-in has no type {name}")
        elif name == "SUPER" and _is_cast(words, at):
            edits.replace(token, token, "jsonb")


def _collation(words: Sequence[Token], at: int, edits: Edits) -> None:
    """COLLATE "C" behind a text: the order of bytes, which is Redshift's only one."""
    named = words[at + 1].name if at + 1 < len(words) else None
    if named in ("c", "C", "posix", "POSIX"):
        edits.replace(words[at], words[at + 1], "")
    elif at + 1 < len(words) and words[at + 1].kind is Kind.QUOTED:
        raise Refusal(f"Redshift has no collation {words[at + 1].text}",
                      hint="texts are compared by their bytes")  # fmt: skip


def _is_bare_one(words: Sequence[Token], at: int) -> bool:
    """Whether a condition is the number 1 by itself, which Redshift takes for true."""
    ends = ("", "AND", "OR", ")", "ORDER", "GROUP", "UNION", "LIMIT")
    return at < len(words) and words[at].text == "1" and word(words, at + 1) in ends


def _catalog_column(words: Sequence[Token], at: int, edits: Edits) -> None:
    first, table = words[at], ""
    if at > 1 and words[at - 1].word == "." and words[at - 2].name is not None:
        first, table = words[at - 2], f"{words[at - 2].text}."
    elif at and words[at - 1].word == "AS":
        return
    text = _CATALOG_COLUMNS[words[at].word].format(table)
    listed = word(words, at - (3 if table else 1)) in ("SELECT", ",")
    alone = listed and word(words, at + 1) in (",", "FROM")
    edits.replace(first, words[at], f"{text} AS {words[at].text}" if alone else text)


def _catalog_relation(words: Sequence[Token], at: int, edits: Edits) -> None:
    """pg_attribute and information_schema.columns without late-binding views, as in Redshift."""
    schema = words[at - 2].name if at > 1 and words[at - 1].word == "." else None
    first = at if schema is None else at - 2
    wanted = "information_schema" if words[at].name == "columns" else "pg_catalog"
    read = word(words, first - 1) in ("FROM", "JOIN", ",")
    if read and word(words, at + 1) != "." and (
        schema == wanted or (schema is None and wanted == "pg_catalog")
    ):  # fmt: skip
        edits.replace(words[first], words[at], f"standin.{words[at].name}")


def _late_binding_columns(words: Sequence[Token], at: int, edits: Edits) -> None:
    """The types that Redshift wants told are known here: only the names of columns stay."""
    opening = at + 3
    while opening < len(words) and words[opening].name is not None:
        opening += 1
    if opening == at + 3 or word(words, opening) != "(":
        return
    close = close_parenthesis(words, opening)
    for start, stop in split_list(words, opening, close):
        if stop - start > 1:
            edits.replace(words[start + 1], words[stop - 1], "")


def _edit_call(words: Sequence[Token], at: int, name: str, edits: Edits) -> None:
    token = words[at]
    before = words[at - 1] if at else token
    if name == "NVL" or (name == "ISNULL" and before.word not in (")", "]") and (
        before.name is None or before.word in ("SELECT", "WHEN", "THEN", "ELSE", "AND", "OR", "BY",
                                               "WHERE", "ON", "NOT", "CASE", "IN"))
    ):  # fmt: skip
        edits.replace(token, token, "COALESCE")
    elif name == "NVL2":
        _nvl2(words, at, edits)
    elif name == "DECODE":
        _decode(words, at, edits)
    elif name in _DATE_PARTS:
        _quote_date_part(words, at + 2, edits)
        if name == "DATE_PART":
            edits.replace(token, token, "standin.pgdate_part")
    elif name == "EXTRACT":
        _extract(words, at, edits)
    elif name == "HLL":
        edits.replace(token, words[at + 1], "COUNT(DISTINCT ")
    elif name in _POSTGRESQL_ONLY:
        raise Refusal(f"the function {name} is PostgreSQL's, unknown to Redshift")
    elif name in _NOT_HERE:
        raise Refusal(f"the stand-in has no {name}: {_NOT_HERE[name]}")
    elif name == "CURRENT_SETTING" and word(words, at + 3) == ")":
        if (words[at + 2].value or "").upper() in PARAMETERS:
            edits.replace(token, words[at + 3], value_of(words[at + 2].value or ""))
    elif name == "TO_CHAR":
        _money(words, at, edits)
    elif name == "CONVERT":
        _convert(words, at, edits)
    elif name in SORTED_AGGREGATES:
        edit_sorted_aggregate(words, at, edits, edited)
    elif name in NULLS_IGNORING:
        edit_ignored_nulls(words, at, edits, edited)
    elif name == "RATIO_TO_REPORT":
        _ratio_to_report(words, at, edits)
    elif name in OTHER_MEANING:
        edits.replace(token, token, f"standin.{token.text.lower()}")
    elif name == "PG_GET_LATE_BINDING_VIEW_COLS":
        _late_binding_columns(words, at, edits)
    elif name == "OBJECT":
        edits.replace(token, token, "jsonb_build_object")
    elif name == "ARRAY" and word(words, at + 2) not in ("SELECT", "WITH", "VALUES"):
        edits.replace(token, token, "jsonb_build_array")


def _arguments(words: Sequence[Token], at: int) -> tuple[int, list[tuple[int, int]]]:
    """The closing parenthesis of the call at ``at``, and the ranges of its arguments."""
    close = close_parenthesis(words, at + 1)
    return close, split_list(words, at + 1, min(close, len(words)))


def edited(words: Sequence[Token]) -> str:
    """The text of a part of a statement with its expressions edited."""
    tokens = tokenize(joined(words))
    edits = Edits(tokens)
    edit_expressions(significant(tokens), edits)
    return edits.text()


def _nvl2(words: Sequence[Token], at: int, edits: Edits) -> None:
    close, arguments = _arguments(words, at)
    if close >= len(words) or len(arguments) != 3:
        return
    edits.replace(words[at], words[at + 1], "(CASE WHEN (")
    edits.replace(words[arguments[0][1]], words[arguments[0][1]], ") IS NOT NULL THEN (")
    edits.replace(words[arguments[1][1]], words[arguments[1][1]], ") ELSE (")
    edits.replace(words[close], words[close], ") END)")


def _decode(words: Sequence[Token], at: int, edits: Edits) -> None:
    """DECODE(e, s, r, …, d); two nulls are equal here, which a plain CASE does not say."""
    close, arguments = _arguments(words, at)
    if close >= len(words) or len(arguments) < 3:
        return  # PostgreSQL's decode(text, format)
    first = edited(words[arguments[0][0] : arguments[0][1]])
    edits.replace(words[at], words[at + 1], "(CASE WHEN (")
    for index in range(1, len(arguments)):
        comma = words[arguments[index - 1][1]]
        last = index == len(arguments) - 1
        if index % 2 == 0:
            text = ") THEN ("
        elif last:
            text = ") ELSE ("
        elif index == 1:
            text = ") IS NOT DISTINCT FROM ("
        else:
            text = f") WHEN ({first}) IS NOT DISTINCT FROM ("
        edits.replace(comma, comma, text)
    edits.replace(words[close], words[close], ") END)")


def _ratio_to_report(words: Sequence[Token], at: int, edits: Edits) -> None:
    close, arguments = _arguments(words, at)
    if word(words, close + 1) != "OVER" or word(words, close + 2) != "(":
        return
    end = close_parenthesis(words, close + 2)
    if end >= len(words) or len(arguments) != 1:
        return
    inner = edited(words[arguments[0][0] : arguments[0][1]])
    edits.replace(words[at], words[at + 1], "((")
    edits.replace(words[close], words[close], f")::float8 / NULLIF(SUM({inner})")
    edits.insert_after(words[end], ", 0))")


def _is_cast(words: Sequence[Token], at: int) -> bool:
    """Whether the type at ``at`` is that of ``x::type`` or of ``CAST(x AS type)``."""
    if word(words, at - 1) == "::":
        return True
    return word(words, at - 1) == "AS" and word(words, at + 1) == ")"


def _extract(words: Sequence[Token], at: int, edits: Edits) -> None:
    """EXTRACT(part FROM x), whose parts and results are not PostgreSQL's."""
    part = words[at + 2] if at + 2 < len(words) else None
    if part is None or (part.name is None and part.value is None) or word(words, at + 3) != "FROM":
        return
    edits.replace(words[at], words[at], "standin.date_part")
    edits.replace(part, words[at + 3], f"{quote_literal((part.name or part.value or '').lower())},")


_MONEY = re.compile(r"[Ll]([09GDSPRMI.,]+)", re.IGNORECASE)


def _money(words: Sequence[Token], at: int, edits: Edits) -> None:
    """TO_CHAR(x, 'L999'): a dollar, where PostgreSQL has the sign of its locale, a blank."""
    close, arguments = _arguments(words, at)
    if close >= len(words) or len(arguments) != 2 or arguments[1][1] - arguments[1][0] != 1:
        return
    form = words[arguments[1][0]]
    if (found := _MONEY.fullmatch(form.value or "")) is not None:
        edits.replace(words[at], words[at], "('$' || TO_CHAR")
        edits.replace(form, form, quote_literal(found.group(1)))
        edits.insert_after(words[close], ")")


def _convert(words: Sequence[Token], at: int, edits: Edits) -> None:
    """CONVERT(type, x) as CAST(x AS type)."""
    close, arguments = _arguments(words, at)
    if close >= len(words) or len(arguments) != 2 or words[at + 2].kind is not Kind.WORD:
        return
    kind, value = (words_of(words, a, b) for a, b in arguments)
    kind = "timestamp" if kind.lower() == "datetime" else kind
    edits.replace(words[at], words[close], edited(tokenize(f"CAST({value} AS {kind})")))


def _quote_date_part(words: Sequence[Token], at: int, edits: Edits) -> None:
    if at < len(words) and words[at].kind is Kind.WORD and word(words, at + 1) == ",":
        edits.replace(words[at], words[at], quote_literal(words[at].text.lower()))

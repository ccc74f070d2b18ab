"""Redshift's session parameters that PostgreSQL does not have, and their defaults.

They are kept under names that PostgreSQL accepts, ``standin.…``, and have no effect.
"""

from __future__ import annotations

import re

from src.standin.tokens import quote_identifier, quote_literal

PARAMETERS = {
    "ANALYZE_THRESHOLD_PERCENT": "10", "AUTO_ANALYZE": "on", "CAST_SUPER_NULL_ON_ERROR": "on",
    "DESCRIBE_FIELD_NAME_IN_UPPERCASE": "off", "DOWNCASE_DELIMITED_IDENTIFIER": "on",
    "ENABLE_CASE_SENSITIVE_IDENTIFIER": "off", "ENABLE_CASE_SENSITIVE_SUPER_ATTRIBUTE": "off",
    "ENABLE_NUMERIC_ROUNDING": "off", "ENABLE_RESULT_CACHE_FOR_SESSION": "on",
    "ENABLE_VACUUM_BOOST": "off", "ERROR_ON_NONDETERMINISTIC_UPDATE": "off",
    "INTERVAL_FORBID_COMPOSITE_LITERALS": "off", "JSON_PARSE_DEDUP_ATTRIBUTES": "off",
    "JSON_PARSE_TRUNCATE_STRINGS": "off", "JSON_SERIALIZATION_ENABLE": "off",
    "JSON_SERIALIZATION_PARSE_NESTED_STRINGS": "off", "MAX_CONCURRENCY_SCALING_CLUSTERS": "1",
    "MAX_CURSOR_RESULT_SET_SIZE": "default", "MV_ENABLE_AQMV_FOR_SESSION": "on",
    "NAVIGATE_SUPER_NULL_ON_ERROR": "on", "PARSE_SUPER_NULL_ON_ERROR": "off",
    "PG_FEDERATION_REPEATABLE_READ": "on", "QUERY_GROUP": "unset",
    "SPECTRUM_ENABLE_PSEUDO_COLUMNS": "on", "SPECTRUM_QUERY_MAXERROR": "-1",
    "STORED_PROC_LOG_MIN_MESSAGES": "log", "USE_FIPS_SSL": "off", "WLM_QUERY_SLOT_COUNT": "1",
}  # fmt: skip


def value_of(name: str) -> str:
    """An expression that has the parameter's value in the session."""
    setting = quote_literal(f"standin.{name.lower()}")
    default = quote_literal(PARAMETERS[name.upper()])
    return f"coalesce(nullif(pg_catalog.current_setting({setting}, true), ''), {default})"


def shown(name: str) -> str:
    """The query that answers SHOW."""
    return f"SELECT {value_of(name)} AS {quote_identifier(name.lower())}"


_CASE = re.compile(
    r"\s*(?:(set)\s+(?:session\s+)?|(reset)\s+)enable_case_sensitive_identifier\s*"
    r"(?:(?:to|=)\s*'?(\w+)'?)?\s*",
    re.IGNORECASE,
)


def keeps_case(statement: str, before: bool) -> bool:
    """Whether quoted names keep their capitals behind ``statement``, which was run."""
    found = _CASE.fullmatch(statement)
    return before if found is None else (found.group(3) or "off").lower() in ("on", "true", "1")

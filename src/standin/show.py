"""SHOW TABLE, VIEW, SCHEMAS, TABLES, COLUMNS, DATABASES: questions to the catalog."""

from __future__ import annotations

from collections.abc import Sequence

from src.standin.reader import Reader
from src.standin.refusal import Refusal
from src.standin.syntax import read_relation, syntax_error, word
from src.standin.tokens import Token, quote_identifier, quote_literal

_NOT_HERE = {
    "EXTERNAL", "MODEL", "DATASHARES", "PROCEDURE", "GRANTS", "FUNCTIONS", "PROCEDURES",
    "PARAMETERS", "CONSTRAINTS", "ROW", "COLUMN",
}  # fmt: skip


def show_query(words: Sequence[Token]) -> str | None:
    """The query that answers a SHOW of Redshift's, or None for SHOW of a setting."""
    what = word(words, 1)
    if what in _NOT_HERE and len(words) > 2:
        raise Refusal(f"the stand-in has no SHOW {what}")
    if what in ("TABLE", "VIEW") and len(words) > 2:
        parts, end = read_relation(words, 2)
        if end != len(words):
            raise syntax_error(words, end)
        name = ".".join(quote_identifier(part) for part in parts[-2:])
        return f"SELECT * FROM standin.show_{what.lower()}({quote_literal(name)})"
    reader = Reader(words)
    reader.at = 2
    if what == "DATABASES":
        return f"SELECT * FROM standin.show_databases(){_rest(reader, 'database_name')}"
    if what == "SCHEMAS":
        _skip(reader, "FROM", "DATABASE")
        reader.name()
        return f"SELECT * FROM standin.show_schemas(){_rest(reader, 'schema_name')}"
    if what == "TABLES":
        _skip(reader, "FROM", "SCHEMA")
        schema = reader.relation()[-1]
        rest = _rest(reader, "table_name")
        return f"SELECT * FROM standin.show_tables({quote_literal(schema)}){rest}"
    if what == "COLUMNS":
        _skip(reader, "FROM", "TABLE")
        name = ".".join(quote_identifier(part) for part in reader.relation())
        rest = _rest(reader, "column_name")
        return f"SELECT * FROM standin.show_columns({quote_literal(name)}){rest}"
    return None


def _skip(reader: Reader, *words: str) -> None:
    for each in words:
        reader.expect(each)


def _rest(reader: Reader, column: str) -> str:
    """LIKE and LIMIT behind a SHOW."""
    out = ""
    if reader.take("LIKE"):
        out = f" WHERE {column} LIKE {quote_literal(reader.string())}"
    if reader.take("LIMIT"):
        out += f" LIMIT {int(reader.number())}"
    if not reader.ended:
        raise reader.fail()
    return out

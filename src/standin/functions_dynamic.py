"""What looks at a statement that a procedure puts together when it runs, as SQL for PostgreSQL.

Nobody rewrites such a statement. It goes through when no word is in it that would have been
rewritten or refused; else it is refused by that word, and not run with another meaning.
"""

from __future__ import annotations

from src.standin.expressions import EDITED_WORDS

_OTHERS = {
    "APPEND", "BACKUP", "BPCHAR", "CHAR", "CHARACTER", "CHECK", "CONFLICT", "COPY", "CTID",
    "DISTKEY", "DISTSTYLE", "EXCLUDE", "FILTER", "IDENTITY", "INDEX", "LATERAL", "MERGE", "NCHAR",
    "OVERRIDING", "PIVOT", "PRIMARY", "QUALIFY", "REFERENCES", "RETURNING", "SAVEPOINT", "SORTKEY",
    "TABLESAMPLE", "TOP", "TRUNCATE", "UNIQUE", "UNLOAD", "UNPIVOT", "VACUUM",
}  # fmt: skip
"""Words of statements and clauses; EDITED_WORDS are those of expressions."""

# SELECT DISTINCT is PostgreSQL's too; it is a word to look at because of IS DISTINCT FROM.
_WORDS = "|".join(sorted((EDITED_WORDS - {"DISTINCT"}) | _OTHERS))

DYNAMIC_FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION standin.put_together(statement text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $fn$
DECLARE
    bare text := regexp_replace(statement, '''[^'']*''|"[^"]*"', ' ', 'g');
    found text := substring(upper(bare) FROM
        '([[:<:]](?:{_WORDS})[[:>:]]|[[:<:]]IS[ NOT]* DISTINCT|#|--|/[*]|[$][$])');
BEGIN
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'the stand-in has no % in a statement that a procedure puts together',
            found USING ERRCODE = '0A000',
            HINT = 'give EXECUTE the statement as one literal, or write the statement itself';
    END IF;
    RETURN statement;
END $fn$;
"""
"""SQL that makes it; it can be repeated."""

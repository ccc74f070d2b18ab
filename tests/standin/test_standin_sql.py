"""Expressions and settings: each rewritten construct gives what Redshift's documentation says."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from src.standin.rewrite import rewrite
from src.standin.statement import Answers
from src.standin.tokens import UnfinishedText, quote_literal, tokenize
from tests.standin.helpers import Db


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("NVL(NULL, NULL, 3)", 3),
        ("DATEADD(month, 18, '2008-02-28')", dt.datetime(2009, 8, 28)),
        ("DATEADD(month, 1, '2008-04-30'::date)", dt.datetime(2008, 5, 30)),
        ("DATEADD(day, 30, '2008-11-01'::timestamp)", dt.datetime(2008, 12, 1)),
        ("DATEADD('minutes', -30, '2008-01-01 00:15')", dt.datetime(2007, 12, 31, 23, 45)),
        ("DATEDIFF(week, '2009-01-03'::date, '2009-01-04'::date)", None),
        ("DATEDIFF(qtr, '1998-07-01'::date, '2008-08-15'::date)", 40),
        ("DATEDIFF(year, '2008-12-31'::date, '2009-01-01'::date)", 1),
        ("DATEDIFF(day, '2009-01-01 23:59:59'::timestamp, '2009-01-02'::timestamp)", 1),
        ("DATEDIFF(hour, '2009-01-01 00:59'::timestamp, '2009-01-01 02:01'::timestamp)", 2),
        ("DATE_PART(year, '2009-05-06'::date)", 2009),
        ("LAST_DAY('2004-02-10'::date)", dt.date(2004, 2, 29)),
        ("TRUNC('2008-09-08 12:00'::timestamp)", dt.date(2008, 9, 8)),
        ("3.7::decimal", 4),
        ("CAST(2.5 AS NUMERIC)", 3),
        ("length(repeat('x', 300)::varchar(max))", 300),
        ("(SELECT LISTAGG(x, ',') WITHIN GROUP (ORDER BY x DESC) FROM (SELECT 1 AS x UNION ALL "
         "SELECT 3 UNION ALL SELECT 2) AS s)", "3,2,1"),
        ("(SELECT LISTAGG(x) FROM (SELECT 1 AS x) AS s)", "1"),
        ("(SELECT LISTAGG(DISTINCT NVL(x, 'z'), '|') FROM (SELECT NULL::varchar AS x) AS s)", "z"),
        ("'sysdate nvl(' || '--' || $$NVL($$", "sysdate nvl(--NVL("),
        ("CURRENT_SETTING('timezone')", "UTC"),
        ("CURRENT_SETTING('transaction_isolation')", "repeatable read"),
        ("CURRENT_DATABASE()", "dev"),
        ("(SELECT upper('é') || (CASE WHEN 'a' < 'B' THEN 1 ELSE 2 END))", "É2"),
    ],
)  # fmt: skip
def test_expressions(db: Db, expression: str, value: object) -> None:
    if value is None:
        assert db.error(f"SELECT {expression}").pgcode == "0A000"
    else:
        assert db.one(f"SELECT {expression}") == value


def test_now(db: Db) -> None:
    [(getdate, sysdate, gap)] = db.rows("SELECT GETDATE(), SYSDATE, GETDATE() - SYSDATE")
    assert getdate.microsecond == 0
    assert abs(gap) <= dt.timedelta(seconds=1)
    assert abs(sysdate - dt.datetime.now(dt.UTC).replace(tzinfo=None)) < dt.timedelta(minutes=1)


def test_settings_of_redshift(db: Db) -> None:
    db.run("SET query_group TO 'loads'")
    assert db.one("SHOW query_group") == "loads"
    db.run("SET wlm_query_slot_count = 3; SET enable_result_cache_for_session TO off")
    db.run("RESET query_group")


def test_vacuum_analyze_and_grants(db: Db, schema: str) -> None:
    db.run("CREATE TABLE t (a int)")
    for sql in (
        "VACUUM FULL t TO 99 PERCENT BOOST", "VACUUM SORT ONLY t", "VACUUM DELETE ONLY",
        "ANALYZE t PREDICATE COLUMNS", "ANALYZE t (a)", "COMMENT ON TABLE t IS 'x'",
        "CREATE GROUP readers", f"GRANT USAGE ON SCHEMA {schema} TO GROUP readers",
        "CREATE ROLE helpers", "GRANT SELECT ON t TO ROLE helpers, PUBLIC",
        "REVOKE SELECT ON t FROM ROLE helpers", f"REVOKE USAGE ON SCHEMA {schema} FROM readers",
        "DROP GROUP readers", "DROP ROLE helpers",
        "BEGIN; LOCK TABLE t; DELETE FROM t USING t AS u WHERE t.a = u.a; COMMIT",
    ):  # fmt: skip
        db.run(sql)


@pytest.mark.parametrize(
    "text",
    [
        "select 'it''s -- not' /* a /* nested */ ; comment */, \"a;\"\"b\" -- end ;",
        r"select E'\'; ', $q$ ; $$ $q$, $1, 1.5e-3, .5, a::int, x'1F', U&'d\0061t'",
        "select 1..2, a#>'{b}', @x, é, 'ü'",
        "",
    ],
)
def test_tokens_join_to_the_text(text: str) -> None:
    assert "".join(token.text for token in tokenize(text)) == text
    assert len(rewrite(text, Answers()) or []) <= 1


def test_unfinished_text() -> None:
    for text in ("select 'abc", 'select "abc', "select $$ abc", "/* abc"):
        with pytest.raises(UnfinishedText):
            tokenize(text)
        assert rewrite(text, Answers()) is None


def test_plain_statements_are_not_touched() -> None:
    text = "  select a, 'nvl(' from \"nvl\" where b || 'x' = ? -- sysdate\n"
    [statement] = rewrite(text, Answers()) or []
    assert (statement.text, statement.edited) == (text, False)


def test_quoting(db: Db) -> None:
    for value in ("a'b", "\\", "a\\'b", "", "é\n"):
        assert db.one(f"SELECT {quote_literal(value)}") == value


def test_unfinished_quote_is_postgresqls_error(db: Db) -> None:
    assert db.error("SELECT 'abc").pgcode == "42601"


def test_version(db: Db) -> None:
    said = db.one("SELECT version()")
    # Clients take both numbers out of it; people are told what it is.
    assert re.match(r"PostgreSQL 8\.0\.2 on .+, Redshift 1\.0\.\d+ \(.*stand-in.*\)", said)
    assert db.one("SELECT pg_catalog.version()") == said

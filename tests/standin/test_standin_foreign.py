"""What PostgreSQL has and Redshift has not: each construct is refused by name, and nothing else."""

from __future__ import annotations

import pytest

from src.standin.postgresql_only import FOREIGN, refuse_foreign
from src.standin.refusal import Refusal
from src.standin.tokens import significant, tokenize
from tests.standin.helpers import Db

WRITTEN = {
    "FILTER (WHERE …)": ["SELECT count(*) FILTER (WHERE a > 0) FROM t"],
    "DISTINCT ON": ["SELECT DISTINCT ON (a) a FROM t"],
    "LATERAL": [
        "SELECT * FROM t, LATERAL (SELECT t.a) AS l",
        "SELECT * FROM t CROSS JOIN LATERAL (SELECT t.a) AS l",
        "SELECT * FROM LATERAL (SELECT 1) AS l",
    ],
    "TABLESAMPLE": ["SELECT * FROM t TABLESAMPLE BERNOULLI (10)"],
    "INTERSECT ALL, EXCEPT ALL or MINUS ALL": [
        f"SELECT a FROM t {word} ALL SELECT a FROM t" for word in ("INTERSECT", "EXCEPT", "MINUS")
    ],
    "IS DISTINCT FROM": ["SELECT a IS DISTINCT FROM 1 FROM t", "SELECT 1 IS NOT DISTINCT FROM 2"],
    "FOR UPDATE or FOR SHARE": [
        f"SELECT a FROM t FOR {how}" for how in ("UPDATE", "SHARE", "NO KEY UPDATE", "KEY SHARE")
    ],
    "WITH … AS MATERIALIZED": [
        "WITH x AS MATERIALIZED (SELECT 1) SELECT * FROM x",
        "WITH x AS NOT MATERIALIZED (SELECT 1) SELECT * FROM x",
    ],
    "changes inside of WITH": [
        "WITH x AS (INSERT INTO t VALUES (1)) SELECT 1",
        "WITH x AS (UPDATE t SET a = 1) SELECT 1",
        "WITH x AS (DELETE FROM t) SELECT 1",
        "WITH x AS (MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE) SELECT 1",
    ],
    "FETCH FIRST": [
        "SELECT a FROM t FETCH FIRST 3 ROWS ONLY",
        "SELECT a FROM t FETCH NEXT ROW ONLY",
    ],
    "VALUES in the place of a table": ["SELECT * FROM (VALUES (1)) AS v (a)", "VALUES (1), (2)"],
    "ONLY": ["SELECT * FROM ONLY t", "UPDATE ONLY t SET a = 1", "SELECT 1 FROM t JOIN ONLY t u"],
    "TABLE in the place of a query": ["TABLE t"],
    "arrays": [
        "SELECT ARRAY[1, 2]",
        "SELECT ARRAY(SELECT a FROM t)",
        "SELECT '{1}'::int[]",
        "SELECT CAST('{1}' AS int[])",
    ],
    "named windows": ["SELECT sum(a) OVER w FROM t WINDOW w AS (ORDER BY a)"],
    "frames by GROUPS, by RANGE with a distance, or with EXCLUDE": [
        f"SELECT sum(a) OVER (ORDER BY a {frame}) FROM t"
        for frame in (
            "GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW",
            "GROUPS 1 PRECEDING",
            "RANGE BETWEEN 1 PRECEDING AND CURRENT ROW",
            "RANGE BETWEEN INTERVAL '1 day' PRECEDING AND CURRENT ROW",
            "ROWS 1 PRECEDING EXCLUDE CURRENT ROW",
            "ROWS 1 PRECEDING EXCLUDE TIES",
        )
    ],
    "WITH ORDINALITY or ROWS FROM": [
        "SELECT * FROM generate_series(1, 2) WITH ORDINALITY",
        "SELECT * FROM ROWS FROM (generate_series(1, 2))",
    ],
    "OVERRIDING": ["INSERT INTO t (a) OVERRIDING SYSTEM VALUE VALUES (1)"],
    "SET (…)": ["UPDATE t SET (a, b) = (1, 2)", "ALTER TABLE t SET (fillfactor = 70)"],
    "operators of JSON": [
        "SELECT s -> 'a' FROM t",
        "SELECT s->>'a' FROM t",
        "SELECT s #> 'a' FROM t",
        "SELECT s @> 'a' FROM t",
    ],
    "system columns": [
        "SELECT ctid FROM t",
        "DELETE FROM t WHERE t.ctid = '(0,1)'",
        "SELECT a FROM t WHERE xmin = 1",
    ],
    "TRUNCATE … RESTART IDENTITY": ["TRUNCATE t RESTART IDENTITY", "TRUNCATE t CONTINUE IDENTITY"],
    "SAVEPOINT": [
        "SAVEPOINT a",
        "RELEASE SAVEPOINT a",
        "ROLLBACK TO a",
        "rollback to savepoint a",
        "ROLLBACK TRANSACTION TO SAVEPOINT a",
    ],
    "EXPLAIN ANALYZE or EXPLAIN (…)": ["EXPLAIN ANALYZE SELECT 1", "EXPLAIN (COSTS off) SELECT 1"],
    "two-phase transactions": ["PREPARE TRANSACTION 'a'", "COMMIT PREPARED 'a'"],
    "SET CONSTRAINTS": ["SET CONSTRAINTS ALL DEFERRED"],
    "LISTEN or NOTIFY": ["LISTEN a", "NOTIFY a, 'b'"],
    "DO": ["DO $$ BEGIN END $$"],
    "CLUSTER, REINDEX, CHECKPOINT, LOAD, REASSIGN or DROP OWNED, SECURITY LABEL, IMPORT": [
        "REINDEX TABLE t",
        "CHECKPOINT",
        "REASSIGN OWNED BY a TO b",
        "DROP OWNED BY a",
    ],
    "INHERITS": ["CREATE TABLE u (b int) INHERITS (t)"],
    "partitioned tables": [
        "CREATE TABLE u (a int) PARTITION BY RANGE (a)",
        "CREATE TABLE u PARTITION OF t FOR VALUES IN (1)",
    ],
    "ON COMMIT": ["CREATE TEMP TABLE u (a int) ON COMMIT DROP"],
    "storage parameters of a table": [
        "CREATE TABLE u (a int) WITH (fillfactor = 70)",
        "CREATE TABLE u (a int) TABLESPACE fast",
        "CREATE TABLE u (a int) WITHOUT OIDS",
        "CREATE TABLE u (a varchar(9) STORAGE EXTERNAL)",
    ],
    "WITH NO DATA": ["CREATE TABLE u AS SELECT 1 AS a WITH NO DATA"],
    "LIKE … INCLUDING more than DEFAULTS": ["CREATE TABLE u (LIKE t INCLUDING ALL)"],
    "DEFERRABLE": [
        "CREATE TABLE u (a int UNIQUE DEFERRABLE)",
        "CREATE TABLE u (a int REFERENCES t (a) INITIALLY DEFERRED)",
    ],
    "temporary or recursive views, or such with options": [
        "CREATE TEMP VIEW v AS SELECT 1 AS a",
        "CREATE RECURSIVE VIEW v (a) AS SELECT 1",
        "CREATE VIEW v WITH (security_barrier) AS SELECT 1 AS a",
        "CREATE VIEW v AS SELECT a FROM t WITH CHECK OPTION",
    ],
}


def test_what_only_postgresql_has() -> None:
    assert set(WRITTEN) == {foreign.name for foreign in FOREIGN}
    for name, statements in WRITTEN.items():
        for sql in statements:
            with pytest.raises(Refusal) as caught:
                refuse_foreign(significant(tokenize(sql)))
            assert caught.value.message == f"Redshift has no {name}", sql


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TYPE a AS ENUM ('b')",
        "CREATE OR REPLACE TRIGGER a BEFORE INSERT ON t EXECUTE FUNCTION f()",
        "CREATE SEQUENCE a",
        "CREATE UNIQUE INDEX a ON t (a)",
        "CREATE STATISTICS a ON a, b FROM t",
        "ALTER INDEX a RENAME TO b",
        "ALTER DOMAIN a SET NOT NULL",
        "DROP EXTENSION a",
    ],
)
def test_objects_that_redshift_has_not(sql: str) -> None:
    with pytest.raises(Refusal, match="Redshift"):
        refuse_foreign(significant(tokenize(sql)))


@pytest.mark.parametrize(
    "sql",
    [
        "WITH data AS (SELECT 1 AS only_one) SELECT only_one FROM data",
        "SELECT a.b AS tablespace FROM x AS a JOIN y ON commit = lateral_id",
        "SELECT count(*) AS over FROM t",
        "SELECT 1 AS ctid",
        "SELECT * FROM t WHERE a IS NOT NULL FOR_UPDATE",
        "SELECT a - b, a > b, a-1>b, a <> b, '->' FROM t",
        "INSERT INTO t VALUES (1), (2)",
        "INSERT INTO t (a) VALUES (1)",
        "SELECT * EXCLUDE (a) FROM t",
        "SELECT ARRAY(1, 2), s.a[0] FROM t",
        "SELECT sum(a) OVER (PARTITION BY b ORDER BY a ROWS UNBOUNDED PRECEDING) FROM t",
        "SELECT sum(a) OVER (ORDER BY a RANGE UNBOUNDED PRECEDING) FROM t",
        "SELECT a FROM t UNION ALL SELECT a FROM u",
        "CREATE TABLE u (LIKE t INCLUDING DEFAULTS)",
        "CREATE MATERIALIZED VIEW v AS (SELECT 1 AS a)",
        "CREATE OR REPLACE PROCEDURE p() AS $$ BEGIN END $$ LANGUAGE plpgsql",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA a GRANT SELECT ON TABLES TO PUBLIC",
        "DROP MATERIALIZED VIEW v",
        "EXPLAIN VERBOSE SELECT 1",
        "EXPLAIN SELECT 1",
        "ROLLBACK",
        "SET query_group TO 'a'",
        # psql's and drivers' questions of the catalog
        "SELECT ARRAY(SELECT 1), c.ctid FROM pg_catalog.pg_class AS c",
        "SELECT * FROM pg_class, LATERAL (SELECT 1) AS x",
    ],
)
def test_what_is_not_refused(sql: str) -> None:
    refuse_foreign(significant(tokenize(sql)))


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT '{}'::jsonb", "no type JSONB"),
        ("SELECT CAST('a' AS uuid)", "no type UUID"),
        ("INSERT INTO t VALUES ('1'::money)", "no type MONEY"),
        ("SELECT gen_random_uuid()", "GEN_RANDOM_UUID is PostgreSQL's"),
        ("SELECT json_build_object('a', 1)", "JSON_BUILD_OBJECT is PostgreSQL's"),
        ("SELECT 'a' < 'b' COLLATE \"en_US\"", 'no collation "en_us"'),
        ("CREATE TABLE IF NOT EXISTS u AS SELECT 1 AS a", "no IF NOT EXISTS"),
        ("ALTER TABLE t ENABLE TRIGGER ALL", "no ALTER TABLE … ENABLE"),
        ("ALTER TABLE t SET SCHEMA public", "no ALTER TABLE … SET SCHEMA"),
        ("BEGIN; SAVEPOINT a", "no SAVEPOINT"),
        (
            "CREATE PROCEDURE p() AS $$ BEGIN DELETE FROM t WHERE a IS DISTINCT FROM 1; END $$ "
            "LANGUAGE plpgsql",
            "no IS DISTINCT FROM",
        ),
        ("UNLOAD ('SELECT a FROM t FOR UPDATE') TO 's3://lake/x' IAM_ROLE default", "FOR UPDATE"),
        (
            "CREATE VIEW v AS SELECT ctid FROM t WITH NO SCHEMA BINDING",
            "no system columns",
        ),
    ],
)
def test_refused_where_it_is_run(db: Db, sql: str, said: str) -> None:
    db.run("CREATE TABLE t (a int)")
    error = db.error(sql)
    assert said in str(error)
    assert error.pgcode in ("0A000", "42601")
    db.run("ROLLBACK")
    assert db.one("SELECT count(*) FROM t") == 0


def test_the_collation_of_bytes_is_taken(db: Db) -> None:
    db.run("CREATE TABLE t (a varchar(5)); INSERT INTO t VALUES ('Z'), ('a'), ('é')")
    assert db.rows('SELECT a FROM t WHERE a >= \'a\' COLLATE "C" ORDER BY a COLLATE "C"') == [
        ("a",),
        ("é",),
    ]

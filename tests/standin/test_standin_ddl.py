"""Redshift's DDL: what is stripped and remembered, what is enforced and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import psycopg2
import pytest

from src.standin.server import Endpoint
from tests.standin.helpers import Connection, Db

DECLARED = """
    CREATE TABLE t (
        id bigint NOT NULL ENCODE az64,
        name varchar(10) ENCODE zstd,
        note text,
        long varchar(MAX),
        extra super,
        amount decimal,
        PRIMARY KEY (id),
        UNIQUE (name),
        FOREIGN KEY (note) REFERENCES elsewhere (x)
    )
    DISTSTYLE KEY DISTKEY (id) COMPOUND SORTKEY (name, id) BACKUP NO
"""


def test_declarations_are_remembered(db: Db) -> None:
    db.run(DECLARED)
    rows = db.rows(
        'SELECT "column", type, encoding, distkey, sortkey, "notnull" FROM pg_table_def '
        "WHERE tablename = 't'"
    )
    assert rows == [
        ("id", "bigint", "az64", True, 2, True),
        ("name", "character varying(10)", "zstd", False, 1, False),
        ("note", "character varying(256)", "lzo", False, 0, False),
        ("long", "character varying(65535)", "lzo", False, 0, False),
        ("extra", "super", "none", False, 0, False),
        ("amount", "numeric(18,0)", "az64", False, 0, False),
    ]
    assert db.rows(
        "SELECT diststyle, sortkey1, sortkey_num, encoded, max_varchar FROM svv_table_info "
        "WHERE table_id = 't'::regclass::oid::int"
    ) == [("KEY(id)", "name", 2, "Y", 65535)]
    assert db.rows(
        "SELECT definition FROM standin.declared_foreign_keys WHERE tablename = 't' "
        "AND schemaname = current_schema()"
    ) == [("FOREIGN KEY (note) REFERENCES elsewhere (x)",)]
    assert db.one("SELECT backup FROM standin.table_declared WHERE relid = 't'::regclass") is False


@pytest.mark.parametrize(
    ("sql", "style", "sortkeys"),
    [
        ("CREATE TABLE t (a int DISTKEY SORTKEY, b int)", "KEY(a)", [1, 0]),
        ("CREATE TABLE t (a int, b int) DISTSTYLE ALL", "ALL", [0, 0]),
        ("CREATE TABLE t (a int, b int) DISTSTYLE EVEN SORTKEY AUTO", "EVEN", [0, 0]),
        ("CREATE TABLE t (a int, b int) INTERLEAVED SORTKEY (b, a)", "AUTO(ALL)", [-2, 1]),
        ("CREATE TABLE t DISTKEY (b) SORTKEY (b, a) AS SELECT 1 AS a, 2 AS b", "KEY(b)", [2, 1]),
        ("CREATE TABLE IF NOT EXISTS t (a int, b int) DISTKEY(b)", "KEY(b)", [0, 0]),
        ("CREATE TABLE dev.{schema}.t (a int, b int) DISTKEY(b)", "KEY(b)", [0, 0]),
    ],
)
def test_dist_and_sort_keys(db: Db, schema: str, sql: str, style: str, sortkeys: list[int]) -> None:
    db.run(sql.format(schema=schema))
    where = "WHERE table_id = 't'::regclass::oid::int"
    assert db.one(f"SELECT diststyle FROM svv_table_info {where}") == style
    found = db.rows("SELECT sortkey FROM pg_table_def WHERE tablename = 't'")
    assert [row[0] for row in found] == sortkeys


def test_like_copies_keys_and_encodings(db: Db) -> None:
    db.run(DECLARED)
    db.run("CREATE TABLE u (LIKE t)")
    query = 'SELECT "column", encoding, distkey, sortkey FROM pg_table_def WHERE tablename = '
    assert db.rows(query + "'u'") == db.rows(query + "'t'")


def test_a_rollback_forgets_and_a_drop_forgets(
    connect: Callable[..., Connection], schema: str, db: Db
) -> None:
    remembered = "SELECT count(*) FROM standin.table_declared"
    before = db.one(remembered)
    connection = connect()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {schema}.t (a int) DISTSTYLE ALL")
    connection.rollback()
    assert db.one(remembered) == before
    db.run("CREATE TABLE t (a int) DISTSTYLE ALL")
    assert db.one(remembered) == before + 1
    db.run("DROP TABLE t")
    assert db.one(remembered) == before


def test_keys_can_be_changed_later(db: Db) -> None:
    db.run("CREATE TABLE t (a int, b int)")
    db.run("ALTER TABLE t ALTER DISTKEY b")
    db.run("ALTER TABLE t ALTER COMPOUND SORTKEY (b, a)")
    assert db.run("ALTER TABLE t ALTER COLUMN a ENCODE zstd") == "ALTER TABLE"
    assert db.rows("SELECT encoding, distkey, sortkey FROM pg_table_def WHERE tablename = 't'") == [
        ("zstd", False, 2),
        ("none", True, 1),
    ]
    db.run("ALTER TABLE t ALTER DISTSTYLE EVEN")
    assert db.rows("SELECT bool_or(distkey) FROM pg_table_def WHERE tablename = 't'") == [(False,)]


def test_a_key_that_is_no_column_is_refused(db: Db) -> None:
    assert db.error("CREATE TABLE t (a int) DISTKEY (b)").pgcode == "42703"


# -- keys ------------------------------------------------------------------------------------


def test_keys_are_visible_and_not_enforced(db: Db) -> None:
    db.run(DECLARED)
    for _ in range(2):
        db.run("INSERT INTO t (id, name) VALUES (1, 'a'), (1, 'a')")
    assert db.one("SELECT count(*) FROM t WHERE id = 1") == 4
    assert db.rows(
        "SELECT constraint_type FROM information_schema.table_constraints "
        "WHERE table_schema = current_schema() AND table_name = 't' "
        "AND constraint_type <> 'CHECK' ORDER BY 1"
    ) == [("PRIMARY KEY",), ("UNIQUE",)]
    # TRUNCATE rebuilds indexes: they stay switched off.
    db.run("TRUNCATE t")
    db.run("INSERT INTO t (id, name) VALUES (1, 'a'), (1, 'a')")
    db.run("ALTER TABLE t ADD COLUMN more int DEFAULT 5")
    db.run("VACUUM FULL t")
    db.run("INSERT INTO t (id, name) VALUES (1, 'a'), (1, 'a')")
    assert db.rows("SELECT count(*), count(DISTINCT more) FROM t WHERE id = 1") == [(4, 1)]
    assert db.error("INSERT INTO t (name) VALUES ('b')").pgcode == "23502"


def test_primary_key_added_later(db: Db) -> None:
    db.run("CREATE TABLE t (a int NOT NULL)")
    db.run("ALTER TABLE t ADD PRIMARY KEY (a)")
    db.run("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES nowhere (b)")
    db.run("INSERT INTO t VALUES (1), (1)")
    assert "nowhere" in str(
        db.one(
            "SELECT definition FROM standin.declared_foreign_keys WHERE tablename = 't' "
            "AND schemaname = current_schema()"
        )
    )


def test_identity(db: Db) -> None:
    db.run("CREATE TABLE t (id bigint IDENTITY(0,1), n bigint GENERATED BY DEFAULT AS "
           "IDENTITY(10, -5), a int)")  # fmt: skip
    db.run("INSERT INTO t (a) VALUES (7), (8)")
    assert db.rows("SELECT id, n, a FROM t ORDER BY a") == [(0, 10, 7), (1, 5, 8)]
    assert db.error("INSERT INTO t (id, a) VALUES (1, 1)").pgcode == "428C9"


# -- bytes -----------------------------------------------------------------------------------


def test_varchar_counts_bytes(db: Db) -> None:
    db.run("CREATE TABLE t (a varchar(4), b char(2), c text)")
    db.run("INSERT INTO t VALUES ('éé', 'ab', 'x')")
    for values in ("'ééé', 'a', 'x'", "'a', 'é', 'x'", f"'a', 'b', '{'é' * 129}'"):
        error = db.error(f"INSERT INTO t VALUES ({values})")
        assert error.pgcode == "22001"
        assert "value too long for type character" in str(error)
        assert error.diag.message_detail is None
    assert db.error("UPDATE t SET a = 'ééa'").pgcode == "22001"
    db.run("CREATE TABLE u AS SELECT * FROM t")
    assert db.error("INSERT INTO u (a) VALUES ('éée')").pgcode == "22001"
    db.run("ALTER TABLE t ADD COLUMN d varchar(1)")
    assert db.error("UPDATE t SET d = 'é'").pgcode == "22001"
    db.run("CREATE TEMP TABLE v (LIKE t)")
    assert db.error("INSERT INTO v (a) VALUES ('éée')").pgcode == "22001"


def test_varchar_can_be_widened_outside_a_transaction(
    connect: Callable[..., Connection], schema: str, db: Db
) -> None:
    db.run("CREATE TABLE t (a varchar(4), b int)")
    db.run("INSERT INTO t VALUES ('éé', 1)")
    db.run("ALTER TABLE t ALTER COLUMN a TYPE varchar(6)")
    db.run("INSERT INTO t VALUES ('ééé', 1)")
    assert db.error("INSERT INTO t VALUES ('éééé', 1)").pgcode == "22001"
    assert "longer" in str(db.error("ALTER TABLE t ALTER COLUMN a TYPE varchar(5)"))
    assert "longer" in str(db.error("ALTER TABLE t ALTER COLUMN b TYPE varchar(5)"))
    assert "size of VARCHAR" in str(db.error("ALTER TABLE t ALTER COLUMN b TYPE bigint"))
    connection = connect()
    with connection.cursor() as cursor, pytest.raises(psycopg2.errors.ActiveSqlTransaction):
        cursor.execute(f"ALTER TABLE {schema}.t ALTER COLUMN a TYPE varchar(9)")


def test_texts_of_a_table_made_by_a_query_have_a_length(db: Db) -> None:
    db.run("CREATE TABLE t (v varchar(20), c char(3)); INSERT INTO t VALUES ('é', 'x')")
    made = "'lit' AS lit, v, c, UPPER(v) AS up, v || '!' AS more, c AS d, 1 AS n FROM t"
    db.run(f"CREATE TABLE u DISTKEY (v) AS SELECT {made}")
    db.run(f"SELECT {made.replace(' FROM', ' INTO w FROM')}")
    wanted = [
        ("lit", "character varying(65535)"),
        ("v", "character varying(20)"),
        ("c", "character(3)"),
        ("up", "character varying(65535)"),
        ("more", "character varying(65535)"),
        ("d", "character(3)"),
        ("n", "integer"),
    ]
    for table in ("u", "w"):
        columns = f"SELECT \"column\", type FROM pg_table_def WHERE tablename = '{table}'"
        assert db.rows(columns) == wanted
        assert db.rows(f"SELECT * FROM {table}") == [("lit", "é", "x  ", "É", "é!", "x  ", 1)]
        assert db.error(f"UPDATE {table} SET up = REPEAT('é', 32768)").pgcode == "22001"
        assert db.run(f"UPDATE {table} SET up = REPEAT('x', 65535)") == "UPDATE 1"


# -- refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize("sql", ["TRUNCATE t", "TRUNCATE TABLE t"])
def test_truncate_commits(
    connect: Callable[..., Connection], schema: str, db: Db, sql: str
) -> None:
    db.run("CREATE TABLE t (a int); CREATE TABLE u (a int); INSERT INTO t VALUES (1)")
    connection = connect(options=f"-c search_path={schema}")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO u VALUES (1)")
        cursor.execute(sql)
        assert cursor.statusmessage == "TRUNCATE TABLE"
        # What came before is committed with it; what comes after, psycopg2 not having begun
        # anew, commits by itself.
        assert db.rows("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM u)") == [(0, 1)]
        cursor.execute("INSERT INTO u VALUES (2)")
    connection.rollback()
    assert db.one("SELECT count(*) FROM u") == 2
    assert db.one(f"INSERT INTO t VALUES (5); {sql}; SELECT count(*) FROM t") == 0


@pytest.mark.parametrize("sql", ["VACUUM t", "VACUUM"])
def test_not_inside_a_transaction(
    connect: Callable[..., Connection], schema: str, db: Db, sql: str
) -> None:
    db.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    connection = connect(options=f"-c search_path={schema}")
    with connection.cursor() as cursor, pytest.raises(psycopg2.errors.ActiveSqlTransaction):
        cursor.execute(sql)
    connection.rollback()
    assert db.error(f"SELECT 1; {sql}").pgcode == "25001"
    assert db.error(f"BEGIN; {sql}; COMMIT").pgcode == "25001"
    db.run("ROLLBACK")
    assert db.one("SELECT count(*) FROM t") == 1
    db.run(sql)
    assert db.one("SELECT count(*) FROM t") == 1


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("ALTER TABLE t ALTER COLUMN a SET NOT NULL", "no SET NOT NULL"),
        ("ALTER TABLE t ALTER a DROP NOT NULL", "no DROP NOT NULL"),
        ("ALTER TABLE t ALTER COLUMN a SET DEFAULT 3", "no SET DEFAULT"),
        ("ALTER TABLE t ALTER COLUMN a DROP DEFAULT", "no DROP DEFAULT"),
        ("ALTER TABLE t APPEND FROM t", "needs two tables"),
        ("ALTER TABLE t ADD COLUMN b int NOT NULL", "non-null default"),
        ("ALTER TABLE t ADD COLUMN b int, ADD COLUMN c int", "one ADD COLUMN"),
        ("ALTER TABLE t ADD COLUMN IF NOT EXISTS b int", "syntax error"),
        ("ALTER TABLE t ADD CHECK (a > 0)", "CHECK"),
        ("CREATE TABLE u (a uuid)", 'unsupported type "uuid"'),
        ("CREATE TABLE u (a int[])", "unsupported type"),
        ("CREATE TABLE u (a jsonb)", 'unsupported type "jsonb"'),
        ("CREATE TABLE u (a serial)", 'unsupported type "serial"'),
        ("CREATE TABLE u (a varchar(65536))", "cannot exceed 65535"),
        ("CREATE TABLE u (a int CHECK (a > 0))", "CHECK"),
        ("CREATE INDEX i ON t (a)", "not supported on Redshift tables"),
        ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", 'at or near "ON"'),
        ("INSERT INTO t VALUES (1) RETURNING a", 'at or near "RETURNING"'),
        ("SELECT DISTINCT ON (a) a FROM t", "DISTINCT ON"),
        ("CREATE EXTERNAL TABLE s.x (a int)", "no external"),
        ("DO $$ BEGIN END $$", "no DO"),
        ("SELECT TOP 3 a FROM t LIMIT 2", "TOP or LIMIT"),
        ("SELECT * FROM t UNPIVOT (v)", "UNPIVOT is not understood"),
        ("SHOW GRANTS ON TABLE t", "no SHOW GRANTS"),
        ("SELECT STRING_AGG(a, ',') FROM t", "STRING_AGG is PostgreSQL's"),
    ],
)
def test_refused(db: Db, sql: str, said: str) -> None:
    db.run("CREATE TABLE t (a int)")
    assert said in str(db.error(sql))


# -- late-binding views ------------------------------------------------------------------------


def test_late_binding_views_do_not_hold_their_tables(db: Db) -> None:
    db.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    db.run("CREATE VIEW v AS SELECT *, nvl(a, 0) AS b FROM t WITH NO SCHEMA BINDING")
    assert db.rows("SELECT * FROM v") == [(1, 1)]
    db.run("GRANT SELECT ON v TO PUBLIC")
    db.run("ALTER TABLE t ADD COLUMN c varchar(5) DEFAULT 'x'")
    assert db.rows("SELECT * FROM v") == [(1, "x", 1)]
    db.run("DROP TABLE t")
    error = db.error("SELECT * FROM v")
    assert (error.pgcode, 't" does not exist' in str(error)) == ("42P01", True)
    db.run("CREATE TABLE t (z varchar(3)); INSERT INTO t VALUES ('q')")
    assert db.error("SELECT * FROM v").pgcode == "42703"  # its body needs a column a
    db.run("DROP TABLE t; CREATE TABLE t (a bigint); INSERT INTO t VALUES (5)")
    assert db.rows("SELECT * FROM v") == [(5, 5)]
    assert db.one("SELECT has_table_privilege('public', 'v', 'SELECT')") is True
    assert db.one("SELECT relowner::regrole::text FROM pg_class WHERE oid = 'v'::regclass") == (
        "awsuser"
    )
    db.run("DROP VIEW v")


def test_a_late_binding_view_stays_one_under_another_name(db: Db) -> None:
    db.run("CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t WITH NO SCHEMA BINDING")
    db.run("ALTER TABLE v RENAME TO w")
    # As in Redshift its columns are told by the function, and by nothing else.
    assert db.rows("SELECT col_name, col_type FROM pg_get_late_binding_view_cols() cols(s name, "
                   "v name, col_name name, col_type varchar, n int) WHERE v = 'w' AND "
                   "s = current_schema()") == [("a", "integer")]  # fmt: skip
    assert db.one("SELECT count(*) FROM pg_catalog.pg_attribute a "
                  "WHERE a.attrelid = 'w'::regclass AND a.attnum > 0") == 0  # fmt: skip
    db.run("DROP TABLE t; CREATE TABLE t (a varchar(3)); INSERT INTO t VALUES ('x')")
    assert db.rows("SELECT * FROM w") == [("x",)]


def test_an_ordinary_view_holds_its_table(db: Db) -> None:
    db.run("CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t")
    assert db.error("DROP TABLE t").pgcode == "2BP01"


def test_a_client_cannot_send_marks(db: Db) -> None:
    from src.standin.catalog import mark

    db.run("CREATE TABLE t (a int) " + mark({"name": "t", "diststyle": "ALL"}))
    assert db.one("SELECT count(*) FROM svv_table_info WHERE diststyle = 'ALL' AND "
                  "table_id = 't'::regclass::oid::int") == 0  # fmt: skip


def test_another_user(db: Db, endpoint: Endpoint, schema: str) -> None:
    db.run("CREATE TABLE t (a int); CREATE TABLE hidden (a int); INSERT INTO t VALUES (1)")
    db.run("CREATE USER reader PASSWORD 'Abc-12345'")
    try:
        db.run(f"GRANT USAGE ON SCHEMA {schema} TO reader; GRANT SELECT ON t TO reader")
        connection = psycopg2.connect(
            host=endpoint.host, port=endpoint.port, dbname=endpoint.database, user="reader",
            password="Abc-12345", options=f"-c search_path={schema}",
        )  # fmt: skip
        connection.autocommit = True
        reader = Db(connection)
        assert reader.rows("SELECT a FROM t") == [(1,)]
        assert reader.error("SELECT a FROM hidden").pgcode == "42501"
        assert reader.error("DELETE FROM t").pgcode == "42501"
        reader.run("CREATE TEMP TABLE mine (a varchar(3)) DISTKEY (a)")
        assert reader.error("INSERT INTO mine VALUES ('éé')").pgcode == "22001"
        reader.run("DROP TABLE mine")
        connection.close()
    finally:
        db.run(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM reader")
        db.run(f"REVOKE ALL ON SCHEMA {schema} FROM reader; DROP USER reader")

"""DuckDB's postgres extension: a database attached, its tables read, joined and written."""

import json
import os
import sys
from importlib.resources import files

import duckdb
import psycopg2

login = {
    "host": os.environ["REDSHIFT_HOST"], "port": os.environ["REDSHIFT_PORT"],
    "dbname": os.environ["REDSHIFT_DATABASE"], "user": os.environ["REDSHIFT_USER"],
    "password": os.environ["REDSHIFT_PASSWORD"],
    "sslmode": "verify-full", "sslrootcert": os.environ["SSL_CERT_FILE"],
}  # fmt: skip
package = files("duckdb_extension_postgres_scanner") / "extensions" / f"v{duckdb.__version__}"
connection = duckdb.connect()
connection.execute(f"LOAD '{package / 'postgres_scanner.duckdb_extension'}'")
connection.execute("SET TimeZone = 'UTC'")
dsn = " ".join(f"{key}={value}" for key, value in login.items())


def rows(sql: str) -> list:
    return [[str(v) if v is not None else None for v in row]
            for row in connection.execute(sql).fetchall()]  # fmt: skip


def error(sql: str) -> str:
    try:
        connection.execute(sql)
    except duckdb.Error as wrong:
        return str(wrong)
    return ""


def read() -> dict:
    """Every type, what is pushed down, joins and queries of Redshift's own words."""
    found = {}
    setting_up = psycopg2.connect(**login)
    setting_up.autocommit = True
    with setting_up.cursor() as cursor:
        cursor.execute("CREATE SCHEMA duck")
        cursor.execute(
            "CREATE TABLE duck.every (id bigint PRIMARY KEY, small smallint, n int, "
            "amount decimal(12, 2), whole decimal, r real, d float8, yes boolean, c char(3), "
            "v varchar(20), long varchar(max), day date, at timestamp, zoned timestamptz, t time, "
            "extra super) DISTKEY (id) SORTKEY (id)"
        )
        cursor.execute(
            "INSERT INTO duck.every VALUES (1, 2, 3, 4.50, 7, 1.5, 2.25, true, 'ab', 'Zoë', 'x', "
            "'2024-02-29', '2024-02-29 12:34:56.789', '2024-02-29 12:34:56+02', '01:02:03', "
            """JSON_PARSE('{"a": [1, "b"]}'))"""
        )
        cursor.execute("INSERT INTO duck.every (id) VALUES (2)")
        cursor.execute("CREATE VIEW duck.bound AS SELECT id, v FROM duck.every")
        cursor.execute("CREATE VIEW duck.late AS SELECT id FROM duck.every WITH NO SCHEMA BINDING")
    setting_up.close()
    connection.execute(f"ATTACH '{dsn}' AS rs (TYPE postgres, READ_ONLY)")
    found["tables"] = rows(
        "SELECT table_name FROM duckdb_tables() "
        "WHERE database_name = 'rs' AND schema_name = 'duck' ORDER BY 1"
    )
    found["columns"] = [row[:4] for row in rows("DESCRIBE rs.duck.every")]
    found["rows"] = rows("SELECT * FROM rs.duck.every ORDER BY id")
    found["pushed down"] = rows(
        "SELECT id FROM rs.duck.every WHERE id IN (1, 2, 7) AND v = 'Zoë' AND amount > 1 "
        "AND day = DATE '2024-02-29' AND yes AND v LIKE 'Z%'"
    )
    found["null"] = rows("SELECT id FROM rs.duck.every WHERE v IS NULL")
    found["joined"] = rows(
        "SELECT b.v, l.word FROM rs.duck.bound AS b JOIN (VALUES (1, 'one'), (3, 'three')) "
        "AS l (id, word) USING (id)"
    )
    found["scanned"] = rows(f"SELECT count(*) FROM postgres_scan('{dsn}', 'duck', 'every')")
    found["late"] = error("SELECT * FROM rs.duck.late")
    query = (
        "SELECT * FROM postgres_query('rs', 'SELECT TOP 1 NVL(v, ''-'') AS v, extra.a[1] AS b, "
        "DATEADD(day, 1, day) AS next FROM duck.every ORDER BY id')"
    )
    found["query by copy"] = error(query)
    connection.execute("SET pg_use_text_protocol = true")
    found["query"] = rows(query)
    return found


def write() -> dict:
    """DDL and statements by the extension's own means, and what Redshift refuses of them."""
    found = {}
    connection.execute(f"ATTACH '{dsn}' AS rw (TYPE postgres)")
    connection.execute("CREATE SCHEMA rw.duck_made")
    connection.execute("CREATE TABLE rw.duck_made.made (a int, b varchar, c decimal(9, 2))")
    connection.execute(
        "CALL postgres_execute('rw', 'INSERT INTO duck_made.made VALUES (1, ''x'', 1.5)')"
    )
    found["made"] = rows("SELECT * FROM rw.duck_made.made")
    connection.execute("ALTER TABLE rw.duck_made.made ADD COLUMN e int")
    connection.execute("BEGIN")
    connection.execute("CALL postgres_execute('rw', 'DELETE FROM duck_made.made')")
    connection.execute("ROLLBACK")
    found["kept"] = rows("SELECT count(*) FROM rw.duck_made.made")
    found["inserted"] = error("INSERT INTO rw.duck_made.made VALUES (2, 'y', 2.5, 1)")
    found["deleted"] = error("DELETE FROM rw.duck_made.made WHERE a = 1")
    found["list"] = error("CREATE TABLE rw.duck_made.listed AS SELECT [1] AS a")
    connection.execute("DROP TABLE rw.duck_made.made")
    return found


print(json.dumps(write() if "write" in sys.argv else read(), ensure_ascii=False))
connection.close()

"""What Redshift's SELECT, MERGE and SHOW have beyond PostgreSQL's; results are literal values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import redshift_connector

from src.standin.server import Endpoint
from tests.standin.helpers import Connection, Db


@pytest.fixture
def sales(db: Db) -> Db:
    db.run("CREATE TABLE sales (id int, dept varchar(10), amount decimal(8,2), at date)")
    db.run("INSERT INTO sales VALUES (1,'a',10,'2024-01-31'),(2,'a',30,'2024-02-01'),"
           "(3,'b',20,'2024-02-02'),(4,'b',20,NULL)")  # fmt: skip
    return db


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        # TOP
        ("SELECT TOP 2 id FROM sales ORDER BY id DESC", [(4,), (3,)]),
        ("SELECT DISTINCT TOP 1 dept FROM sales ORDER BY dept", [("a",)]),
        ("SELECT id FROM (SELECT TOP (1) id FROM sales ORDER BY id) AS x", [(1,)]),
        ("SELECT 9 AS n UNION ALL SELECT TOP 1 8 UNION ALL SELECT 7 ORDER BY n",
         [(7,), (8,), (9,)]),
        ("SELECT top FROM (SELECT 5 AS top) AS x", [(5,)]),
        # QUALIFY
        ("SELECT id FROM sales QUALIFY ROW_NUMBER() OVER (PARTITION BY dept ORDER BY amount DESC, "
         "id) = 1 ORDER BY id", [(2,), (3,)]),
        ("SELECT id, ROW_NUMBER() OVER (PARTITION BY dept ORDER BY id) AS rn FROM sales "
         "QUALIFY rn = 2 ORDER BY id LIMIT 1", [(2, 2)]),
        ("SELECT dept, SUM(amount) FROM sales GROUP BY dept QUALIFY RANK() OVER (ORDER BY "
         "SUM(amount) DESC, dept) = 1", [("a", Decimal("40.00"))]),
        ("SELECT count(*) FROM (SELECT * FROM sales QUALIFY LAG(id) OVER (ORDER BY id) IS NULL) x",
         [(1,)]),
        ("SELECT id FROM sales QUALIFY SUM(NULL::int) OVER () = 1", []),
        # aliases beside where they are made
        ("SELECT id * 2 AS twice, twice + 1 AS more, more * 10 FROM sales WHERE more > 5 "
         "ORDER BY 1", [(6, 7, 70), (8, 9, 90)]),
        ("SELECT id + 1 AS n, n FROM sales ORDER BY n LIMIT 1", [(2, 2)]),
        # a column of that name comes first
        ("SELECT 'x' || dept AS dept, dept || '!' AS loud FROM sales WHERE dept = 'a' LIMIT 1",
         [("xa", "a!")]),
        ("SELECT 'x' || dept AS dept, id + 1 AS b, b || dept FROM sales WHERE id = 1",
         [("xa", 2, "2a")]),
        # PIVOT
        ("SELECT * FROM (SELECT dept, id, amount FROM sales) PIVOT (SUM(amount) FOR id IN (1, 2)) "
         "ORDER BY dept", [("a", Decimal(10), Decimal(30)), ("b", None, None)]),
        ("SELECT aa_n, b_n, aa_top FROM (SELECT dept, amount FROM sales) PIVOT (COUNT(*) AS n, "
         "MAX(amount) AS top FOR dept IN ('a' AS aa, 'b'))", [(2, 2, Decimal(30))]),
        # set operations and ordering
        ("SELECT dept FROM sales MINUS SELECT 'a'", [("b",)]),
        ("SELECT at FROM sales ORDER BY at DESC LIMIT 1", [(None,)]),
        # functions
        ("SELECT NVL2(NULL, 1, 2), NVL2('x', 1, NVL(NULL, 2))", [(2, 1)]),
        ("SELECT DECODE(2, 1, 'a', 2, 'b', 'c'), DECODE(NULL, NULL, 'n', 'z'), "
         "DECODE(9, 1, 'a', NVL(NULL, 9), DECODE(1, 1, 'in'))", [("b", "n", "in")]),
        ("SELECT DECODE(5, 1, 'a')", [(None,)]),
        ("SELECT id, RATIO_TO_REPORT(amount) OVER (PARTITION BY dept) FROM sales ORDER BY id",
         [(1, 0.25), (2, 0.75), (3, 0.5), (4, 0.5)]),
        ("SELECT MEDIAN(id), AVG(id), AVG(id::bigint), AVG(id::smallint) FROM sales",
         [(2.5, 2, 2, 2)]),
        ("SELECT AVG(x) FROM (SELECT -5 AS x UNION ALL SELECT -2) AS s", [(-3,)]),
        ("SELECT APPROXIMATE COUNT(DISTINCT dept) FROM sales", [(2,)]),
        ("SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount) FROM sales", [(20.0,)]),
        ("SELECT CASE 1WHEN 1THEN 2ELSE 3END", [(2,)]),
        ("SELECT 7 / 2, -7 / 2, 7 % 3, 7 / 2.0 > 3.49", [(3, -3, 1, True)]),
        ("SELECT length('x'::varchar || repeat('y', 300)::varchar)", [(257,)]),
    ],
)  # fmt: skip
def test_select(sales: Db, sql: str, rows: list[tuple[object, ...]]) -> None:
    assert sales.rows(sql) == rows


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("CONCAT('a', NULL)", None),
        ("CONCAT('December 25, ', '2008')", "December 25, 2008"),
        ("ISNULL(NULL, 'x') || ISNULL('y', 'z')", "xy"),
        ("LEN('français')", 8),
        ("CHARINDEX('fish', 'dogfish')", 4),
        ("REGEXP_SUBSTR('someuser@example.com', '@[^.]*')", "@example"),
        ("REGEXP_SUBSTR('abc', 'z')", ""),
        ("REGEXP_REPLACE('a1b22', '[0-9]+', '-')", "a-b-"),
        ("REGEXP_REPLACE('the fox', '[aeiou]')", "th fx"),
        ("REGEXP_REPLACE('the fox', '(t)(he)', '$2$1')", "het fox"),
        ("REGEXP_COUNT('abcdefghijklmnopqrstuvwxyz', '[a-z]{3}')", 8),
        ("STRTOL('deadbeef', 16)", 3735928559),
        ("STRTOL('abcd1234', 16)", 2882343476),
        ("STRTOL('110101', 2)", 53),
        ("FNV_HASH(1)", -5968735742475085980),
        ("FNV_HASH('Amazon Redshift')", 7783490368944507294),
        ("FNV_HASH('Amazon Redshift', FNV_HASH(1))", -2202602717770968555),
        ("FNV_HASH(1::smallint)", 589727492704079044),
        ("FNV_HASH(1::bigint)", -8517097267634966620),
        ("FNV_HASH('cd', FNV_HASH('ab'))", -281581062704388899),
        ("SHA2('Amazon Redshift', 256)",
         "15013dc10bc5b293f1f66ea28d818387f191cafeb26f89639fae0b4acf9c8772"),
        ("JSON_EXTRACT_PATH_TEXT('{\"f2\":{\"f3\":1},\"f4\":{\"f5\":99,\"f6\":\"star\"}}',"
         "'f4', 'f6')", "star"),
        ("JSON_EXTRACT_PATH_TEXT('{\"a\":1}', 'b')", None),
        ("JSON_EXTRACT_PATH_TEXT('{\"a\":', 'b', true)", None),
        ("JSON_EXTRACT_ARRAY_ELEMENT_TEXT('[111,112,113]', 2)", "113"),
        ("JSON_EXTRACT_ARRAY_ELEMENT_TEXT('[111]', 5)", None),
        ("JSON_EXTRACT_ARRAY_ELEMENT_TEXT('[\"a\",[\"b\",1,[\"c\",2,3,null,]]]', 1, true)", None),
        ("JSON_ARRAY_LENGTH('[11,12,13,{\"f1\":21},14]')", 5),
        ("IS_VALID_JSON('{\"a\":2}')", True),
        ("IS_VALID_JSON('[1,2]')", False),
        ("IS_VALID_JSON_ARRAY('[]')", True),
        ("CONVERT_TIMEZONE('EST', 'PST', '2008-03-05 12:25:29')",
         dt.datetime(2008, 3, 5, 9, 25, 29)),
        ("CONVERT_TIMEZONE('America/New_York', '2013-02-01 08:00:00')",
         dt.datetime(2013, 2, 1, 3, 0)),
        ("ADD_MONTHS('2008-01-31', 1)", dt.datetime(2008, 2, 29)),
        ("ADD_MONTHS('2008-02-29'::date, 1)", dt.datetime(2008, 3, 31)),
        ("NEXT_DAY('2014-08-20', 'Tuesday')", dt.date(2014, 8, 26)),
        ("NEXT_DAY('2014-08-26', 'Tue')", dt.date(2014, 9, 2)),
        ("DATE_TRUNC(week, '2008-09-07'::timestamp)", dt.datetime(2008, 9, 1)),
        ("JSON_SERIALIZE(JSON_PARSE('[10001, 10002, \"abc\"]'))", '[10001,10002,"abc"]'),
        ("GET_ARRAY_LENGTH(ARRAY(1, 2, 3))", 3),
        ("JSON_TYPEOF(ARRAY(1, 2))", "array"),
        ("IS_ARRAY(JSON_PARSE('[1]'))", True),
        ("ARRAY(1, 'a')::varchar", '[1,"a"]'),
        ("OBJECT('a', 1)", '{"a":1}'),
        # As psql asks the catalog: arrays of PostgreSQL's are left alone there.
        ("ARRAY_TO_STRING(ARRAY(SELECT 1 FROM pg_namespace LIMIT 1), ',')", "1"),
    ],
)  # fmt: skip
def test_functions(db: Db, expression: str, value: object) -> None:
    assert db.one(f"SELECT {expression}") == value


def test_columns_have_redshifts_names(sales: Db) -> None:
    with sales.connection.cursor() as cursor:
        cursor.execute(
            "SELECT MEDIAN(id), AVG(id), LISTAGG(dept, ','), NVL2(1, 2, 3), NVL(1, 2), "
            "MAX(GETDATE()) FROM sales"
        )
        assert cursor.description is not None
        assert [column.name for column in cursor.description] == [
            "median", "avg", "listagg", "case", "coalesce", "max",
        ]  # fmt: skip


# -- SUPER -----------------------------------------------------------------------------------


@pytest.fixture
def orders(db: Db) -> Db:
    db.run("CREATE TABLE customers (id int, c super)")
    db.run(
        """INSERT INTO customers VALUES
        (1, JSON_PARSE('{"name":"Zoë","orders":[{"n":1,"lines":["p","q"]},{"n":2.5}]}')),
        (2, JSON_PARSE('{"name":"Al","orders":[]}')), (3, NULL)"""
    )
    return db


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT c.name, c.orders[0].n, customers.c.orders[1].n FROM customers WHERE id = 1",
         [('"Zoë"', "1", "2.5")]),
        ("SELECT t.c.orders[0].lines[1] FROM customers AS t WHERE t.id = 1", [('"q"',)]),
        ("SELECT c.nothing.more FROM customers WHERE id = 1", [(None,)]),
        ("SELECT t.id, o.n FROM customers AS t, t.c.orders AS o ORDER BY 2",
         [(1, "1"), (1, "2.5")]),
        ("SELECT o.n, l FROM customers t, t.c.orders o, o.lines l ORDER BY 2",
         [("1", '"p"'), ("1", '"q"')]),
        ("SELECT i, o.n FROM customers t, t.c.orders AS o AT i ORDER BY i", [(0, "1"), (1, "2.5")]),
        ("SELECT t.id, o.n FROM customers t LEFT JOIN t.c.orders o ON true ORDER BY 1, 2",
         [(1, "1"), (1, "2.5"), (2, None), (3, None)]),
        ("SELECT o.n::int + 1 FROM customers t, t.c.orders o WHERE o.n > 1", [(4,)]),
        ("SELECT c.name::varchar || '!' FROM customers WHERE id = 2", [("Al!",)]),
        ("SELECT count(*) FROM customers t, t.c.orders o WHERE o.n = 1", [(1,)]),
        ("SELECT (SELECT count(*) FROM t.c.orders o) FROM customers t ORDER BY t.id",
         [(2,), (0,), (0,)]),
    ],
)  # fmt: skip
def test_super(orders: Db, sql: str, rows: list[tuple[object, ...]]) -> None:
    assert orders.rows(sql) == rows


def test_names_that_are_no_navigation(orders: Db, schema: str) -> None:
    assert orders.rows(f"SELECT {schema}.customers.id FROM {schema}.customers WHERE id = 1") == [
        (1,)
    ]
    assert orders.rows(
        f"SELECT dev.{schema}.customers.id FROM dev.{schema}.customers WHERE id = 2"
    ) == [(2,)]
    assert orders.one(f"SELECT count(*) FROM dev.{schema}.customers AS t WHERE t.id = 2") == 1
    assert orders.error("SELECT u.id FROM customers").pgcode == "42703"
    assert "no array" in str(orders.error("SELECT o FROM customers t, t.c.name o"))


def test_columns_named_with_their_schema_are_no_navigation(merging: Db, schema: str) -> None:
    merging.run("INSERT INTO s VALUES (2, 'x')")
    merging.run(
        f'DELETE FROM "{schema}"."t" USING "{schema}"."s" '
        f'WHERE "{schema}"."t"."id" = "{schema}"."s"."id" AND NOT EXISTS (SELECT 1 WHERE 1 = 0)'
    )
    assert merging.rows(f'SELECT "{schema}"."t"."name" FROM "{schema}"."t"') == [("one",)]


# -- MERGE -----------------------------------------------------------------------------------

BOTH = ("WHEN MATCHED THEN UPDATE SET name = s.name "
        "WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)")  # fmt: skip


@pytest.fixture
def merging(db: Db) -> Db:
    db.run("CREATE TABLE t (id int, name varchar(9)); CREATE TABLE s (LIKE t)")
    db.run("INSERT INTO t VALUES (1, 'one'), (2, 'two')")
    return db


def test_merge(merging: Db) -> None:
    merging.run("INSERT INTO s VALUES (2, 'TWO'), (3, 'three'), (3, 'three')")
    merging.run(f"MERGE INTO t USING s ON t.id = s.id {BOTH}")
    # Source rows that match nothing are inserted as often as they are there.
    assert merging.rows("SELECT * FROM t ORDER BY id") == [
        (1, "one"), (2, "TWO"), (3, "three"), (3, "three"),
    ]  # fmt: skip
    merging.run("DELETE FROM s WHERE id = 3")
    merging.run("MERGE INTO t USING s AS x ON t.id = x.id WHEN MATCHED THEN DELETE "
                "WHEN NOT MATCHED THEN INSERT VALUES (x.id, x.name)")  # fmt: skip
    assert merging.rows("SELECT id FROM t ORDER BY id") == [(1,), (3,), (3,)]


def test_merge_refuses_two_source_rows_for_one(merging: Db) -> None:
    merging.run("INSERT INTO s VALUES (2, 'a'), (2, 'b')")
    assert merging.error(f"MERGE INTO t USING s ON t.id = s.id {BOTH}").pgcode == "21000"
    assert merging.rows("SELECT name FROM t WHERE id = 2") == [("two",)]


def test_merge_remove_duplicates(merging: Db) -> None:
    merging.run("INSERT INTO s VALUES (2, 'TWO'), (3, 'x'), (3, 'x')")
    merging.run("MERGE INTO t USING s ON t.id = s.id REMOVE DUPLICATES")
    assert merging.rows("SELECT * FROM t ORDER BY id") == [(1, "one"), (2, "TWO"), (3, "x")]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (f"MERGE INTO t USING (SELECT * FROM s) AS s ON t.id = s.id {BOTH}", "not a subquery"),
        (f"MERGE INTO t AS x USING s ON x.id = s.id {BOTH}", "no alias for the target"),
        (f"MERGE INTO t USING s ON t.id > s.id {BOTH}", "equality of columns only, not by >"),
        (f"MERGE INTO t USING s ON t.id = s.id OR t.id = 2 {BOTH}", "not by OR"),
        ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE", "each once"),
        ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.id > 1 THEN DELETE "
         "WHEN NOT MATCHED THEN INSERT VALUES (1, 'x')", "no further condition"),
        (f"MERGE INTO t USING t ON t.id = t.id {BOTH}", "source and target"),
    ],
)  # fmt: skip
def test_merges_limits(merging: Db, sql: str, said: str) -> None:
    assert said in str(merging.error(sql))


def test_super_reaches_every_driver_as_text(orders: Db, endpoint: Endpoint, schema: str) -> None:
    sql = f"SELECT id, c, c.orders, 'a, b: c' FROM {schema}.customers WHERE id < %s ORDER BY id"
    rows = [
        [1, '{"name":"Zoë","orders":[{"n":1,"lines":["p","q"]},{"n":2.5}]}',
         '[{"n":1,"lines":["p","q"]},{"n":2.5}]', "a, b: c"],
        [2, '{"name":"Al","orders":[]}', "[]", "a, b: c"],
    ]  # fmt: skip
    with orders.connection.cursor() as cursor:
        cursor.execute(sql, (3,))
        assert cursor.description is not None
        assert [column.type_code for column in cursor.description] == [23, 4000, 4000, 25]
        assert [list(row) for row in cursor.fetchall()] == rows
    with redshift_connector.connect(
        host=endpoint.host, port=endpoint.port, database=endpoint.database, user=endpoint.user,
        password=endpoint.password, ssl=False,
    ) as other, other.cursor() as driver:  # fmt: skip
        for _ in range(2):  # the second time the driver knows the statement, and asks less
            driver.execute(sql, (3,))
            assert [list(row) for row in driver.fetchall()] == rows


def test_quoted_names_are_folded(db: Db) -> None:
    db.run('CREATE TABLE "Mixed" ("Id" int, "a B" int)')
    db.run('INSERT INTO mixed ("ID", "a b") VALUES (1, 2)')
    assert db.rows('SELECT "iD" FROM "MIXED" WHERE "A B" = 2') == [(1,)]
    db.run("SET enable_case_sensitive_identifier TO true")
    db.run('CREATE TABLE "Mixed" ("Id" int)')
    assert db.error('SELECT "id" FROM "Mixed"').pgcode == "42703"
    db.run("RESET enable_case_sensitive_identifier")
    assert db.rows('SELECT "Id" FROM "Mixed"') == [(1,)]


# -- SHOW ------------------------------------------------------------------------------------


def test_show(db: Db, schema: str) -> None:
    db.run("CREATE TABLE t (id bigint NOT NULL ENCODE az64, name varchar(9) DEFAULT 'x', e super, "
           "PRIMARY KEY (id)) DISTKEY (id) SORTKEY (name, id)")  # fmt: skip
    assert db.one("SHOW TABLE t") == (
        f"CREATE TABLE {schema}.t (\n    id bigint NOT NULL ENCODE az64,\n"
        "    name character varying(9) DEFAULT 'x'::character varying ENCODE none,\n"
        "    e super ENCODE none,\n    PRIMARY KEY (id)\n)\n"
        "DISTSTYLE KEY\nDISTKEY ( id )\nSORTKEY ( name, id );"
    )
    db.run("CREATE VIEW v AS SELECT id FROM t; CREATE VIEW w AS SELECT id FROM t "
           "WITH NO SCHEMA BINDING")  # fmt: skip
    assert f"CREATE OR REPLACE VIEW {schema}.v AS" in db.one("SHOW VIEW v")
    assert db.one(f"SHOW VIEW {schema}.w").endswith("WITH NO SCHEMA BINDING;")
    assert [row[2:4] for row in db.rows(f"SHOW TABLES FROM SCHEMA dev.{schema} LIKE 't%'")] == [
        ("t", "TABLE")
    ]
    assert [row[3:8:4] for row in db.rows(f"SHOW COLUMNS FROM TABLE dev.{schema}.t")] == [
        ("id", "bigint"), ("name", "character varying"), ("e", "super"),
    ]  # fmt: skip
    assert (schema,) in [row[1:2] for row in db.rows("SHOW SCHEMAS FROM DATABASE dev")]
    assert ("dev",) in [row[:1] for row in db.rows("SHOW DATABASES")]
    assert db.error("SHOW TABLE nowhere").pgcode == "42P01"


def test_catalog(db: Db, schema: str) -> None:
    db.run("CREATE TABLE t (a decimal(9,2) NOT NULL, b super) DISTKEY (a)")
    where = f"schema_name = '{schema}'"
    assert db.rows(f"SELECT table_name, table_type FROM svv_redshift_tables WHERE {where}") == [
        ("t", "TABLE")
    ]
    assert db.rows(
        f"SELECT column_name, data_type, is_nullable, distkey FROM svv_redshift_columns "
        f"WHERE {where} ORDER BY ordinal_position"
    ) == [("a", "numeric(9,2)", "NO", True), ("b", "super", "YES", False)]
    assert db.rows(
        "SELECT column_name, data_type, numeric_precision, numeric_scale FROM svv_columns "
        f"WHERE table_schema = '{schema}' AND table_name = 't' ORDER BY 1"
    ) == [("a", "numeric", 9, 2), ("b", "super", None, None)]
    for name in ("svv_external_tables", "svv_external_schemas", "svv_external_columns"):
        assert db.one(f"SELECT count(*) FROM {name}") == 0


# -- questions asked on the client's own connection -----------------------------------------------


def test_questions_in_all_ways_of_asking(
    connect: Callable[..., Connection], schema: str, endpoint: Endpoint
) -> None:
    sql = "SELECT a + 1 AS b, b + 1 AS c FROM t"
    connection = connect(options=f"-c search_path={schema}")
    with connection.cursor() as cursor:
        # The table is uncommitted: only this connection can answer.
        cursor.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
        cursor.execute(sql)
        assert cursor.fetchall() == [(2, 3)]
        cursor.execute(f"CREATE TABLE u AS {sql}; SELECT c FROM u")
        assert cursor.fetchall() == [(3,)]
        with pytest.raises(Exception, match="nonsense"):
            cursor.execute("SELECT nonsense AS b, b FROM t")
        with pytest.raises(Exception, match="current transaction is aborted"):
            cursor.execute(sql)
    connection.rollback()
    with redshift_connector.connect(
        host=endpoint.host, port=endpoint.port, database=endpoint.database, user=endpoint.user,
        password=endpoint.password, ssl=False,
    ) as other, other.cursor() as cursor:  # fmt: skip
        cursor.execute("CREATE TEMP TABLE t (a int)")
        cursor.execute("INSERT INTO t VALUES (%s)", (5,))
        cursor.execute(sql + " WHERE b > %s", (1,))
        assert [tuple(row) for row in cursor.fetchall()] == [(6, 7)]
        other.rollback()

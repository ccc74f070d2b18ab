CREATE TABLE sales (id int, dept varchar(10), amount decimal(8, 2), at date);
INSERT INTO sales VALUES (1, 'a', 10, '2024-01-31'), (2, 'a', 30, '2024-02-01'), (3, 'b', 20, '2024-02-02'), (4, 'b', 20, NULL);
SELECT TOP 2 id FROM sales ORDER BY id DESC;
> 4
> 3
SELECT TOP 1 * FROM sales LIMIT 1;
! TOP
SELECT DISTINCT dept FROM sales ORDER BY 1;
> a
> b
SELECT id FROM sales ORDER BY id LIMIT 2 OFFSET 1;
> 2
> 3
-- QUALIFY
SELECT id FROM sales QUALIFY ROW_NUMBER() OVER (PARTITION BY dept ORDER BY id DESC) = 1 ORDER BY id;
> 2
> 4
SELECT dept, id, RANK() OVER (PARTITION BY dept ORDER BY amount DESC) AS r FROM sales QUALIFY r = 1 ORDER BY id;
> a | 2 | 1
> b | 3 | 1
> b | 4 | 1
SELECT DISTINCT dept FROM sales QUALIFY ROW_NUMBER() OVER (PARTITION BY dept ORDER BY id) = 1 ORDER BY dept;
> a
> b
SELECT id FROM sales WHERE id > 1 QUALIFY COUNT(*) OVER (PARTITION BY dept) = 1;
> 2
-- an alias beside where it is made
SELECT amount * 2 AS twice, twice + 1 AS more FROM sales WHERE id = 1;
> 20.00 | 21.00
SELECT id + 1 AS n FROM sales WHERE n > 4;
> 5
-- PIVOT, UNPIVOT
CREATE TABLE part (partname varchar, manufacturer varchar, quality int, price decimal(12, 2));
INSERT INTO part VALUES ('prop', 'local', 2, 10.00), ('prop', 'big', NULL, 9.00), ('prop', 'small', 1, 12.00), ('rudder', 'local', 1, 2.50), ('rudder', 'big', 2, 3.75), ('rudder', 'small', NULL, 1.90), ('wing', 'local', NULL, 7.50), ('wing', 'big', 1, 15.20), ('wing', 'small', NULL, 11.80);
SELECT * FROM (SELECT partname, price FROM part) PIVOT (AVG(price) FOR partname IN ('prop', 'rudder', 'wing'));
> 10.33 | 2.71 | 11.50
SELECT * FROM (SELECT quality, manufacturer FROM part) PIVOT (COUNT(*) FOR quality IN (1, 2, NULL)) ORDER BY 1;
> big | 1 | 1 | 1
> local | 1 | 1 | 1
> small | 1 | 0 | 2
SELECT p_avg, w_max FROM (SELECT partname, price FROM part) PIVOT (AVG(price) AS avg, MAX(price) AS max FOR partname IN ('prop' AS p, 'wing' AS w));
> 10.33 | 15.20
CREATE TABLE counts (quality varchar, red int, green int, blue int);
INSERT INTO counts VALUES ('high', 15, 20, 7), ('normal', 35, NULL, 40), ('low', 10, 23, NULL);
SELECT * FROM (SELECT red, green, blue FROM counts) UNPIVOT (cnt FOR color IN (red, green, blue)) ORDER BY color, cnt;
> blue | 7
> blue | 40
> green | 20
> green | 23
> red | 10
> red | 15
> red | 35
SELECT * FROM (SELECT red, green, blue FROM counts) UNPIVOT INCLUDE NULLS (cnt FOR color IN (red, green, blue)) ORDER BY color, cnt;
> blue | 7
> blue | 40
> blue | NULL
> green | 20
> green | 23
> green | NULL
> red | 10
> red | 15
> red | 35
SELECT * FROM counts UNPIVOT (cnt FOR color IN (red, green, blue)) WHERE quality = 'high' ORDER BY color;
> high | blue | 7
> high | green | 20
> high | red | 15
SELECT quality, color, cnt FROM counts UNPIVOT (cnt FOR color IN (red AS r, green AS g)) AS u WHERE u.quality = 'low' ORDER BY 2;
> low | g | 23
> low | r | 10
-- sets
SELECT dept FROM sales UNION SELECT 'c' ORDER BY 1;
> a
> b
> c
SELECT dept FROM sales UNION ALL SELECT 'a' ORDER BY 1;
> a
> a
> a
> b
> b
SELECT dept FROM sales INTERSECT SELECT 'a';
> a
SELECT dept FROM sales EXCEPT SELECT 'a';
> b
SELECT dept FROM sales MINUS SELECT 'a';
> b
-- WITH
WITH t AS (SELECT dept, SUM(amount) AS s FROM sales GROUP BY dept) SELECT * FROM t WHERE s = (SELECT MAX(s) FROM t) ORDER BY dept;
> a | 40.00
> b | 40.00
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT SUM(i) FROM n;
> 10
SELECT * FROM (SELECT id, dept FROM sales WHERE id < 3) ORDER BY id;
> 1 | a
> 2 | a
SELECT "ID", sales."Dept" FROM "SALES" WHERE "id" = 1;
> 1 | a
SELECT * EXCLUDE (amount, at) FROM sales ORDER BY id LIMIT 1;
> 1 | a
SELECT sales.* EXCLUDE (amount, at) FROM sales;
~ EXCLUDE behind a plain *
SELECT dept, SUM(amount) FROM sales GROUP BY ALL ORDER BY dept;
> a | 40.00
> b | 40.00
SELECT id INTO copied FROM sales WHERE id < 3;
SELECT COUNT(*) FROM copied;
> 2
SELECT DISTINCT ON (dept) id FROM sales;
! DISTINCT ON
SELECT ARRAY_AGG(id) FROM sales;
! ARRAY_AGG
SELECT GENERATE_SERIES(1, 3);
> 1
> 2
> 3
CREATE TABLE parts_of (g varchar(5), n int);
INSERT INTO parts_of VALUES ('a', 5), ('b', 6);
SELECT g || '1' AS p, p || '2' AS q, q || '3' FROM parts_of ORDER BY 1;
> a1 | a12 | a123
> b1 | b12 | b123
SELECT n <> 6 AS q, q AND true, n >= 6 AS r, NOT r FROM parts_of ORDER BY n;
> t | t | f | t
> f | f | t | f
SELECT n AS x, ROW_NUMBER() OVER (ORDER BY x DESC) FROM parts_of ORDER BY x;
> 5 | 2
> 6 | 1
SELECT * FROM (SELECT g, n FROM parts_of WHERE n >= 5) PIVOT (SUM(n) FOR g IN ('a', 'b'));
> 5 | 6
BEGIN;
DECLARE "SQL_CUR0x1" CURSOR FOR SELECT n + 1 AS x, x + 1 AS y FROM parts_of ORDER BY 1;
FETCH 2 IN "SQL_CUR0x1";
> 6 | 7
> 7 | 8
CLOSE "SQL_CUR0x1";
COMMIT;
CREATE TABLE #beside (n int);
INSERT INTO #beside VALUES (6);
SELECT #beside.n, parts_of.g FROM #beside JOIN parts_of ON #beside.n = parts_of.n;
> 6 | b
SELECT xmin FROM parts_of;
! no system columns
SELECT TRY_CAST(g AS int) FROM parts_of;
~ no TRY_CAST

SELECT CASE WHEN 1 > 2 THEN 'a' WHEN 2 > 1 THEN 'b' ELSE 'c' END, CASE 3 WHEN 1 THEN 'x' END;
> b | NULL
SELECT COALESCE(NULL, NULL, 12), NVL(NULL, 1, 2), NVL('a', 'b'), ISNULL(NULL, 7);
> 12 | 1 | a | 7
SELECT NVL2('x', 'there', 'not'), NVL2(NULL, 'there', 'not');
> there | not
SELECT NULLIF(1, 1), NULLIF(1, 2), NULLIF('', '');
> NULL | 1 | NULL
SELECT DECODE('NHL', 'NHL', 'hockey', 'MLB', 'baseball', 'other'), DECODE('X', 'NHL', 'hockey'), DECODE(NULL, NULL, 'both', 'no'), DECODE(2, NULL, 'n', 2, 'two');
> hockey | NULL | both | two
SELECT NULL = NULL, NULL IS NULL, 1 <> NULL, 1 IN (1, NULL), 2 IN (1, NULL), 2 NOT IN (1, 3);
> NULL | t | NULL | t | NULL | t
SELECT TRUE AND NULL, FALSE AND NULL, TRUE OR NULL, NOT NULL::boolean;
> NULL | f | t | NULL
SELECT 3 BETWEEN 2 AND 4, 3 NOT BETWEEN 4 AND 2, 'b' BETWEEN 'a' AND 'c';
> t | t | t
SELECT TRUE IS TRUE, NULL::boolean IS UNKNOWN, FALSE IS NOT TRUE;
> t | t | t
SELECT 'yes'::boolean, 'n'::boolean, 0::boolean, '1'::boolean;
> t | f | f | t
CREATE TABLE a (id int, x varchar(5));
CREATE TABLE b (id int, y int);
INSERT INTO a VALUES (1, 'p'), (2, 'q'), (3, NULL);
INSERT INTO b VALUES (1, 10), (1, 11), (4, 40);
SELECT a.id, b.y FROM a LEFT JOIN b ON a.id = b.id ORDER BY 1, 2;
> 1 | 10
> 1 | 11
> 2 | NULL
> 3 | NULL
SELECT a.id, b.id FROM a FULL OUTER JOIN b USING (id) ORDER BY a.id, b.id;
> 1 | 1
> 1 | 1
> 2 | NULL
> 3 | NULL
> NULL | 4
SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.id = a.id);
> 1
SELECT id FROM a WHERE id NOT IN (SELECT id FROM b) ORDER BY id;
> 2
> 3
SELECT id FROM a WHERE id = ANY (SELECT id FROM b);
> 1
SELECT id, (SELECT MAX(y) FROM b WHERE b.id = a.id) FROM a ORDER BY id;
> 1 | 11
> 2 | NULL
> 3 | NULL
SELECT COUNT(*) FROM a CROSS JOIN b;
> 9
SELECT COUNT(*) FROM a NATURAL JOIN b;
> 2
SELECT x FROM a ORDER BY x;
> p
> q
> NULL
SELECT x FROM a ORDER BY x DESC;
> NULL
> q
> p
SELECT x FROM a ORDER BY x NULLS FIRST LIMIT 1;
> NULL
SELECT COUNT(*) FROM a, b WHERE a.id = b.id(+);
~ outer joins by (+)
SELECT id FROM a START WITH id = 1 CONNECT BY PRIOR id = id;
~ CONNECT BY
SELECT id FROM a WHERE 1;
> 1
> 2
> 3
CREATE TABLE codes (code varchar(10));
INSERT INTO codes VALUES ('5'), ('05'), ('x');
SELECT code FROM codes WHERE code = 5 OR code IN (7, 8);
> 5

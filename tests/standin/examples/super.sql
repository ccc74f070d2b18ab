SELECT JSON_PARSE('[10001,10002,"abc"]');
> [10001,10002,"abc"]
SELECT JSON_TYPEOF(ARRAY(1, 2)), JSON_TYPEOF(JSON_PARSE('{"a":1}')), JSON_TYPEOF(JSON_PARSE('1')), JSON_TYPEOF(JSON_PARSE('"x"')), JSON_TYPEOF(JSON_PARSE('null'));
> array | object | number | string | null
SELECT JSON_SERIALIZE(JSON_PARSE('[10001,10002,"abc"]')), JSON_SIZE(JSON_PARSE('[10001,10002,"⬤"]'));
> [10001,10002,"abc"] | 19
SELECT ARRAY(1, 50, NULL, 100), ARRAY(1, 'abc', true, 3.14), ARRAY();
> [1,50,null,100] | [1,"abc",true,3.14] | []
SELECT ARRAY_CONCAT(ARRAY(10001, 10002), ARRAY('ab', 'cd')), ARRAY_FLATTEN(ARRAY(ARRAY(1, 2, 3), ARRAY(4), ARRAY(9, 10)));
> [10001,10002,"ab","cd"] | [1,2,3,4,9,10]
SELECT SUBARRAY(ARRAY('a', 'b', 'c', 'd', 'e', 'f'), 2, 3), SUBARRAY(ARRAY(1, 2, 3), -2, 1), SPLIT_TO_ARRAY('12|345|6789', '|'), SPLIT_TO_ARRAY('a,b');
> ["c","d","e"] | [2] | ["12","345","6789"] | ["a","b"]
SELECT GET_ARRAY_LENGTH(ARRAY(1, 2, 3)), GET_ARRAY_LENGTH(JSON_PARSE('{"a":1}'));
> 3 | NULL
SELECT OBJECT(), OBJECT('a', OBJECT('aa', 1), 'b', ARRAY(2, 3), 'c', JSON_PARSE('{}'));
> {} | {"a":{"aa":1},"b":[2,3],"c":{}}
SELECT IS_ARRAY(JSON_PARSE('[1,2]')), IS_OBJECT(JSON_PARSE('{"a":1}')), IS_SCALAR(JSON_PARSE('1')), IS_ARRAY(JSON_PARSE('{}'));
> t | t | t | f
CREATE TABLE scalars (s super);
INSERT INTO scalars VALUES (5);
INSERT INTO scalars VALUES (TRUE);
INSERT INTO scalars VALUES (3.14159);
SELECT s, IS_SMALLINT(s), IS_INTEGER(s), IS_BIGINT(s), IS_BOOLEAN(s), IS_VARCHAR(s), IS_CHAR(s) FROM scalars WHERE IS_INTEGER(s);
> 5 | t | t | t | f | f | f
SELECT DECIMAL_PRECISION(s), DECIMAL_SCALE(s) FROM scalars WHERE s = 3.14159;
> 6 | 5
SELECT IS_DECIMAL(s) FROM scalars WHERE s = 3.14159;
~ keeps decimals and floats of SUPER alike
CREATE TABLE people (id int, c super);
INSERT INTO people VALUES (1, JSON_PARSE('{"name":"Zoë","orders":[{"n":1,"lines":["p","q"]},{"n":2.5}],"address":{"zip":"08"}}')), (2, JSON_PARSE('{"name":"Al","orders":[]}')), (3, NULL);
SELECT c.name, c.orders[0].n, c.address.zip FROM people WHERE id = 1;
> "Zoë" | 1 | "08"
SELECT p.c.orders[0].lines[1], p.c.orders[5], p.c.nothing.more FROM people p WHERE p.id = 1;
> "q" | NULL | NULL
SELECT c.name::varchar, c.orders[1].n::decimal(4,2), c.orders[0].n::int + 1 FROM people WHERE id = 1;
> Zoë | 2.50 | 2
SELECT p.id, o.n FROM people p, p.c.orders o ORDER BY 1, 2;
> 1 | 1
> 1 | 2.5
SELECT o.n, l FROM people AS p, p.c.orders AS o, o.lines AS l ORDER BY 2;
> 1 | "p"
> 1 | "q"
SELECT i, o.n FROM people p, p.c.orders AS o AT i ORDER BY i;
> 0 | 1
> 1 | 2.5
SELECT p.id, o.n FROM people p LEFT JOIN p.c.orders o ON true ORDER BY 1, 2;
> 1 | 1
> 1 | 2.5
> 2 | NULL
> 3 | NULL
SELECT id FROM people WHERE c.orders[0].n = 1;
> 1
SELECT id FROM people WHERE c.name = 'Al';
> 2
SELECT SUM(o.n::decimal(4,1)), COUNT(*) FROM people p, p.c.orders o;
> 3.5 | 2
SELECT attr, JSON_TYPEOF(val) FROM people p, UNPIVOT p.c AS val AT attr WHERE p.id = 1 ORDER BY attr;
> address | object
> name | string
> orders | array
SELECT attr, val FROM people p, UNPIVOT p.c.address AS val AT attr WHERE p.id = 1;
> zip | "08"
SELECT id, c.address IS NULL FROM people ORDER BY id;
> 1 | f
> 2 | t
> 3 | t
CREATE TABLE as_text (doc super);
INSERT INTO as_text SELECT JSON_PARSE('{"s": "abc", "b": {"c": [1, 2]}}');
SELECT as_text.doc.s::char(5) || '|', as_text.doc.s::char(2), as_text.doc.s::varchar FROM as_text;
> abc| | ab | abc
BEGIN;
DECLARE of_super CURSOR FOR SELECT as_text.doc.b.c[0] FROM as_text;
FETCH ALL FROM of_super;
> 1
COMMIT;
SELECT as_text.doc.b.c[0] + 1 FROM as_text;
~ computes with no SUPER value
SELECT SUM(as_text.doc.b.c[0]) FROM as_text;
~ computes with no SUPER value

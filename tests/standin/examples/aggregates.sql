CREATE TABLE sold (id int, seller int, buyer varchar(5), qty int, at date, paid decimal(8, 2));
INSERT INTO sold VALUES (30001, 3, 'b', 10, '2003-08-02', 5.25), (10001, 1, 'c', 10, '2003-12-24', 8), (10005, 1, 'a', 30, '2003-12-24', 1), (40001, 4, 'a', 40, '2004-01-09', 10), (10006, 1, 'c', 10, '2004-01-18', 2), (20001, 2, 'b', 20, '2004-02-12', 3.5), (40005, 4, 'a', 10, '2004-02-12', 4), (20002, 2, 'c', 20, '2004-02-16', 7), (30003, 3, 'b', 15, '2004-04-18', 9), (30004, 3, 'b', 20, '2004-04-18', 6), (30007, 3, 'c', 30, '2004-09-07', NULL);
SELECT LISTAGG(seller, ', ') WITHIN GROUP (ORDER BY seller) FROM sold WHERE qty = 10;
> 1, 1, 3, 4
SELECT LISTAGG(DISTINCT seller, ', ') WITHIN GROUP (ORDER BY seller) FROM sold;
> 1, 2, 3, 4
SELECT LISTAGG(DISTINCT qty, '-') WITHIN GROUP (ORDER BY qty DESC) FROM sold;
> 40-30-20-15-10
SELECT seller, LISTAGG(buyer) WITHIN GROUP (ORDER BY id) FROM sold GROUP BY seller ORDER BY 1;
> 1 | cac
> 2 | bc
> 3 | bbbc
> 4 | aa
SELECT LISTAGG(buyer, ',') FROM sold WHERE qty > 99;
> NULL
SELECT MEDIAN(qty), MEDIAN(id) FROM sold;
> 20.0 | 30001.0
SELECT seller, MEDIAN(qty), PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY qty) FROM sold GROUP BY seller ORDER BY seller;
> 1 | 10.0 | 10.0
> 2 | 20.0 | 20.0
> 3 | 17.5 | 17.5
> 4 | 25.0 | 25.0
SELECT MEDIAN(v), PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY v ASC), PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY v DESC) FROM (SELECT 10 AS v UNION ALL SELECT NULL UNION ALL SELECT 30 UNION ALL SELECT 20 UNION ALL SELECT 40) AS four;
> 25.0 | 25.0 | 30
SELECT PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY qty), PERCENTILE_DISC(0.25) WITHIN GROUP (ORDER BY qty), PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY at) FROM sold;
> 10.0 | 10 | 2004-02-12
SELECT APPROXIMATE PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY qty) FROM sold;
> 20
SELECT COUNT(*), COUNT(paid), COUNT(DISTINCT buyer), APPROXIMATE COUNT(DISTINCT buyer) FROM sold;
> 11 | 10 | 3 | 3
SELECT BOOL_AND(qty > 5), BOOL_OR(qty > 35), BOOL_AND(paid > 0) FROM sold;
> t | t | t
SELECT BIT_AND(qty), BIT_OR(qty) FROM sold WHERE seller = 3;
> 0 | 31
SELECT MIN(at), MAX(buyer), ANY_VALUE(seller) FROM sold WHERE seller = 4;
> 2004-01-09 | a | 4
SELECT SUM(paid), AVG(paid), MAX(paid) FROM sold;
> 55.75 | 5.57 | 10.00
SELECT SUM(CASE WHEN qty > 15 THEN 1 ELSE 0 END), COUNT(CASE WHEN qty > 15 THEN 1 END) FROM sold;
> 6 | 6
SELECT seller, buyer, SUM(qty) FROM sold WHERE seller < 3 GROUP BY ROLLUP (seller, buyer) ORDER BY 1, 2;
> 1 | a | 30
> 1 | c | 20
> 1 | NULL | 50
> 2 | b | 20
> 2 | c | 20
> 2 | NULL | 40
> NULL | NULL | 90
SELECT seller, buyer, GROUPING(seller, buyer), SUM(qty) FROM sold WHERE seller = 2 GROUP BY CUBE (seller, buyer) ORDER BY 3, 1, 2;
> 2 | b | 0 | 20
> 2 | c | 0 | 20
> 2 | NULL | 1 | 40
> NULL | b | 2 | 20
> NULL | c | 2 | 20
> NULL | NULL | 3 | 40
SELECT seller, SUM(qty) AS total FROM sold GROUP BY seller HAVING SUM(qty) > 50 ORDER BY total DESC;
> 3 | 75
SELECT buyer, COUNT(*) FROM sold GROUP BY 1 ORDER BY 2 DESC, 1;
> b | 4
> c | 4
> a | 3
SELECT TO_CHAR(at, 'YYYY') AS year, SUM(qty) FROM sold GROUP BY year ORDER BY year;
> 2003 | 50
> 2004 | 165
SELECT HLL(buyer) FROM sold;
> 3
SELECT HLL_CARDINALITY(HLL_CREATE_SKETCH(buyer)) FROM sold;
~ there are no HLL sketches
CREATE TABLE pieces (a varchar(10), n int, d date);
INSERT INTO pieces VALUES ('a', 5, '2021-03-30'), ('b', 6, '2021-03-31');
SELECT LISTAGG(a || '-' || n::varchar, ',') WITHIN GROUP (ORDER BY n) FROM pieces;
> a-5,b-6
SELECT MEDIAN(CASE WHEN n >= 5 AND n <> 7 THEN n END) FROM pieces;
> 5.5
SELECT LISTAGG(REPEAT('x', 40000)) FROM pieces;
! Result size exceeds LISTAGG limit
SELECT MEDIAN(d) FROM (SELECT d FROM pieces WHERE n = 5) AS one;
> 2021-03-30
SELECT STDDEV(n), VARIANCE(n::decimal(10, 2)), STDDEV_POP(n), VAR_POP(n) FROM pieces;
> 0.707106781186548 | 0.5 | 0.5 | 0.25

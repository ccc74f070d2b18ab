CREATE TABLE winsales (salesid int, dateid date, sellerid int, buyerid varchar(5), qty int, qty_shipped int);
INSERT INTO winsales VALUES (30001, '2003-08-02', 3, 'b', 10, 10), (10001, '2003-12-24', 1, 'c', 10, 10), (10005, '2003-12-24', 1, 'a', 30, NULL), (40001, '2004-01-09', 4, 'a', 40, NULL), (10006, '2004-01-18', 1, 'c', 10, NULL), (20001, '2004-02-12', 2, 'b', 20, 20), (40005, '2004-02-12', 4, 'a', 10, 10), (20002, '2004-02-16', 2, 'c', 20, 20), (30003, '2004-04-18', 3, 'b', 15, NULL), (30004, '2004-04-18', 3, 'b', 20, NULL), (30007, '2004-09-07', 3, 'c', 30, NULL);
SELECT salesid, qty, SUM(qty) OVER (ORDER BY dateid, salesid ROWS UNBOUNDED PRECEDING) FROM winsales ORDER BY dateid, salesid LIMIT 3;
> 30001 | 10 | 10
> 10001 | 10 | 20
> 10005 | 30 | 50
SELECT salesid, qty, AVG(qty) OVER (ORDER BY dateid, salesid ROWS UNBOUNDED PRECEDING) FROM winsales ORDER BY dateid, salesid LIMIT 5;
> 30001 | 10 | 10
> 10001 | 10 | 10
> 10005 | 30 | 16
> 40001 | 40 | 22
> 10006 | 10 | 20
SELECT salesid, RANK() OVER (ORDER BY qty), DENSE_RANK() OVER (ORDER BY qty), ROW_NUMBER() OVER (ORDER BY qty, salesid) FROM winsales ORDER BY 4 LIMIT 6;
> 10001 | 1 | 1 | 1
> 10006 | 1 | 1 | 2
> 30001 | 1 | 1 | 3
> 40005 | 1 | 1 | 4
> 30003 | 5 | 2 | 5
> 20001 | 6 | 3 | 6
SELECT salesid, qty, PERCENT_RANK() OVER (PARTITION BY sellerid ORDER BY qty), CUME_DIST() OVER (PARTITION BY sellerid ORDER BY qty) FROM winsales WHERE sellerid = 3 ORDER BY qty;
> 30001 | 10 | 0 | 0.25
> 30003 | 15 | 0.333333333333333 | 0.5
> 30004 | 20 | 0.666666666666667 | 0.75
> 30007 | 30 | 1 | 1
SELECT salesid, qty, RATIO_TO_REPORT(qty) OVER (PARTITION BY sellerid) FROM winsales WHERE sellerid IN (1, 4) ORDER BY sellerid, salesid;
> 10001 | 10 | 0.2
> 10005 | 30 | 0.6
> 10006 | 10 | 0.2
> 40001 | 40 | 0.8
> 40005 | 10 | 0.2
SELECT salesid, NTILE(3) OVER (ORDER BY salesid) FROM winsales WHERE sellerid > 2 ORDER BY 1;
> 30001 | 1
> 30003 | 1
> 30004 | 2
> 30007 | 2
> 40001 | 3
> 40005 | 3
SELECT buyerid, dateid, LAG(qty, 1) OVER (ORDER BY dateid, salesid), LEAD(qty) OVER (ORDER BY dateid, salesid) FROM winsales WHERE buyerid = 'a' ORDER BY 2;
> a | 2003-12-24 | NULL | 40
> a | 2004-01-09 | 30 | 10
> a | 2004-02-12 | 40 | NULL
SELECT salesid, FIRST_VALUE(qty_shipped IGNORE NULLS) OVER (PARTITION BY sellerid ORDER BY salesid DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM winsales WHERE sellerid IN (3, 4) ORDER BY 1;
> 30001 | 10
> 30003 | 10
> 30004 | 10
> 30007 | 10
> 40001 | 10
> 40005 | 10
SELECT salesid, LAST_VALUE(qty_shipped) IGNORE NULLS OVER (PARTITION BY sellerid ORDER BY salesid ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM winsales WHERE sellerid = 1 ORDER BY 1;
> 10001 | 10
> 10005 | 10
> 10006 | 10
CREATE TABLE gaps (n int, v int);
INSERT INTO gaps VALUES (1, 10), (2, NULL), (3, 30), (4, NULL);
SELECT n, LEAD(v) IGNORE NULLS OVER (ORDER BY n), LAG(v) IGNORE NULLS OVER (ORDER BY n) FROM gaps ORDER BY n;
> 1 | 30 | NULL
> 2 | 30 | 10
> 3 | NULL | 10
> 4 | NULL | 30
SELECT salesid, NTH_VALUE(qty, 2) OVER (PARTITION BY sellerid ORDER BY qty ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM winsales WHERE sellerid = 3 ORDER BY 1;
> 30001 | 15
> 30003 | 15
> 30004 | 15
> 30007 | 15
SELECT salesid, LAG(qty_shipped IGNORE NULLS) OVER (ORDER BY salesid) FROM winsales WHERE sellerid < 3 ORDER BY salesid;
> 10001 | NULL
> 10005 | 10
> 10006 | 10
> 20001 | 10
> 20002 | 20
SELECT FIRST_VALUE(qty) RESPECT NULLS OVER (ORDER BY salesid ROWS UNBOUNDED PRECEDING) FROM winsales WHERE sellerid = 2;
> 20
> 20
SELECT sellerid, qty, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY qty) OVER () FROM winsales WHERE sellerid < 3 ORDER BY 1, 2;
> 1 | 10 | 20.0
> 1 | 10 | 20.0
> 1 | 30 | 20.0
> 2 | 20 | 20.0
> 2 | 20 | 20.0
SELECT sellerid, qty, MEDIAN(qty) OVER (PARTITION BY sellerid) FROM winsales WHERE sellerid IN (3, 4) ORDER BY sellerid, qty;
> 3 | 10 | 17.5
> 3 | 15 | 17.5
> 3 | 20 | 17.5
> 3 | 30 | 17.5
> 4 | 10 | 25.0
> 4 | 40 | 25.0
SELECT sellerid, PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY qty DESC) OVER (PARTITION BY sellerid) FROM winsales WHERE sellerid = 3;
> 3 | 20
> 3 | 20
> 3 | 20
> 3 | 20
SELECT salesid, LISTAGG(buyerid, ',') WITHIN GROUP (ORDER BY salesid DESC) OVER (PARTITION BY sellerid) FROM winsales WHERE sellerid < 3 ORDER BY 1;
> 10001 | c,a,c
> 10005 | c,a,c
> 10006 | c,a,c
> 20001 | c,b
> 20002 | c,b
SELECT LISTAGG(DISTINCT buyerid, ',') WITHIN GROUP (ORDER BY buyerid) OVER () FROM winsales;
~ LISTAGG of DISTINCT values as a window function
SELECT sellerid, COUNT(*) OVER (PARTITION BY sellerid), MAX(qty) OVER (), MIN(qty) OVER (ORDER BY salesid ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM winsales WHERE sellerid = 1 ORDER BY salesid;
> 1 | 3 | 30 | 10
> 1 | 3 | 30 | 10
> 1 | 3 | 30 | 10
SELECT ROUND(STDDEV_POP(qty) OVER (ORDER BY salesid ROWS UNBOUNDED PRECEDING)), ROUND(VAR_POP(qty) OVER (ORDER BY salesid ROWS UNBOUNDED PRECEDING)) FROM winsales WHERE sellerid = 1 ORDER BY salesid;
> 0 | 0
> 10 | 100
> 9 | 89
CREATE TABLE steps (g char(1), n int);
INSERT INTO steps VALUES ('a', 1), ('a', 2), ('b', 4);
SELECT SUM(n) OVER (ORDER BY n) FROM steps;
! require a frame clause
SELECT FIRST_VALUE(n) OVER (PARTITION BY g ORDER BY n) FROM steps;
! require a frame clause
SELECT SUM(n) OVER (PARTITION BY g ORDER BY n ROWS UNBOUNDED PRECEDING) FROM steps ORDER BY 1;
> 1
> 3
> 4
SELECT SUM(n) OVER (PARTITION BY g) FROM steps ORDER BY 1;
> 3
> 3
> 4
SELECT LAG(n, 1, 0) OVER (ORDER BY n) FROM steps;
! Default parameter not be supported for window function lag
SELECT LAST_VALUE(n IGNORE NULLS) OVER (PARTITION BY g || 'x' ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM steps ORDER BY 1;
> 2
> 2
> 4

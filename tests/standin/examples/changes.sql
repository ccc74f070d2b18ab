CREATE TABLE target (id int, name char(10));
CREATE TABLE source (id int, name char(10));
INSERT INTO target VALUES (101, 'Bob'), (102, 'John'), (103, 'Susan');
INSERT INTO source VALUES (102, 'Tony'), (103, 'Alice'), (104, 'Bill');
MERGE INTO target USING source ON target.id = source.id WHEN MATCHED THEN UPDATE SET id = source.id, name = source.name WHEN NOT MATCHED THEN INSERT VALUES (source.id, source.name);
SELECT id, TRIM(name) FROM target ORDER BY id;
> 101 | Bob
> 102 | Tony
> 103 | Alice
> 104 | Bill
INSERT INTO source VALUES (105, 'David');
MERGE INTO target USING source ON target.id = source.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (source.id, source.name);
SELECT id, TRIM(name) FROM target ORDER BY id;
> 101 | Bob
> 105 | David
MERGE INTO target USING source ON target.id = source.id REMOVE DUPLICATES;
SELECT COUNT(*) FROM target;
> 5
MERGE INTO target USING source ON target.id > source.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1, 'x');
! equality
MERGE INTO target USING (SELECT 1 AS id) AS s ON target.id = s.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1, 'x');
! subquery
INSERT INTO source VALUES (101, 'Eve'), (101, 'Mia');
MERGE INTO target USING source ON target.id = source.id WHEN MATCHED THEN UPDATE SET name = source.name WHEN NOT MATCHED THEN INSERT VALUES (source.id, source.name);
! second time
UPDATE target SET name = s.name FROM source AS s WHERE target.id = s.id AND s.id = 102;
SELECT TRIM(name) FROM target WHERE id = 102;
> Tony
DELETE FROM target USING source WHERE target.id = source.id AND source.id = 103;
SELECT COUNT(*) FROM target WHERE id = 103;
> 0
DELETE FROM target WHERE id IN (SELECT id FROM source WHERE id = 104);
SELECT id FROM target ORDER BY id;
> 101
> 102
> 105
INSERT INTO target VALUES (900, 'gone');
DELETE target WHERE id = 900;
SELECT COUNT(*) FROM target WHERE id = 900;
> 0
INSERT INTO target SELECT id + 100, name FROM target WHERE id = 101;
INSERT INTO target (id) VALUES (1), (2);
INSERT INTO target DEFAULT VALUES;
SELECT COUNT(*), COUNT(id), COUNT(name) FROM target;
> 7 | 6 | 4
WITH doubled AS (SELECT id * 2 AS id FROM target WHERE id = 2) SELECT id FROM doubled;
> 4
-- transactions and cursors
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM target WHERE id > 100 ORDER BY id;
FETCH FORWARD 2 FROM c;
> 101
> 102
FETCH NEXT FROM c;
> 105
FETCH c;
> 201
CLOSE c;
COMMIT;
BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE;
DELETE FROM target;
ROLLBACK;
SELECT COUNT(*) FROM target;
> 7
START TRANSACTION;
LOCK target;
END;
PREPARE by_id (int) AS SELECT TRIM(name) FROM target WHERE id = $1;
EXECUTE by_id (102);
> Tony
DEALLOCATE by_id;
BEGIN;
VACUUM target;
! cannot run inside a transaction block
ROLLBACK;

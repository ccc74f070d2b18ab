CREATE OR REPLACE FUNCTION larger(float, float) RETURNS float STABLE AS $$
  SELECT CASE WHEN $1 > $2 THEN $1 ELSE $2 END
$$ LANGUAGE sql;
SELECT larger(1, 2.5), larger(NULL, 1);
> 2.5 | 1
CREATE FUNCTION with_nvl(varchar) RETURNS varchar IMMUTABLE AS $$
  SELECT NVL($1, 'none') || DECODE($1, 'a', '!', '?')
$$ LANGUAGE sql;
SELECT with_nvl(NULL), with_nvl('a');
> none? | a!
CREATE FUNCTION in_python (a float) RETURNS float STABLE AS $$
  return a
$$ LANGUAGE plpythonu;
~ no functions in plpythonu
CREATE TABLE log (n int, what varchar(20), at timestamp);
CREATE OR REPLACE PROCEDURE fill(count_of IN int, what varchar(20)) AS $$
DECLARE
  i int := 0;
BEGIN
  WHILE i < count_of LOOP
    i := i + 1;
    INSERT INTO log VALUES (i, NVL(what, 'nothing'), GETDATE());
  END LOOP;
  RAISE INFO 'filled %', i;
END;
$$ LANGUAGE plpgsql;
CALL fill(3, NULL);
SELECT COUNT(*), MAX(what) FROM log;
> 3 | nothing
CREATE OR REPLACE PROCEDURE doubled(INOUT a int, OUT b varchar(10)) LANGUAGE plpgsql AS $$
BEGIN
  a := a * 2;
  SELECT INTO b DECODE(a, 8, 'eight', 'other');
END;
$$;
CALL doubled(4);
> 8 | eight
CREATE OR REPLACE PROCEDURE staged() AS $$
BEGIN
  CREATE TEMP TABLE stage_of_procedure (id int, v varchar(max)) DISTKEY (id) SORTKEY (id);
  INSERT INTO stage_of_procedure SELECT TOP 2 n, what FROM log ORDER BY n;
  EXECUTE 'DELETE FROM log WHERE n > 2';
EXCEPTION WHEN OTHERS THEN
  RAISE INFO 'an error: %', SQLERRM;
END;
$$ LANGUAGE plpgsql SECURITY INVOKER;
CALL staged();
SELECT (SELECT COUNT(*) FROM stage_of_procedure), (SELECT COUNT(*) FROM log);
> 2 | 2
CREATE OR REPLACE PROCEDURE with_cursor(rs INOUT refcursor) AS $$
BEGIN
  OPEN rs FOR SELECT n FROM log ORDER BY n;
END;
$$ LANGUAGE plpgsql;
BEGIN;
CALL with_cursor('mine');
> mine
FETCH ALL FROM mine;
> 1
> 2
COMMIT;
CREATE OR REPLACE PROCEDURE by_rows() AS $$
DECLARE rec RECORD; total int := 0;
BEGIN
  FOR rec IN SELECT n FROM log LOOP total := total + rec.n; END LOOP;
  IF total = 3 THEN INSERT INTO log VALUES (100, 'three', SYSDATE); ELSE RAISE EXCEPTION 'no'; END IF;
END;
$$ LANGUAGE plpgsql;
CALL by_rows();
SELECT what FROM log WHERE n = 100;
> three
CREATE PROCEDURE apart() NONATOMIC AS $$ BEGIN DELETE FROM log; END; $$ LANGUAGE plpgsql;
~ NONATOMIC
DROP PROCEDURE fill(int, varchar);
CALL fill(1, 'x');
! does not exist
DO $$ BEGIN END $$;
! no DO
CREATE TABLE dyn (n int);
INSERT INTO dyn VALUES (5), (6);
CREATE PROCEDURE average(r OUT varchar(10)) AS $$
BEGIN
  EXECUTE 'SELECT AVG(n)::varchar FROM dyn' INTO r;
END;
$$ LANGUAGE plpgsql;
CALL average();
> 5
CREATE PROCEDURE copied(what varchar(20)) AS $$
DECLARE
  rec record;
  total int := 0;
BEGIN
  EXECUTE 'CREATE TABLE ' || quote_ident(what) || ' AS SELECT n FROM dyn';
  FOR rec IN EXECUTE 'SELECT n FROM ' || quote_ident(what) LOOP
    total := total + rec.n;
  END LOOP;
  INSERT INTO dyn VALUES (total);
END;
$$ LANGUAGE plpgsql;
CALL copied('dyn_copy');
SELECT MAX(n), (SELECT COUNT(*) FROM dyn_copy) FROM dyn;
> 11 | 2
CREATE PROCEDURE put_together(what varchar(20)) AS $$
BEGIN
  EXECUTE 'CREATE TABLE ' || what || ' AS SELECT AVG(n) FROM dyn';
END;
$$ LANGUAGE plpgsql;
CALL put_together('dyn_average');
~ no AVG in a statement that a procedure puts together
CREATE PROCEDURE told() AS $$
BEGIN
  INSERT INTO dyn VALUES (1 / 0);
EXCEPTION WHEN OTHERS THEN
  RAISE INFO 'an error: %', SQLERRM;
END;
$$ LANGUAGE plpgsql;
CALL told();
! division by zero
CREATE PROCEDURE by_name() AS $$
BEGIN
  INSERT INTO dyn VALUES (1 / 0);
EXCEPTION WHEN division_by_zero THEN
  RAISE INFO 'an error: %', SQLERRM;
END;
$$ LANGUAGE plpgsql;
! WHEN OTHERS only
CREATE PROCEDURE logged() AS $$
BEGIN
  INSERT INTO dyn VALUES (1 / 0);
EXCEPTION WHEN OTHERS THEN
  INSERT INTO dyn VALUES (0);
END;
$$ LANGUAGE plpgsql;
~ no INSERT in an EXCEPTION handler
CREATE PROCEDURE emptied() AS $$
BEGIN
  TRUNCATE dyn;
  RAISE EXCEPTION 'stop';
END;
$$ LANGUAGE plpgsql;
CALL emptied();
! stop
SELECT COUNT(*) FROM dyn;
> 0
BEGIN;
CALL emptied();
! invalid transaction termination
ROLLBACK;
CREATE FUNCTION in_plpgsql(int) RETURNS int STABLE AS $$ BEGIN RETURN $1; END $$ LANGUAGE plpgsql;
! no functions in plpgsql
CREATE PROCEDURE logged_sometimes(often boolean) AS $$
BEGIN
  INSERT INTO dyn VALUES (1 / 0);
EXCEPTION WHEN OTHERS THEN
  IF often THEN INSERT INTO dyn VALUES (0); END IF;
END;
$$ LANGUAGE plpgsql;
~ no INSERT in an EXCEPTION handler
CREATE PROCEDURE told_sometimes(often boolean) AS $$
BEGIN
  INSERT INTO dyn VALUES (1 / 0);
EXCEPTION WHEN OTHERS THEN
  IF often THEN RAISE INFO 'often'; ELSE RAISE INFO 'seldom'; END IF;
END;
$$ LANGUAGE plpgsql;
CALL told_sometimes(true);
! division by zero
CREATE PROCEDURE emptied_by_text() AS $$
BEGIN
  EXECUTE 'TRUNCATE dyn';
END;
$$ LANGUAGE plpgsql;
~ no EXECUTE of TRUNCATE

"""What ALTER TABLE … APPEND FROM and CALL need to know and do, as SQL for PostgreSQL."""

APPEND_SQL = r"""
-- Where a procedure of that many other arguments has its OUT arguments, counted from 0.
CREATE OR REPLACE FUNCTION standin.out_places(called text, given int) RETURNS text
LANGUAGE sql STABLE AS $fn$
    SELECT (SELECT string_agg((i - 1)::text, ',' ORDER BY i)
            FROM unnest(p.proargmodes) WITH ORDINALITY AS m(mode, i) WHERE mode = 'o')
    FROM pg_proc AS p
    WHERE p.prokind = 'p' AND p.proname = (parse_ident(called))[cardinality(parse_ident(called))]
      AND (cardinality(parse_ident(called)) = 1 OR p.pronamespace::regnamespace::text
           = quote_ident((parse_ident(called))[1]))
      AND (SELECT count(*) FROM unnest(p.proargmodes) AS m WHERE m <> 'o') = given
    ORDER BY p.oid DESC LIMIT 1
$fn$;
CREATE OR REPLACE FUNCTION standin.append_from(target text, source text, option text)
RETURNS bigint LANGUAGE plpgsql AS $fn$
DECLARE
    extra text;
    lacking text;
    differing text;
    listed text;
    moved bigint;
BEGIN
    IF target::regclass = source::regclass THEN
        RAISE EXCEPTION 'ALTER TABLE APPEND needs two tables' USING ERRCODE = '0A000';
    END IF;
    IF EXISTS (SELECT FROM pg_class WHERE oid IN (target::regclass, source::regclass)
               AND (relpersistence = 't' OR relkind <> 'r')) THEN
        RAISE EXCEPTION 'ALTER TABLE APPEND takes permanent tables only' USING ERRCODE = '0A000';
    END IF;
    WITH t AS (SELECT * FROM pg_attribute
               WHERE attrelid = target::regclass AND attnum > 0 AND NOT attisdropped),
         s AS (SELECT * FROM pg_attribute
               WHERE attrelid = source::regclass AND attnum > 0 AND NOT attisdropped)
    SELECT string_agg(s.attname, ', ') FILTER (WHERE t.attname IS NULL OR s.attidentity = 'a'),
           string_agg(t.attname, ', ') FILTER (WHERE s.attname IS NULL OR t.attidentity = 'a'),
           string_agg(s.attname, ', ') FILTER (
               WHERE t.attname = s.attname
                 AND (t.atttypid, t.atttypmod, t.attnotnull)
                     <> (s.atttypid, s.atttypmod, s.attnotnull)),
           string_agg(quote_ident(s.attname), ', ') FILTER (
               WHERE t.attname = s.attname AND s.attidentity <> 'a' AND t.attidentity <> 'a')
    INTO extra, lacking, differing, listed FROM s FULL JOIN t ON t.attname = s.attname;
    IF differing IS NOT NULL THEN
        RAISE EXCEPTION 'columns of one name have other attributes: %', differing
            USING ERRCODE = '42804';
    END IF;
    IF extra IS NOT NULL AND option <> 'IGNOREEXTRA' THEN
        RAISE EXCEPTION 'the source table has columns that the target has not: %', extra
            USING ERRCODE = '42703', HINT = 'IGNOREEXTRA discards them';
    END IF;
    IF lacking IS NOT NULL AND option <> 'FILLTARGET' THEN
        RAISE EXCEPTION 'the target table has columns that the source has not: %', lacking
            USING ERRCODE = '42703', HINT = 'FILLTARGET gives them their defaults';
    END IF;
    EXECUTE format('WITH moved AS (DELETE FROM %s RETURNING *) INSERT INTO %s (%s) '
                   'SELECT %s FROM moved', source, target, listed, listed);
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END $fn$;
"""
"""SQL of what moves them; it can be repeated."""

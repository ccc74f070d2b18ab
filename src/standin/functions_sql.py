"""Functions of Redshift that PostgreSQL has not, or has with another result.

The first are in pg_catalog under their own names. The others are in the schema ``standin``, and
expressions.py puts that schema before the name.
"""

FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION pg_catalog.getdate() RETURNS timestamp
LANGUAGE sql STABLE AS $$ SELECT date_trunc('second', statement_timestamp()::timestamp) $$;
CREATE OR REPLACE FUNCTION pg_catalog.standin_sysdate() RETURNS timestamp
LANGUAGE sql STABLE AS $$ SELECT transaction_timestamp()::timestamp $$;
CREATE OR REPLACE FUNCTION pg_catalog.trunc(timestamp) RETURNS date
LANGUAGE sql IMMUTABLE AS $$ SELECT $1::date $$;
CREATE OR REPLACE FUNCTION pg_catalog.last_day(date) RETURNS date
LANGUAGE sql IMMUTABLE
AS $$ SELECT (date_trunc('month', $1::timestamp) + interval '1 month - 1 day')::date $$;
CREATE OR REPLACE FUNCTION pg_catalog.last_day(timestamp) RETURNS date
LANGUAGE sql IMMUTABLE
AS $$ SELECT (date_trunc('month', $1) + interval '1 month - 1 day')::date $$;

CREATE OR REPLACE FUNCTION standin.date_part_name(part text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $fn$
BEGIN
    RETURN CASE
        WHEN lower(part) IN ('year', 'years', 'y', 'yr', 'yrs') THEN 'year'
        WHEN lower(part) IN ('quarter', 'quarters', 'qtr', 'qtrs') THEN 'quarter'
        WHEN lower(part) IN ('month', 'months', 'mon', 'mons') THEN 'month'
        WHEN lower(part) IN ('week', 'weeks', 'w') THEN 'week'
        WHEN lower(part) IN ('day', 'days', 'd') THEN 'day'
        WHEN lower(part) IN ('hour', 'hours', 'h', 'hr', 'hrs') THEN 'hour'
        WHEN lower(part) IN ('minute', 'minutes', 'm', 'min', 'mins') THEN 'minute'
        WHEN lower(part) IN ('second', 'seconds', 's', 'sec', 'secs') THEN 'second'
        WHEN lower(part) IN ('millisecond', 'milliseconds', 'ms', 'msec', 'msecs', 'msecond',
                             'mseconds', 'millisec', 'millisecs', 'millisecon') THEN 'millisecond'
        WHEN lower(part) IN ('microsecond', 'microseconds', 'microsec', 'microsecs', 'microsecond',
                             'usecond', 'useconds', 'us', 'usec', 'usecs') THEN 'microsecond'
    END;
END $fn$;

CREATE OR REPLACE FUNCTION standin.no_part(part text, what text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $fn$
BEGIN
    RAISE EXCEPTION 'the stand-in has no % with the date part "%"', what, part
        USING ERRCODE = '0A000';
END $fn$;

-- DATEADD keeps the day of the month where it exists, as PostgreSQL's intervals do (ADD_MONTHS,
-- which does not, is not here).
CREATE OR REPLACE FUNCTION pg_catalog.dateadd(part text, n bigint, t timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT CASE standin.date_part_name(part)
        WHEN 'year' THEN t + n * interval '1 year'
        WHEN 'quarter' THEN t + n * interval '3 months'
        WHEN 'month' THEN t + n * interval '1 month'
        WHEN 'week' THEN t + n * interval '7 days'
        WHEN 'day' THEN t + n * interval '1 day'
        WHEN 'hour' THEN t + n * interval '1 hour'
        WHEN 'minute' THEN t + n * interval '1 minute'
        WHEN 'second' THEN t + n * interval '1 second'
        WHEN 'millisecond' THEN t + n * interval '1 millisecond'
        WHEN 'microsecond' THEN t + n * interval '1 microsecond'
        ELSE standin.no_part(part, 'DATEADD')::timestamp END
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.dateadd(part text, n bigint, t date) RETURNS timestamp
LANGUAGE sql IMMUTABLE AS $$ SELECT dateadd($1, $2, $3::timestamp) $$;
CREATE OR REPLACE FUNCTION pg_catalog.dateadd(part text, n bigint, t text) RETURNS timestamp
LANGUAGE sql STABLE AS $$ SELECT dateadd($1, $2, $3::timestamp) $$;
CREATE OR REPLACE FUNCTION pg_catalog.dateadd(part text, n bigint, t timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE
AS $$ SELECT dateadd($1, $2, $3 AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' $$;

-- DATEDIFF counts the boundaries between two times, not whole units. Where a week begins is not
-- said in the documentation, so weeks are refused.
CREATE OR REPLACE FUNCTION pg_catalog.datediff(part text, a timestamp, b timestamp) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT CASE standin.date_part_name(part)
        WHEN 'year' THEN (extract(year FROM b) - extract(year FROM a))::bigint
        WHEN 'quarter' THEN ((extract(year FROM b) - extract(year FROM a)) * 4
                             + extract(quarter FROM b) - extract(quarter FROM a))::bigint
        WHEN 'month' THEN ((extract(year FROM b) - extract(year FROM a)) * 12
                           + extract(month FROM b) - extract(month FROM a))::bigint
        WHEN 'day' THEN (b::date - a::date)::bigint
        WHEN 'hour' THEN
            (extract(epoch FROM date_trunc('hour', b) - date_trunc('hour', a)) / 3600)::bigint
        WHEN 'minute' THEN
            (extract(epoch FROM date_trunc('minute', b) - date_trunc('minute', a)) / 60)::bigint
        WHEN 'second' THEN
            extract(epoch FROM date_trunc('second', b) - date_trunc('second', a))::bigint
        WHEN 'millisecond' THEN
            (extract(epoch FROM date_trunc('milliseconds', b) - date_trunc('milliseconds', a))
             * 1000)::bigint
        WHEN 'microsecond' THEN (extract(epoch FROM b - a) * 1000000)::bigint
        ELSE standin.no_part(part, 'DATEDIFF')::bigint END
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.datediff(part text, a date, b date) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT datediff($1, $2::timestamp, $3::timestamp) $$;
CREATE OR REPLACE FUNCTION pg_catalog.datediff(part text, a text, b text) RETURNS bigint
LANGUAGE sql STABLE AS $$ SELECT datediff($1, $2::timestamp, $3::timestamp) $$;
CREATE OR REPLACE FUNCTION pg_catalog.datediff(part text, a timestamptz, b timestamptz)
RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT datediff($1, $2 AT TIME ZONE 'UTC', $3 AT TIME ZONE 'UTC') $$;

-- Text -------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION pg_catalog.len(text) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT length($1) $$;
CREATE OR REPLACE FUNCTION pg_catalog.charindex(part text, whole text) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT strpos($2, $1) $$;
-- Null when either is null; PostgreSQL's concat takes a null for nothing.
CREATE OR REPLACE FUNCTION standin.concat(a text, b text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT a || b $$;
CREATE OR REPLACE FUNCTION standin.concat(a anyelement, b text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT a::text || b $$;
CREATE OR REPLACE FUNCTION standin.concat(a text, b anyelement) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT a || b::text $$;
-- All matches are replaced, and by nothing if nothing is said; $1 stands for a group.
CREATE OR REPLACE FUNCTION standin.regexp_replace(
    s text, pattern text, by_text text DEFAULT '', start_at int DEFAULT 1, flags text DEFAULT ''
) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT pg_catalog.regexp_replace(
        s, pattern,
        pg_catalog.regexp_replace(replace(by_text, '\', '\\'), '\$([0-9])', '\\\1', 'g'),
        start_at, 0, replace(replace(flags, 'e', ''), 'p', ''))
$fn$;
-- An empty text, not null, where nothing matches.
CREATE OR REPLACE FUNCTION standin.regexp_substr(
    s text, pattern text, start_at int DEFAULT 1, occurrence int DEFAULT 1, flags text DEFAULT ''
) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT coalesce(pg_catalog.regexp_substr(
        s, pattern, start_at, occurrence, replace(replace(flags, 'e', ''), 'p', ''),
        CASE WHEN strpos(flags, 'e') > 0 THEN 1 ELSE 0 END), '')
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.sha2(s text, bits int) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT encode(CASE bits WHEN 0 THEN sha256(convert_to(s, 'UTF8'))
        WHEN 224 THEN sha224(convert_to(s, 'UTF8')) WHEN 256 THEN sha256(convert_to(s, 'UTF8'))
        WHEN 384 THEN sha384(convert_to(s, 'UTF8')) WHEN 512 THEN sha512(convert_to(s, 'UTF8'))
        END, 'hex')
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.strtol(s text, base int) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
DECLARE
    digits text := lower(trim(s));
    negative boolean := digits LIKE '-%';
    total numeric := 0;
    digit int;
BEGIN
    IF base NOT BETWEEN 2 AND 36 THEN
        RAISE EXCEPTION 'Invalid base %', base USING ERRCODE = '22023';
    END IF;
    digits := ltrim(digits, '+-');
    IF base = 16 AND digits LIKE '0x%' THEN
        digits := substr(digits, 3);
    END IF;
    FOR i IN 1 .. length(digits) LOOP
        digit := strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(digits, i, 1)) - 1;
        IF digit < 0 OR digit >= base THEN
            RAISE EXCEPTION 'The input % is not valid to be converted to base %', s, base
                USING ERRCODE = '22P02';
        END IF;
        total := total * base + digit;
    END LOOP;
    RETURN CASE WHEN negative THEN -total ELSE total END;
END $fn$;

-- FNV-1a over a value's bytes, low ones first. 128 bits of numeric keep the product exact.
CREATE OR REPLACE FUNCTION standin.fnv(data bytea, seed bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
DECLARE
    h numeric := CASE WHEN seed < 0 THEN seed + 18446744073709551616::numeric ELSE seed END;
    low bigint;
BEGIN
    FOR i IN 0 .. length(data) - 1 LOOP
        low := (h % 256)::bigint;
        h := (h - low + (low # get_byte(data, i))) * 1099511628211 % 18446744073709551616;
    END LOOP;
    RETURN CASE WHEN h >= 9223372036854775808 THEN h - 18446744073709551616 ELSE h END;
END $fn$;
CREATE OR REPLACE FUNCTION standin.reversed(data bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$ SELECT reverse(data) $$;
CREATE OR REPLACE FUNCTION pg_catalog.fnv_hash(v text, seed bigint DEFAULT -3750763034362895579)
RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT standin.fnv(convert_to(v, 'UTF8'), seed) $$;
CREATE OR REPLACE FUNCTION pg_catalog.fnv_hash(v smallint, seed bigint DEFAULT -3750763034362895579)
RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT standin.fnv(standin.reversed(int2send(v)), seed) $$;
CREATE OR REPLACE FUNCTION pg_catalog.fnv_hash(v int, seed bigint DEFAULT -3750763034362895579)
RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT standin.fnv(standin.reversed(int4send(v)), seed) $$;
CREATE OR REPLACE FUNCTION pg_catalog.fnv_hash(v bigint, seed bigint DEFAULT -3750763034362895579)
RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT standin.fnv(standin.reversed(int8send(v)), seed) $$;

-- Times ------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION pg_catalog.convert_timezone(source text, target text, t timestamp)
RETURNS timestamp LANGUAGE sql STABLE STRICT
AS $$ SELECT t AT TIME ZONE source AT TIME ZONE target $$;
CREATE OR REPLACE FUNCTION pg_catalog.convert_timezone(target text, t timestamp)
RETURNS timestamp LANGUAGE sql STABLE STRICT
AS $$ SELECT t AT TIME ZONE 'UTC' AT TIME ZONE target $$;
-- The last day of a month stays the last day.
CREATE OR REPLACE FUNCTION pg_catalog.add_months(t timestamp, n int) RETURNS timestamp
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT CASE WHEN t::date = last_day(t)
        THEN last_day((t + n * interval '1 month')::date) + t::time
        ELSE t + n * interval '1 month' END
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.next_day(t date, day text) RETURNS date
LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
DECLARE
    wanted int := array_position(ARRAY['su','mo','tu','we','th','fr','sa'],
                                 left(lower(day), 2)) - 1;
BEGIN
    IF wanted IS NULL THEN
        RAISE EXCEPTION 'Not a valid day of the week: %', day USING ERRCODE = '22007';
    END IF;
    RETURN t + 1 + (wanted - extract(dow FROM t + 1)::int + 7) % 7;
END $fn$;
CREATE OR REPLACE FUNCTION standin.to_date(s text, form text) RETURNS date
LANGUAGE sql STABLE STRICT AS $$ SELECT pg_catalog.to_date(s, form) $$;

-- JSON texts -------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION pg_catalog.is_valid_json(s text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT s IS JSON OBJECT $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_valid_json_array(s text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT s IS JSON ARRAY $$;
CREATE OR REPLACE FUNCTION pg_catalog.json_array_length(s text, quiet boolean DEFAULT false)
RETURNS int LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
BEGIN
    IF quiet AND s IS NOT JSON ARRAY THEN
        RETURN NULL;
    END IF;
    RETURN pg_catalog.json_array_length(s::json);
END $fn$;
CREATE OR REPLACE FUNCTION pg_catalog.json_extract_array_element_text(
    s text, at int, quiet boolean DEFAULT false
) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
BEGIN
    IF at < 0 OR (quiet AND s IS NOT JSON ARRAY) THEN
        RETURN NULL;
    END IF;
    RETURN s::json ->> at;
END $fn$;
CREATE OR REPLACE FUNCTION standin.path_text(s text, path text[], quiet boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $fn$
BEGIN
    -- Not in SQL: PostgreSQL would work a constant out before it looks whether it is valid.
    IF quiet AND s IS NOT JSON THEN
        RETURN NULL;
    END IF;
    RETURN s::json #>> path;
END $fn$;
CREATE OR REPLACE FUNCTION pg_catalog.json_extract_path_text(
    s text, p1 text, quiet boolean DEFAULT false
) RETURNS text LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT standin.path_text(s, ARRAY[p1], quiet) $$;
CREATE OR REPLACE FUNCTION pg_catalog.json_extract_path_text(
    s text, p1 text, p2 text, quiet boolean DEFAULT false
) RETURNS text LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT standin.path_text(s, ARRAY[p1, p2], quiet) $$;
CREATE OR REPLACE FUNCTION pg_catalog.json_extract_path_text(
    s text, p1 text, p2 text, p3 text, quiet boolean DEFAULT false
) RETURNS text LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT standin.path_text(s, ARRAY[p1, p2, p3], quiet) $$;
CREATE OR REPLACE FUNCTION pg_catalog.json_extract_path_text(
    s text, p1 text, p2 text, p3 text, p4 text, quiet boolean DEFAULT false
) RETURNS text LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT standin.path_text(s, ARRAY[p1, p2, p3, p4], quiet) $$;
CREATE OR REPLACE FUNCTION pg_catalog.json_extract_path_text(
    s text, p1 text, p2 text, p3 text, p4 text, p5 text, quiet boolean DEFAULT false
) RETURNS text LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT standin.path_text(s, ARRAY[p1, p2, p3, p4, p5], quiet) $$;

-- SUPER ------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION pg_catalog.json_parse(s text) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT s::jsonb $$;
CREATE OR REPLACE FUNCTION pg_catalog.can_json_parse(s text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT s IS JSON $$;
-- Without the spaces that PostgreSQL puts behind colons and commas.
CREATE OR REPLACE FUNCTION standin.json_serialize(v jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
BEGIN
    RETURN CASE jsonb_typeof(v)
        WHEN 'object' THEN '{' || coalesce((
            SELECT string_agg(to_json(key)::text || ':' || standin.json_serialize(value), ','
                              ORDER BY i)
            FROM jsonb_each(v) WITH ORDINALITY AS e(key, value, i)), '') || '}'
        WHEN 'array' THEN '[' || coalesce((
            SELECT string_agg(standin.json_serialize(value), ',' ORDER BY i)
            FROM jsonb_array_elements(v) WITH ORDINALITY AS e(value, i)), '') || ']'
        ELSE jsonb_out(v)::text END;
END $fn$;
CREATE OR REPLACE FUNCTION pg_catalog.json_typeof(v jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT jsonb_typeof(v) $$;
CREATE OR REPLACE FUNCTION pg_catalog.get_array_length(v jsonb) RETURNS int
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT CASE WHEN jsonb_typeof(v) = 'array' THEN jsonb_array_length(v) END $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_array(v jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT jsonb_typeof(v) = 'array' $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_object(v jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT jsonb_typeof(v) = 'object' $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_scalar(v jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT jsonb_typeof(v) NOT IN ('array', 'object') $$;
CREATE OR REPLACE FUNCTION standin.no_array(v jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $fn$
BEGIN
    RAISE EXCEPTION 'the stand-in does not unnest a SUPER value that is no array'
        USING ERRCODE = '0A000';
END $fn$;
CREATE OR REPLACE FUNCTION standin.unnest(v jsonb) RETURNS SETOF jsonb
LANGUAGE sql IMMUTABLE ROWS 10 AS $fn$
    SELECT jsonb_array_elements(CASE WHEN v IS NULL OR jsonb_typeof(v) = 'null' THEN '[]'
                                     WHEN jsonb_typeof(v) = 'array' THEN v
                                     ELSE standin.no_array(v) END)
$fn$;
CREATE OR REPLACE FUNCTION standin.unnest_at(v jsonb)
RETURNS TABLE (element jsonb, at bigint) LANGUAGE sql IMMUTABLE ROWS 10
AS $$ SELECT e, i - 1 FROM standin.unnest(v) WITH ORDINALITY AS u(e, i) $$;

-- A SUPER scalar compared with a number; of another type it is not comparable: null.
CREATE OR REPLACE FUNCTION standin.super_number(v jsonb) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT CASE WHEN jsonb_typeof(v) = 'number' THEN v::numeric END $$;
CREATE OR REPLACE FUNCTION standin.super_text(v jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT CASE jsonb_typeof(v) WHEN 'null' THEN NULL WHEN 'string' THEN v #>> '{}'
                                ELSE standin.json_serialize(v) END
$fn$;
DO $do$
DECLARE
    op text;
    name text;
    other text;
BEGIN
    FOREACH op IN ARRAY ARRAY['=', '<>', '<', '<=', '>', '>='] LOOP
        name := 'super_' || CASE op WHEN '=' THEN 'eq' WHEN '<>' THEN 'ne' WHEN '<' THEN 'lt'
                                    WHEN '<=' THEN 'le' WHEN '>' THEN 'gt' ELSE 'ge' END;
        FOREACH other IN ARRAY ARRAY['numeric', 'int4', 'int8', 'float8'] LOOP
            EXECUTE format('CREATE OR REPLACE FUNCTION standin.%s(a jsonb, b %s) RETURNS boolean '
                'LANGUAGE sql IMMUTABLE STRICT '
                'AS $$ SELECT standin.super_number(a) %s b::numeric $$', name, other, op);
            IF NOT EXISTS (SELECT FROM pg_operator WHERE oprname = op
                           AND oprleft = 'jsonb'::regtype AND oprright = other::regtype) THEN
                EXECUTE format('CREATE OPERATOR pg_catalog.%s (LEFTARG = jsonb, RIGHTARG = %s, '
                               'FUNCTION = standin.%s)', op, other, name);
            END IF;
        END LOOP;
    END LOOP;
    IF NOT EXISTS (SELECT FROM pg_cast WHERE castsource = 'jsonb'::regtype
                   AND casttarget = 'text'::regtype) THEN
        CREATE CAST (jsonb AS text) WITH FUNCTION standin.super_text(jsonb);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_cast WHERE castsource = 'jsonb'::regtype
                   AND casttarget = 'varchar'::regtype) THEN
        CREATE CAST (jsonb AS varchar) WITH FUNCTION standin.super_text(jsonb);
    END IF;
END $do$;

-- PostgreSQL's string_agg under the name that its column has in Redshift.
CREATE OR REPLACE AGGREGATE standin.listagg(text, text) (
    SFUNC = string_agg_transfn, STYPE = internal, FINALFUNC = string_agg_finalfn);

-- AVG of whole numbers is a whole number, cut off.
CREATE OR REPLACE FUNCTION standin.avg_cut(state bigint[]) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN state[1] > 0 THEN state[2] / state[1] END $$;
CREATE OR REPLACE FUNCTION standin.avg_step(state numeric[], v bigint) RETURNS numeric[]
LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN v IS NULL THEN state ELSE ARRAY[state[1] + 1, state[2] + v] END $$;
CREATE OR REPLACE FUNCTION standin.avg_cut(state numeric[]) RETURNS bigint
LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN state[1] > 0 THEN trunc(state[2] / state[1])::bigint END $$;
CREATE OR REPLACE AGGREGATE standin.avg(smallint) (
    SFUNC = int2_avg_accum, STYPE = bigint[], FINALFUNC = standin.avg_cut, INITCOND = '{0,0}');
CREATE OR REPLACE AGGREGATE standin.avg(int) (
    SFUNC = int4_avg_accum, STYPE = bigint[], FINALFUNC = standin.avg_cut, INITCOND = '{0,0}');
CREATE OR REPLACE AGGREGATE standin.avg(bigint) (
    SFUNC = standin.avg_step, STYPE = numeric[], FINALFUNC = standin.avg_cut, INITCOND = '{0,0}');
CREATE OR REPLACE AGGREGATE standin.avg(numeric) (
    SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg);
CREATE OR REPLACE AGGREGATE standin.avg(float8) (
    SFUNC = float8_accum, STYPE = float8[], FINALFUNC = float8_avg, INITCOND = '{0,0,0}');
CREATE OR REPLACE AGGREGATE standin.avg(float4) (
    SFUNC = float4_accum, STYPE = float8[], FINALFUNC = float8_avg, INITCOND = '{0,0,0}');
CREATE OR REPLACE AGGREGATE standin.avg(interval) (
    SFUNC = interval_avg_accum, STYPE = internal, FINALFUNC = interval_avg);
"""
"""SQL that makes them; it can be repeated."""

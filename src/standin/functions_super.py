"""Redshift's functions of JSON texts and of SUPER, as SQL for PostgreSQL."""

SUPER_FUNCTIONS = r"""
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
CREATE OR REPLACE FUNCTION standin.unpivot(v jsonb)
RETURNS TABLE (element jsonb, attr varchar) LANGUAGE sql IMMUTABLE ROWS 10 AS $fn$
    SELECT value, key::varchar
    FROM jsonb_each(CASE WHEN jsonb_typeof(v) = 'object' THEN v ELSE '{}' END)
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
    IF NOT EXISTS (SELECT FROM pg_cast WHERE castsource = 'jsonb'::regtype
                   AND casttarget = 'bpchar'::regtype) THEN
        CREATE CAST (jsonb AS bpchar) WITH FUNCTION standin.super_text(jsonb);
    END IF;
END $do$;
CREATE OR REPLACE FUNCTION pg_catalog.array_concat(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN a || b END
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.array_flatten(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT coalesce(jsonb_agg(v ORDER BY i, j), '[]') FROM jsonb_array_elements(a)
        WITH ORDINALITY AS o(e, i), jsonb_array_elements(
            CASE jsonb_typeof(e) WHEN 'array' THEN e ELSE jsonb_build_array(e) END
        ) WITH ORDINALITY AS n(v, j)
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.subarray(a jsonb, begin_at int, n int) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT coalesce(jsonb_agg(e ORDER BY i), '[]')
    FROM jsonb_array_elements(a) WITH ORDINALITY AS u(e, i),
         (SELECT CASE WHEN begin_at < 0 THEN jsonb_array_length(a) + begin_at ELSE begin_at END)
             AS s(first)
    WHERE i > first AND i <= first + n
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.split_to_array(s text, delimiter text DEFAULT ',')
RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT to_jsonb(string_to_array(s, delimiter)) $$;
CREATE OR REPLACE FUNCTION pg_catalog.json_size(v jsonb) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT octet_length(standin.json_serialize(v)) $$;
CREATE OR REPLACE FUNCTION standin.whole_between(v jsonb, low numeric, high numeric)
RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT CASE WHEN jsonb_typeof(v) = 'number'
        THEN scale(v::numeric) = 0 AND v::numeric BETWEEN low AND high ELSE false END
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.is_smallint(v jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT standin.whole_between(v, -32768, 32767) $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_integer(v jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT standin.whole_between(v, -2147483648, 2147483647) $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_bigint(v jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT standin.whole_between(v, -9223372036854775808, 9223372036854775807) $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_boolean(v jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT jsonb_typeof(v) = 'boolean' $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_varchar(v jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT jsonb_typeof(v) = 'string' $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_char(v jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT jsonb_typeof(v) = 'string' $$;
-- jsonb does not tell a float from a decimal.
CREATE OR REPLACE FUNCTION pg_catalog.is_decimal(v jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
BEGIN
    IF jsonb_typeof(v) <> 'number' THEN
        RETURN false;
    END IF;
    RAISE EXCEPTION 'the stand-in keeps decimals and floats of SUPER alike and cannot tell which '
        'this is' USING ERRCODE = '0A000';
END $fn$;
CREATE OR REPLACE FUNCTION pg_catalog.is_float(v jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT is_decimal(v) $$;
CREATE OR REPLACE FUNCTION pg_catalog.decimal_scale(v jsonb) RETURNS int
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT CASE WHEN jsonb_typeof(v) = 'number' THEN scale(v::numeric) END $$;
CREATE OR REPLACE FUNCTION pg_catalog.decimal_precision(v jsonb) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT CASE WHEN jsonb_typeof(v) = 'number'
        THEN length(ltrim(translate(v::numeric::text, '-.', ''), '0')) END
$fn$;

-- A number or a truth value that is put into a SUPER column becomes one.
DO $do$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'bool']
    LOOP
        EXECUTE format('CREATE OR REPLACE FUNCTION standin.to_super(v %s) RETURNS jsonb '
                       'LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT to_jsonb(v) $$', kind);
        IF NOT EXISTS (SELECT FROM pg_cast WHERE castsource = kind::regtype
                       AND casttarget = 'jsonb'::regtype) THEN
            EXECUTE format('CREATE CAST (%s AS jsonb) WITH FUNCTION standin.to_super(%s) '
                           'AS ASSIGNMENT', kind, kind);
        END IF;
    END LOOP;
END $do$;
"""

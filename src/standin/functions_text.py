"""Redshift's functions of texts and numbers, as SQL for PostgreSQL."""

TEXT_FUNCTIONS = r"""
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
-- A part is counted from the begin; PostgreSQL counts from the end too.
CREATE OR REPLACE FUNCTION standin.split_part(s text, delimiter text, part int) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
BEGIN
    IF part < 1 THEN
        RAISE EXCEPTION 'field position must be greater than zero' USING ERRCODE = '22023';
    END IF;
    RETURN pg_catalog.split_part(s, delimiter, part);
END $fn$;
CREATE OR REPLACE FUNCTION standin.split_part(v anyelement, delimiter text, part int) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT standin.split_part(v::text, delimiter, part) $$;
-- Without the blanks that fill a CHAR up, which go as it becomes a text.
CREATE OR REPLACE FUNCTION standin.octet_length(s text) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.octet_length(s) $$;
-- All matches are replaced, and by nothing if nothing is said; $1 stands for a group.
CREATE OR REPLACE FUNCTION standin.regexp_replace(
    s text, pattern text, by_text text DEFAULT '', start_at int DEFAULT 1, flags text DEFAULT ''
) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT pg_catalog.regexp_replace(
        s, pattern,
        pg_catalog.regexp_replace(replace(by_text, E'\\', E'\\\\'), E'\\$([0-9])', E'\\\\\\1', 'g'),
        start_at, 0, replace(replace(flags, 'e', ''), 'p', ''))
$fn$;
-- An empty text, not null, where nothing matches.
CREATE OR REPLACE FUNCTION standin.regexp_substr(
    s text, pattern text, start_at int DEFAULT 1, occurrence int DEFAULT 1, flags text DEFAULT ''
) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT CASE WHEN occurrence > 0 THEN coalesce(pg_catalog.regexp_substr(
        s, pattern, start_at, occurrence, replace(replace(flags, 'e', ''), 'p', ''),
        CASE WHEN strpos(flags, 'e') > 0 THEN 1 ELSE 0 END), '') END
$fn$;
CREATE OR REPLACE FUNCTION standin.regexp_count(
    s text, pattern text, start_at int DEFAULT 1, flags text DEFAULT ''
) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT pg_catalog.regexp_count(s, pattern, start_at, replace(flags, 'p', ''))
$fn$;
CREATE OR REPLACE FUNCTION standin.regexp_instr(
    s text, pattern text, start_at int DEFAULT 1, occurrence int DEFAULT 1, at_end int DEFAULT 0,
    flags text DEFAULT ''
) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT pg_catalog.regexp_instr(
        s, pattern, start_at, occurrence, at_end, replace(replace(flags, 'e', ''), 'p', ''),
        CASE WHEN strpos(flags, 'e') > 0 THEN 1 ELSE 0 END)
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.textlen(text) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT length($1) $$;
CREATE OR REPLACE FUNCTION pg_catalog.replicate(s text, n int) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT repeat(s, n) $$;
CREATE OR REPLACE FUNCTION pg_catalog.octetindex(part text, whole text) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT position(convert_to(part, 'UTF8') IN convert_to(whole, 'UTF8'))
$fn$;
-- A letter and three digits; letters of one group in a row count once, also across H and W.
CREATE OR REPLACE FUNCTION pg_catalog.soundex(s text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
DECLARE
    letters text := upper(pg_catalog.regexp_replace(s, '[^A-Za-z]', '', 'g'));
    code text := left(letters, 1);
    last_digit text := translate(left(letters, 1), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                                 '01230120022455012623010202');
    digit text;
BEGIN
    FOR i IN 2 .. length(letters) LOOP
        CONTINUE WHEN substr(letters, i, 1) IN ('H', 'W');
        digit := translate(substr(letters, i, 1), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                           '01230120022455012623010202');
        IF digit <> '0' AND digit <> last_digit THEN
            code := code || digit;
        END IF;
        last_digit := digit;
    END LOOP;
    RETURN CASE WHEN code = '' THEN '' ELSE rpad(left(code, 4), 4, '0') END;
END $fn$;
CREATE OR REPLACE FUNCTION pg_catalog.difference(a text, b text) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT CASE WHEN soundex(a) = '' OR soundex(b) = '' THEN 0 ELSE (
        SELECT count(*)::int FROM generate_series(1, 4) AS i
        WHERE substr(soundex(a), i, 1) = substr(soundex(b), i, 1)) END
$fn$;

-- Redshift makes texts of numbers and times by itself where a text is asked for.
DO $do$
DECLARE
    kind text;
    call text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['int2', 'int4', 'int8', 'numeric', 'float8', 'date', 'timestamp',
                                'timestamptz'] LOOP
        FOREACH call IN ARRAY ARRAY[
            'left(v %s, n int) RETURNS text AS left($1::text, $2)',
            'right(v %s, n int) RETURNS text AS right($1::text, $2)',
            'substring(v %s, a int) RETURNS text AS substr($1::text, $2)',
            'substring(v %s, a int, n int) RETURNS text AS substr($1::text, $2, $3)',
            'substr(v %s, a int) RETURNS text AS substr($1::text, $2)',
            'substr(v %s, a int, n int) RETURNS text AS substr($1::text, $2, $3)',
            'split_part(v %s, d text, n int) RETURNS text AS split_part($1::text, $2, $3)',
            'strpos(v %s, part text) RETURNS int AS strpos($1::text, $2)',
            'position(v %s, part text) RETURNS int AS strpos($1::text, $2)',
            'charindex(part text, v %s) RETURNS int AS strpos($2::text, $1)',
            'len(v %s) RETURNS int AS length($1::text)',
            'length(v %s) RETURNS int AS length($1::text)',
            'lpad(v %s, n int, p text) RETURNS text AS lpad($1::text, $2, $3)',
            'rpad(v %s, n int, p text) RETURNS text AS rpad($1::text, $2, $3)',
            'replace(v %s, a text, b text) RETURNS text AS replace($1::text, $2, $3)',
            'repeat(v %s, n int) RETURNS text AS repeat($1::text, $2)',
            'reverse(v %s) RETURNS text AS reverse($1::text)',
            'upper(v %s) RETURNS text AS upper($1::text)',
            'lower(v %s) RETURNS text AS lower($1::text)',
            'btrim(v %s) RETURNS text AS btrim($1::text)'] LOOP
            EXECUTE format('CREATE OR REPLACE FUNCTION pg_catalog.%s LANGUAGE sql IMMUTABLE STRICT '
                           'AS $$ SELECT %s $$', format(split_part(call, ' AS ', 1), kind),
                           split_part(call, ' AS ', 2));
        END LOOP;
        EXECUTE format('CREATE OR REPLACE FUNCTION standin.is_like(a %s, b text) RETURNS boolean '
                       'LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT $1::text LIKE $2 $$', kind);
        EXECUTE format('CREATE OR REPLACE FUNCTION standin.not_like(a %s, b text) RETURNS boolean '
                       'LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT $1::text NOT LIKE $2 $$', kind);
        IF to_regoperator(format('pg_catalog.~~(%s,text)', kind)) IS NULL THEN
            EXECUTE format('CREATE OPERATOR pg_catalog.~~ (LEFTARG = %s, RIGHTARG = text, '
                           'FUNCTION = standin.is_like)', kind);
            EXECUTE format('CREATE OPERATOR pg_catalog.!~~ (LEFTARG = %s, RIGHTARG = text, '
                           'FUNCTION = standin.not_like)', kind);
        END IF;
    END LOOP;
END $do$;

-- A number beside a text is compared as a text.
DO $do$
DECLARE
    kind text;
    op text;
    name text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['int2', 'int4', 'int8', 'numeric', 'float8'] LOOP
        FOREACH op IN ARRAY ARRAY['=', '<>', '<', '<=', '>', '>='] LOOP
            CONTINUE WHEN to_regoperator(format('pg_catalog.%s(text,%s)', op, kind)) IS NOT NULL;
            name := 'text_' || CASE op WHEN '=' THEN 'eq' WHEN '<>' THEN 'ne' WHEN '<' THEN 'lt'
                                       WHEN '<=' THEN 'le' WHEN '>' THEN 'gt' ELSE 'ge' END;
            EXECUTE format('CREATE OR REPLACE FUNCTION standin.%s(a text, b %s) RETURNS boolean '
                'LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT a %s b::text $$', name, kind, op);
            EXECUTE format('CREATE OR REPLACE FUNCTION standin.%s(a %s, b text) RETURNS boolean '
                'LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT a::text %s b $$', name, kind, op);
            EXECUTE format('CREATE OPERATOR pg_catalog.%s (LEFTARG = text, RIGHTARG = %s, '
                           'FUNCTION = standin.%s)', op, kind, name);
            EXECUTE format('CREATE OPERATOR pg_catalog.%s (LEFTARG = %s, RIGHTARG = text, '
                           'FUNCTION = standin.%s)', op, kind, name);
        END LOOP;
    END LOOP;
END $do$;

-- Texts are added end to end.
DO $do$
BEGIN
    IF to_regoperator('pg_catalog.+(text,text)') IS NULL THEN
        CREATE OPERATOR pg_catalog.+ (LEFTARG = text, RIGHTARG = text, FUNCTION = textcat);
    END IF;
END $do$;
CREATE OR REPLACE FUNCTION standin.bpcharcmp(a bpchar, b bpchar) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT sign(pg_catalog.bpcharcmp(a, b))::int $$;
CREATE OR REPLACE FUNCTION standin.bttext_pattern_cmp(a text, b text) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT sign(pg_catalog.bttext_pattern_cmp(a, b))::int $$;

-- Numbers ----------------------------------------------------------------------------------
-- Of decimals too these give floats.
CREATE OR REPLACE FUNCTION standin.sqrt(v float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.sqrt(v) $$;
CREATE OR REPLACE FUNCTION standin.exp(v float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.exp(v) $$;
CREATE OR REPLACE FUNCTION standin.ln(v float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.ln(v) $$;
CREATE OR REPLACE FUNCTION standin.log(v float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.log(v) $$;
CREATE OR REPLACE FUNCTION standin.power(a float8, b float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.power(a, b) $$;
CREATE OR REPLACE FUNCTION pg_catalog.dexp(v float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.exp(v) $$;
CREATE OR REPLACE FUNCTION pg_catalog.dlog1(v float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.ln(v) $$;
CREATE OR REPLACE FUNCTION pg_catalog.dlog10(v float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.log(v) $$;
CREATE OR REPLACE FUNCTION pg_catalog.round(v float8, n int) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.round(v::numeric, n)::float8 $$;
CREATE OR REPLACE FUNCTION pg_catalog.trunc(v float8, n int) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.trunc(v::numeric, n)::float8 $$;
-- A decimal without its point.
CREATE OR REPLACE FUNCTION pg_catalog.checksum(v numeric) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT (v * 10 ^ scale(v))::int $$;
"""

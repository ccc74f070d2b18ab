"""Redshift's aggregates and what its window functions need, as SQL for PostgreSQL."""

AGGREGATES = r"""-- PostgreSQL's string_agg under the name that its column has in Redshift.
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
-- The average of decimals has their scale; what is behind it is cut off.
CREATE OR REPLACE FUNCTION standin.avg_step(state numeric[], v numeric) RETURNS numeric[]
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT CASE WHEN v IS NULL THEN state
                ELSE ARRAY[state[1] + 1, state[2] + v, greatest(state[3], scale(v))] END
$fn$;
CREATE OR REPLACE FUNCTION standin.avg_decimal(state numeric[]) RETURNS numeric
LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN state[1] > 0 THEN trunc(state[2] / state[1], state[3]::int) END $$;
CREATE OR REPLACE AGGREGATE standin.avg(numeric) (
    SFUNC = standin.avg_step, STYPE = numeric[], FINALFUNC = standin.avg_decimal,
    INITCOND = '{0,0,0}');
CREATE OR REPLACE AGGREGATE standin.avg(float8) (
    SFUNC = float8_accum, STYPE = float8[], FINALFUNC = float8_avg, INITCOND = '{0,0,0}');
CREATE OR REPLACE AGGREGATE standin.avg(float4) (
    SFUNC = float4_accum, STYPE = float8[], FINALFUNC = float8_avg, INITCOND = '{0,0,0}');
CREATE OR REPLACE AGGREGATE standin.avg(interval) (
    SFUNC = interval_avg_accum, STYPE = internal, FINALFUNC = interval_avg);

-- Of whole numbers and decimals too these are floats.
DO $do$
DECLARE
    of text;
    same text;
BEGIN
    FOREACH of IN ARRAY ARRAY['stddev_samp', 'stddev_pop', 'var_samp', 'var_pop'] LOOP
        FOREACH same IN ARRAY ARRAY[of] || CASE of WHEN 'stddev_samp' THEN ARRAY['stddev']
                                                  WHEN 'var_samp' THEN ARRAY['variance']
                                                  ELSE ARRAY[]::text[] END LOOP
            EXECUTE format('CREATE OR REPLACE AGGREGATE standin.%s(float8) (SFUNC = float8_accum, '
                           'STYPE = float8[], FINALFUNC = float8_%s, INITCOND = ''{0,0,0}'')',
                           same, of);
        END LOOP;
    END LOOP;
END $do$;

-- What LISTAGG joined, when it fits into the longest VARCHAR.
CREATE OR REPLACE FUNCTION standin.fitting(v text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
BEGIN
    IF octet_length(v) > 65535 THEN
        RAISE EXCEPTION 'Result size exceeds LISTAGG limit' USING ERRCODE = 'XX000',
            DETAIL = format('%s bytes, where VARCHAR has 65535 at most', octet_length(v));
    END IF;
    RETURN v;
END $fn$;

-- Percentiles over sorted values without nulls. Those of whole numbers are decimals, one digit
-- behind the point at least.
CREATE OR REPLACE FUNCTION standin.place(n int, fraction float8) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$ SELECT (n - 1) * fraction::numeric + 1 $$;
CREATE OR REPLACE FUNCTION standin.pick_cont(v numeric[], fraction float8) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT v[floor(p)::int] + (v[ceil(p)::int] - v[floor(p)::int]) * (p - floor(p))
    FROM (SELECT standin.place(cardinality(v), fraction)) AS s(p)
$fn$;
CREATE OR REPLACE FUNCTION standin.pick_cont(v float8[], fraction float8) RETURNS float8
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT v[floor(p)::int] + (v[ceil(p)::int] - v[floor(p)::int]) * (p - floor(p))::float8
    FROM (SELECT standin.place(cardinality(v), fraction)) AS s(p)
$fn$;
CREATE OR REPLACE FUNCTION standin.pick_cont(v float4[], fraction float8) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$ SELECT standin.pick_cont(v::float8[], fraction) $$;
CREATE OR REPLACE FUNCTION standin.pick_cont(v bigint[], fraction float8) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT CASE WHEN scale(trim_scale(m)) < 1 THEN round(m, 1) ELSE trim_scale(m) END
    FROM (SELECT standin.pick_cont(v::numeric[], fraction)) AS s(m)
$fn$;
CREATE OR REPLACE FUNCTION standin.pick_cont(v int[], fraction float8) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$ SELECT standin.pick_cont(v::bigint[], fraction) $$;
CREATE OR REPLACE FUNCTION standin.pick_cont(v smallint[], fraction float8) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$ SELECT standin.pick_cont(v::bigint[], fraction) $$;
CREATE OR REPLACE FUNCTION standin.pick_cont(v timestamp[], fraction float8) RETURNS timestamp
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT v[floor(p)::int] + (v[ceil(p)::int] - v[floor(p)::int]) * (p - floor(p))::float8
    FROM (SELECT standin.place(cardinality(v), fraction)) AS s(p)
$fn$;
CREATE OR REPLACE FUNCTION standin.pick_cont(v date[], fraction float8) RETURNS date
LANGUAGE sql IMMUTABLE
AS $$ SELECT standin.pick_cont(v::timestamp[], fraction)::date $$;
CREATE OR REPLACE FUNCTION standin.pick_disc(v anyarray, fraction float8) RETURNS anyelement
LANGUAGE sql IMMUTABLE
AS $$ SELECT v[greatest(ceil(fraction::numeric * cardinality(v)), 1)::int] $$;
-- The n-th of them, from the end when n is negative.
CREATE OR REPLACE FUNCTION standin.pick(v anyarray, n bigint) RETURNS anyelement
LANGUAGE sql IMMUTABLE
AS $$ SELECT v[CASE WHEN n < 0 THEN cardinality(v) + 1 + n ELSE n END::int] $$;
CREATE OR REPLACE FUNCTION standin.joined(v anyarray, delimiter text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT array_to_string(v, delimiter) $$;
"""
"""SQL that makes them; it can be repeated."""

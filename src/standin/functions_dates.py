"""Redshift's functions of dates and times, as SQL for PostgreSQL.

In pg_catalog under their own names where PostgreSQL has none of them, in the schema ``standin``
where it has one with another result (see expressions.py).
"""

DATE_FUNCTIONS = r"""
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

-- The long name of a date part, of those that Redshift knows; null for others.
CREATE OR REPLACE FUNCTION standin.date_part_name(part text) RETURNS text
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT CASE
        WHEN p IN ('millennium', 'millennia', 'mil', 'mils') THEN 'millennium'
        WHEN p IN ('century', 'centuries', 'c', 'cent', 'cents') THEN 'century'
        WHEN p IN ('decade', 'decades', 'dec', 'decs') THEN 'decade'
        WHEN p = 'epoch' THEN 'epoch'
        WHEN p IN ('year', 'years', 'y', 'yr', 'yrs') THEN 'year'
        WHEN p IN ('quarter', 'quarters', 'qtr', 'qtrs') THEN 'quarter'
        WHEN p IN ('month', 'months', 'mon', 'mons') THEN 'month'
        WHEN p IN ('week', 'weeks', 'w') THEN 'week'
        WHEN p IN ('dayofweek', 'dow', 'dw', 'weekday') THEN 'dow'
        WHEN p IN ('dayofyear', 'doy', 'dy', 'yearday') THEN 'doy'
        WHEN p IN ('day', 'days', 'd') THEN 'day'
        WHEN p IN ('hour', 'hours', 'h', 'hr', 'hrs') THEN 'hour'
        WHEN p IN ('minute', 'minutes', 'm', 'min', 'mins') THEN 'minute'
        WHEN p IN ('second', 'seconds', 's', 'sec', 'secs') THEN 'second'
        WHEN p IN ('millisecond', 'milliseconds', 'ms', 'msec', 'msecs', 'msecond', 'mseconds',
                   'millisec', 'millisecs', 'millisecon') THEN 'millisecond'
        WHEN p IN ('microsecond', 'microseconds', 'microsec', 'microsecs', 'usecond', 'useconds',
                   'us', 'usec', 'usecs') THEN 'microsecond'
        WHEN p IN ('timezone', 'timezone_hour', 'timezone_minute') THEN p
    END FROM (SELECT lower(part)) AS l(p)
$fn$;

CREATE OR REPLACE FUNCTION standin.no_part(part text, what text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $fn$
BEGIN
    RAISE EXCEPTION 'the stand-in has no % with the date part "%"', what, part
        USING ERRCODE = '0A000';
END $fn$;

-- DATEADD of months keeps the day where it exists, else it takes the month's last; of years, the
-- 29th of February becomes the 1st of March where there is none.
CREATE OR REPLACE FUNCTION pg_catalog.dateadd(part text, n bigint, t timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT CASE standin.date_part_name(part)
        WHEN 'year' THEN t + n * interval '1 year' + CASE
            WHEN to_char(t, 'MMDD') = '0229' AND to_char(t + n * interval '1 year', 'DD') = '28'
            THEN interval '1 day' ELSE interval '0' END
        WHEN 'millennium' THEN t + n * interval '1000 years'
        WHEN 'century' THEN t + n * interval '100 years'
        WHEN 'decade' THEN t + n * interval '10 years'
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

CREATE OR REPLACE FUNCTION pg_catalog.dateadd(part text, n bigint, t time) RETURNS time
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT CASE WHEN standin.date_part_name(part) IN ('hour', 'minute', 'second', 'millisecond',
                                                      'microsecond')
        THEN dateadd(part, n, timestamp '2000-01-01' + t)::time
        ELSE standin.no_part(part, 'DATEADD of a time')::time END
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.dateadd(part text, n bigint, t timetz) RETURNS timetz
LANGUAGE sql IMMUTABLE
AS $$ SELECT (dateadd(part, n, (t AT TIME ZONE 'UTC')::time)::text || '+00')::timetz $$;

-- DATEDIFF counts the boundaries between two times, not whole units. Whether a week begins on
-- Sunday or on Monday is not said in the documentation: where it matters, weeks are refused.
CREATE OR REPLACE FUNCTION standin.weeks_between(a timestamp, b timestamp) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
DECLARE
    mondays bigint := (date_trunc('week', b)::date - date_trunc('week', a)::date) / 7;
    sundays bigint := (date_trunc('week', b + interval '1 day')::date
                       - date_trunc('week', a + interval '1 day')::date) / 7;
BEGIN
    IF mondays <> sundays THEN
        RAISE EXCEPTION 'the stand-in cannot say DATEDIFF by weeks where it matters on which day '
            'a week begins' USING ERRCODE = '0A000', HINT = 'take the difference of DATE_TRUNC';
    END IF;
    RETURN mondays;
END $fn$;
CREATE OR REPLACE FUNCTION pg_catalog.datediff(part text, a timestamp, b timestamp) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT CASE standin.date_part_name(part)
        WHEN 'year' THEN (extract(year FROM b) - extract(year FROM a))::bigint
        WHEN 'quarter' THEN ((extract(year FROM b) - extract(year FROM a)) * 4
                             + extract(quarter FROM b) - extract(quarter FROM a))::bigint
        WHEN 'month' THEN ((extract(year FROM b) - extract(year FROM a)) * 12
                           + extract(month FROM b) - extract(month FROM a))::bigint
        WHEN 'week' THEN standin.weeks_between(a, b)
        WHEN 'day' THEN (b::date - a::date)::bigint
        WHEN 'millennium' THEN (extract(millennium FROM b) - extract(millennium FROM a))::bigint
        WHEN 'century' THEN (extract(century FROM b) - extract(century FROM a))::bigint
        WHEN 'decade' THEN (extract(decade FROM b) - extract(decade FROM a))::bigint
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
CREATE OR REPLACE FUNCTION pg_catalog.datediff(part text, a time, b time) RETURNS bigint
LANGUAGE sql IMMUTABLE
AS $$ SELECT datediff($1, timestamp '2000-01-01' + $2, timestamp '2000-01-01' + $3) $$;
CREATE OR REPLACE FUNCTION pg_catalog.datediff(part text, a timetz, b timetz) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT datediff(part, (a AT TIME ZONE 'UTC')::time, (b AT TIME ZONE 'UTC')::time)
$fn$;

-- EXTRACT gives a whole number, of seconds and their parts only what is below the next higher
-- part; DATE_PART gives seconds with their fraction.
CREATE OR REPLACE FUNCTION standin.date_part(part text, t timestamp) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT floor(CASE standin.date_part_name(part)
        WHEN 'millisecond' THEN extract(milliseconds FROM t) % 1000
        WHEN 'microsecond' THEN extract(microseconds FROM t) % 1000000
        WHEN 'decade' THEN extract(decade FROM t) + 1
        WHEN 'timezone' THEN 0 WHEN 'timezone_hour' THEN 0 WHEN 'timezone_minute' THEN 0
        ELSE pg_catalog.extract(coalesce(standin.date_part_name(part),
                                         standin.no_part(part, 'EXTRACT')), t) END)::bigint
$fn$;
CREATE OR REPLACE FUNCTION standin.date_part(part text, t timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT standin.date_part(part, t AT TIME ZONE 'UTC') $$;
CREATE OR REPLACE FUNCTION standin.date_part(part text, t date) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT standin.date_part(part, t::timestamp) $$;
CREATE OR REPLACE FUNCTION standin.date_part(part text, t text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT standin.date_part(part, t::timestamp) $$;
CREATE OR REPLACE FUNCTION standin.date_part(part text, t time) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT standin.date_part(part, timestamp '2000-01-01' + t) $$;
CREATE OR REPLACE FUNCTION standin.date_part(part text, t timetz) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT CASE WHEN standin.date_part_name(part) LIKE 'timezone%'
        THEN pg_catalog.extract(part, t)::bigint ELSE standin.date_part(part, t::time) END
$fn$;
CREATE OR REPLACE FUNCTION standin.date_part(part text, t interval) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT floor(pg_catalog.extract(coalesce(standin.date_part_name(part),
                                             standin.no_part(part, 'EXTRACT')), t))::bigint
$fn$;
CREATE OR REPLACE FUNCTION standin.pgdate_part(part text, t timestamp) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT CASE standin.date_part_name(part)
        WHEN 'second' THEN pg_catalog.date_part('second', t)
        WHEN 'epoch' THEN pg_catalog.date_part('epoch', t)
        WHEN 'millisecond' THEN
            standin.no_part(part, 'DATE_PART (its documentation contradicts itself)')::float8
        ELSE standin.date_part(part, t) END
$fn$;
CREATE OR REPLACE FUNCTION standin.pgdate_part(part text, t timestamptz) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT standin.pgdate_part(part, t AT TIME ZONE 'UTC') $$;
CREATE OR REPLACE FUNCTION standin.pgdate_part(part text, t date) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT standin.pgdate_part(part, t::timestamp) $$;
CREATE OR REPLACE FUNCTION standin.pgdate_part(part text, t text) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT standin.pgdate_part(part, t::timestamp) $$;
CREATE OR REPLACE FUNCTION standin.pgdate_part(part text, t time) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT standin.pgdate_part(part, timestamp '2000-01-01' + t) $$;
CREATE OR REPLACE FUNCTION standin.pgdate_part(part text, t timetz) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT standin.pgdate_part(part, t::time) $$;
CREATE OR REPLACE FUNCTION standin.pgdate_part(part text, t interval) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT pg_catalog.date_part(standin.date_part_name(part), t) $$;
CREATE OR REPLACE FUNCTION pg_catalog.date_trunc(part text, t date) RETURNS timestamp
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.date_trunc(part, t::timestamp) $$;
CREATE OR REPLACE FUNCTION pg_catalog.last_day(t text) RETURNS date
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT last_day(t::timestamp) $$;
CREATE OR REPLACE FUNCTION pg_catalog.date_part_year(t date) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT extract(year FROM t)::int $$;

-- Times ------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION pg_catalog.convert_timezone(source text, target text, t timestamp)
RETURNS timestamp LANGUAGE sql STABLE STRICT
AS $$ SELECT t AT TIME ZONE source AT TIME ZONE target $$;
CREATE OR REPLACE FUNCTION pg_catalog.convert_timezone(target text, t timestamp)
RETURNS timestamp LANGUAGE sql STABLE STRICT
AS $$ SELECT t AT TIME ZONE 'UTC' AT TIME ZONE target $$;
CREATE OR REPLACE FUNCTION pg_catalog.convert_timezone(source text, target text, t timestamptz)
RETURNS timestamp LANGUAGE sql STABLE STRICT
AS $$ SELECT convert_timezone(source, target, t::timestamp) $$;
CREATE OR REPLACE FUNCTION pg_catalog.convert_timezone(target text, t timestamptz)
RETURNS timestamp LANGUAGE sql STABLE STRICT
AS $$ SELECT convert_timezone(target, t::timestamp) $$;
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
-- A day that its month does not have goes on into the next one, unless it is to be strict.
CREATE OR REPLACE FUNCTION standin.to_date(s text, form text, is_strict boolean DEFAULT false)
RETURNS date LANGUAGE plpgsql STABLE STRICT AS $fn$
DECLARE
    day_at int := strpos(upper(form), 'DD');
BEGIN
    RETURN pg_catalog.to_date(s, form);
EXCEPTION WHEN datetime_field_overflow THEN
    IF is_strict OR upper(form) !~ '^[YMD/. -]+$' OR upper(form) ~ 'MON|DDD' THEN
        RAISE;
    END IF;
    RETURN pg_catalog.to_date(overlay(s PLACING '01' FROM day_at FOR 2), form)
           + substr(s, day_at, 2)::int - 1;
END $fn$;
CREATE OR REPLACE FUNCTION pg_catalog.months_between(a timestamp, b timestamp) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT ((extract(year FROM a) - extract(year FROM b)) * 12
            + extract(month FROM a) - extract(month FROM b)
            + CASE WHEN extract(day FROM a) = extract(day FROM b)
                     OR (a::date = last_day(a) AND b::date = last_day(b)) THEN 0
                   ELSE (extract(day FROM a) - extract(day FROM b)
                         + extract(epoch FROM a::time - b::time) / 86400) / 31 END)::float8
$fn$;
"""

"""What the stand-in adds to PostgreSQL's own catalog: memory, system views and functions.

``INIT_SQL`` is run as the stand-in's own superuser in template1 and in the database that clients
see. It can be repeated: it only creates what is missing and replaces functions and views.

How declarations that PostgreSQL does not know (DISTKEY, SORTKEY, ENCODE …) are remembered: the
rewriter cuts them from the statement and leaves them behind it in a comment, base64 of JSON. An
event trigger, which runs in the client's own transaction whatever protocol the statement came by,
reads the comment from ``current_query()``. So a rollback forgets them, and nothing has to be
injected beside the client's statement.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

CATALOG_VERSION = 1

ADMIN = "standin_admin"
"""The superuser of the PostgreSQL behind; clients cannot log in as it."""


def mark(payload: Mapping[str, object]) -> str:
    """The comment that carries ``payload`` to the event trigger."""
    text = json.dumps(payload, separators=(",", ":"), sort_keys=True)
    return "/*standin:" + base64.b64encode(text.encode()).decode() + "*/"


_TABLES = """
CREATE SCHEMA IF NOT EXISTS standin;
GRANT USAGE ON SCHEMA standin TO PUBLIC;
-- PostgreSQL 15 took this from everybody; Redshift has not.
GRANT CREATE ON SCHEMA public TO PUBLIC;

CREATE TABLE IF NOT EXISTS standin.catalog_version (version int);

CREATE TABLE IF NOT EXISTS standin.table_declared (
    relid oid PRIMARY KEY,
    diststyle text,
    distkey smallint,
    sortstyle text,
    sortkeys smallint[],
    encode_auto boolean,
    backup boolean,
    foreign_keys text[]
);
CREATE TABLE IF NOT EXISTS standin.column_declared (
    relid oid, attnum smallint, encoding text, PRIMARY KEY (relid, attnum)
);
CREATE TABLE IF NOT EXISTS standin.late_binding_view (
    relid oid PRIMARY KEY, body text, search_path text, reads text[], signature text,
    failed_state text, failed_message text
);
CREATE SEQUENCE IF NOT EXISTS standin.query_id;
CREATE TABLE IF NOT EXISTS standin.load_error (
    query_id bigint, user_name text, session_id int, transaction_id bigint, database_name text,
    table_id bigint, table_name text, start_time timestamp, file_name text, line_number bigint,
    column_name text, column_type text, column_length text, raw_value text,
    error_code int, error_message text
);
"""

_EVENT_TRIGGERS = """
CREATE OR REPLACE FUNCTION standin.marks() RETURNS SETOF jsonb
LANGUAGE sql STABLE AS $fn$
    SELECT convert_from(decode(m[1], 'base64'), 'UTF8')::jsonb
    FROM regexp_matches(current_query(), '/\\*standin:([A-Za-z0-9+/=]+)\\*/', 'g') AS m
$fn$;

CREATE OR REPLACE FUNCTION standin.attnum_of(rel oid, wanted text) RETURNS smallint
LANGUAGE sql STABLE AS $fn$
    SELECT attnum FROM pg_attribute
    WHERE attrelid = rel AND attname = wanted AND attnum > 0 AND NOT attisdropped
$fn$;

CREATE OR REPLACE FUNCTION standin.apply_mark(rel oid, m jsonb) RETURNS void
LANGUAGE plpgsql AS $fn$
DECLARE
    missing text;
    parent oid;
    old_size int;
    new_size int;
BEGIN
    SELECT k INTO missing FROM (
        SELECT m->>'distkey' AS k
        UNION ALL SELECT jsonb_array_elements_text(coalesce(m->'sortkeys', '[]'))
        UNION ALL SELECT jsonb_object_keys(coalesce(m->'encode', '{}'))
    ) AS named
    WHERE k IS NOT NULL AND standin.attnum_of(rel, k) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'column "%" named in key does not exist', missing USING ERRCODE = '42703';
    END IF;
    IF m ? 'widen' THEN
        -- The check on bytes is still the old one.
        SELECT split_part(conname, '_', 5)::int INTO old_size FROM pg_constraint
        WHERE conrelid = rel
          AND conname LIKE format('standin\\_bytes\\_varchar\\_%s\\_%%',
                                  standin.attnum_of(rel, m->>'widen'));
        SELECT atttypmod - 4 INTO new_size FROM pg_attribute
        WHERE attrelid = rel AND attname = m->>'widen';
        IF old_size IS NULL OR new_size < old_size THEN
            RAISE EXCEPTION 'ALTER COLUMN TYPE only makes VARCHAR columns longer: "%"',
                m->>'widen' USING ERRCODE = '0A000';
        END IF;
        RETURN;
    END IF;
    INSERT INTO standin.table_declared (relid) VALUES (rel) ON CONFLICT DO NOTHING;
    IF m ? 'like' THEN
        parent := to_regclass(m->>'like');
        UPDATE standin.table_declared AS t
        SET diststyle = p.diststyle, distkey = p.distkey, sortstyle = p.sortstyle,
            sortkeys = p.sortkeys, encode_auto = p.encode_auto
        FROM standin.table_declared AS p
        WHERE t.relid = rel AND p.relid = parent
          -- Attribute numbers are the parent's: they fit when the child is nothing but its copy.
          AND NOT EXISTS (
              SELECT FROM pg_attribute AS a
              LEFT JOIN pg_attribute AS b
                ON b.attrelid = rel AND b.attnum = a.attnum AND b.attname = a.attname
              WHERE a.attrelid = parent AND a.attnum > 0 AND b.attname IS NULL);
        INSERT INTO standin.column_declared
        SELECT rel, b.attnum, c.encoding
        FROM standin.column_declared AS c
        JOIN pg_attribute AS a ON a.attrelid = c.relid AND a.attnum = c.attnum
        JOIN pg_attribute AS b ON b.attrelid = rel AND b.attname = a.attname
        WHERE c.relid = parent ON CONFLICT DO NOTHING;
    END IF;
    UPDATE standin.table_declared SET
        diststyle = coalesce(m->>'diststyle', diststyle),
        distkey = CASE WHEN m ? 'distkey' THEN standin.attnum_of(rel, m->>'distkey')
                       WHEN m ? 'diststyle' AND m->>'diststyle' <> 'KEY' THEN NULL
                       ELSE distkey END,
        sortstyle = CASE WHEN m ? 'sortstyle' THEN m->>'sortstyle' ELSE sortstyle END,
        sortkeys = CASE WHEN m ? 'sortkeys' THEN
            ARRAY(SELECT standin.attnum_of(rel, k)
                  FROM jsonb_array_elements_text(m->'sortkeys') WITH ORDINALITY AS s(k, i)
                  ORDER BY i)
            ELSE sortkeys END,
        encode_auto = coalesce((m->>'encode_auto')::boolean, encode_auto),
        backup = coalesce((m->>'backup')::boolean, backup),
        foreign_keys = coalesce(foreign_keys, '{}')
            || ARRAY(SELECT jsonb_array_elements_text(coalesce(m->'foreign_keys', '[]')))
    WHERE relid = rel;
    INSERT INTO standin.column_declared
    SELECT rel, standin.attnum_of(rel, e.key), e.value
    FROM jsonb_each_text(coalesce(m->'encode', '{}')) AS e
    ON CONFLICT (relid, attnum) DO UPDATE SET encoding = excluded.encoding;
END $fn$;

-- As a replica, so that its ALTER TABLE does not set off the event trigger that it is called from.
CREATE OR REPLACE FUNCTION standin.check_bytes(rel oid) RETURNS void
LANGUAGE plpgsql SET session_replication_role = replica AS $fn$
DECLARE
    changes text;
BEGIN
    -- VARCHAR(n) counts bytes in Redshift and characters in PostgreSQL; CHAR is single-byte.
    WITH wanted AS (
        SELECT conname,
               format('ADD CONSTRAINT %I CHECK (pg_catalog.octet_length(%I) <= %s) NOT VALID',
                      conname, attname, atttypmod - 4) AS change
        FROM pg_attribute
        CROSS JOIN LATERAL format(
            'standin_bytes_%s_%s_%s',
            CASE atttypid WHEN 'varchar'::regtype THEN 'varchar' ELSE 'char' END,
            attnum, atttypmod - 4
        ) AS f(conname)
        WHERE attrelid = rel AND attnum > 0 AND NOT attisdropped AND atttypmod > 4
          AND atttypid IN ('varchar'::regtype, 'bpchar'::regtype)
    ), present AS (
        SELECT conname::text FROM pg_constraint
        WHERE conrelid = rel AND contype = 'c' AND conname LIKE 'standin\\_bytes\\_%'
    )
    SELECT string_agg(change, ', ' ORDER BY change) INTO changes FROM (
        SELECT change FROM wanted WHERE conname NOT IN (SELECT conname FROM present)
        UNION ALL
        SELECT format('DROP CONSTRAINT %I', conname) FROM present
        WHERE conname NOT IN (SELECT conname FROM wanted)
    ) AS c;
    IF changes IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s %s', rel::regclass, changes);
    END IF;
END $fn$;

-- The columns of the relations that a late-binding view reads, by name: when this text changes
-- the view has to be built again.
CREATE OR REPLACE FUNCTION standin.signature(reads text[]) RETURNS text
LANGUAGE sql STABLE AS $fn$
    SELECT string_agg(
        r || '=' || coalesce(to_regclass(r)::oid::text || ':' || (
            SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ','
                              ORDER BY attnum)
            FROM pg_attribute
            WHERE attrelid = to_regclass(r)::oid AND attnum > 0 AND NOT attisdropped), '-'),
        ';' ORDER BY r)
    FROM unnest(reads) AS r
$fn$;

CREATE OR REPLACE FUNCTION standin.unbind(rel oid, m jsonb) RETURNS void
LANGUAGE plpgsql AS $fn$
DECLARE
    names text[];
BEGIN
    SELECT array_agg(DISTINCT format('%I.%I', n.nspname, c.relname)) INTO names
    FROM pg_rewrite AS r
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    JOIN pg_class AS c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE r.ev_class = rel AND c.oid <> rel;
    DELETE FROM pg_depend AS d USING pg_rewrite AS r
    WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND r.ev_class = rel
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> rel;
    INSERT INTO standin.late_binding_view (relid, body, search_path, reads, signature)
    VALUES (rel, m->>'body', m->>'search_path', names, standin.signature(names))
    ON CONFLICT (relid) DO UPDATE SET body = excluded.body, reads = excluded.reads,
        search_path = excluded.search_path, signature = excluded.signature,
        failed_state = NULL, failed_message = NULL;
END $fn$;

CREATE OR REPLACE FUNCTION standin.after_ddl() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET allow_system_table_mods = on AS $fn$
DECLARE
    cmd record;
    m jsonb;
    relation name;
    namespace name;
BEGIN
    FOR cmd IN SELECT DISTINCT objid, object_type, command_tag
               FROM pg_event_trigger_ddl_commands()
               WHERE classid = 'pg_class'::regclass
                 AND object_type IN ('table', 'view', 'materialized view') LOOP
        SELECT c.relname, n.nspname INTO relation, namespace
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.oid = cmd.objid;
        CONTINUE WHEN relation IS NULL OR namespace = 'standin';
        IF cmd.object_type = 'view' THEN
            DELETE FROM standin.late_binding_view WHERE relid = cmd.objid;
        END IF;
        FOR m IN SELECT * FROM standin.marks() AS s(x)
                 WHERE x->>'name' = relation
                   AND coalesce(x->>'schema', namespace) = namespace LOOP
            IF m ? 'body' THEN
                PERFORM standin.unbind(
                    cmd.objid,
                    m || jsonb_build_object('search_path', current_setting('search_path')));
            ELSE
                PERFORM standin.apply_mark(cmd.objid, m);
            END IF;
        END LOOP;
        IF cmd.object_type = 'table' THEN
            -- Redshift does not enforce keys: the constraint stays visible, its index neither
            -- checks nor is kept up nor is used.
            UPDATE pg_index SET indisunique = false, indisready = false, indisvalid = false
            WHERE indrelid = cmd.objid AND indisunique;
            PERFORM standin.check_bytes(cmd.objid);
        END IF;
    END LOOP;
END $fn$;

CREATE OR REPLACE FUNCTION standin.after_drop() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER AS $fn$
DECLARE
    gone oid[];
BEGIN
    SELECT array_agg(objid) INTO gone FROM pg_event_trigger_dropped_objects()
    WHERE classid = 'pg_class'::regclass AND objsubid = 0;
    IF gone IS NOT NULL THEN
        DELETE FROM standin.table_declared WHERE relid = ANY (gone);
        DELETE FROM standin.column_declared WHERE relid = ANY (gone);
        DELETE FROM standin.late_binding_view WHERE relid = ANY (gone);
    END IF;
END $fn$;

DROP EVENT TRIGGER IF EXISTS standin_after_ddl;
CREATE EVENT TRIGGER standin_after_ddl ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE', 'CREATE VIEW')
    EXECUTE FUNCTION standin.after_ddl();
DROP EVENT TRIGGER IF EXISTS standin_after_drop;
CREATE EVENT TRIGGER standin_after_drop ON sql_drop EXECUTE FUNCTION standin.after_drop();

-- Run by the stand-in after DDL has been committed: late-binding views whose tables changed are
-- made again by name. One that cannot be made now stays as it is, broken, and is tried next time.
CREATE OR REPLACE FUNCTION standin.rebuild_views() RETURNS void
LANGUAGE plpgsql SET allow_system_table_mods = on SET lock_timeout = '500ms' AS $fn$
DECLARE
    v record;
    names text[];
BEGIN
    FOR v IN SELECT l.*, c.relacl, c.relowner, c.relname, n.nspname
             FROM standin.late_binding_view AS l JOIN pg_class AS c ON c.oid = l.relid
             JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE l.signature IS DISTINCT FROM standin.signature(l.reads)
               AND (SELECT bool_and(to_regclass(r) IS NOT NULL) FROM unnest(l.reads) AS r)
    LOOP
        names := ARRAY[v.nspname, v.relname]::text[];
        BEGIN
            PERFORM set_config('search_path', v.search_path, true);
            -- The body is a client's text: it runs with that client's rights.
            PERFORM set_config('role', v.relowner::regrole::text, true);
            BEGIN
                EXECUTE format('CREATE OR REPLACE VIEW %I.%I AS %s', v.nspname, v.relname, v.body);
            EXCEPTION WHEN invalid_table_definition THEN
                EXECUTE format('DROP VIEW %I.%I', v.nspname, v.relname);
                EXECUTE format('CREATE VIEW %I.%I AS %s', v.nspname, v.relname, v.body);
                PERFORM set_config('role', 'none', true);
                UPDATE pg_class SET relacl = v.relacl
                WHERE oid = format('%I.%I', v.nspname, v.relname)::regclass;
            END;
            PERFORM set_config('role', 'none', true);
            PERFORM standin.unbind(
                format('%I.%I', v.nspname, v.relname)::regclass,
                jsonb_build_object('body', v.body, 'search_path', v.search_path));
        EXCEPTION WHEN OTHERS THEN
            PERFORM set_config('role', 'none', true);
            UPDATE standin.late_binding_view
            SET failed_state = SQLSTATE, failed_message = SQLERRM WHERE relid = v.relid;
        END;
    END LOOP;
END $fn$;

-- Why a late-binding view cannot be read, in the words that making it would fail with.
CREATE OR REPLACE FUNCTION standin.view_failure(OUT state text, OUT message text)
LANGUAGE sql STABLE AS $fn$
    SELECT state, message FROM (
        SELECT '42P01', format('relation "%s" does not exist', r)
        FROM standin.late_binding_view, unnest(reads) AS r WHERE to_regclass(r) IS NULL
        UNION ALL
        SELECT failed_state, failed_message FROM standin.late_binding_view
        WHERE failed_state IS NOT NULL AND signature IS DISTINCT FROM standin.signature(reads)
    ) AS f(state, message) LIMIT 1
$fn$;
REVOKE EXECUTE ON FUNCTION standin.rebuild_views() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION standin.apply_mark(oid, jsonb) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION standin.unbind(oid, jsonb) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION standin.check_bytes(oid) FROM PUBLIC;
"""

_SUPPORT = """
-- What a refused statement is turned into: it fails in the client's own transaction, with the
-- words that the client is to see.
CREATE OR REPLACE FUNCTION standin.refuse(state text, message text, detail text, hint text)
RETURNS void LANGUAGE plpgsql AS $fn$
BEGIN
    -- An option of RAISE cannot be null, and an empty one would be shown.
    IF detail <> '' THEN
        RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = detail, HINT = hint;
    ELSIF hint <> '' THEN
        RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, HINT = hint;
    END IF;
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message;
END $fn$;

CREATE OR REPLACE FUNCTION standin.copy_columns(target text)
RETURNS TABLE (attnum smallint, attname text, typname text, typmod int, attnotnull boolean,
               attidentity text, relid oid, nspname text, relname text, transaction_id bigint,
               query_id bigint)
LANGUAGE plpgsql VOLATILE AS $fn$
BEGIN
    RETURN QUERY
    SELECT a.attnum, a.attname::text, t.typname::text, a.atttypmod, a.attnotnull,
           a.attidentity::text, c.oid, n.nspname::text, c.relname::text,
           pg_current_xact_id()::text::bigint, nextval('standin.query_id')
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid
    JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE c.oid = target::regclass AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum;
END $fn$;
GRANT USAGE ON SEQUENCE standin.query_id TO PUBLIC;
"""

_VIEWS = """
CREATE OR REPLACE VIEW pg_catalog.stl_load_errors AS
SELECT 100 AS userid, 0 AS slice, table_id::int AS tbl, start_time AS starttime,
       session_id AS session, query_id::int AS query, file_name::char(256) AS filename,
       line_number, column_name::char(127) AS colname, column_type::char(10) AS type,
       column_length::char(10) AS col_length, NULL::int AS position,
       NULL::char(1024) AS raw_line, raw_value::char(1024) AS raw_field_value,
       error_code AS err_code, left(error_message, 100)::char(100) AS err_reason,
       0 AS is_partial, NULL::bigint AS start_offset
FROM standin.load_error;

CREATE OR REPLACE VIEW pg_catalog.sys_load_error_detail AS
SELECT 100 AS user_id, query_id, transaction_id, session_id, database_name, table_id, start_time,
       file_name, line_number, column_name, column_type, column_length, NULL::int AS position,
       error_code, error_message
FROM standin.load_error;

-- The defaults are those that Redshift's documentation gives for tables without ENCODE.
CREATE OR REPLACE FUNCTION standin.encoding_of(rel oid, att smallint, type_id oid) RETURNS text
LANGUAGE sql STABLE AS $fn$
    SELECT coalesce(
        (SELECT lower(encoding) FROM standin.column_declared WHERE relid = rel AND attnum = att),
        CASE WHEN (SELECT sortkeys[1] FROM standin.table_declared WHERE relid = rel) = att
             THEN 'none'
             WHEN type_id IN ('bool'::regtype, 'float4'::regtype, 'float8'::regtype,
                              'jsonb'::regtype) THEN 'none'
             WHEN type_id IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype,
                              'numeric'::regtype, 'date'::regtype, 'timestamp'::regtype,
                              'timestamptz'::regtype) THEN 'az64'
             ELSE 'lzo' END)
$fn$;

CREATE OR REPLACE VIEW pg_catalog.pg_table_def AS
SELECT n.nspname AS schemaname, c.relname AS tablename, a.attname AS "column",
       format_type(a.atttypid, a.atttypmod) AS type,
       standin.encoding_of(c.oid, a.attnum, a.atttypid) AS encoding,
       coalesce(d.distkey = a.attnum, false) AS distkey,
       (coalesce(array_position(d.sortkeys, a.attnum), 0)
        * CASE WHEN d.sortstyle = 'INTERLEAVED' AND array_position(d.sortkeys, a.attnum) % 2 = 0
               THEN -1 ELSE 1 END)::int AS sortkey,
       a.attnotnull AS "notnull"
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN standin.table_declared AS d ON d.relid = c.oid
WHERE c.relkind IN ('r', 'v', 'p') AND n.nspname = ANY (current_schemas(false));

-- What cannot be known without Redshift's storage (skew, unsorted, stats_off …) is null.
CREATE OR REPLACE VIEW pg_catalog.svv_table_info AS
SELECT current_database()::text AS database, n.nspname::text AS schema, c.oid::int AS table_id,
       c.relname::text AS "table",
       CASE WHEN coalesce(d.encode_auto, NOT EXISTS (
                SELECT FROM standin.column_declared AS e WHERE e.relid = c.oid))
            THEN 'Y, AUTO(ENCODE)' ELSE 'Y' END AS encoded,
       CASE WHEN d.distkey IS NOT NULL THEN 'KEY(' || k.attname || ')'
            WHEN coalesce(d.diststyle, 'AUTO') = 'AUTO' THEN 'AUTO(ALL)'
            ELSE d.diststyle END AS diststyle,
       CASE WHEN d.sortstyle = 'AUTO' THEN 'AUTO(SORTKEY)'
            WHEN d.sortstyle = 'INTERLEAVED' THEN 'INTERLEAVED'
            ELSE s.attname::text END AS sortkey1,
       (SELECT max(atttypmod - 4) FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
          AND atttypid = 'varchar'::regtype) AS max_varchar,
       CASE WHEN s.attname IS NOT NULL
            THEN standin.encoding_of(c.oid, s.attnum, s.atttypid) END AS sortkey1_enc,
       coalesce(cardinality(d.sortkeys), 0) AS sortkey_num,
       ceil(pg_table_size(c.oid) / 1048576.0)::bigint AS size,
       NULL::numeric AS pct_used, NULL::bigint AS empty, NULL::numeric AS unsorted,
       NULL::numeric AS stats_off, greatest(c.reltuples, 0)::numeric AS tbl_rows,
       NULL::numeric AS skew_sortkey1, NULL::numeric AS skew_rows,
       greatest(c.reltuples, 0)::numeric AS estimated_visible_rows
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN standin.table_declared AS d ON d.relid = c.oid
LEFT JOIN pg_attribute AS k ON k.attrelid = c.oid AND k.attnum = d.distkey
LEFT JOIN pg_attribute AS s ON s.attrelid = c.oid AND s.attnum = d.sortkeys[1]
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'standin')
  AND n.nspname NOT LIKE 'pg\\_%';

CREATE OR REPLACE VIEW standin.declared_foreign_keys AS
SELECT n.nspname AS schemaname, c.relname AS tablename, f.definition
FROM standin.table_declared AS d
JOIN pg_class AS c ON c.oid = d.relid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN unnest(d.foreign_keys) AS f(definition);

CREATE OR REPLACE FUNCTION pg_catalog.pg_get_late_binding_view_cols()
RETURNS TABLE (view_schema name, view_name name, col_name name, col_type text, col_num int)
LANGUAGE sql STABLE AS $fn$
    SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnum::int
    FROM standin.late_binding_view AS v
    JOIN pg_class AS c ON c.oid = v.relid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
$fn$;

GRANT SELECT ON standin.table_declared, standin.column_declared, standin.late_binding_view,
    standin.load_error, standin.declared_foreign_keys TO PUBLIC;
GRANT SELECT ON pg_catalog.stl_load_errors, pg_catalog.sys_load_error_detail,
    pg_catalog.pg_table_def, pg_catalog.svv_table_info TO PUBLIC;
"""

_FUNCTIONS = """
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
"""

INIT_SQL = (
    "SET allow_system_table_mods = on;\n"
    "SET client_min_messages = warning;\n"
    + _TABLES
    + _EVENT_TRIGGERS
    + _SUPPORT
    + _VIEWS
    + _FUNCTIONS
    + f"""
DELETE FROM standin.catalog_version;
INSERT INTO standin.catalog_version VALUES ({CATALOG_VERSION});
"""
)
"""All of the above, to be run in one transaction."""

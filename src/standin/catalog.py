"""What the stand-in adds to PostgreSQL's own catalog: memory, system views and functions.

``INIT_SQL`` is run as the stand-in's own superuser in template1 and in the database that clients
see. It can be repeated: it only creates what is missing and replaces functions and views.

How declarations that PostgreSQL does not know are remembered: catalog_triggers.py.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping

from src.standin.catalog_triggers import EVENT_TRIGGERS
from src.standin.catalog_views import VIEWS
from src.standin.functions_sql import FUNCTIONS
from src.standin.functions_tables import APPEND_SQL
from src.standin.history_views import HISTORY_VIEWS

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
-- What an UNLOAD ends in: nothing is ever in it.
CREATE TABLE IF NOT EXISTS standin.unload_end (nothing text);
GRANT INSERT ON standin.unload_end TO PUBLIC;
CREATE SEQUENCE IF NOT EXISTS standin.query_id;
CREATE TABLE IF NOT EXISTS standin.load_error (
    query_id bigint, user_name text, session_id int, transaction_id bigint, database_name text,
    table_id bigint, table_name text, start_time timestamp, file_name text, line_number bigint,
    column_name text, column_type text, column_length text, raw_value text,
    error_code int, error_message text, raw_line text, position int
);
ALTER TABLE standin.load_error ADD COLUMN IF NOT EXISTS raw_line text;
ALTER TABLE standin.load_error ADD COLUMN IF NOT EXISTS position int;
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

-- The rows of a table as the asking transaction sees them; what PostgreSQL remembers of them when
-- another holds the table or it is another's temporary one.
CREATE OR REPLACE FUNCTION standin.row_count(table_id oid) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET lock_timeout = '200ms' AS $fn$
DECLARE
    n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %s', table_id::regclass) INTO n;
    RETURN n;
EXCEPTION WHEN OTHERS THEN
    RETURN (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = table_id);
END $fn$;

-- The column or table that a query names and that is not there: whether an alias is meant, or a
-- column that is navigated.
CREATE OR REPLACE FUNCTION standin.missing_name(query text) RETURNS text
LANGUAGE plpgsql AS $fn$
DECLARE
    said text;
BEGIN
    EXECUTE 'PREPARE standin_probe AS ' || query;
    DEALLOCATE standin_probe;
    RETURN NULL;
EXCEPTION
    WHEN undefined_column THEN
        GET STACKED DIAGNOSTICS said = MESSAGE_TEXT;
        RETURN 'column ' || substring(said FROM '^column "(.+)" does not exist');
    WHEN undefined_table THEN
        GET STACKED DIAGNOSTICS said = MESSAGE_TEXT;
        RETURN 'table ' || substring(said FROM '^missing FROM-clause entry for table "(.+)"');
    WHEN OTHERS THEN
        RETURN NULL;
END $fn$;

-- The names of a query's columns, in order, as a JSON array.
CREATE OR REPLACE FUNCTION standin.names_of(query text) RETURNS text
LANGUAGE plpgsql AS $fn$
DECLARE
    found text;
BEGIN
    EXECUTE format(
        'SELECT json_agg(k ORDER BY i) FROM json_object_keys((SELECT row_to_json(r) FROM '
        '(SELECT s.* FROM (SELECT 1) AS one LEFT JOIN (%s) AS s ON false) AS r)) '
        'WITH ORDINALITY AS keys(k, i)', query) INTO found;
    RETURN found;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
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

-- COPY's STATUPDATE: without it PostgreSQL plans joins of what was just loaded as of anything. A
-- tenth of the usual sample is enough to tell few rows from many, and keys from other columns.
CREATE OR REPLACE FUNCTION standin.update_statistics(target text, always boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET default_statistics_target = 10 AS $fn$
BEGIN
    IF always OR (SELECT c.reltuples <= 0 FROM pg_class AS c WHERE c.oid = target::regclass) THEN
        EXECUTE format('ANALYZE %s', target::regclass);
    END IF;
END $fn$;
"""

# An older catalog: what nobody's own views stand on goes, so that columns and results may change.
DROP_OLD_SQL = """
SET allow_system_table_mods = on;
SET client_min_messages = warning;
DO $do$
DECLARE ours record; dropped int := 1;
BEGIN
    WHILE dropped > 0 LOOP
        dropped := 0;
        FOR ours IN
            SELECT 'VIEW ' || c.oid::regclass AS object FROM pg_class AS c
            WHERE c.relkind = 'v' AND c.oid >= 16384
              AND c.relnamespace IN ('standin'::regnamespace, 'pg_catalog'::regnamespace)
            UNION ALL
            SELECT 'ROUTINE ' || p.oid::regprocedure FROM pg_proc AS p
            WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p')
              AND p.pronamespace IN ('standin'::regnamespace, 'pg_catalog'::regnamespace)
        LOOP
            BEGIN
                EXECUTE 'DROP ' || ours.object;
                dropped := dropped + 1;
            EXCEPTION WHEN dependent_objects_still_exist THEN NULL;
            END;
        END LOOP;
    END LOOP;
END $do$;
"""

_ALL_SQL = (
    "SET allow_system_table_mods = on;\n"
    "SET client_min_messages = warning;\n"
    "SET standard_conforming_strings = on;\n"
    + _TABLES
    + EVENT_TRIGGERS
    + _SUPPORT
    + HISTORY_VIEWS
    + APPEND_SQL
    + VIEWS
    + FUNCTIONS
)

CATALOG_VERSION = zlib.crc32((DROP_OLD_SQL + _ALL_SQL).encode()) & 0x7FFFFFFF
"""A home whose catalog has another number is given this one at its next start."""

INIT_SQL = f"""{_ALL_SQL}
DELETE FROM standin.catalog_version;
INSERT INTO standin.catalog_version VALUES ({CATALOG_VERSION});
"""
"""All of the above, to be run in one transaction."""

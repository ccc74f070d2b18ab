"""The system views of Redshift over PostgreSQL's catalog and the stand-in's memory, and SHOW."""

VIEWS = r"""
CREATE OR REPLACE FUNCTION standin.type_name(type_id oid, modifier int) RETURNS text
LANGUAGE sql STABLE AS $fn$
    SELECT CASE WHEN type_id = 'jsonb'::regtype THEN 'super'
                ELSE format_type(type_id, modifier) END
$fn$;

CREATE OR REPLACE VIEW pg_catalog.stl_load_errors AS
SELECT 100 AS userid, 0 AS slice, table_id::int AS tbl, start_time AS starttime,
       session_id AS session, query_id::int AS query, file_name::char(256) AS filename,
       line_number, column_name::char(127) AS colname, column_type::char(10) AS type,
       column_length::char(10) AS col_length, position,
       left(raw_line, 1024)::char(1024) AS raw_line, raw_value::char(1024) AS raw_field_value,
       error_code AS err_code, left(error_message, 100)::char(100) AS err_reason,
       0 AS is_partial, NULL::bigint AS start_offset
FROM standin.load_error;

CREATE OR REPLACE VIEW pg_catalog.sys_load_error_detail AS
SELECT 100 AS user_id, query_id, transaction_id, session_id, database_name, table_id, start_time,
       file_name, line_number, column_name, column_type, column_length, position,
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
       standin.type_name(a.atttypid, a.atttypmod) AS type,
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
       NULL::numeric AS stats_off, counted.rows::numeric AS tbl_rows,
       NULL::numeric AS skew_sortkey1, NULL::numeric AS skew_rows,
       counted.rows::numeric AS estimated_visible_rows
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN standin.table_declared AS d ON d.relid = c.oid
LEFT JOIN pg_attribute AS k ON k.attrelid = c.oid AND k.attnum = d.distkey
LEFT JOIN pg_attribute AS s ON s.attrelid = c.oid AND s.attnum = d.sortkeys[1]
-- OFFSET keeps it apart: a table is counted once, and not at all where nobody asks for its rows.
LEFT JOIN LATERAL (SELECT standin.row_count(c.oid) AS rows OFFSET 0) AS counted ON true
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'standin')
  AND n.nspname NOT LIKE 'pg\\_%';

CREATE OR REPLACE VIEW standin.declared_foreign_keys AS
SELECT n.nspname AS schemaname, c.relname AS tablename, f.definition
FROM standin.table_declared AS d
JOIN pg_class AS c ON c.oid = d.relid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN unnest(d.foreign_keys) AS f(definition);

CREATE OR REPLACE FUNCTION pg_catalog.pg_get_late_binding_view_cols()
RETURNS TABLE (view_schema name, view_name name, col_name name, col_type varchar, col_num int)
LANGUAGE sql STABLE AS $fn$
    SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)::varchar,
           a.attnum::int
    FROM standin.late_binding_view AS v
    JOIN pg_class AS c ON c.oid = v.relid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
$fn$;

GRANT SELECT ON standin.table_declared, standin.column_declared, standin.late_binding_view,
    standin.load_error, standin.declared_foreign_keys TO PUBLIC;
GRANT SELECT ON pg_catalog.stl_load_errors, pg_catalog.sys_load_error_detail,
    pg_catalog.pg_table_def, pg_catalog.svv_table_info TO PUBLIC;

-- What clients tell Redshift by: the words of its own, with ours behind them.
CREATE OR REPLACE FUNCTION standin.postgresql_version() RETURNS text
LANGUAGE internal STABLE STRICT AS 'pgsql_version';
CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text LANGUAGE sql STABLE STRICT AS $fn$
    SELECT 'PostgreSQL 8.0.2 on x86_64-pc-linux-gnu, compiled by GCC, Redshift 1.0.0 '
           || '(Starlift''s local stand-in; ' || standin.postgresql_version() || ')'
$fn$;

-- The columns of Redshift's own catalog that expressions.py puts these in the place of.
CREATE OR REPLACE FUNCTION standin.att_is_distkey(rel oid, att smallint) RETURNS boolean
LANGUAGE sql STABLE AS $fn$
    SELECT coalesce((SELECT distkey = att FROM standin.table_declared WHERE relid = rel), false)
$fn$;
CREATE OR REPLACE FUNCTION standin.att_sortkey(rel oid, att smallint) RETURNS int
LANGUAGE sql STABLE AS $fn$
    SELECT coalesce((
        SELECT array_position(sortkeys, att) * CASE WHEN sortstyle = 'INTERLEAVED'
               AND array_position(sortkeys, att) % 2 = 0 THEN -1 ELSE 1 END
        FROM standin.table_declared WHERE relid = rel), 0)
$fn$;
-- A number that means something to format_encoding only.
CREATE OR REPLACE FUNCTION standin.encodings() RETURNS text[] LANGUAGE sql IMMUTABLE AS $fn$
    SELECT ARRAY['none', 'raw', 'az64', 'bytedict', 'delta', 'delta32k', 'lzo', 'mostly8',
                 'mostly16', 'mostly32', 'runlength', 'text255', 'text32k', 'zstd']
$fn$;
CREATE OR REPLACE FUNCTION standin.att_encoding(rel oid, att smallint, type_id oid) RETURNS int
LANGUAGE sql STABLE AS $fn$
    SELECT array_position(standin.encodings(), standin.encoding_of(rel, att, type_id))
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.format_encoding(code int) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT (standin.encodings())[code] $$;
CREATE OR REPLACE FUNCTION standin.rel_diststyle(rel oid) RETURNS int
LANGUAGE sql STABLE AS $fn$
    SELECT coalesce((SELECT CASE WHEN distkey IS NOT NULL THEN 1
                                 ELSE CASE diststyle WHEN 'EVEN' THEN 0 WHEN 'ALL' THEN 8 END END
                     FROM standin.table_declared WHERE relid = rel), 9)
$fn$;

-- Columns of late-binding views are told by pg_get_late_binding_view_cols() alone.
CREATE OR REPLACE VIEW standin.pg_attribute AS
SELECT a.* FROM pg_catalog.pg_attribute AS a
WHERE NOT EXISTS (SELECT FROM standin.late_binding_view AS v WHERE v.relid = a.attrelid);
DO $do$
BEGIN
    EXECUTE (
        SELECT 'CREATE OR REPLACE VIEW standin.columns AS SELECT ' || string_agg(
            CASE WHEN attname IN ('data_type', 'udt_name') THEN
                format('CASE WHEN c.udt_name = ''jsonb'' THEN ''super'' ELSE c.%1$s END AS %1$s',
                       attname)
            ELSE 'c.' || attname END, ', ' ORDER BY attnum)
        || ' FROM information_schema.columns AS c WHERE NOT EXISTS ('
           'SELECT FROM standin.late_binding_view AS v JOIN pg_class AS r ON r.oid = v.relid '
           'JOIN pg_namespace AS n ON n.oid = r.relnamespace '
           'WHERE r.relname = c.table_name AND n.nspname = c.table_schema)'
        FROM pg_attribute WHERE attrelid = 'information_schema.columns'::regclass AND attnum > 0);
END $do$;

CREATE OR REPLACE VIEW standin.relations AS
SELECT c.oid, n.nspname::text AS schema_name, c.relname::text AS table_name, c.relkind,
       c.relacl::text AS acl, pg_get_userbyid(c.relowner)::text AS owner,
       obj_description(c.oid, 'pg_class') AS remarks
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname <> 'standin'
  AND n.nspname NOT LIKE 'pg\_toast%';

CREATE OR REPLACE VIEW standin.column_list AS
SELECT r.oid, r.schema_name, r.table_name, r.relkind, a.attname::text AS column_name,
       a.attnum::int AS ordinal_position, pg_get_expr(d.adbin, d.adrelid) AS column_default,
       CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END AS is_nullable,
       split_part(standin.type_name(a.atttypid, a.atttypmod), '(', 1) AS data_type,
       CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4
            THEN a.atttypmod - 4 END AS character_maximum_length,
       CASE a.atttypid WHEN 'int2'::regtype THEN 16 WHEN 'int4'::regtype THEN 32
            WHEN 'int8'::regtype THEN 64
            WHEN 'numeric'::regtype THEN ((a.atttypmod - 4) >> 16) & 65535 END
            AS numeric_precision,
       CASE WHEN a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN 0
            WHEN a.atttypid = 'numeric'::regtype THEN (a.atttypmod - 4) & 2047 END
            AS numeric_scale,
       col_description(r.oid, a.attnum) AS remarks, a.attnum, a.atttypid, a.atttypmod,
       a.attidentity::text AS identity
FROM standin.relations AS r
JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef AS d ON d.adrelid = r.oid AND d.adnum = a.attnum;

CREATE OR REPLACE VIEW pg_catalog.svv_tables AS
SELECT current_database()::text AS table_catalog, schema_name AS table_schema, table_name,
       CASE WHEN relkind IN ('v', 'm') THEN 'VIEW'
            WHEN schema_name LIKE 'pg\_temp%' THEN 'LOCAL TEMPORARY' ELSE 'BASE TABLE' END
            AS table_type,
       remarks
FROM standin.relations;

CREATE OR REPLACE VIEW pg_catalog.svv_columns AS
SELECT current_database()::text AS table_catalog, schema_name AS table_schema, table_name,
       column_name, ordinal_position, column_default, is_nullable, data_type,
       character_maximum_length, numeric_precision, NULL::int AS numeric_precision_radix,
       numeric_scale, NULL::int AS datetime_precision, NULL::text AS interval_type,
       NULL::text AS interval_precision, NULL::text AS character_set_catalog,
       NULL::text AS character_set_schema, NULL::text AS character_set_name,
       NULL::text AS collation_catalog, NULL::text AS collation_schema,
       NULL::text AS collation_name, NULL::text AS domain_name, remarks
FROM standin.column_list;

CREATE OR REPLACE VIEW pg_catalog.svv_redshift_tables AS
SELECT current_database()::text AS database_name, schema_name, table_name,
       CASE WHEN relkind IN ('v', 'm') THEN 'VIEW' ELSE 'TABLE' END AS table_type,
       acl AS table_acl, remarks, owner AS table_owner
FROM standin.relations;

CREATE OR REPLACE VIEW pg_catalog.svv_all_tables AS
SELECT database_name, schema_name, table_name, table_acl, table_type, remarks
FROM pg_catalog.svv_redshift_tables;

CREATE OR REPLACE VIEW pg_catalog.svv_redshift_columns AS
SELECT current_database()::text AS database_name, schema_name, table_name, column_name,
       ordinal_position,
       standin.type_name(atttypid, atttypmod) AS data_type, column_default, is_nullable,
       standin.encoding_of(oid, attnum, atttypid) AS encoding,
       coalesce((SELECT distkey = attnum FROM standin.table_declared AS d WHERE d.relid = l.oid),
                false) AS distkey,
       coalesce((SELECT array_position(sortkeys, attnum) FROM standin.table_declared AS d
                 WHERE d.relid = l.oid), 0) AS sortkey,
       NULL::text AS column_acl, remarks
FROM standin.column_list AS l;

CREATE OR REPLACE VIEW pg_catalog.svv_all_columns AS
SELECT current_database()::text AS database_name, schema_name, table_name, column_name,
       ordinal_position, column_default, is_nullable, data_type, character_maximum_length,
       numeric_precision, numeric_scale, remarks
FROM standin.column_list;

CREATE OR REPLACE VIEW pg_catalog.svv_redshift_schemas AS
SELECT current_database()::text AS database_name, nspname::text AS schema_name,
       nspowner::int AS schema_owner, 'local'::text AS schema_type, nspacl::text AS schema_acl,
       NULL::text AS schema_option
FROM pg_namespace WHERE nspname NOT LIKE 'pg\_t%' AND nspname <> 'standin';
CREATE OR REPLACE VIEW pg_catalog.svv_all_schemas AS
SELECT database_name, schema_name, schema_owner, schema_type, schema_acl,
       NULL::text AS source_database, schema_option
FROM pg_catalog.svv_redshift_schemas;
CREATE OR REPLACE VIEW pg_catalog.svv_redshift_databases AS
SELECT datname::text AS database_name, datdba::int AS database_owner,
       'local'::text AS database_type, datacl::text AS database_acl, NULL::text AS database_options,
       'Snapshot Isolation'::text AS database_isolation_level
FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres';

-- There are no external tables here, and none are shown.
CREATE OR REPLACE VIEW pg_catalog.svv_external_schemas AS
SELECT NULL::int AS esoid, NULL::int AS eskind, NULL::text AS schemaname, NULL::int AS esowner,
       NULL::text AS databasename, NULL::text AS esoptions WHERE false;
CREATE OR REPLACE VIEW pg_catalog.svv_external_databases AS
SELECT NULL::int AS eskind, NULL::text AS esoptions, NULL::text AS databasename,
       NULL::text AS location, NULL::text AS parameters WHERE false;
CREATE OR REPLACE VIEW pg_catalog.svv_external_tables AS
SELECT NULL::text AS redshift_database_name, NULL::text AS schemaname, NULL::text AS tablename,
       NULL::text AS tabletype, NULL::text AS location, NULL::text AS input_format,
       NULL::text AS output_format, NULL::text AS serialization_lib,
       NULL::text AS serde_parameters, NULL::int AS compressed, NULL::text AS parameters
WHERE false;
CREATE OR REPLACE VIEW pg_catalog.svv_external_columns AS
SELECT NULL::text AS redshift_database_name, NULL::text AS schemaname, NULL::text AS tablename,
       NULL::text AS columnname, NULL::text AS external_type, NULL::int AS columnnum,
       NULL::int AS part_key, NULL::text AS is_nullable WHERE false;
CREATE OR REPLACE VIEW pg_catalog.svv_external_partitions AS
SELECT NULL::text AS schemaname, NULL::text AS tablename, NULL::text AS "values",
       NULL::text AS location, NULL::text AS parameters WHERE false;

CREATE OR REPLACE VIEW pg_catalog.stv_sessions AS
SELECT backend_start::timestamp AS starttime, pid AS process, usename::char(50) AS user_name,
       datname::char(50) AS db_name, 0 AS timeout_sec
FROM pg_stat_activity WHERE usename IS NOT NULL AND usename NOT LIKE 'standin%';

CREATE OR REPLACE VIEW pg_catalog.svl_user_info AS
SELECT usename, usesysid, usecreatedb, usesuper FROM pg_user WHERE usename NOT LIKE 'standin%';
CREATE OR REPLACE VIEW pg_catalog.svv_user_info AS
SELECT usename AS user_name, usesysid AS user_id, usecreatedb AS createdb, usesuper AS superuser
FROM pg_user WHERE usename NOT LIKE 'standin%';

-- SHOW: the names of columns are those of Redshift's documentation.
CREATE OR REPLACE FUNCTION standin.show_databases()
RETURNS TABLE (database_name text, database_owner int, database_type text, database_acl text,
               parameters text, database_isolation_level text)
LANGUAGE sql STABLE AS $fn$
    SELECT database_name, database_owner, database_type, database_acl, database_options,
           database_isolation_level
    FROM pg_catalog.svv_redshift_databases ORDER BY 1
$fn$;
CREATE OR REPLACE FUNCTION standin.show_schemas()
RETURNS TABLE (database_name text, schema_name text, schema_owner int, schema_type text,
               schema_acl text, source_database text, schema_option text)
LANGUAGE sql STABLE AS $fn$
    SELECT database_name, schema_name, schema_owner, schema_type, schema_acl, source_database,
           schema_option
    FROM pg_catalog.svv_all_schemas ORDER BY 2
$fn$;
CREATE OR REPLACE FUNCTION standin.show_tables(wanted text)
RETURNS TABLE (database_name text, schema_name text, table_name text, table_type text,
               table_acl text, remarks text)
LANGUAGE sql STABLE AS $fn$
    SELECT database_name, schema_name, table_name, table_type, table_acl, remarks
    FROM pg_catalog.svv_all_tables WHERE schema_name = wanted ORDER BY 3
$fn$;
CREATE OR REPLACE FUNCTION standin.show_columns(wanted text)
RETURNS TABLE (database_name text, schema_name text, table_name text, column_name text,
               ordinal_position int, column_default text, is_nullable text, data_type text,
               character_maximum_length int, numeric_precision int, numeric_scale int,
               remarks text)
LANGUAGE sql STABLE AS $fn$
    SELECT current_database()::text, schema_name, table_name, column_name, ordinal_position,
           column_default, is_nullable, data_type, character_maximum_length, numeric_precision,
           numeric_scale, remarks
    FROM standin.column_list WHERE oid = wanted::regclass ORDER BY ordinal_position
$fn$;

CREATE OR REPLACE FUNCTION standin.name_of(rel oid, att smallint) RETURNS text
LANGUAGE sql STABLE AS $fn$
    SELECT attname::text FROM pg_attribute WHERE attrelid = rel AND attnum = att
$fn$;
CREATE OR REPLACE FUNCTION standin.show_table(wanted text)
RETURNS TABLE ("Show Table DDL statement" text)
LANGUAGE sql STABLE AS $fn$
    SELECT format(E'CREATE TABLE %I.%I (\n%s\n)%s;', r.schema_name, r.table_name, (
        SELECT string_agg(line, E',\n' ORDER BY part, at) FROM (
            SELECT 1 AS part, attnum::int AS at,
                   format('    %I %s', column_name, standin.type_name(atttypid, atttypmod))
                   || CASE WHEN is_nullable = 'NO' THEN ' NOT NULL' ELSE '' END
                   || CASE WHEN identity <> '' THEN format(' %s IDENTITY(%s,%s)',
                           CASE identity WHEN 'a' THEN '' ELSE 'GENERATED BY DEFAULT AS' END,
                           s.seqstart, s.seqincrement)
                      WHEN column_default IS NOT NULL THEN ' DEFAULT ' || column_default
                      ELSE '' END
                   || ' ENCODE ' || standin.encoding_of(l.oid, attnum, atttypid) AS line
            FROM standin.column_list AS l
            LEFT JOIN pg_sequence AS s
              ON s.seqrelid = pg_get_serial_sequence(wanted, column_name)::regclass
            WHERE l.oid = r.oid
            UNION ALL
            SELECT 2, row_number() OVER (ORDER BY contype, conname)::int,
                   '    ' || pg_get_constraintdef(oid)
            FROM pg_constraint WHERE conrelid = r.oid AND contype IN ('p', 'u')
            UNION ALL
            SELECT 3, i::int, '    ' || f FROM standin.table_declared AS d,
                unnest(d.foreign_keys) WITH ORDINALITY AS u(f, i) WHERE d.relid = r.oid
        ) AS lines),
        coalesce((
            SELECT CASE WHEN d.distkey IS NOT NULL THEN E'\nDISTSTYLE KEY\nDISTKEY ( '
                             || quote_ident(standin.name_of(r.oid, d.distkey)) || ' )'
                        ELSE E'\nDISTSTYLE ' || coalesce(d.diststyle, 'AUTO') END
                   || CASE WHEN cardinality(d.sortkeys) > 0 THEN format(E'\n%sSORTKEY ( %s )',
                           CASE d.sortstyle WHEN 'INTERLEAVED' THEN 'INTERLEAVED ' ELSE '' END,
                           (SELECT string_agg(quote_ident(standin.name_of(r.oid, k)), ', '
                                              ORDER BY i)
                            FROM unnest(d.sortkeys) WITH ORDINALITY AS u(k, i)))
                      WHEN d.sortstyle = 'AUTO' THEN E'\nSORTKEY AUTO' ELSE '' END
            FROM standin.table_declared AS d WHERE d.relid = r.oid), E'\nDISTSTYLE AUTO'))
    FROM standin.relations AS r
    WHERE r.oid = wanted::regclass AND r.relkind IN ('r', 'p')
$fn$;
CREATE OR REPLACE FUNCTION standin.show_view(wanted text)
RETURNS TABLE ("Show View DDL statement" text)
LANGUAGE sql STABLE AS $fn$
    SELECT CASE WHEN l.body IS NOT NULL
        THEN format(E'CREATE OR REPLACE VIEW %I.%I AS %s\nWITH NO SCHEMA BINDING;',
                    r.schema_name, r.table_name, l.body)
        ELSE format(E'CREATE %sVIEW %I.%I AS%s',
                    CASE r.relkind WHEN 'm' THEN 'MATERIALIZED ' ELSE 'OR REPLACE ' END,
                    r.schema_name, r.table_name, E'\n' || pg_get_viewdef(r.oid)) END
    FROM standin.relations AS r LEFT JOIN standin.late_binding_view AS l ON l.relid = r.oid
    WHERE r.oid = wanted::regclass AND r.relkind IN ('v', 'm')
$fn$;

GRANT SELECT ON ALL TABLES IN SCHEMA standin TO PUBLIC;
REVOKE ALL ON standin.catalog_version FROM PUBLIC;
DO $do$
DECLARE
    v text;
BEGIN
    FOR v IN SELECT viewname FROM pg_views WHERE schemaname = 'pg_catalog'
             AND viewname ~ '^(svv|svl|stv|stl|sys)_' LOOP
        EXECUTE format('GRANT SELECT ON pg_catalog.%I TO PUBLIC', v);
    END LOOP;
END $do$;
"""
"""SQL that makes them; it can be repeated."""

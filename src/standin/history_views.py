"""The system views over what was run: queries, loads and unloads, sessions and locks.

Columns that mean Redshift's own machinery (slices, queues, result cache) are 0, null or the one
value that is true here.
"""

HISTORY_VIEWS = r"""
CREATE TABLE IF NOT EXISTS standin.statement (
    query bigint, user_name text, database_name text, pid int, label text, started timestamp,
    ended timestamp, tag text, state text, message text, text text
);
CREATE OR REPLACE FUNCTION standin.kind_of(statement text) RETURNS text
LANGUAGE sql IMMUTABLE AS $fn$
    SELECT CASE WHEN w IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'COPY', 'UNLOAD', 'MERGE')
                THEN w WHEN w = 'WITH' THEN 'SELECT'
                WHEN w IN ('CREATE', 'ALTER', 'DROP', 'TRUNCATE') THEN 'DDL'
                ELSE 'UTILITY' END
    FROM (SELECT upper(substring(statement FROM '[A-Za-z]+'))) AS s(w)
$fn$;
CREATE OR REPLACE VIEW standin.ran AS
SELECT s.*, standin.kind_of(s.text) AS kind, coalesce(u.usesysid::int, 0) AS userid,
       (extract(epoch FROM s.ended - s.started) * 1000000)::bigint AS microseconds,
       coalesce(nullif(s.label, ''), 'default') AS query_label
FROM standin.statement AS s LEFT JOIN pg_user AS u ON u.usename = s.user_name
WHERE s.user_name = session_user OR session_user IN ('awsuser', 'standin_admin');

CREATE OR REPLACE VIEW pg_catalog.stl_query AS
SELECT userid, query::int AS query, query_label::char(320) AS label, query AS xid, pid,
       database_name::char(32) AS database, left(text, 4000)::char(4000) AS querytxt,
       started AS starttime, ended AS endtime, (state <> '')::int AS aborted,
       0 AS insert_pristine, 0 AS concurrency_scaling_status
FROM standin.ran WHERE kind NOT IN ('DDL', 'UTILITY');
CREATE OR REPLACE VIEW pg_catalog.stl_querytext AS
SELECT userid, query AS xid, pid, query::int AS query, n AS sequence,
       substr(text, n * 200 + 1, 200)::char(200) AS text
FROM standin.ran, generate_series(0, (length(text) - 1) / 200) AS n
WHERE kind NOT IN ('DDL', 'UTILITY');
CREATE OR REPLACE VIEW pg_catalog.svl_statementtext AS
SELECT userid, query AS xid, pid, query_label::char(320) AS label, started AS starttime,
       ended AS endtime, n AS sequence,
       CASE WHEN kind IN ('DDL', 'UTILITY') THEN kind ELSE 'QUERY' END::varchar(10) AS type,
       substr(text, n * 200 + 1, 200)::char(200) AS text
FROM standin.ran, generate_series(0, (length(text) - 1) / 200) AS n;
CREATE OR REPLACE VIEW pg_catalog.stl_ddltext AS
SELECT userid, xid, pid, label, starttime, endtime, sequence, text
FROM pg_catalog.svl_statementtext WHERE type = 'DDL';
CREATE OR REPLACE VIEW pg_catalog.stl_utilitytext AS
SELECT userid, xid, pid, label, starttime, endtime, sequence, text
FROM pg_catalog.svl_statementtext WHERE type = 'UTILITY';
CREATE OR REPLACE VIEW pg_catalog.svl_qlog AS
SELECT userid, query::int AS query, query AS xid, pid, started AS starttime, ended AS endtime,
       microseconds AS elapsed, (state <> '')::int AS aborted, query_label::char(320) AS label,
       left(text, 60)::char(60) AS "substring", NULL::int AS source_query,
       'Main'::text AS concurrency_scaling_status_txt, 0 AS from_sp_call
FROM standin.ran WHERE kind NOT IN ('DDL', 'UTILITY');
CREATE OR REPLACE VIEW pg_catalog.stl_error AS
SELECT userid, 'standin'::char(12) AS process, ended AS recordtime, pid, 0 AS errcode,
       NULL::char(90) AS file, NULL::int AS linenum, state::char(100) AS context,
       left(message, 512)::char(512) AS error
FROM standin.ran WHERE state <> '';
CREATE OR REPLACE VIEW pg_catalog.sys_query_history AS
SELECT userid AS user_id, query AS query_id, query_label::char(320) AS query_label,
       query AS transaction_id, pid AS session_id, database_name::char(128) AS database_name,
       kind::varchar(32) AS query_type,
       CASE WHEN state = '' THEN 'success' ELSE 'failed' END::char(10) AS status,
       false AS result_cache_hit, started AS start_time, ended AS end_time,
       microseconds AS elapsed_time, 0::bigint AS queue_time, microseconds AS execution_time,
       message::char(512) AS error_message,
       CASE WHEN tag LIKE 'SELECT %' THEN split_part(tag, ' ', 2)::bigint END AS returned_rows,
       NULL::bigint AS returned_bytes, left(text, 4000)::char(4000) AS query_text,
       NULL::char(256) AS redshift_version, NULL::char(150) AS usage_limit,
       'primary'::varchar(18) AS compute_type, 0::bigint AS compile_time,
       0::bigint AS planning_time, 0::bigint AS lock_wait_time
FROM standin.ran;
CREATE OR REPLACE VIEW pg_catalog.sys_query_text AS
SELECT userid AS user_id, query AS query_id, query AS transaction_id, pid AS session_id,
       started AS start_time, n AS sequence, substr(text, n * 200 + 1, 200)::char(200) AS text
FROM standin.ran, generate_series(0, (length(text) - 1) / 200) AS n;
CREATE OR REPLACE VIEW pg_catalog.sys_load_history AS
SELECT userid AS user_id, query AS query_id, query AS transaction_id, pid AS session_id,
       database_name, CASE WHEN state = '' THEN 'completed' ELSE 'aborted' END::text AS status,
       substring(text FROM '(?i)^\s*copy\s+(\S+)') AS table_name, started AS start_time,
       ended AS end_time, microseconds AS duration, NULL::text AS file_format,
       CASE WHEN tag <> '' THEN split_part(tag, ' ', 2)::bigint END AS loaded_rows,
       NULL::bigint AS loaded_bytes, NULL::int AS source_file_count,
       NULL::bigint AS source_file_bytes, NULL::int AS file_count_scanned,
       NULL::bigint AS file_bytes_scanned,
       (SELECT count(*) FROM standin.load_error AS e WHERE e.query_id = ran.query) AS error_count,
       substring(text FROM '(?i)from\s+''([^'']*)''') AS data_source
FROM standin.ran WHERE kind = 'COPY';
-- One line a COPY: which of its files brought which rows is not kept.
CREATE OR REPLACE VIEW pg_catalog.stl_load_commits AS
SELECT user_id AS userid, query_id::int AS query, 0 AS slice, table_name::char(256) AS name,
       data_source::char(256) AS filename, 0 AS byte_offset, loaded_rows::int AS lines_scanned,
       error_count::int AS errors, end_time AS curtime, 1 AS status,
       file_format::char(32) AS file_format, 0 AS is_partial, 0::bigint AS start_offset
FROM pg_catalog.sys_load_history WHERE status = 'completed';
CREATE OR REPLACE VIEW pg_catalog.sys_unload_history AS
SELECT userid AS user_id, query AS query_id, query AS transaction_id, pid AS session_id,
       database_name, CASE WHEN state = '' THEN 'completed' ELSE 'aborted' END::text AS status,
       started AS start_time, ended AS end_time, microseconds AS duration,
       CASE WHEN tag <> '' THEN nullif(split_part(tag, ' ', 2), '')::bigint END AS unloaded_rows,
       substring(text FROM '(?i)to\s+''(s3:[^'']*)''') AS data_destination
FROM standin.ran WHERE kind = 'UNLOAD';
CREATE OR REPLACE VIEW pg_catalog.stl_unload_log AS
SELECT user_id AS userid, query_id::int AS query, 0 AS slice, session_id AS pid,
       data_destination::char(1280) AS path, start_time, end_time, unloaded_rows AS line_count,
       NULL::bigint AS transfer_size
FROM pg_catalog.sys_unload_history WHERE status = 'completed';

CREATE OR REPLACE FUNCTION standin.last_of(wanted text) RETURNS TABLE (query int, rows bigint)
LANGUAGE sql STABLE AS $fn$
    SELECT query::int, nullif(substring(tag FROM '[0-9]+$'), '')::bigint FROM standin.ran
    WHERE pid = pg_backend_pid() AND state = '' AND kind LIKE wanted
      AND (wanted <> '%' OR kind NOT IN ('DDL', 'UTILITY'))
    ORDER BY standin.ran.query DESC LIMIT 1
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_query_id() RETURNS int
LANGUAGE sql STABLE AS $$ SELECT coalesce((SELECT query FROM standin.last_of('%')), -1) $$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_copy_id() RETURNS int
LANGUAGE sql STABLE AS $$ SELECT coalesce((SELECT query FROM standin.last_of('COPY')), -1) $$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_copy_count() RETURNS bigint
LANGUAGE sql STABLE AS $$ SELECT coalesce((SELECT rows FROM standin.last_of('COPY')), 0) $$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_unload_id() RETURNS int
LANGUAGE sql STABLE AS $$ SELECT coalesce((SELECT query FROM standin.last_of('UNLOAD')), -1) $$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_unload_count() RETURNS bigint
LANGUAGE sql STABLE AS $$ SELECT coalesce((SELECT rows FROM standin.last_of('UNLOAD')), 0) $$;

-- What is going on now.
CREATE OR REPLACE VIEW pg_catalog.stv_recents AS
SELECT coalesce(u.usesysid::int, 0) AS userid,
       CASE WHEN a.state = 'active' THEN 'Running' ELSE 'Done' END::char(20) AS status,
       a.query_start::timestamp AS starttime,
       (extract(epoch FROM clock_timestamp() - a.query_start) * 1000000)::bigint AS duration,
       a.usename::char(50) AS user_name, a.datname::char(50) AS db_name,
       left(a.query, 600)::char(600) AS query, a.pid
FROM pg_stat_activity AS a LEFT JOIN pg_user AS u USING (usename)
WHERE a.usename IS NOT NULL AND a.usename NOT LIKE 'standin%' AND a.query <> '';
CREATE OR REPLACE VIEW pg_catalog.stv_inflight AS
SELECT userid, 0 AS slice, 0 AS query, 'default'::char(320) AS label, 0::bigint AS xid, pid,
       starttime, left(query, 100)::char(100) AS text, 0 AS suspended, 0 AS insert_pristine,
       0 AS concurrency_scaling_status
FROM pg_catalog.stv_recents WHERE status = 'Running';
CREATE OR REPLACE VIEW pg_catalog.stv_slices AS
SELECT 0 AS node, 0 AS slice, 0 AS localslice, 'D'::char(1) AS type;
CREATE OR REPLACE VIEW pg_catalog.stv_tbl_perm AS
SELECT 0 AS slice, c.oid::int AS id, c.relname::char(72) AS name,
       counted.rows, counted.rows AS sorted_rows,
       (n.nspname LIKE 'pg\_temp%')::int AS temp, d.oid::int AS db_id, 1 AS backup
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_database AS d ON d.datname = current_database()
LEFT JOIN LATERAL (SELECT standin.row_count(c.oid) AS rows OFFSET 0) AS counted ON true
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'standin');
CREATE OR REPLACE VIEW pg_catalog.svv_transactions AS
SELECT a.usename::text AS txn_owner, a.datname::text AS txn_db,
       coalesce(a.backend_xid::text::bigint, 0) AS xid, a.pid, a.xact_start::timestamp AS txn_start,
       l.mode::text AS lock_mode, l.locktype::text AS lockable_object_type,
       l.relation::int AS relation, l.granted
FROM pg_stat_activity AS a JOIN pg_locks AS l USING (pid)
WHERE a.usename NOT LIKE 'standin%' AND a.xact_start IS NOT NULL;
CREATE OR REPLACE VIEW pg_catalog.stv_locks AS
SELECT l.relation::int AS table_id, NULL::timestamp AS last_commit, NULL::timestamp AS last_update,
       coalesce(u.usesysid::int, 0) AS lock_owner, l.pid AS lock_owner_pid,
       a.xact_start::timestamp AS lock_owner_start_ts, NULL::timestamp AS lock_owner_end_ts,
       'Holding ' || l.mode AS lock_status
FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
LEFT JOIN pg_user AS u USING (usename)
JOIN pg_class AS c ON c.oid = l.relation AND c.relkind = 'r'
JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname <> 'pg_catalog'
WHERE l.locktype = 'relation' AND l.granted AND a.usename NOT LIKE 'standin%';

CREATE OR REPLACE VIEW pg_catalog.svv_roles AS
SELECT oid::int AS role_id, rolname::text AS role_name, 'awsuser'::text AS role_owner,
       NULL::text AS external_id
FROM pg_roles WHERE NOT rolcanlogin AND rolname !~ '^(pg_|standin)';
CREATE OR REPLACE VIEW pg_catalog.svv_user_grants AS
SELECT u.oid::int AS user_id, u.rolname::text AS user_name, r.oid::int AS role_id,
       r.rolname::text AS role_name, m.admin_option
FROM pg_auth_members AS m JOIN pg_roles AS r ON r.oid = m.roleid
JOIN pg_roles AS u ON u.oid = m.member
WHERE u.rolcanlogin AND r.rolname !~ '^(pg_|standin)' AND u.rolname NOT LIKE 'standin%';
CREATE OR REPLACE VIEW pg_catalog.svv_role_grants AS
SELECT u.oid::int AS role_id, u.rolname::text AS role_name, r.oid::int AS granted_role_id,
       r.rolname::text AS granted_role_name
FROM pg_auth_members AS m JOIN pg_roles AS r ON r.oid = m.roleid
JOIN pg_roles AS u ON u.oid = m.member
WHERE NOT u.rolcanlogin AND r.rolname !~ '^(pg_|standin)';
CREATE OR REPLACE VIEW pg_catalog.svv_relation_privileges AS
SELECT n.nspname::text AS namespace_name, c.relname::text AS relation_name,
       p.privilege_type::text AS privilege_type, p.grantee::int AS identity_id,
       CASE p.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(p.grantee)::text END
           AS identity_name,
       CASE WHEN p.grantee = 0 THEN 'public' WHEN r.rolcanlogin THEN 'user' ELSE 'role' END
           AS identity_type,
       p.is_grantable AS admin_option
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL aclexplode(c.relacl) AS p LEFT JOIN pg_roles AS r ON r.oid = p.grantee
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'standin') AND c.relkind IN ('r', 'v');
CREATE OR REPLACE VIEW pg_catalog.svv_schema_privileges AS
SELECT n.nspname::text AS namespace_name, p.privilege_type::text AS privilege_type,
       p.grantee::int AS identity_id,
       CASE p.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(p.grantee)::text END
           AS identity_name,
       CASE WHEN p.grantee = 0 THEN 'public' WHEN r.rolcanlogin THEN 'user' ELSE 'role' END
           AS identity_type,
       p.is_grantable AS admin_option
FROM pg_namespace AS n CROSS JOIN LATERAL aclexplode(n.nspacl) AS p
LEFT JOIN pg_roles AS r ON r.oid = p.grantee
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'standin');
CREATE OR REPLACE VIEW pg_catalog.svv_redshift_functions AS
SELECT current_database()::text AS database_name, n.nspname::text AS schema_name,
       p.proname::text AS function_name,
       CASE p.prokind WHEN 'p' THEN 'STORED PROCEDURE' ELSE 'REGULAR FUNCTION' END
           AS function_type,
       pg_get_function_arguments(p.oid) AS argument_type,
       pg_get_function_result(p.oid) AS result_type
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'standin');
CREATE OR REPLACE VIEW pg_catalog.svv_mv_info AS
SELECT current_database()::char(128) AS database_name, schemaname::char(128) AS schema_name,
       pg_get_userbyid(c.relowner)::char(128) AS user_name, matviewname::char(128) AS name,
       'f'::char(1) AS is_stale, 0 AS state, 'f'::char(1) AS autorewrite,
       'f'::char(1) AS autorefresh
FROM pg_matviews AS m JOIN pg_class AS c ON c.relname = m.matviewname
JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = m.schemaname;
CREATE OR REPLACE VIEW pg_catalog.stv_mv_info AS
SELECT database_name AS db_name, schema_name AS schema, name, 0::bigint AS updated_upto_xid,
       is_stale, user_name AS owner_user_name, state, autorewrite, autorefresh
FROM pg_catalog.svv_mv_info;
"""
"""SQL that makes them; it can be repeated."""

CREATE TABLE sales (id int NOT NULL, note varchar(20), amount decimal(8, 2)) DISTKEY (id) SORTKEY (id);
CREATE VIEW sales_v AS SELECT id FROM sales;
SELECT table_name, table_type FROM svv_tables WHERE table_schema = 'ex_catalog' ORDER BY 1;
> sales | BASE TABLE
> sales_v | VIEW
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'ex_catalog' ORDER BY 1;
> sales | BASE TABLE
> sales_v | VIEW
SELECT column_name, ordinal_position, data_type, is_nullable FROM svv_columns WHERE table_schema = 'ex_catalog' AND table_name = 'sales' ORDER BY 2;
> id | 1 | integer | NO
> note | 2 | character varying | YES
> amount | 3 | numeric | YES
SELECT column_name, data_type, distkey, sortkey FROM svv_redshift_columns WHERE schema_name = 'ex_catalog' AND table_name = 'sales' ORDER BY ordinal_position;
> id | integer | t | 1
> note | character varying(20) | f | 0
> amount | numeric(8,2) | f | 0
SELECT schema_name, table_name, table_type FROM svv_all_tables WHERE schema_name = 'ex_catalog' ORDER BY 2;
> ex_catalog | sales | TABLE
> ex_catalog | sales_v | VIEW
SELECT COUNT(*) FROM svv_all_columns WHERE schema_name = 'ex_catalog';
> 4
SELECT "schema", "table", diststyle, sortkey1, sortkey_num FROM svv_table_info WHERE "schema" = 'ex_catalog';
> ex_catalog | sales | KEY(id) | id | 1
SELECT schema_name, schema_type FROM svv_all_schemas WHERE schema_name = 'ex_catalog';
> ex_catalog | local
SELECT database_name FROM svv_redshift_databases WHERE database_name = 'dev';
> dev
SELECT COUNT(*) FROM svv_external_tables;
> 0
SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'ex_catalog';
> ex_catalog | sales
SELECT viewname FROM pg_views WHERE schemaname = 'ex_catalog';
> sales_v
SELECT COUNT(*) FROM stv_sessions WHERE process = PG_BACKEND_PID();
> 1
SELECT CURRENT_DATABASE(), CURRENT_SCHEMA(), CURRENT_USER;
> dev | ex_catalog | awsuser
SELECT VERSION() LIKE 'PostgreSQL%';
> t
SHOW search_path;
> ex_catalog
SHOW query_group;
> unset
SET query_group TO 'reports';
SHOW query_group;
> reports
SELECT CURRENT_SETTING('query_group');
> reports
SELECT COUNT(*) FROM sales;
> 0
SELECT TRIM(label), TRIM(querytxt), aborted FROM stl_query WHERE querytxt LIKE 'SELECT COUNT(*) FROM sales%' AND label = 'reports' AND pid = PG_BACKEND_PID();
> reports | SELECT COUNT(*) FROM sales | 0
RESET query_group;
SELECT 1 / 0;
! division by zero
SELECT TRIM(status), TRIM(error_message) FROM sys_query_history WHERE query_text = 'SELECT 1 / 0' AND session_id = PG_BACKEND_PID() ORDER BY query_id DESC LIMIT 1;
> failed | division by zero
SELECT TRIM(text) FROM stl_querytext WHERE query = PG_LAST_QUERY_ID() AND sequence = 0;
> SELECT TRIM(status), TRIM(error_message) FROM sys_query_history WHERE query_text = 'SELECT 1 / 0' AND session_id = PG_BACKEND_PID() ORDER BY query_id DESC LIMIT 1
SELECT COUNT(*) > 0 FROM svl_qlog WHERE "substring" LIKE 'SELECT COUNT%' AND pid = PG_BACKEND_PID();
> t
SELECT TRIM(type) FROM svl_statementtext WHERE text LIKE 'CREATE VIEW sales_v%' AND pid = PG_BACKEND_PID();
> DDL
SELECT COUNT(*) FROM stl_ddltext WHERE text LIKE 'CREATE TABLE sales (%' AND pid = PG_BACKEND_PID();
> 1
SELECT COUNT(*) > 0 FROM stl_utilitytext WHERE text LIKE 'SET query_group%' AND pid = PG_BACKEND_PID();
> t
SELECT COUNT(*) FROM stl_error WHERE pid = PG_BACKEND_PID() AND error LIKE 'division%';
> 1
SELECT COUNT(*) FROM stl_load_errors WHERE 1 = 0;
> 0
SELECT TRIM(status) FROM stv_recents WHERE pid = PG_BACKEND_PID();
> Running
SELECT COUNT(*) > 0 FROM svv_transactions WHERE pid = PG_BACKEND_PID();
> t
SELECT COUNT(*) FROM stv_slices;
> 1
SHOW enable_result_cache_for_session;
> on
SET enable_result_cache_for_session TO off;
SHOW enable_result_cache_for_session;
> off
SET statement_timeout TO 60000;
SHOW statement_timeout;
> 1min
SET timezone TO 'America/New_York';
SELECT TIMESTAMPTZ '2024-01-01 12:00:00+00';
> 2024-01-01 07:00:00-05
RESET timezone;
SELECT 1 FROM db_elsewhere.public.x;
! cross-database
SHOW TABLES FROM SCHEMA dev.ex_catalog LIKE 'sales\\_%';
> dev | ex_catalog | sales_v | VIEW | NULL | NULL
EXPLAIN SELECT 1;
> Result  (cost=0.00..0.01 rows=1 width=4)
CREATE TABLE counted (a int);
INSERT INTO counted VALUES (1), (2), (3);
SELECT tbl_rows, estimated_visible_rows FROM svv_table_info WHERE "table" = 'counted';
> 3 | 3
SELECT COUNT(*) FROM stl_alert_event_log;
~ no system view stl_alert_event_log

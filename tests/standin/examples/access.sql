CREATE USER ex_reader PASSWORD 'Abc-12345' CREATEDB NOCREATEUSER SYSLOG ACCESS RESTRICTED SESSION TIMEOUT 120 CONNECTION LIMIT UNLIMITED VALID UNTIL '2035-01-01';
CREATE USER ex_boss WITH PASSWORD DISABLE CREATEUSER;
CREATE GROUP ex_group WITH USER ex_reader;
CREATE ROLE ex_role;
CREATE ROLE ex_inner;
ALTER USER ex_reader SESSION TIMEOUT 300;
ALTER USER ex_reader RESET SESSION TIMEOUT;
ALTER GROUP ex_group ADD USER ex_boss;
SELECT usename, usecreatedb FROM pg_user WHERE usename LIKE 'ex\\_%' ORDER BY 1;
> ex_boss | t
> ex_reader | t
SELECT groname FROM pg_group WHERE groname = 'ex_group';
> ex_group
SELECT TRIM(text) FROM stl_ddltext WHERE text LIKE 'CREATE USER ex_boss%' AND pid = PG_BACKEND_PID();
> CREATE USER ex_boss WITH PASSWORD DISABLE CREATEUSER
SELECT COUNT(*) FROM stl_ddltext WHERE text LIKE '%Abc-12345%';
> 0
CREATE TABLE things (a int, b int);
GRANT USAGE ON SCHEMA ex_access TO GROUP ex_group, ROLE ex_role;
GRANT SELECT, INSERT ON TABLE things TO GROUP ex_group;
GRANT SELECT ON things TO ROLE ex_role;
GRANT SELECT (a) ON things TO ex_boss;
GRANT ROLE ex_inner TO ROLE ex_role;
GRANT ROLE ex_role TO ex_reader WITH ADMIN OPTION;
GRANT ROLE ex_role, ROLE ex_inner TO ex_boss;
SELECT user_name, role_name FROM svv_user_grants WHERE user_name LIKE 'ex%' AND role_name LIKE 'ex%' AND role_name <> 'ex_group' ORDER BY 1, 2;
> ex_boss | ex_inner
> ex_boss | ex_role
> ex_reader | ex_role
SELECT HAS_TABLE_PRIVILEGE('ex_reader', 'things', 'select'), HAS_TABLE_PRIVILEGE('ex_reader', 'things', 'delete'), HAS_SCHEMA_PRIVILEGE('ex_reader', 'ex_access', 'usage');
> t | f | t
SELECT privilege_type, identity_name, identity_type FROM svv_relation_privileges WHERE relation_name = 'things' AND identity_name = 'ex_role';
> SELECT | ex_role | role
REVOKE ADMIN OPTION FOR ROLE ex_role FROM ex_reader;
REVOKE ROLE ex_inner FROM ROLE ex_role;
REVOKE ROLE ex_role, ROLE ex_inner FROM ex_boss;
GRANT CREATE USER TO ROLE ex_role;
~ no system privileges
GRANT ROLE sys:dba TO ex_reader;
~ system-defined roles
GRANT ASSUMEROLE ON 'arn:aws:iam::1:role/r' TO ex_reader FOR COPY;
~ ASSUMEROLE
SET SESSION AUTHORIZATION 'ex_reader';
SELECT current_user, COUNT(*) FROM things;
> ex_reader | 0
DELETE FROM things;
! permission denied
RESET SESSION AUTHORIZATION;
SELECT current_user, CURRENT_USER_ID > 0;
> awsuser | t
ALTER DEFAULT PRIVILEGES IN SCHEMA ex_access GRANT SELECT ON TABLES TO GROUP ex_group;
CREATE TABLE later (a int);
SELECT HAS_TABLE_PRIVILEGE('ex_reader', 'later', 'select');
> t
ALTER DEFAULT PRIVILEGES IN SCHEMA ex_access REVOKE SELECT ON TABLES FROM GROUP ex_group;
CREATE SCHEMA ex_quota AUTHORIZATION awsuser QUOTA 50 GB;
DROP SCHEMA ex_quota;
CREATE DATABASE ex_database COLLATE CASE_INSENSITIVE;
~ case-insensitive
SELECT PG_CANCEL_BACKEND(0);
> f
CANCEL 999999;
REVOKE ALL ON ALL TABLES IN SCHEMA ex_access FROM GROUP ex_group, ROLE ex_role, ex_boss;
REVOKE ALL ON SCHEMA ex_access FROM GROUP ex_group, ROLE ex_role;
DROP USER ex_reader;
DROP USER IF EXISTS ex_boss;
DROP GROUP ex_group;
DROP ROLE ex_role FORCE;
DROP ROLE ex_inner;

-- The rights of the database roles. A superuser runs this in the database of Thoughts; repeating it is safe:
--
--   APP_PASSWORD=… READ_PASSWORD=… psql --no-psqlrc --file=deploy/postgres/roles.sql thoughts
--
-- `thoughts` owns the database and the schema, exists already, and is for `thoughts migrate` alone. `thoughts_app`
-- reads and writes rows, for the instances. `thoughts_read` only reads, for connections to replicas.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
\getenv app_password APP_PASSWORD
\getenv read_password READ_PASSWORD

BEGIN;
-- A concurrent run waits here.
SELECT pg_advisory_xact_lock(hashtext('thoughts roles')) \g /dev/null

SELECT format('CREATE ROLE %I', name) FROM (VALUES ('thoughts_app'), ('thoughts_read')) AS roles (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE thoughts_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';
ALTER ROLE thoughts_read LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'read_password';
ALTER ROLE thoughts_read SET default_transaction_read_only = on;

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO thoughts_app, thoughts_read', current_database()) \gexec
-- An instance creates a temporary table to find out whether a full disc has space again.
SELECT format('GRANT TEMPORARY ON DATABASE %I TO thoughts_app', current_database()) \gexec
REVOKE CREATE ON SCHEMA public FROM PUBLIC, thoughts_app, thoughts_read;
GRANT USAGE ON SCHEMA public TO thoughts_app, thoughts_read;

-- Rights on existing tables, and on those of later migrations.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO thoughts_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO thoughts_read;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO thoughts_app;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO thoughts_read;
ALTER DEFAULT PRIVILEGES FOR ROLE thoughts IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO thoughts_app;
ALTER DEFAULT PRIVILEGES FOR ROLE thoughts IN SCHEMA public GRANT SELECT ON TABLES TO thoughts_read;
ALTER DEFAULT PRIVILEGES FOR ROLE thoughts IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO thoughts_app;
ALTER DEFAULT PRIVILEGES FOR ROLE thoughts IN SCHEMA public GRANT SELECT ON SEQUENCES TO thoughts_read;
COMMIT;

-- What the roles of the database may do. To be run by a superuser in the database of Thoughts, as often as one likes:
--
--   APP_PASSWORD=… READ_PASSWORD=… psql --no-psqlrc --file=deploy/postgres/roles.sql thoughts
--
-- `thoughts` owns the schema and is for `thoughts migrate` alone; it is there already, as the owner of the database.
-- `thoughts_app` reads and writes rows, and is for the instances. `thoughts_read` reads, and is for replicas.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
\getenv app_password APP_PASSWORD
\getenv read_password READ_PASSWORD

BEGIN;
-- Of two that run this at once, the second waits.
SELECT pg_advisory_xact_lock(hashtext('thoughts roles')) \g /dev/null

SELECT format('CREATE ROLE %I', name) FROM (VALUES ('thoughts_app'), ('thoughts_read')) AS roles (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE thoughts_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';
ALTER ROLE thoughts_read LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'read_password';
ALTER ROLE thoughts_read SET default_transaction_read_only = on;

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO thoughts_app, thoughts_read', current_database()) \gexec
-- An instance finds out by a temporary table whether a disc has room again.
SELECT format('GRANT TEMPORARY ON DATABASE %I TO thoughts_app', current_database()) \gexec
REVOKE CREATE ON SCHEMA public FROM PUBLIC, thoughts_app, thoughts_read;
GRANT USAGE ON SCHEMA public TO thoughts_app, thoughts_read;

-- What is there by now, and what migrations will make.
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

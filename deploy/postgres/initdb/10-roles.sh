#!/bin/bash
# Runs once, when the primary is initialised: creates the roles, the database, and the replica's replication slot.
set -euo pipefail

# Passwords come from the environment, because every user of the machine can read command lines.
psql --set=ON_ERROR_STOP=1 --no-psqlrc --username=postgres --dbname=postgres <<'SQL'
\getenv database_password DATABASE_PASSWORD
\getenv replication_password REPLICATION_PASSWORD
CREATE ROLE thoughts LOGIN PASSWORD :'database_password';
CREATE DATABASE thoughts OWNER thoughts;
REVOKE CONNECT ON DATABASE thoughts FROM PUBLIC;
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'replication_password';
SELECT pg_create_physical_replication_slot('replica_1', immediately_reserve => true);
SQL

echo 'host replication replicator samenet scram-sha-256' >>"$PGDATA/pg_hba.conf"

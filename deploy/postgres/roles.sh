#!/bin/bash
# Grants the database roles their rights, as the superuser, over the network.
set -euo pipefail

# Passwords come from the environment, because every user of the machine can read command lines.
PGPASSWORD=$(cat /run/thoughts/postgres_password)
APP_PASSWORD=$(cat /run/thoughts/app_password)
READ_PASSWORD=$(cat /run/thoughts/read_password)
export PGPASSWORD APP_PASSWORD READ_PASSWORD

exec psql --no-psqlrc --host="$PRIMARY_HOST" --username=postgres --dbname=thoughts --file=/etc/thoughts/roles.sql

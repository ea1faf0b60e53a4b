#!/bin/bash
# Gives the roles of the database what they may do, as the superuser, over the network.
set -euo pipefail

# By the environment: what is on a command line can be read by everybody on the machine.
PGPASSWORD=$(cat /run/thoughts/postgres_password)
APP_PASSWORD=$(cat /run/thoughts/app_password)
READ_PASSWORD=$(cat /run/thoughts/read_password)
export PGPASSWORD APP_PASSWORD READ_PASSWORD

exec psql --no-psqlrc --host="$PRIMARY_HOST" --username=postgres --dbname=thoughts --file=/etc/thoughts/roles.sql

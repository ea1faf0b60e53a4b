#!/bin/bash
# Starts the primary with the password that was made for it.
set -euo pipefail

# The image's entrypoint and the scripts in initdb/ read them at the first start; the server never does.
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  POSTGRES_PASSWORD=$(cat /run/thoughts/postgres_password)
  REPLICATION_PASSWORD=$(cat /run/thoughts/replication_password)
  DATABASE_PASSWORD=$(cat /run/thoughts/database_password)
  export POSTGRES_PASSWORD REPLICATION_PASSWORD DATABASE_PASSWORD
fi

exec docker-entrypoint.sh "$@"

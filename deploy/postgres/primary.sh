#!/bin/bash
# Starts the primary with its generated passwords.
set -euo pipefail

# The image's entrypoint and the scripts in initdb/ read these at the first start only.
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  POSTGRES_PASSWORD=$(cat /run/thoughts/postgres_password)
  REPLICATION_PASSWORD=$(cat /run/thoughts/replication_password)
  DATABASE_PASSWORD=$(cat /run/thoughts/database_password)
  export POSTGRES_PASSWORD REPLICATION_PASSWORD DATABASE_PASSWORD
fi

exec docker-entrypoint.sh "$@"

#!/bin/bash
# Starts the primary with the password that was made for it.
set -euo pipefail

POSTGRES_PASSWORD=$(cat /run/thoughts/postgres_password)
REPLICATION_PASSWORD=$(cat /run/thoughts/replication_password)
DATABASE_PASSWORD=$(cat /run/thoughts/database_password)
# For the first start only: the image's entrypoint and the scripts in initdb/ read them, the server does not.
export POSTGRES_PASSWORD REPLICATION_PASSWORD DATABASE_PASSWORD

exec docker-entrypoint.sh "$@"

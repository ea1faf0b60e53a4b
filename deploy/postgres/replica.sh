#!/bin/bash
# Starts the replica. The first time it copies the primary; a copy that was broken off is begun again.
set -euo pipefail

if [ "$(id -u)" = 0 ]; then
  # Only root may read it; it goes on by the environment.
  PGPASSWORD=$(cat /run/thoughts/replication_password)
  export PGPASSWORD
  folder=$(dirname "$PGDATA")
  chown postgres:postgres "$folder"
  chmod 0700 "$folder"
  exec gosu postgres /bin/bash "${BASH_SOURCE[0]}" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  draft=$(dirname "$PGDATA")/draft
  until
    rm -rf "$draft"
    pg_basebackup --host="$PRIMARY_HOST" --username=replicator --pgdata="$draft" --wal-method=stream \
      --checkpoint=fast --slot="$REPLICATION_SLOT" --write-recovery-conf --no-password
  do
    echo "the primary cannot be copied yet; trying again"
    sleep 1
  done
  # Whole, or not at all.
  mv "$draft" "$PGDATA"
fi

# Not the image's entrypoint: there is nothing to initialise.
unset PGPASSWORD
exec "$@"

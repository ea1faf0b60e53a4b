#!/bin/bash
# Starts the replica. The first time it copies the primary; a copy that was broken off is begun again.
set -euo pipefail

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  PGPASSWORD=$(cat /run/thoughts/replication_password)
  export PGPASSWORD
  folder=$(dirname "$PGDATA")
  chmod 0700 "$folder"
  draft=$folder/draft
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
  unset PGPASSWORD
fi

# Not the image's entrypoint: there is nothing to initialise.
exec "$@"

#!/bin/bash
# Starts the replica. At the first start it copies the primary, and starts over if a copy was interrupted.
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
  # The rename makes the copy appear at once, when it is complete.
  mv "$draft" "$PGDATA"
  unset PGPASSWORD
fi

# The image's entrypoint would initialise a database.
exec "$@"

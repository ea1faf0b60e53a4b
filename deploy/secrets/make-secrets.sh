#!/bin/sh
# Makes what the system keeps secret, at the first start; what is there stays. Run by the service `secrets`.
#
# Each file belongs to the user that needs it; those of PostgreSQL and Redis to root, as which their entrypoints begin.
set -eu
umask 077
folder=/run/thoughts
instance=10001
grafana=472
redis_insight=1000

chmod 0711 "$folder"

# put NAME OWNER: keeps what comes in, whole or not at all.
put() {
  cat >"$folder/.$1"
  chown "$2:$2" "$folder/.$1"
  chmod 0400 "$folder/.$1"
  mv "$folder/.$1" "$folder/$1"
}

# random: 64 hexadecimal digits.
random() {
  od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'
}

# once NAME OWNER: makes a random secret, if there is none.
once() {
  [ -s "$folder/$1" ] || random | put "$1" "$2"
}

once postgres_password 0
once replication_password 0
once database_password 0
once redis_password 0
once grafana_password "$grafana"
once signing_key "$instance"
if [ -n "${SIGNING_KEY:-}" ]; then
  printf %s "$SIGNING_KEY" | put signing_key "$instance"
fi

database=$(cat "$folder/database_password")
redis=$(cat "$folder/redis_password")
printf 'postgresql://thoughts:%s@postgres-primary:5432/thoughts' "$database" | put database_url "$instance"
printf 'postgresql://thoughts:%s@postgres-replica:5432/thoughts' "$database" | put database_replica_urls "$instance"
printf 'redis://:%s@redis:6379/0' "$redis" | put redis_url "$instance"
printf '[{"id":"thoughts","name":"thoughts","host":"redis","port":6379,"password":"%s"}]' "$redis" \
  | put redis_insight.json "$redis_insight"

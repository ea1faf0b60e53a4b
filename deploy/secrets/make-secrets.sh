#!/bin/sh
# Generates every secret of the system at the first start, and gives each service its own. Run by the service `secrets`.
#
# The volume `secrets` keeps all of them; no other service mounts it. Each reader has a volume of its own, with only
# the files that it needs. They are rewritten at every start, and only the reader's user can read them.
set -eu
umask 077
masters=/run/thoughts/masters
readers=/run/thoughts/readers
rules=/etc/thoughts/users.acl

# The users of the images.
server=10001
postgres=999
redis=999
grafana=472
redis_insight=1000

# random: 64 hexadecimal digits.
random() {
  od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'
}

# write FILE OWNER: writes standard input to a file, atomically.
write() {
  draft="$(dirname "$1")/.$(basename "$1")"
  cat >"$draft"
  chown "$2:$2" "$draft"
  chmod 0400 "$draft"
  mv "$draft" "$1"
}

# once NAME: generates a random secret if it does not exist.
once() {
  [ -s "$masters/$1" ] || random | write "$masters/$1" 0
}

# hash NAME: prints a secret's hash in the form of Redis.
hash() {
  sha256sum <"$masters/$1" | cut -d ' ' -f 1
}

# reader NAME USER: the next files are for this service.
reader() {
  folder="$readers/$1" owner="$2"
  chown "$owner:$owner" "$folder"
  chmod 0500 "$folder"
}

# hand NAME...: gives secrets to the reader, unchanged.
hand() {
  for name in "$@"; do write "$folder/$name" "$owner" <"$masters/$name"; done
}

# put NAME: gives standard input to the reader.
put() {
  write "$folder/$1" "$owner"
}

# say FORMAT NAME: prints a text with a secret in it.
say() {
  # shellcheck disable=SC2059
  printf "$1" "$(cat "$masters/$2")"
}

once postgres_password
once replication_password
once database_password
once app_password
once read_password
once redis_password
once redis_admin_password
once redis_insight_password
once grafana_password
once signing_key
if [ -n "${SIGNING_KEY:-}" ]; then
  printf %s "$SIGNING_KEY" | write "$masters/signing_key" 0
fi
# Earlier versions had these files in this volume, which all services mounted.
rm -f "$masters/database_url" "$masters/database_replica_urls" "$masters/redis_url" "$masters/redis_insight.json"
chown 0:0 "$masters"/*
chmod 0700 "$masters"

reader app "$server"
hand signing_key
say 'postgresql://thoughts_app:%s@postgres-primary:5432/thoughts' app_password | put database_url
say 'postgresql://thoughts_read:%s@postgres-replica:5432/thoughts' read_password | put database_replica_urls
say 'redis://thoughts:%s@redis:6379/0' redis_password | put redis_url

reader migrate "$server"
say 'postgresql://thoughts:%s@postgres-primary:5432/thoughts' database_password | put database_url

reader postgres "$postgres"
hand postgres_password replication_password database_password

reader replica "$postgres"
hand replication_password

reader roles "$postgres"
hand postgres_password app_password read_password

reader redis "$redis"
hand redis_admin_password
# Redis expects one line a user, without comments.
sed -e '/^#/d' "$rules" | tr '\n' ' ' | sed -e 's/ user /\nuser /g' -e 's/  */ /g' -e 's/ *$/\n/' \
  -e "s/@redis_password@/#$(hash redis_password)/" \
  -e "s/@redis_admin_password@/#$(hash redis_admin_password)/" \
  -e "s/@redis_insight_password@/#$(hash redis_insight_password)/" | put users.acl

reader grafana "$grafana"
hand grafana_password

reader insight "$redis_insight"
say '[{"id":"thoughts","name":"thoughts","host":"redis","port":6379,"username":"insight","password":"%s"}]' \
  redis_insight_password | put redis_insight.json

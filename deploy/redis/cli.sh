#!/bin/sh
# redis-cli as the administrator, inside the container of Redis.
set -eu

REDISCLI_AUTH=$(cat /run/thoughts/redis_admin_password)
export REDISCLI_AUTH
exec redis-cli --user admin "$@"

#!/bin/sh
# Starts Redis with the password that was made for it.
set -eu

umask 077
printf 'requirepass %s\n' "$(cat /run/thoughts/redis_password)" >/tmp/password.conf
chown redis:redis /tmp/password.conf

exec docker-entrypoint.sh "$@" /etc/thoughts/redis.conf

#!/bin/sh
# Finds the instances that come and go (the service app-more), and has Nginx send requests to them, too.
#
# Run by the entrypoint of the image before Nginx starts; goes on in the background. The instances app1 and app2 stand in
# snippets/upstream.conf and stay there whatever is found here, so that the list is never empty and a restart of theirs
# changes nothing. The health check of the container looks whether this still runs, by the file that it touches.
set -eu

name=app-more
list=/etc/nginx/conf.d/instances.list
beat=/tmp/instances.beat
# Rounds, of a second each, in which the name means nothing before that is believed.
patience=3

current=""
missed=0

# Writes the list for these addresses: all are asked, and once more when all failed lately.
write() {
  for address in "$@"; do
    echo "server $address:3000 max_fails=1 fail_timeout=3s;"
    echo "server $address:3000 backup max_fails=0;"
  done >"$list.new"
  mv "$list.new" "$list"
}

# Prints those that there are now and that may be sent requests. One that is known stays until its container is gone:
# what becomes of it meanwhile, Nginx sees by itself.
find_instances() {
  if addresses=$(getent ahostsv4 "$name" | cut -d ' ' -f 1 | sort -u) && [ -n "$addresses" ]; then
    missed=0
  else
    missed=$((missed + 1))
    [ "$missed" -ge "$patience" ] || addresses=$current
  fi
  found=""
  for address in $addresses; do
    case " $current " in
      *" $address "*) ;;
      *) curl --fail --silent --max-time 1 --output /dev/null "http://$address:3000/health/ready" || continue ;;
    esac
    found="$found${found:+ }$address"
  done
}

# Hands the list to Nginx, if Nginx takes it.
hand_over() {
  # shellcheck disable=SC2086
  write $found
  if nginx -t -q && nginx -s reload; then
    echo "instances beside app1 and app2: ${found:-none}" >&2
    current=$found
  else
    # shellcheck disable=SC2086
    write $current
  fi
}

follow() {
  while :; do
    find_instances || :
    if [ "$found" != "$current" ] && [ -s /tmp/nginx.pid ]; then
      hand_over || :
      # Workers that were replaced may take a while to end: not too many of them at once.
      sleep 4
    fi
    touch "$beat"
    sleep 1
  done
}

find_instances || :
# shellcheck disable=SC2086
write $found
current=$found
touch "$beat"
follow &

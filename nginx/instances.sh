#!/bin/sh
# Finds the instances that come and go (the service app-more), and has Nginx send requests to them, too.
#
# Run by the entrypoint of the image before Nginx starts; looks in the background, so that no look-up holds up the start. The
# instances app1 and app2 stand in snippets/upstream.conf and stay there whatever is found here, so that the list is never
# empty and a restart of theirs changes nothing. The health check of the container looks whether this still runs, by the
# file that it touches.
set -eu

name=app-more
list=/etc/nginx/conf.d/instances.list
beat=/tmp/instances.beat
# The network of the compose file. A name without a container may be asked of other name servers, whose answer is some
# stranger's address: only addresses of this network count.
network=${NETWORK_PREFIX:-none}
# Rounds, of a second each, in which the name means nothing before that is believed.
patience=3

current=""
missed=0

# Writes the list for these addresses: all are asked, and once more when all failed lately.
write() {
  for address in "$@"; do
    printf 'server %s:3000 %s;\n' "$address" 'max_fails=1 fail_timeout=3s' "$address" 'backup max_fails=0' || return 1
  done >"$list.new" && mv "$list.new" "$list"
}

# Prints the addresses that the name has in this network.
look_up() {
  timeout 2 getent ahostsv4 "$name" | while read -r address _; do
    case $address in
      "$network".*) echo "$address" ;;
    esac
  done | sort -u
}

# Finds those that there are now and that may be sent requests. One that is known stays until its container is gone:
# what becomes of it meanwhile, Nginx sees by itself.
find_instances() {
  addresses=$(look_up)
  if [ -n "$addresses" ]; then
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

# Hands the list to Nginx, if Nginx takes it. What fails is tried again in the next round, as `current` stays.
hand_over() {
  # shellcheck disable=SC2086
  if write $found && nginx -t -q && nginx -s reload; then
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

write || :
touch "$beat"
follow &

#!/bin/sh
# Finds the instances of the service app-more, and adds them to the upstream of Nginx.
#
# The image's entrypoint runs this before Nginx starts. It polls in the background, so no look-up delays the start.
#
# The instances app1 and app2 are fixed in snippets/upstream.conf: the list is never empty, and their restarts change nothing here.
# The container's health check tests that this script runs, by the age of the file that it touches.
set -eu

name=app-more
list=/etc/nginx/conf.d/instances.list
beat=/tmp/instances.beat
# The network of the compose file. Other name servers may resolve a name without a container to a foreign address, so
# only addresses of this network count.
network=${NETWORK_PREFIX:-none}
# Empty look-ups in a row, one a second, before the instances count as gone.
patience=3

current=""
missed=0

# Writes the list for these addresses. Each is a server, and a backup for when all servers failed lately.
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

# Finds the present instances that are ready. A known instance stays in the list until its container is gone;
# meanwhile Nginx notices its failures.
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

# Gives the list to Nginx if Nginx accepts it. A failure leaves `current` unchanged, so the next round tries again.
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
      # Replaced workers take a while to end. The pause bounds how many of them there are.
      sleep 4
    fi
    touch "$beat"
    sleep 1
  done
}

write || :
touch "$beat"
follow &

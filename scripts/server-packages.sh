#!/bin/sh
# Downloads the Debian packages of real servers, with all that they need down to the C library, into a folder. Tests make
# images of them. It installs nothing, and asks the network only where a package of the list is missing.
#
# Usage: sh scripts/server-packages.sh FOLDER [PACKAGE…]
set -eu
folder=$1
shift
# setpriv (util-linux) is what the entrypoints step down with.
servers="crowdsec nginx-light redis-server postgresql-17 mariadb-server-core mariadb-client-core haproxy mosquitto mosquitto-clients cron util-linux php8.4-fpm openssh-server supervisor libcap2-bin"
[ $# = 0 ] || servers=$*
if [ "$(cat "$folder/complete" 2>/dev/null)" != "$servers" ]; then
  command -v apt-get >/dev/null 2>&1 || { echo "there is no apt-get here" >&2; exit 1; }
  rm -rf "$folder"
  mkdir -p "$folder/partial"
  folder=$(cd "$folder" && pwd)
  # As if nothing was installed, to get the C library as well.
  from_nothing() {
    apt-get install --yes --no-install-recommends -o Dir::State::status=/dev/null -o Dir::Cache::archives="$folder" \
      -o Debug::NoLocking=1 -o APT::Sandbox::User=root "$@"
  }
  # shellcheck disable=SC2086
  from_nothing --download-only $servers >&2
  # Which packages each server needs: a line a package.
  for server in $servers; do
    ls "$folder/$server"_*.deb >/dev/null
    from_nothing --simulate "$server" | sed -n 's/^Inst \([^ ]*\) .*/\1/p' >"$folder/$server.needs"
  done
  echo "$servers" >"$folder/complete"
fi

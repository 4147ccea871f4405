#!/bin/sh
# Puts the Debian packages of real servers (nginx-light, redis-server, and all that they need down to the C library) into
# a folder, for the images that tests make of them. Nothing is installed. Asks the network only where they are not there.
#
# Usage: sh scripts/server-packages.sh FOLDER
set -eu
folder=$1
if [ ! -f "$folder/complete" ]; then
  command -v apt-get >/dev/null 2>&1 || { echo "there is no apt-get here" >&2; exit 1; }
  rm -rf "$folder"
  mkdir -p "$folder/partial"
  folder=$(cd "$folder" && pwd)
  # As if nothing was installed, so that the C library comes, too. setpriv (util-linux) is what redis steps down by.
  apt-get install --yes --no-install-recommends --download-only \
    -o Dir::State::status=/dev/null -o Dir::Cache::archives="$folder" -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
    nginx-light redis-server util-linux >&2
  ls "$folder"/nginx-light_*.deb "$folder"/redis-server_*.deb "$folder"/util-linux_*.deb >/dev/null
  : >"$folder/complete"
fi

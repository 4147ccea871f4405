#!/bin/sh
# Unpacks the Docker Engine of Debian's packages (unstable: Engine 28; bookworm: Engine 20.10) into a folder, and installs nothing. The engine, client and
# BuildKit suites run on it with BULKHEAD_ENGINE=FOLDER in front of `npx vitest run --project engine …`, and on containerd's
# image store with BULKHEAD_IMAGE_STORE=containerd as well.
#
# Usage: sh scripts/engine-packages.sh [FOLDER [SUITE]]      default: node_modules/.cache/engine, sid
set -eu
folder=${1:-$(dirname "$0")/../node_modules/.cache/engine}
suite=${2:-sid}
packages="docker.io containerd runc"
# Debian 12 has the client in docker.io, and no buildx.
[ "$suite" = bookworm ] || packages="$packages docker-cli docker-buildx"
if [ "$(cat "$folder/complete" 2>/dev/null)" != "$suite $packages" ]; then
  command -v apt-get >/dev/null 2>&1 || { echo "there is no apt-get here" >&2; exit 1; }
  rm -rf "$folder"
  mkdir -p "$folder/lists/partial" "$folder/archives/partial" "$folder/root"
  folder=$(cd "$folder" && pwd)
  # The machine's own mirror, with another suite.
  mirror=$(sed -n 's/^URIs: *//p; s/^deb [^h]*\(http[^ ]*\) .*/\1/p' /etc/apt/sources.list.d/* /etc/apt/sources.list 2>/dev/null | head -n 1)
  key=$(ls /usr/share/keyrings/debian-archive-keyring.* | head -n 1)
  echo "deb [signed-by=$key] $mirror $suite main" >"$folder/sources.list"
  apt() {
    apt-get -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$folder/lists" \
      -o Dir::State::status="$folder/status" -o Dir::Cache="$folder" -o Dir::Cache::archives="$folder/archives" -o Debug::NoLocking=1 -o APT::Sandbox::User=root "$@"
  }
  # No other release that is installed here is asked for.
  : >"$folder/status"
  apt update >&2
  # shellcheck disable=SC2086
  (cd "$folder/archives" && apt download $packages >&2)
  for each in "$folder"/archives/*.deb; do dpkg -x "$each" "$folder/root"; done
  rm -rf "$folder/lists" "$folder/archives"
  echo "$suite $packages" >"$folder/complete"
fi
"$(cd "$folder" && pwd)/root/usr/sbin/dockerd" --version

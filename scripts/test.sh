#!/bin/sh
# npm test: installs what the tests need, runs every check and test, leaves nothing behind.
#
# Test files may be given: `npm test -- src/model` runs those alone. Needs root for the throw-away Engines;
# without it those tests are skipped, each with its reason. In CI (CI=true) such a skip is a failure.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'bulkhead: %s\n' "$1" >&2; }

# As root on a Debian, what is missing is installed; elsewhere it is named. A Docker that is here already is used.
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
look() {
  missing=""
  need dockerd docker.io
  need docker docker-cli
  need docker-compose docker-compose
  need iptables iptables
  need busybox busybox-static
  need chromium chromium
  need ssh openssh-client
  need openssl openssl
  need git git
  # Clients that work through the guard (test/clients).
  docker buildx version >/dev/null 2>&1 || missing="$missing docker-buildx"
  need prometheus prometheus
  need ansible-playbook ansible
  /usr/bin/python3 -c 'import docker' 2>/dev/null || missing="$missing python3-docker"
  # Completions and manual pages are tried in what reads them.
  need zsh zsh
  need fish fish
  need man man-db
  # Whose decisions the guard takes over with the variables of docker-socket-proxy.
  need haproxy haproxy
  # Installs and runs the hooks of .pre-commit-hooks.yaml.
  need pre-commit pre-commit
  # What prove runs in a container is machine code: it is assembled again, and run for both architectures.
  need x86_64-linux-gnu-as binutils
  need aarch64-linux-gnu-as binutils-aarch64-linux-gnu
  need qemu-aarch64 qemu-user
  # Compiles the AppArmor profiles that learn writes; it needs no AppArmor in the kernel.
  need apparmor_parser apparmor
  # Capabilities of files, which fix looks for in images.
  need getcap libcap2-bin
  # A real Podman, whose API and containers are audited, too.
  need podman podman
  need runc runc
  # A rootless Engine, which a user of the tests' own starts.
  need rootlesskit rootlesskit
  need slirp4netns slirp4netns
  need newuidmap uidmap
  # The store of a fleet; Debian keeps its programs out of the PATH.
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need initdb postgresql
}

look
# The last line of a run: what it leaves out, and why.
unrun=""
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  say "installing for the tests:$missing"
  export DEBIAN_FRONTEND=noninteractive
  # One by one: a package that this release does not have keeps the others from nothing, and none takes another away. They start
  # services where there is a service manager; the tests start their own.
  apt-get update >/dev/null 2>&1 || true
  for package in $missing; do
    apt-get install -y --no-install-recommends --no-remove "$package" >/dev/null 2>&1 || true
  done
  # A package may bring what another was asked for: Debian 12's docker.io has the client.
  look
  for package in $missing; do
    reason=$(apt-get install -s --no-install-recommends --no-remove "$package" 2>&1 | sed -n 's/^E: //p' | tail -n 1)
    unrun="$unrun${unrun:+, }$package (${reason:-it is installed and lacks its program})"
  done
elif [ -n "$missing" ]; then
  unrun="$(echo $missing) (only root can install packages, on a Debian)"
fi
if [ -n "$unrun" ]; then
  unrun="not run: the tests that need $unrun"
  say "$unrun"
  [ "${CI:-}" != true ] || exit 1
fi

if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  say "installing the locked dependencies"
  npm ci --include=dev --no-audit --no-fund --loglevel=error
fi
export PATH="$PWD/node_modules/.bin:$PATH"

# Real servers, to be hardened on a throw-away Engine: unpacked there, never installed.
servers=node_modules/.cache/server-packages
fetch_servers() {
  sh scripts/server-packages.sh "$servers" >/dev/null 2>&1 ||
    { apt-get update >/dev/null 2>&1 && sh scripts/server-packages.sh "$servers" >/dev/null 2>&1; } ||
    say "could not fetch the servers that the tests harden: these tests are skipped, with the reason"
}

# The other Node.js versions that the built command must run on.
nodes=node_modules/.cache/other-nodes
fetch_nodes() {
  say "fetching other versions of Node.js"
  sh scripts/other-nodes.sh "$nodes" >/dev/null 2>&1 ||
    say "could not fetch them: the tests that need them are skipped, with the reason"
}

# Both wait for the network, while the checks run.
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then fetch_servers & fi
if [ ! -f "$nodes/complete" ]; then fetch_nodes & fi

if [ "$#" -gt 0 ]; then
  wait
  status=0
  vitest run "$@" || status=$?
  [ -z "$unrun" ] || say "$unrun"
  exit "$status"
fi
sh scripts/check.sh --no-tests
node scripts/build.mjs
wait
printf '\n== every test\n'
status=0
sh scripts/every-test.sh || status=$?
[ -z "$unrun" ] || say "$unrun"
exit "$status"

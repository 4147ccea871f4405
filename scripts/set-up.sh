#!/bin/sh
# Installs the locked packages that dist/ is built from, and builds it. Called by ./bulkhead on first use, and with "databases"
# where a command first needs them; safe to call at any time.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'bulkhead: %s\n' "$1" >&2; }

if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
  say "Node.js 20.19 or newer, with npm, is needed and was not found."
  exit 2
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
  say "Node.js 20.19 or newer is needed; this is $(node --version)."
  exit 2
fi

# Two first uses at once: the second waits for the first.
lock=.set-up.lock
tries=0
until mkdir "$lock" 2>/dev/null; do
  tries=$((tries + 1))
  if [ "$tries" -gt 300 ]; then
    say "another set-up seems to be running; if none is, remove $lock and try again."
    exit 2
  fi
  sleep 1
done
trap 'rmdir "$lock" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

# In a checkout where the tests were installed, all of it is there. Else what dist/ is built from is enough; with the word
# "databases" also what a history and serve keep their data in, which may need a compiler.
all=node_modules/.package-lock.json
few=node_modules/.build-lock.json
databases=""
[ "${1:-}" != databases ] || databases="better-sqlite3 @node-rs/argon2"

install_few() {
  made=.dist-packages-$$
  rm -rf "$made"
  # shellcheck disable=SC2086
  node scripts/build-packages.mjs "$made" $databases || return 1
  scripts=--ignore-scripts
  [ -z "$databases" ] || scripts=--no-ignore-scripts
  if ! (cd "$made" && npm ci "$scripts" --no-audit --no-fund --loglevel=error) >&2; then
    rm -rf "$made"
    return 1
  fi
  mkdir -p node_modules
  rm -rf node_modules/[!.]*
  mv "$made"/node_modules/[!.]* node_modules/
  mv "$made/node_modules/.package-lock.json" "$few"
  touch "$few"
  rm -rf "$made"
}

if [ -f "$all" ]; then
  if [ package-lock.json -nt "$all" ]; then
    say "installing its dependencies (they changed) …"
    if ! npm ci --include=dev --no-audit --no-fund --loglevel=error >&2; then
      say "the dependencies could not be installed; npm says why above."
      exit 2
    fi
  fi
elif [ ! -f "$few" ] || [ package-lock.json -nt "$few" ] ||
  { [ -n "$databases" ] && [ ! -d node_modules/better-sqlite3 ]; }; then
  say "installing what it is built from${databases:+, and the databases} …"
  if ! install_few; then
    say "these packages could not be installed; npm says why above."
    exit 2
  fi
fi
if [ -n "$databases" ] && [ -f dist/bulkhead.cjs ]; then exit 0; fi
say "building …"
node scripts/build.mjs

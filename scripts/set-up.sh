#!/bin/sh
# Installs the locked dependencies and builds dist/. Called by ./bulkhead on first use; safe to call at any time.
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

installed=node_modules/.package-lock.json
if [ ! -f "$installed" ] || [ package-lock.json -nt "$installed" ]; then
  say "installing its dependencies (first use, or they changed) …"
  if ! npm ci --include=dev --no-audit --no-fund --loglevel=error >&2; then
    say "the dependencies could not be installed; npm says why above."
    exit 2
  fi
fi
say "building …"
node scripts/build.mjs

#!/bin/sh
# Everything that needs no Engine: lint, types, layers, dead code, documentation drift, unit tests.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

step() { printf '\n== %s\n' "$1"; }

# Types take as long as the rest together, and one CPU.
types() {
  step "types";               tsc --noEmit
  step "types of the page";   tsc --noEmit -p web
}
said=$(mktemp)
trap 'rm -f "$said"' EXIT
types >"$said" 2>&1 &

step "lint and format";       biome check .
step "who imports whom";      depcruise --config .dependency-cruiser.cjs src
step "nothing unused";        knip
step "documentation drift";   tsx scripts/docs.ts --check
status=0
wait "$!" || status=$?
cat "$said"
[ "$status" = 0 ] || exit "$status"
if [ "${1:-}" != "--no-tests" ]; then
  step "unit tests";          vitest run --project unit
fi

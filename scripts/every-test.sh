#!/bin/sh
# Runs every test, and ends with one report.
#
# Tests of the whole host run one at a time and often wait. Those of the built command disturb no host: they run beside them,
# and give way.
set -u
cd "$(dirname "$0")/.." || exit 2
export PATH="$PWD/node_modules/.bin:$PATH"
reports=$(mktemp -d)
beside=""
trap '[ -z "$beside" ] || kill "$beside"; rm -rf "$reports"' EXIT
trap 'exit 130' INT TERM
status=0

# part NAME COMMAND…: the count comes with the report of all.
part() {
  name=$1
  shift
  "$@" --reporter=default --reporter=blob --outputFile.blob="$reports/$name.json"
}

part unit vitest run --project unit || status=1
part files exec nice -n 5 vitest run --project files &
beside=$!
part host vitest run --project host || status=1
wait "$beside" || status=1
beside=""
part engine vitest run --project engine --project clients || status=1
vitest --merge-reports="$reports" --reporter=minimal --reporter=./test/support/runner/count-reporter.ts || status=1
exit "$status"

#!/bin/sh
# npm run nightly: what takes too long for each change. As root, with dockerd; some hours. Every part runs, whatever the others
# do; it ends with one line for each, and with status 1 where one failed.
set -u
cd "$(dirname "$0")/.." || exit 2
export PATH="$PWD/node_modules/.bin:$PATH"
kept=$(mktemp -d)
failed=""

part() {
  name=$1
  shift
  printf '\n== %s\n' "$name"
  started=$(date +%s)
  if "$@" >"$kept/$name.log" 2>&1; then result=ok; else result=FAILED failed="$failed $name"; fi
  tail -15 "$kept/$name.log"
  printf '%-16s %-6s %5d s\n' "$name" "$result" $(($(date +%s) - started)) >>"$kept/results"
}

# Laws with inputs that no run before had; the seed is in what a red one prints.
FC_SEED=random part laws vitest run --project unit
seed=$(date +%j)
for each in guard:90 controls:80 formats:80 model:80 audit:80 fix:80 prove:70 watch:70 fleet:70; do
  part "mutants-${each%:*}" tsx scripts/mutate.ts "src/${each%:*}" --seed "$seed" --goal "${each#*:}"
done
part differential tsx scripts/differential.ts --seconds 600
part fuzz tsx scripts/fuzz-guard.ts --seconds 600
part never-worse tsx scripts/fuzz-guard.ts --engine --seconds 600
part chaos env MINUTES=60 npm run -s chaos:serve
part swaps tsx scripts/swap-guard.ts --mounts 3400
# Debian 12's Engine 20.10, whose API shows less.
engine=node_modules/.cache/engine-bookworm
part engine-20.10 sh -c "sh scripts/engine-packages.sh $engine bookworm && BULKHEAD_ENGINE=$engine vitest run --project host test/engine/live.test.ts"
# Other kernels, Engines and security modules, in a virtual machine and here.
part kernels tsx scripts/kernels/run.ts
part stacks tsx scripts/stacks.ts
# The bundles of test/fixtures are learnt again, and compared.
part bundles tsx scripts/bundles.ts --check
part mounts tsx scripts/mounts.ts --seconds 3600

printf '\n== results; logs in %s\n' "$kept"
cat "$kept/results"
[ -z "$failed" ]

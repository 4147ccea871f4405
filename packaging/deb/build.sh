#!/bin/sh
# Builds the Debian package: sh packaging/deb/build.sh [FOLDER]
#
# Needs Node.js, the locked dependencies (npm ci) and dpkg-deb. Prints the path of the package that it wrote.
# The package needs Node.js 20.19 or newer, which Debian has from version 13 on; older releases get it from NodeSource.
set -eu
cd "$(dirname "$0")/../.."
out=${1:-.}
mkdir -p "$out"
export PATH="$PWD/node_modules/.bin:$PATH"
# The same sources give the same package, byte by byte.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH

version=$(node -p 'require("./package.json").version')
driver=node_modules/better-sqlite3/build/Release/better_sqlite3.node
# The database driver and the password library are native code. Without them the package runs on every architecture, keeps
# no history, and bulkhead serve says in one line what is missing.
architecture=all
[ -f "$driver" ] && architecture=$(dpkg --print-architecture)

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT INT TERM
umask 022
chmod 0755 "$root"

[ -f dist/bulkhead.cjs ] && [ -z "$(find src -newer dist/bulkhead.cjs -print -quit)" ] || node scripts/build.mjs >&2

lib=$root/usr/lib/bulkhead
mkdir -p "$lib"
# The caches hold code that this Node compiled; the Node of another machine compiles its own.
find dist -maxdepth 1 -type f ! -name '*.cache' ! -name licenses.txt -exec cp {} "$lib/" \;
cp -R dist/web "$lib/web"
if [ "$architecture" != all ]; then
  mkdir -p "$lib/node_modules/better-sqlite3/build/Release"
  cp "$driver" "$lib/node_modules/better-sqlite3/build/Release/"
  cp -R node_modules/better-sqlite3/package.json node_modules/better-sqlite3/LICENSE node_modules/better-sqlite3/lib \
    "$lib/node_modules/better-sqlite3/"
  for module in bindings file-uri-to-path; do
    mkdir -p "$lib/node_modules/$module"
    cp node_modules/$module/package.json node_modules/$module/*.js node_modules/$module/LICENSE* "$lib/node_modules/$module/"
  done
  cp -R node_modules/@node-rs "$lib/node_modules/"
fi

mkdir -p "$root/usr/bin"
cat >"$root/usr/bin/bulkhead" <<'LAUNCHER'
#!/bin/sh
if ! command -v node >/dev/null 2>&1; then
  echo "bulkhead: Node.js is not installed: install nodejs 20.19 or newer" >&2
  exit 2
fi
exec node -- /usr/lib/bulkhead/bulkhead.cjs "$@"
LAUNCHER
chmod 0755 "$root/usr/bin/bulkhead"

units=$root/usr/lib/systemd/system
own_units=$root/usr/lib/systemd/user
mkdir -p "$units" "$own_units" "$root/etc/bulkhead"
cp packaging/guard/*.service packaging/serve/*.service packaging/watch/*.service "$units/"
cp packaging/serve/user/*.service "$own_units/"
cp packaging/deb/bulkhead.yaml "$root/etc/bulkhead/bulkhead.yaml"

share=$root/usr/share
mkdir -p "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/vendor-completions" \
  "$share/fish/vendor_completions.d" "$share/doc/bulkhead"
tsx scripts/manual.ts "$share/man/man1"
gzip -9n "$share/man/man1/"*.1
node -- dist/bulkhead.cjs completion bash >"$share/bash-completion/completions/bulkhead"
node -- dist/bulkhead.cjs completion zsh >"$share/zsh/vendor-completions/_bulkhead"
node -- dist/bulkhead.cjs completion fish >"$share/fish/vendor_completions.d/bulkhead.fish"
{ cat LICENSE; echo; cat dist/licenses.txt; } >"$share/doc/bulkhead/copyright"
gzip -9nc CHANGELOG.md >"$share/doc/bulkhead/changelog.gz"
cp README.md "$share/doc/bulkhead/"
cp -R docs "$share/doc/bulkhead/docs"

control=$root/DEBIAN
mkdir -p "$control"
echo /etc/bulkhead/bulkhead.yaml >"$control/conffiles"
cat >"$control/control" <<CONTROL
Package: bulkhead
Version: $version
Architecture: $architecture
Maintainer: bulkhead's maintainers <bulkhead@localhost>
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: nodejs (>= 20.19)
Suggests: docker.io | docker-ce
Section: admin
Priority: optional
Description: hardens Docker: audits, fixes, guards, watches and proves
 bulkhead audits Compose files, docker run lines, Dockerfiles, daemon.json and
 the live Docker Engine, fixes what it finds, filters the Engine's API, and
 watches that everything stays hardened. One set of controls judges all of it.
CONTROL
# Installing starts nothing: each unit is enabled by anyone who wants it.
cat >"$control/postinst" <<'SCRIPT'
#!/bin/sh
set -e
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
SCRIPT
cat >"$control/prerm" <<'SCRIPT'
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  # dockerd refuses every request while a plugin that it names does not answer.
  # By what it prints: in a chroot systemctl does nothing and succeeds.
  if [ "$(systemctl is-active bulkhead-guard-authz.service 2>/dev/null)" = active ]; then
    echo "bulkhead: dockerd asks bulkhead-guard-authz about every request. Remove it from daemon.json first." >&2
    exit 1
  fi
  systemctl disable --now bulkhead-serve.service bulkhead-watch.service bulkhead-guard-proxy.service || true
fi
SCRIPT
cat >"$control/postrm" <<'SCRIPT'
#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
if [ "$1" = purge ]; then rm -rf /var/log/bulkhead /var/lib/bulkhead; fi
SCRIPT
chmod 0755 "$control/postinst" "$control/prerm" "$control/postrm"
(cd "$root" && find etc usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$control/md5sums"

find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
package=$out/bulkhead_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$root" "$package" >&2
echo "$package"

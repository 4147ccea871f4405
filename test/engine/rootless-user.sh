#!/bin/sh
# Runs a command as a user who is made for it: in a mount namespace of its own, where the files of users name him and where he
# may open /dev/net/tun. The machine's own files are not touched, and the user is gone with the last process.
#
# usage: rootless-user.sh FOLDER UID NAME SUBUIDS COMMAND…     (as root, in a new mount namespace)
set -eu
folder=$1 uid=$2 name=$3 subuids=$4
shift 4
etc=$folder/etc
mkdir "$etc"
for file in passwd group subuid subgid; do
  cp "/etc/$file" "$etc/$file" 2>/dev/null || : >"$etc/$file"
done
echo "$name:x:$uid:$uid::$folder/home:/bin/sh" >>"$etc/passwd"
echo "$name:x:$uid:" >>"$etc/group"
for file in subuid subgid; do
  sed -i "/^$name:/d" "$etc/$file"
  echo "$name:$subuids:65536" >>"$etc/$file"
  [ -e "/etc/$file" ] || : >"/etc/$file"
done
for file in passwd group subuid subgid; do mount --bind "$etc/$file" "/etc/$file"; done
mknod "$etc/tun" c 10 200
chmod 666 "$etc/tun"
mount --bind "$etc/tun" /dev/net/tun
exec setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"

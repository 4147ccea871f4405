#!/bin/sh
# Runs one dockerd and takes everything of it away again. Its standard input is a pipe that the test
# process holds: the pipe closes when the test stops the engine and also when the test dies, however it
# dies, so both end in the same clean-up.
#
# usage: guardian.sh FOLDER COMMAND…     (prints the daemon's pid; the log goes to FOLDER/log)
folder=$1
shift
trap '' INT TERM HUP PIPE

"$@" >"$folder/log" 2>&1 </dev/null &
daemon=$!
echo "$daemon"
exec >/dev/null 2>&1
cat

# A process that ended stays as a zombie until it is waited for.
alive() { grep -q '^State:.[^Z]' "/proc/$daemon/status"; }

# Containers first: PID 1 of a container ignores SIGTERM unless it asked for it, and dockerd would wait 10 s.
export DOCKER_HOST="unix://$folder/docker.sock"
export DOCKER_CONFIG="$folder"
if alive; then
  kill -CONT "$daemon"
  running=$(timeout 10 docker ps -q --no-trunc)
  [ -n "$running" ] && timeout 20 docker kill $running
  kill -TERM "$daemon"
  waited=0
  while alive && [ "$waited" -lt 200 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  kill -KILL "$daemon"
  wait "$daemon"
fi

# What a killed dockerd leaves behind: the containers, which their shims bury, then those, containerd and proxies.
for container in "$folder"/data/containers/* "$folder"/data/*/containers/*; do
  id=${container##*/}
  [ ${#id} -eq 64 ] || continue
  for process in $(grep -lF "$id" /proc/[0-9]*/cgroup); do
    pid=${process#/proc/}
    kill -KILL "${pid%/cgroup}"
  done
  # A cgroup can go once the kernel has buried its last process.
  for _ in 1 2 3 4 5; do
    find /sys/fs/cgroup -depth -type d -name "*$id*" -exec rmdir {} +
    [ -z "$(find /sys/fs/cgroup -type d -name "*$id*")" ] && break
    sleep 0.2
  done
done
for process in /proc/[0-9]*; do
  pid=${process#/proc/}
  case $(cat "$process/comm") in
    dockerd | containerd | containerd-shim* | docker-proxy | rootlesskit | exe | slirp4netns) ;;
    *) continue ;;
  esac
  if tr '\0' '\n' <"$process/cmdline" | grep -qF "$folder/"; then kill -KILL "$pid"; fi
done

cut -d ' ' -f 5 /proc/self/mountinfo | grep -F "$folder/" | sort -r | while read -r mount; do umount -l "$mount"; done
rm -rf --one-file-system "$folder"

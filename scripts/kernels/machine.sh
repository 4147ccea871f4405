#!/usr/bin/env bash
# A Debian in a virtual machine, whose kernel has what this machine's may lack: cgroup v2, AppArmor, SELinux. By qemu's TCG: it needs no
# hardware help, and is ten to thirty times slower. It reaches no network; its ssh is on a loopback port.
#
#   machine.sh make                  once, as root on Debian, some minutes: 3 GB below FOLDER
#   machine.sh boot [ARGUMENT…]      with further arguments of the kernel; waits until it answers
#   machine.sh run COMMAND           standard input and output pass
#   machine.sh carry PATH…           before boot: files and folders below the current one, for its folder /bulkhead
#   machine.sh runs                  whether it does, as its status
#   machine.sh stop                  what its disk holds stays
#
# BULKHEAD_MACHINE is FOLDER (~/.cache/bulkhead/machine), BULKHEAD_MACHINE_PORT its port (2226), BULKHEAD_MACHINE_MEMORY in MiB (3072).
set -euo pipefail
folder=${BULKHEAD_MACHINE:-${XDG_CACHE_HOME:-$HOME/.cache}/bulkhead/machine}
port=${BULKHEAD_MACHINE_PORT:-2226}
release=trixie
packages=(linux-image-amd64 systemd-sysv udev dbus dbus-user-session libpam-systemd kmod procps iproute2 iptables netbase openssh-server
  ca-certificates nodejs busybox-static tar docker.io docker-cli docker-compose apparmor apparmor-utils selinux-basics selinux-policy-default auditd
  rootlesskit slirp4netns uidmap podman crun)

fail() { echo "machine: $*" >&2; exit 1; }
runs() { [ -s "$folder/pid" ] && kill -0 "$(cat "$folder/pid")" 2>/dev/null; }
# One session for all: systemd takes long to make one.
enter() {
  ssh -o ControlMaster=auto -o "ControlPath=$folder/ssh" -o ControlPersist=900 -i "$folder/key" -p "$port" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=30 \
    -o ServerAliveInterval=30 root@127.0.0.1 "$@"
}

needed() {
  [ "$(id -u)" = 0 ] || fail "making it needs root"
  command -v apt-get >/dev/null || fail "making it needs Debian's apt-get"
  local missing=()
  for each in qemu-system-x86 debootstrap e2fsprogs openssh-client; do dpkg -s "$each" >/dev/null 2>&1 || missing+=("$each"); done
  [ ${#missing[@]} = 0 ] && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

settings() {
  local root=$1
  install -d -m 700 "$root/root/.ssh"
  cp "$folder/key.pub" "$root/root/.ssh/authorized_keys"
  echo machine >"$root/etc/hostname"
  echo "127.0.0.1 localhost machine" >"$root/etc/hosts"
  echo "/dev/vda / ext4 defaults,noatime 0 1" >"$root/etc/fstab"
  printf '[Match]\nName=e*\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n' >"$root/etc/systemd/network/20-machine.network"
  # Tests start Engines of their own, which share a containerd.
  chroot "$root" systemctl enable -q systemd-networkd ssh containerd
  chroot "$root" systemctl mask -q docker docker.socket podman
  # Compiling all of Debian's profiles takes minutes here, and the Engine loads its profile itself.
  chroot "$root" systemctl mask -q apparmor systemd-networkd-wait-online systemd-timesyncd apt-daily.timer apt-daily-upgrade.timer \
    e2scrub_reap fstrim.timer selinux-autorelabel
  # A user for the rootless Engine, to whom systemd gives every controller.
  chroot "$root" useradd -m -s /bin/bash -u 1000 rootless
  install -d "$root/etc/systemd/system/user@.service.d" "$root/var/lib/systemd/linger"
  touch "$root/var/lib/systemd/linger/rootless"
  printf '[Service]\nDelegate=cpu cpuset io memory pids\n' >"$root/etc/systemd/system/user@.service.d/delegate.conf"
  # SELinux's labels are on the disk from the start: to label it there takes long.
  chroot "$root" setfiles -F /etc/selinux/default/contexts/files/file_contexts / >>"$folder/make.log" 2>&1 || true
}

make() {
  [ "$(cat "$folder/complete" 2>/dev/null)" = "$release ${packages[*]}" ] && return
  needed
  local mirror root=$folder/root
  mirror=$(sed -n 's/^URIs: *\(http[^ ]*\).*/\1/p; s/^deb [^h]*\(http[^ ]*\) .*/\1/p' $(find /etc/apt -name "*.list" -o -name "*.sources") | head -n 1)
  [ -n "$mirror" ] || fail "the sources of apt name no mirror"
  rm -rf "$folder"
  mkdir -p "$folder"
  debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" "$release" "$root" "$mirror" >"$folder/make.log" 2>&1 ||
    { tail -n 5 "$folder/make.log" >&2; fail "debootstrap failed: $folder/make.log"; }
  ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
  settings "$root"
  cp "$root"/boot/vmlinuz-* "$folder/vmlinuz"
  cp "$root"/boot/initrd.img-* "$folder/initrd"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  truncate -s 8G "$folder/disk"
  mkfs.ext4 -q -F -d "$root" "$folder/disk"
  rm -rf "$root"
  echo "$release ${packages[*]}" >"$folder/complete"
}

boot() {
  [ -s "$folder/complete" ] || fail "there is none in $folder: machine.sh make"
  ! runs || fail "it runs already"
  rm -f "$folder/pid"
  local second=""
  [ ! -e "$folder/second" ] || second=$folder/second
  setsid nice qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m "${BULKHEAD_MACHINE_MEMORY:-3072}" \
    -kernel "$folder/vmlinuz" -initrd "$folder/initrd" -append "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off audit=1 $*" \
    -drive "file=$folder/disk,if=virtio,format=raw" ${second:+-drive "file=$second,if=virtio,format=raw"} -netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$port-:22" \
    -device virtio-net-pci,netdev=net -display none -serial "file:$folder/console" -pidfile "$folder/pid" </dev/null >"$folder/qemu.log" 2>&1 &
  local until=$((SECONDS + 900))
  while [ $SECONDS -lt $until ]; do
    sleep 3
    runs || { [ $SECONDS -lt 15 ] || fail "it has ended: $(tail -n 3 "$folder/qemu.log")"; continue; }
    enter "modprobe loop max_loop=8; mkdir -p /bulkhead && { [ ! -e /dev/vdb ] || mount /dev/vdb /bulkhead; }" 2>/dev/null && return
  done
  fail "it did not answer in 15 minutes: $folder/console"
}

stop() {
  runs || return 0
  enter poweroff 2>/dev/null || true
  for _ in $(seq 40); do runs || break; sleep 2; done
  ! runs || kill "$(cat "$folder/pid")"
  rm -f "$folder/pid"
}

# A new disk: copying as much by ssh takes minutes.
carry() {
  ! runs || fail "it runs already"
  local each from=$folder/carried
  rm -rf "$from" "$folder/second"
  mkdir -p "$from"
  for each in "$@"; do
    mkdir -p "$from/$(dirname "$each")"
    cp -a "$each" "$from/$each"
  done
  truncate -s 4G "$folder/second"
  mkfs.ext4 -q -F -d "$from" "$folder/second"
  rm -rf "$from"
}

case ${1:-} in
make | runs | stop) "$1" ;;
boot | carry) "$@" ;;
run) shift; enter "$@" ;;
*) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac

/**
 * What a process in each container can do, written by hand from what Docker and Linux document, not from what prove prints. One
 * letter a probe, in the order of `columns`; blanks only group them.
 *
 * n: it can. h: something stops it. -: there is nothing to try. i: a proof cannot show it (weights, limits that are too high).
 * d: the kernel's own sysctl dmesg_restrict decides. q: whether the kernel has /proc/sysrq-trigger.
 */
export const columns: readonly string[] = [
  ...["engine-socket", "engine-tcp", "host-ports", "cloud-metadata", "devices", "mknod-open"],
  ...["write-root", "write-read-only-volume", "script-from-tmpfs"],
  ...["masked-paths", "core-pattern", "sysctl", "cgroup-write"],
  ...["unshare-user", "kernel-log", "raw-socket", "chroot", "chown", "setuid"],
  ...["mount", "unshare-mount", "ptrace-neighbour"],
  ...["open-by-handle", "load-module", "swapoff", "set-hostname", "set-clock", "reboot"],
  ...["run-as-root", "setuid-binary", "uid-map"],
  ...["host-processes", "host-interfaces", "host-name", "host-ipc"],
  ...["fill-tmpfs", "io-past-limit", "burn-cpu", "fork-until-limit", "memory-past-limit"],
];

interface Row {
  readonly name: string;
  /** Flags of `docker run`. Without a network among them it has none. */
  readonly flags: readonly string[];
  readonly says: string;
}

const user = ["-u", "1000"];
const dropped = ["--cap-drop", "ALL"];
const locked = ["--security-opt", "no-new-privileges"];

/**
 * The Engine listens on TCP at every address of its host, where an address of a cloud's metadata service answers, too.
 * `socket` is the Engine's, `folder` the one that it is in.
 */
export function rows({
  socket,
  folder,
}: {
  readonly socket: string;
  readonly folder: string;
}): readonly Row[] {
  const hardened = [
    ...["--read-only", ...user, ...dropped, ...locked, "--pids-limit", "64", "--cpus", "0.1"],
    ...["--memory", "32m", "--memory-swap", "32m", "--tmpfs", "/tmp:size=8m", "-v", "/etc:/host-etc:ro"],
    // Its mode keeps the user out, too.
    ...["-v", "/etc/shadow:/shadow:ro"],
  ];
  // Twice the memory may be swapped: Docker's default. A tmpfs without a size takes half of the host's memory.
  const loose = [
    ...["--tmpfs", "/tmp:exec", "-v", "data:/data:ro", "--pids-limit", "2000", "--memory", "64m"],
    ...["--cpu-shares", "512"],
  ];
  const hosts = ["--network", "host", "--pid", "host", "--ipc", "host", "--uts", "host"];
  const unmasked = ["--security-opt", "systempaths=unconfined"];
  const row = (name: string, flags: readonly string[], says: string): Row => ({ name, flags, says });
  return [
    row("plain", [], "hhhhhh n-- hhhh hhnnnn hhh hhhhhh nnn hhhh -nnnn"),
    row("user", user, "hhhhhh n-- hhhh hhnnnn hhh hhhhhh hnn hhhh -nnnn"),
    row("dropped", dropped, "hhhhhh n-- hhhh hhhhhh hhh hhhhhh nnn hhhh -nnnn"),
    row("user-dropped", [...user, ...dropped], "hhhhhh n-- hhhh hhhhhh hhh hhhhhh hnn hhhh -nnnn"),
    row("locked", locked, "hhhhhh n-- hhhh hhnnnn hhh hhhhhh nhn hhhh -nnnn"),
    row("user-locked", [...user, ...locked], "hhhhhh n-- hhhh hhhhhh hhh hhhhhh hhn hhhh -nnnn"),
    row("hardened", hardened, "hhhhhh hhh hhhh hhhhhh hhh hhhhhh hhn hhhh hnhhh"),
    row("read-only", ["--read-only"], "hhhhhh h-- hhhh hhnnnn hhh hhhhhh nnn hhhh -nnnn"),
    row("loose", loose, "hhhhhh nhn hhhh hhnnnn hhh hhhhhh nnn hhhh nniih"),
    row("privileged", ["--privileged"], "hhhhnn n-- nnnn nnnnnn nnn nnnnnn nnn hhhh -nnnn"),
    row("privileged-user", ["--privileged", ...user], "hhhhnn n-- nnnn nnnnnn nnn nnnnnn hnn hhhh -nnnn"),
    row(
      "privileged-locked",
      ["--privileged", ...user, ...locked],
      "hhhhnh n-- nhhh ndhhhh hhh hhhhhh hhn hhhh -nnnn",
    ),
    row(
      "unconfined",
      ["--security-opt", "seccomp=unconfined"],
      "hhhhhh n-- hhhh ndnnnn hhh hhhhhh nnn hhhh -nnnn",
    ),
    // Where /proc/sys is writable, its files ask for no capability.
    row("unmasked", unmasked, "hhhhhh n-- nnnh hhnnnn hhh hhhnhq nnn hhhh -nnnn"),
    row("unmasked-user", [...unmasked, ...user], "hhhhhh n-- nnnh hhnnnn hhh hhhnhq hnn hhhh -nnnn"),
    // Docker's seccomp profile opens the calls of a capability with it; nothing opens swapoff.
    row("admin", ["--cap-add", "SYS_ADMIN"], "hhhhhh n-- hhhh ndnnnn nnh hhhnhh nnn hhhh -nnnn"),
    row("searching", ["--cap-add", "DAC_READ_SEARCH"], "hhhhhh n-- hhhh hhnnnn hhh nhhhhh nnn hhhh -nnnn"),
    row("capable", ["--cap-add", "ALL"], "hhhhhh n-- hhhh nnnnnn nnn nnhnnn nnn hhhh -nnnn"),
    row("on-host", hosts, "hnnnhh n-- hhhh hhnnnn hhh hhhhhh nnn nnnn -nnnn"),
    row("bridged", ["--network", "bridge"], "hnnnhh n-- hhhh hhnnnn hhh hhhhhh nnn hhhh -nnnn"),
    row("socket", ["-v", `${socket}:/run/docker.sock`], "nhhhhh n-- hhhh hhnnnn hhh hhhhhh nnn hhhh -nnnn"),
    // Among the Engine's files is the container's own root, with its /proc mounted and not yet masked when it is bound.
    row("folder", ["-v", `${folder}:/deep:ro`, ...user], "nhhhhh nh- nhhh hhnnnn hhh hhhhhh hnn hhhh -nnnn"),
    row("device", ["--device", "/dev/kmsg"], "hhhhnn n-- hhhh hhnnnn hhh hhhhhh nnn hhhh -nnnn"),
    row("rule", ["--device-cgroup-rule", "a *:* rwm"], "hhhhhn n-- hhhh hhnnnn hhh hhhhhh nnn hhhh -nnnn"),
  ];
}

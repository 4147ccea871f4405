import { type Attempt, judgeAttempts, judgeWherePossible } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { atFdCwd, open } from "../helper/errno.ts";
import { probe } from "../probe.ts";

const closeOnExec = 0o2000000;

/** @see https://man7.org/linux/man-pages/man7/raw.7.html */
export const rawSocket = probe({
  id: "raw-socket",
  control: "capabilities-drop",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "open raw sockets, which forge packets of other hosts (CAP_NET_RAW)",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "socket(AF_INET, SOCK_RAW)": (builder) => builder.call("socket", 2, 3 | closeOnExec, 1),
        "socket(AF_PACKET, SOCK_RAW)": (builder) => builder.call("socket", 17, 3 | closeOnExec, 0x0300),
      },
      { needs: "NET_RAW" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM"]),
});

const path = "/proc/sys/kernel/core_pattern";

/** Opened for writing, and never written. */
export const corePattern = probe({
  id: "core-pattern",
  control: "masked-paths",
  others: ["root-user", "no-new-privileges"],
  tries: "open core_pattern for writing, which names a program that the host runs as root",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(target, {
      [`open(${path}, O_WRONLY)`]: (builder) =>
        builder.call("openat", atFdCwd, builder.text(path), open.writeOnly | open.closeOnExec, 0),
    }),
  judge: (seen) => judgeAttempts(seen, ["EROFS", "EACCES"]),
});

/** Where a container sees its own cgroup: cgroup v2, and two controllers of v1. */
const paths = [
  "/sys/fs/cgroup/cgroup.procs",
  "/sys/fs/cgroup/memory/cgroup.procs",
  "/sys/fs/cgroup/pids/cgroup.procs",
];

/** Opened for writing, and never written. */
export const cgroupWrite = probe<readonly Attempt[]>({
  id: "cgroup-write",
  control: "privileged",
  others: ["root-user"],
  tries: "open its cgroup for writing, and so lift its own limits",
  inPlace: false,
  looser: "open",
  experiment: async (target) => {
    const attempts = await tryRights(
      target,
      Object.fromEntries(
        paths.map((path) => [
          `open(${path}, O_WRONLY)`,
          (builder) =>
            builder.call("openat", atFdCwd, builder.text(path), open.writeOnly | open.closeOnExec, 0),
        ]),
      ),
    );
    if (!attempts.ok) return attempts;
    return {
      ok: true,
      value: attempts.value.filter(({ error }) => error !== "ENOENT" && error !== "ENOTDIR"),
    };
  },
  judge: (seen) => judgeAttempts(seen, ["EROFS", "EACCES"]),
});

/** @see https://man7.org/linux/man-pages/man2/syslog.2.html */
export const kernelLog = probe({
  id: "kernel-log",
  control: "seccomp-profile",
  others: ["capabilities-dangerous", "root-user", "no-new-privileges"],
  tries: "read the kernel's log, which shows addresses and what other containers do",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        // SYSLOG_ACTION_READ_ALL
        "syslog(READ_ALL)": (builder) => builder.call("syslog", 3, builder.space(64), 64),
      },
      { needs: "SYSLOG" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});

/**
 * An empty module: the kernel asks for the right first, and only then finds that it is none.
 *
 * @see https://man7.org/linux/man-pages/man2/init_module.2.html
 */
export const loadModule = probe({
  id: "load-module",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "load a kernel module (CAP_SYS_MODULE)",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "init_module(an empty one)": (builder) => builder.call("init_module", 0, 0, builder.text("")),
      },
      { granted: ["ENOEXEC", "EFAULT", "EINVAL"] },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});

/**
 * Without the magic numbers: the kernel asks for the right first, and then refuses without them.
 *
 * @see https://man7.org/linux/man-pages/man2/reboot.2.html
 */
export const reboot = probe({
  id: "reboot",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "reboot the host (CAP_SYS_BOOT)",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "reboot(without its magic)": (builder) => builder.call("reboot", 0, 0, 0, 0),
      },
      { granted: ["EINVAL"] },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});

/**
 * A time zone that does not exist, and no time at all: the kernel asks for the right before it looks at the zone
 * (kernel/time/time.c, do_sys_settimeofday64).
 */
export const setClock = probe({
  id: "set-clock",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "set the host's clock (CAP_SYS_TIME)",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "settimeofday(a zone that is none)": (builder) => {
          const zone = Buffer.alloc(8);
          zone.writeInt32LE(1_000_000, 0);
          return builder.call("settimeofday", 0, builder.bytes(zone));
        },
      },
      { granted: ["EINVAL"] },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});

/** A name that is too long: the kernel asks for the right before it looks at the length. */
export const setHostname = probe({
  id: "set-hostname",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "change the host name (CAP_SYS_ADMIN)",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "sethostname(one that is too long)": (builder) =>
          builder.call("sethostname", builder.text("x".repeat(80)), 80),
      },
      { granted: ["EINVAL"] },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});

/** A swap area that does not exist: the kernel asks for the right before it looks for it. */
export const swapoff = probe({
  id: "swapoff",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "turn the host's swap off (CAP_SYS_ADMIN)",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "swapoff(of one that is not there)": (builder) =>
          builder.call("swapoff", builder.text("/.bulkhead-no-such-swap")),
      },
      { granted: ["ENOENT", "EINVAL"] },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});

const sysctlPaths = ["/proc/sys/kernel/panic", "/proc/sys/vm/overcommit_memory", "/proc/sysrq-trigger"];

/** Opened for writing, and never written. */
export const sysctl = probe({
  id: "sysctl",
  control: "masked-paths",
  others: ["root-user", "no-new-privileges"],
  tries: "open settings of the host's kernel for writing",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      Object.fromEntries(
        sysctlPaths.map((path) => [
          `open(${path}, O_WRONLY)`,
          (builder) =>
            builder.call("openat", atFdCwd, builder.text(path), open.writeOnly | open.closeOnExec, 0),
        ]),
      ),
    ),
  judge: (seen) => judgeWherePossible(seen, ["EROFS", "EACCES"]),
});

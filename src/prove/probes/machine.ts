import { mountsOf, opensForWriting, placesOf } from "../experiment/kernel-files.ts";
import type { Way } from "../experiment/ways.ts";
import { atFdCwd, open } from "../helper/errno.ts";
import type { Builder } from "../helper/program.ts";
import { type Right, right } from "../right.ts";

/** Who may hold a right that a capability gives. */
const usual = ["root-user", "no-new-privileges", "seccomp-profile"];

const closeOnExec = 0o2000000;
const [inet, inet6, packet] = [2, 10, 17];
const [datagram, raw] = [2, 3];
const allProtocols = 0x0300;

/** @see https://man7.org/linux/man-pages/man7/raw.7.html */
export const rawSocket = right({
  id: "raw-socket",
  control: "capabilities-drop",
  others: usual,
  tries: "open raw sockets, which forge packets of other hosts (CAP_NET_RAW)",
  inPlace: true,
  needs: "NET_RAW",
  ways: [
    opensSocket("AF_INET, SOCK_RAW", inet, raw, 1),
    opensSocket("AF_INET6, SOCK_RAW", inet6, raw, 58),
    opensSocket("AF_PACKET, SOCK_RAW", packet, raw, allProtocols),
    opensSocket("AF_PACKET, SOCK_DGRAM", packet, datagram, allProtocols),
    {
      // SYS_SOCKET, with its arguments in memory, where no seccomp filter can look (socketcall(2)).
      what: "socketcall(AF_PACKET, SOCK_RAW)",
      make: (builder) =>
        builder.call("socketcall", 1, numbers32(builder, packet, raw | closeOnExec, allProtocols)),
      abis: ["i386"],
    },
  ],
});

function opensSocket(what: string, family: number, type: number, protocol: number): Way {
  return {
    what: `socket(${what})`,
    make: (builder) => builder.call("socket", family, type | closeOnExec, protocol),
  };
}

/** Numbers of 32 bits, one after the other. */
function numbers32(builder: Builder, ...numbers: readonly number[]) {
  return builder.bytes(new Uint8Array(Int32Array.from(numbers).buffer));
}

/** Opens files of the kernel for writing, wherever its file systems are mounted. */
function kernelFiles(...files: readonly [type: "proc" | "sysfs", path: string][]): Right["ways"] {
  return async (target, attempt) => {
    const mounts = await mountsOf(target);
    if (!mounts.ok) return mounts;
    const paths = files.flatMap(([type, path]) => placesOf(mounts.value, type, path));
    const [first = "", second = "", ...rest] = [...new Set(paths)];
    return await attempt([
      opensForWriting(first),
      opensForWriting(second),
      ...rest.map((path) => opensForWriting(path)),
    ]);
  };
}

/** Errors of a file that cannot be opened for writing. */
const unwritable = ["EROFS", "EACCES"];

/** Each names a program that the kernel starts as root of the host. */
export const corePattern = right({
  id: "core-pattern",
  control: "masked-paths",
  others: ["root-user", "no-new-privileges"],
  tries: "open core_pattern for writing, which names a program that the host runs as root",
  inPlace: false,
  isOfMounts: true,
  refusals: unwritable,
  ways: kernelFiles(
    ["proc", "/sys/kernel/core_pattern"],
    ["proc", "/sys/kernel/modprobe"],
    ["sysfs", "/kernel/uevent_helper"],
  ),
});

export const sysctl = right({
  id: "sysctl",
  control: "masked-paths",
  others: ["root-user", "no-new-privileges"],
  tries: "open settings of the host's kernel for writing",
  inPlace: false,
  isOfMounts: true,
  refusals: unwritable,
  ways: kernelFiles(
    ["proc", "/sys/kernel/panic"],
    ["proc", "/sys/vm/overcommit_memory"],
    ["proc", "/sysrq-trigger"],
    ["sysfs", "/kernel/mm/transparent_hugepage/enabled"],
    ["sysfs", "/power/state"],
  ),
});

/** Where a container sees its own cgroup: cgroup v2, and two controllers of v1. */
const usualCgroups = ["/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids"] as const;

export const cgroupWrite = right({
  id: "cgroup-write",
  control: "privileged",
  others: ["root-user"],
  tries: "open its cgroup for writing, and so lift its own limits",
  inPlace: false,
  isOfMounts: true,
  refusals: unwritable,
  async ways(target, attempt) {
    const mounts = await mountsOf(target);
    if (!mounts.ok) return mounts;
    const found = mounts.value.filter(({ type }) => /^cgroup2?$/.test(type)).map(({ point }) => point);
    const [first, second, ...rest] = new Set([...usualCgroups, ...found]);
    const way = (folder = "") => opensForWriting(`${folder}/cgroup.procs`);
    return await attempt([way(first), way(second), ...rest.map(way)]);
  },
});

const readNow = open.readOnly | open.nonBlocking | open.closeOnExec;

/** @see https://man7.org/linux/man-pages/man2/syslog.2.html */
export const kernelLog = right({
  id: "kernel-log",
  control: "seccomp-profile",
  others: ["capabilities-dangerous", "root-user", "no-new-privileges", "device-access"],
  tries: "read the kernel's log, which shows addresses and what other containers do",
  inPlace: true,
  needs: "SYSLOG",
  refusals: ["EACCES", "ENOENT"],
  ways: [
    // SYSLOG_ACTION_READ_ALL
    { what: "syslog(READ_ALL)", make: (builder) => builder.call("syslog", 3, builder.space(64), 64) },
    {
      what: "open(/dev/kmsg)",
      make: (builder) => builder.call("openat", atFdCwd, builder.text("/dev/kmsg"), readNow, 0),
    },
    {
      what: "open(/proc/kmsg)",
      make: (builder) => builder.call("openat", atFdCwd, builder.text("/proc/kmsg"), readNow, 0),
    },
  ],
});

/**
 * Nothing that is a module: the kernel asks for the right first, and only then finds that it is none.
 *
 * @see https://man7.org/linux/man-pages/man2/init_module.2.html
 */
export const loadModule = right({
  id: "load-module",
  control: "capabilities-dangerous",
  others: usual,
  tries: "load a kernel module (CAP_SYS_MODULE)",
  inPlace: false,
  needs: "SYS_MODULE",
  ways: [
    {
      what: "init_module(an empty one)",
      make: (builder) => builder.call("init_module", 0, 0, builder.text("")),
      granted: ["ENOEXEC", "EFAULT", "EINVAL"],
    },
    {
      what: "finit_module(no file)",
      make: (builder) => builder.call("finit_module", -1, builder.text(""), 0),
      granted: ["EBADF", "ENOEXEC"],
    },
    {
      what: "delete_module(one that is not there)",
      make: (builder) => builder.call("delete_module", builder.text("bulkhead_no_such"), 0o4000),
      granted: ["ENOENT"],
    },
  ],
});

/**
 * Without the magic numbers, and with flags that do not exist: the kernel asks for the right first. Anyone who may write to
 * sysrq-trigger needs no capability; it is opened, and never written.
 *
 * @see https://man7.org/linux/man-pages/man2/reboot.2.html
 */
export const reboot = right({
  id: "reboot",
  control: "capabilities-dangerous",
  others: [...usual, "masked-paths"],
  tries: "reboot the host, or start another kernel (CAP_SYS_BOOT)",
  inPlace: false,
  needs: "SYS_BOOT",
  refusals: unwritable,
  ways: [
    {
      what: "reboot(without its magic)",
      make: (builder) => builder.call("reboot", 0, 0, 0, 0),
      granted: ["EINVAL"],
    },
    {
      what: "kexec_load(flags that do not exist)",
      make: (builder) => builder.call("kexec_load", 0, 0, 0, 0xffff),
      granted: ["EINVAL"],
    },
    {
      what: "kexec_file_load(flags that do not exist)",
      make: (builder) => builder.call("kexec_file_load", -1, -1, 0, 0, 0xffff),
      granted: ["EINVAL"],
    },
    opensForWriting("/proc/sysrq-trigger"),
  ],
});

/**
 * What is no time: the kernel asks for the right before it looks at the zone and at the tick. Of clock_settime it looks at
 * the time first (kernel/time/time.c, do_sys_settimeofday64), so that one shows only that the call is let through.
 */
export const setClock = right({
  id: "set-clock",
  control: "capabilities-dangerous",
  others: usual,
  tries: "set the host's clock (CAP_SYS_TIME)",
  inPlace: false,
  needs: "SYS_TIME",
  ways: [
    {
      what: "settimeofday(a zone that is none)",
      make: (builder) => builder.call("settimeofday", 0, numbers32(builder, 1_000_000, 0)),
      granted: ["EINVAL"],
    },
    {
      what: "clock_settime(a time that is none)",
      make: (builder) => builder.call("clock_settime", 0, builder.bytes(Buffer.alloc(16, 0xff))),
      granted: ["EINVAL"],
      byCapability: true,
    },
    {
      what: "adjtimex(a tick that is none)",
      make: (builder) => builder.call("adjtimex", noTick(builder)),
      granted: ["EINVAL"],
    },
    {
      what: "clock_adjtime(a tick that is none)",
      make: (builder) => builder.call("clock_adjtime", 0, noTick(builder)),
      granted: ["EINVAL"],
    },
  ],
});

/** struct timex: ADJ_TICK, and zeroes in either layout. */
function noTick(builder: Builder) {
  const bytes = Buffer.alloc(208);
  bytes.writeUInt32LE(0x4000, 0);
  return builder.bytes(bytes);
}

/** Names that are too long: the kernel asks for the right before it looks at the length. /proc/sys asks for none. */
export const setHostname = right({
  id: "set-hostname",
  control: "capabilities-dangerous",
  others: [...usual, "masked-paths"],
  tries: "change the host name (CAP_SYS_ADMIN)",
  inPlace: false,
  needs: "SYS_ADMIN",
  refusals: unwritable,
  ways: [
    {
      what: "sethostname(one that is too long)",
      make: (builder) => builder.call("sethostname", builder.text("x".repeat(80)), 80),
      granted: ["EINVAL"],
    },
    {
      what: "setdomainname(one that is too long)",
      make: (builder) => builder.call("setdomainname", builder.text("x".repeat(80)), 80),
      granted: ["EINVAL"],
    },
    opensForWriting("/proc/sys/kernel/hostname"),
    opensForWriting("/proc/sys/kernel/domainname"),
  ],
});

/** A swap area that does not exist: the kernel asks for the right before it looks for it. */
export const swapoff = right({
  id: "swapoff",
  control: "capabilities-dangerous",
  others: usual,
  tries: "turn the host's swap off or on (CAP_SYS_ADMIN)",
  inPlace: false,
  needs: "SYS_ADMIN",
  ways: [
    {
      what: "swapoff(of one that is not there)",
      make: (builder) => builder.call("swapoff", builder.text("/.bulkhead-no-such-swap")),
      granted: ["ENOENT", "EINVAL"],
    },
    {
      what: "swapon(of one that is not there)",
      make: (builder) => builder.call("swapon", builder.text("/.bulkhead-no-such-swap"), 0),
      granted: ["ENOENT", "EINVAL"],
    },
  ],
});

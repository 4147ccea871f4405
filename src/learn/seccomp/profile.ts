import { askedFamilies, socketRules } from "../../formats/values/docker-profile.ts";
import { lets, namespaceFlags, personalities, stoppedFamilies } from "../../formats/values/docker-seccomp.ts";
import { beyondDefault } from "../../formats/values/seccomp.ts";
import type { LearntSeccomp } from "../learnt.ts";
import type { Asked } from "../trace/tasks.ts";

/** A seccomp profile as Docker takes it. */
export interface SeccompProfile {
  readonly defaultAction: "SCMP_ACT_ERRNO";
  /** EPERM, as Docker's own profile answers. */
  readonly defaultErrnoRet: 1;
  readonly archMap: readonly {
    readonly architecture: string;
    readonly subArchitectures: readonly string[];
  }[];
  readonly syscalls: readonly {
    readonly names: readonly string[];
    readonly action: string;
    readonly errnoRet?: number;
    readonly args?: readonly {
      readonly index: number;
      readonly value: number;
      readonly valueTwo?: number;
      readonly op: string;
    }[];
  }[];
}

/**
 * What runc still calls between loading the filter and becoming the workload. With no-new-privileges it loads the filter just
 * before the exec; without, it drops its user, groups and capabilities behind it (runc: libcontainer/standard_init_linux.go).
 */
const runc = [
  ...[
    "capget",
    "capset",
    "chdir",
    "close",
    "close_range",
    "dup3",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "eventfd2",
  ],
  ...[
    "execve",
    "exit",
    "exit_group",
    "faccessat",
    "faccessat2",
    "fchdir",
    "fchown",
    "fcntl",
    "fstat",
    "fstatfs",
    "futex",
  ],
  ...["getcwd", "getdents64", "getgid", "getpgid", "getpid", "getppid", "gettid", "getuid", "ioctl", "lseek"],
  ...[
    "madvise",
    "mmap",
    "mprotect",
    "munmap",
    "nanosleep",
    "newfstatat",
    "openat",
    "openat2",
    "prctl",
    "pread64",
    "read",
  ],
  ...[
    "readlinkat",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_getaffinity",
    "sched_yield",
    "seccomp",
  ],
  ...[
    "setgid",
    "setgroups",
    "setuid",
    "sigaltstack",
    "statfs",
    "statx",
    "tgkill",
    "tkill",
    "umask",
    "uname",
    "unlinkat",
    "write",
  ],
];

/** What a C library or a language's runtime calls when it starts, ends, or is told to: a run need not have shown it. */
const runtimes = [
  ...[
    "arch_prctl",
    "brk",
    "clock_getres",
    "clock_gettime",
    "dup",
    "dup2",
    "clock_nanosleep",
    "exit",
    "exit_group",
    "getrandom",
  ],
  ...[
    "gettimeofday",
    "kill",
    "membarrier",
    "mremap",
    "pause",
    "poll",
    "ppoll",
    "prlimit64",
    "restart_syscall",
    "rseq",
  ],
  ...[
    "rt_sigpending",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "set_robust_list",
    "set_tid_address",
    "wait4",
    "waitid",
    "time",
  ],
];

/**
 * Calls on files, and those by which a shell makes a pipe: what a reload or a rare job needs, and an idle run does not show. Which
 * files they reach, permissions and mounts decide.
 */
const files = (
  "openat newfstatat faccessat readlinkat mkdirat unlinkat renameat2 linkat symlinkat fchmodat fchownat utimensat getdents64 " +
  "dup3 pipe2 read write select ppoll fsync truncate ftruncate fallocate fadvise64 flock fcntl lseek statfs fstatfs " +
  "chdir fchdir getcwd umask sendfile copy_file_range splice tee"
).split(" ");

/** Calls of which one does what another does: a newer C library, or the other architecture, takes another of them. */
const families: readonly (readonly string[])[] = [
  ["open", "openat", "openat2", "creat"],
  ["stat", "lstat", "newfstatat", "fstatat64", "statx", "fstat"],
  ["access", "faccessat", "faccessat2"],
  ["readlink", "readlinkat"],
  ["mkdir", "mkdirat"],
  ["rmdir", "unlink", "unlinkat"],
  ["rename", "renameat", "renameat2"],
  ["link", "linkat"],
  ["symlink", "symlinkat"],
  ["mknod", "mknodat"],
  ["chmod", "fchmod", "fchmodat", "fchmodat2"],
  ["chown", "lchown", "fchown", "fchownat"],
  ["utime", "utimes", "futimesat", "utimensat"],
  ["getdents", "getdents64"],
  ["dup", "dup2", "dup3"],
  ["pipe", "pipe2"],
  ["poll", "ppoll"],
  ["select", "pselect6"],
  ["epoll_create", "epoll_create1"],
  ["epoll_wait", "epoll_pwait", "epoll_pwait2"],
  ["eventfd", "eventfd2"],
  ["signalfd", "signalfd4"],
  ["inotify_init", "inotify_init1"],
  ["accept", "accept4"],
  ["fork", "vfork", "clone"],
  ["execve", "execveat"],
  ["read", "readv", "pread64", "preadv", "preadv2"],
  ["write", "writev", "pwrite64", "pwritev", "pwritev2"],
  ["send", "sendto", "sendmsg", "sendmmsg"],
  ["recv", "recvfrom", "recvmsg", "recvmmsg"],
  ["getrlimit", "setrlimit", "prlimit64"],
  ["alarm", "setitimer", "getitimer"],
  ["nanosleep", "clock_nanosleep"],
  ["kill", "tgkill", "tkill"],
  ["setuid", "setreuid", "setresuid", "setfsuid"],
  ["setgid", "setregid", "setresgid", "setfsgid"],
  ["getpgrp", "getpgid", "setpgid"],
  ["sync", "fsync", "fdatasync", "syncfs", "sync_file_range"],
  ["sendfile", "splice", "copy_file_range"],
  ["shmget", "shmat", "shmdt", "shmctl"],
  ["semget", "semop", "semtimedop", "semctl"],
  ["socket", "connect", "getsockname", "getpeername", "getsockopt", "setsockopt", "shutdown"],
  ["getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid"],
  ["fadvise64", "fallocate", "ftruncate", "truncate"],
  ["io_setup", "io_submit", "io_getevents", "io_pgetevents", "io_destroy", "io_cancel"],
];

const transfers = "sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg".split(" ");

/**
 * Calls that make something, and those on what they made: who listens accepts, also where nobody connected while it was watched.
 * Exported for the law that holds it to Docker's own profile.
 */
export const lives: readonly (readonly [makes: readonly string[], uses: readonly string[]])[] = [
  [["socket", "socketpair"], transfers],
  [["listen"], ["accept", "getpeername", "getsockname", "setsockopt", "shutdown", ...transfers]],
  [
    ["epoll_create", "epoll_create1"],
    ["epoll_ctl", "epoll_wait"],
  ],
  [
    ["inotify_init", "inotify_init1"],
    ["inotify_add_watch", "inotify_rm_watch"],
  ],
  [["timerfd_create"], ["timerfd_settime", "timerfd_gettime"]],
  [["timer_create"], ["timer_settime", "timer_gettime", "timer_getoverrun", "timer_delete"]],
  [["mq_open"], ["mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr", "mq_unlink"]],
  [["msgget"], ["msgsnd", "msgrcv", "msgctl"]],
  [
    ["mlock", "mlock2", "mlockall"],
    ["munlock", "munlockall"],
  ],
  [["pidfd_open"], ["pidfd_send_signal", "waitid"]],
];

type SyscallRule = SeccompProfile["syscalls"][number];

/**
 * What Docker's own profile lets through only with some arguments is let through with those: no new namespaces, no AF_ALG, no
 * AF_VSOCK and none of the families that advisories ask to close, no other personality.
 */
const restricted: Readonly<Record<string, readonly SyscallRule[]>> = {
  clone: [rule("clone", { index: 0, value: namespaceFlags, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" })],
  socket: socketRules([...stoppedFamilies, ...askedFamilies]),
  personality: personalities.map((value) => rule("personality", { index: 0, value, op: "SCMP_CMP_EQ" })),
};

function rule(name: string, arg: NonNullable<SyscallRule["args"]>[number]): SyscallRule {
  return { names: [name], action: "SCMP_ACT_ALLOW", args: [arg] };
}

/** AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK: what a C library asks for by itself (getaddrinfo, getifaddrs). */
const usualFamilies = [1, 2, 10, 16];

/** The least that the calls and the socket families which were seen take, on amd64 and arm64 alike. Pure. */
export function profileOf(seen: Iterable<string>, sockets?: readonly number[]): SeccompProfile {
  const own = new Set(seen);
  const used = lives.flatMap(([makes, uses]) => (makes.some((name) => own.has(name)) ? uses : []));
  const leading = new Set([...own, ...files, ...used]);
  const all = new Set([...runc, ...runtimes, ...leading, "clone"]);
  // A call that only runc or a runtime makes brings no family with it.
  for (const family of families) {
    if (family.some((name) => leading.has(name))) for (const name of family) all.add(name);
  }
  // Its flags are behind a pointer, so that no filter can see them. A C library falls back to clone.
  all.delete("clone3");
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 1,
    archMap: [
      { architecture: "SCMP_ARCH_X86_64", subArchitectures: [] },
      { architecture: "SCMP_ARCH_AARCH64", subArchitectures: [] },
    ],
    syscalls: [
      { names: [...all].filter((name) => !(name in restricted)).toSorted(), action: "SCMP_ACT_ALLOW" },
      ...Object.entries(restricted).flatMap(([name, rules]) => {
        if (!all.has(name)) return [];
        if (name !== "socket" || !sockets) return rules;
        return sockets.map((value) => rule("socket", { index: 0, value, op: "SCMP_CMP_EQ" }));
      }),
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 },
    ],
  };
}

export function profileText(profile: SeccompProfile): string {
  return `${JSON.stringify(profile, null, 2)}\n`;
}

/**
 * The profile of a service, from the calls that it made and the families of its sockets. What Docker's own profile refused
 * while it worked is left out, unless it had another one.
 */
export function learntProfile(
  { calls, families: seen }: Pick<Asked, "calls" | "families">,
  hadDockersOwn: boolean,
): Omit<LearntSeccomp, "path"> {
  const named = [...calls].toSorted();
  const families =
    seen &&
    [...new Set([...usualFamilies, ...seen])]
      .filter((family) => !hadDockersOwn || !stoppedFamilies.includes(family))
      .toSorted((a, b) => a - b);
  const beyond = new Set(beyondDefault(profileText(profileOf(named, families))) ?? []);
  const refused = hadDockersOwn ? named.filter((name) => beyond.has(name)) : [];
  const names = named.filter((name) => !refused.includes(name));
  const profile = profileOf(names, families);
  const text = profileText(profile);
  const allowed = new Set(profile.syscalls.flatMap((each) => each.names));
  const narrower = [...lets].filter((call) => !allowed.has(call)).length;
  return { text, names, refused, narrower, families, wider: beyondDefault(text) ?? [] };
}

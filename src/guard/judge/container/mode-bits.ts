import { isRecord, itemsOf, textsOf } from "../../../base/json.ts";

interface Argument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo: number;
  readonly op: "SCMP_CMP_MASKED_EQ" | "SCMP_CMP_NE" | "SCMP_CMP_EQ";
}

/** Where a call has its mode, and for those that need not have one their flags. */
const modes: Readonly<Record<string, { readonly mode: number; readonly flags?: number }>> = {
  chmod: { mode: 1 },
  fchmod: { mode: 1 },
  fchmodat: { mode: 2 },
  fchmodat2: { mode: 2 },
  creat: { mode: 1 },
  mknod: { mode: 1 },
  mknodat: { mode: 2 },
  open: { flags: 1, mode: 2 },
  openat: { flags: 2, mode: 3 },
};

const [setuid, setgid] = [0o4000, 0o2000];
/** O_CREAT and __O_TMPFILE of open(2): without either the mode is not read. */
const creates = 0o20000100;
/** Its mode is behind a pointer, so that no filter sees it. A C library falls back to openat. */
const behindPointer = { names: ["openat2"], action: "SCMP_ACT_ERRNO", errnoRet: 38 };

function masked(index: number, mask: number, value = 0): Argument {
  return { index, value: mask, valueTwo: value, op: "SCMP_CMP_MASKED_EQ" };
}

function allowed(names: readonly string[], ...args: readonly Argument[]) {
  return { names, action: "SCMP_ACT_ALLOW", ...(args.length > 0 && { args }) };
}

/** A call that sets a mode, only with neither bit; seccomp takes rules of one call for alternatives. */
function withoutBits(name: string, rest: object, args: readonly unknown[] = []): readonly object[] {
  const at = modes[name];
  if (!at) return [{ ...rest, names: [name] }];
  const both = [{ ...rest, names: [name], args: [...args, masked(at.mode, setuid | setgid)] }];
  return at.flags === undefined
    ? both
    : [...both, { ...rest, names: [name], args: [...args, masked(at.flags, creates)] }];
}

/** Any profile without these modes; undefined where it is none. */
export function withoutModeBits(profile: unknown): string | undefined {
  if (!isRecord(profile) || typeof profile.defaultAction !== "string") return undefined;
  const lets = (action: unknown) => /^SCMP_ACT_(?:ALLOW|LOG|TRACE|NOTIFY)$/.test(String(action));
  const rules = itemsOf(profile.syscalls).flatMap((rule): readonly unknown[] => {
    if (!isRecord(rule) || !lets(rule.action)) return [rule];
    const { names, name, args, ...rest } = rule;
    const all = [...textsOf(names), ...textsOf([name])].filter((each) => each !== "openat2");
    const plain = all.filter((each) => !Object.hasOwn(modes, each));
    const changed = all.filter((each) => Object.hasOwn(modes, each));
    const given = itemsOf(args);
    return [
      ...(plain.length > 0 ? [{ ...rest, names: plain, ...(given.length > 0 && { args: given }) }] : []),
      ...changed.flatMap((each) => withoutBits(each, rest, given)),
    ];
  });
  const named = new Set(rules.flatMap((rule) => (isRecord(rule) ? textsOf(rule.names) : [])));
  const refused = lets(profile.defaultAction)
    ? Object.entries(modes)
        .filter(([name]) => !named.has(name))
        .flatMap(([name, { mode }]) =>
          [setuid, setgid].map((bit) => ({
            names: [name],
            action: "SCMP_ACT_ERRNO",
            errnoRet: 1,
            args: [masked(mode, bit, bit)],
          })),
        )
    : [];
  return JSON.stringify({ ...profile, syscalls: [...rules, ...refused, behindPointer] });
}

/**
 * System calls that Docker's own profile lets through whatever their arguments, in Engine 26 to 29.
 *
 * @see https://docs.docker.com/engine/security/seccomp/
 */
const plain = `
read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek close close_range dup dup2 dup3 fcntl fcntl64
stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 access faccessat faccessat2
ioctl flock fsync fdatasync sync syncfs sync_file_range truncate truncate64 ftruncate ftruncate64 fallocate readahead fadvise64
fadvise64_64 sendfile sendfile64 splice tee vmsplice copy_file_range getdents getdents64 getcwd chdir fchdir chroot umask
rename renameat renameat2 mkdir mkdirat rmdir link linkat unlink unlinkat symlink symlinkat readlink readlinkat name_to_handle_at
chown chown32 lchown lchown32 fchown fchown32 fchownat utime utimes futimesat utimensat utimensat_time64
setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr
select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait
epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime timerfd_settime64
timerfd_gettime timerfd_gettime64 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark pipe pipe2
socketpair bind listen accept accept4 connect getsockname getpeername getsockopt setsockopt shutdown send sendto sendmsg sendmmsg
recv recvfrom recvmsg recvmmsg recvmmsg_time64 socketcall
mmap mmap2 mprotect munmap mremap madvise mincore msync mlock mlock2 mlockall munlock munlockall brk remap_file_pages membarrier
memfd_create memfd_secret pkey_alloc pkey_free pkey_mprotect map_shadow_stack cachestat
fork vfork execve execveat exit exit_group wait4 waitid waitpid kill tkill tgkill pause alarm getpid getppid gettid getpgid
setpgid getpgrp getsid setsid pidfd_open pidfd_send_signal process_mrelease ptrace restart_syscall
getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid getresgid32 getgroups getgroups32
setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32 setfsuid
setfsuid32 setfsgid setfsgid32 setgroups setgroups32 capget capset prctl arch_prctl modify_ldt seccomp
landlock_add_rule landlock_create_ruleset landlock_restrict_self
rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigreturn rt_sigqueueinfo rt_tgsigqueueinfo rt_sigtimedwait
rt_sigtimedwait_time64 sigaltstack sigprocmask sigreturn
futex futex_time64 futex_waitv futex_wake futex_wait futex_requeue set_robust_list get_robust_list set_tid_address rseq
set_thread_area get_thread_area sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam
sched_setparam sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval
sched_rr_get_interval_time64 getpriority setpriority ioprio_get ioprio_set getcpu
time gettimeofday times clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep clock_nanosleep_time64
clock_adjtime clock_adjtime64 adjtimex nanosleep getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime
timer_gettime64 timer_settime timer_settime64
uname sysinfo getrandom getrusage getrlimit ugetrlimit setrlimit prlimit64
ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget mq_open mq_unlink
mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64
io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64
cacheflush breakpoint set_tls arm_fadvise64_64 arm_sync_file_range sync_file_range2 riscv_flush_icache
`;

/** Those that it lets through with a capability. */
const byCapability: Readonly<Record<string, string>> = {
  DAC_READ_SEARCH: "open_by_handle_at",
  SYS_ADMIN:
    "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare",
  SYS_BOOT: "reboot",
  SYS_MODULE: "delete_module init_module finit_module",
  SYS_PACCT: "acct",
  SYS_PTRACE: "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev",
  SYS_RAWIO: "iopl ioperm",
  SYS_TIME: "settimeofday stime clock_settime clock_settime64",
  SYS_TTY_CONFIG: "vhangup",
  SYS_NICE: "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
  SYSLOG: "syslog",
  BPF: "bpf",
  PERFMON: "perf_event_open",
};

/** CLONE_NEW… of clone(2), without CLONE_NEWTIME. */
const namespaces = 0x7e020000;

let made: string | undefined;

/** Docker's own profile without these modes. It is no looser than that of any Engine whose API has subpaths. */
export function calls(): string {
  made ??= JSON.stringify({
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 1,
    archMap: [["X86_64", "X86", "X32"], ["AARCH64", "ARM"], ["S390X", "S390"], ["RISCV64"]].map(
      ([architecture, ...others]) => ({
        architecture: `SCMP_ARCH_${architecture}`,
        subArchitectures: others.map((each) => `SCMP_ARCH_${each}`),
      }),
    ),
    syscalls: [
      allowed(plain.trim().split(/\s+/)),
      ...Object.keys(modes).flatMap((name) => withoutBits(name, { action: "SCMP_ACT_ALLOW" })),
      behindPointer,
      allowed(["socket"], { index: 0, value: 40, valueTwo: 0, op: "SCMP_CMP_NE" }),
      ...[0, 8, 0x20000, 0x20008, 0xffffffff].map((value) =>
        allowed(["personality"], { index: 0, value, valueTwo: 0, op: "SCMP_CMP_EQ" }),
      ),
      // Its arguments have another order there.
      ...[
        { index: 0, only: { excludes: { caps: ["CAP_SYS_ADMIN"], arches: ["s390", "s390x"] } } },
        {
          index: 1,
          only: { includes: { arches: ["s390", "s390x"] }, excludes: { caps: ["CAP_SYS_ADMIN"] } },
        },
      ].map(({ index, only }) => ({ ...allowed(["clone"], masked(index, namespaces)), ...only })),
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38, excludes: { caps: ["CAP_SYS_ADMIN"] } },
      ...Object.entries(byCapability).map(([name, names]) => ({
        ...allowed(names.split(" ")),
        includes: { caps: [`CAP_${name}`] },
      })),
    ],
  });
  return made;
}

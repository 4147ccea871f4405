import type { Ask, InterfaceRow } from "./interface.ts";

const newUser = 0x1000_0000;
const childSignal = 17;
const cwd = -100;
const inAnySeccomp = "1.10";

/** No such descriptor: a call that the kernel looks into fails there, and changes nothing. */
const none = -1;

function opens(path: string, flags = 1): Ask {
  return { what: `open(${path})`, calls: [["openat", cwd, path, flags, 0]] };
}

export const calls: readonly InterfaceRow[] = [
  {
    id: "user-namespace",
    what: "new user namespaces, in which a process has every capability",
    asks: [
      { what: "unshare(CLONE_NEWUSER)", calls: [["unshare", newUser]] },
      { what: "clone(CLONE_NEWUSER)", calls: [["clone", newUser | childSignal, 0, 0, 0, 0]] },
      {
        what: "clone3(CLONE_NEWUSER)",
        // struct clone_args: flags, three addresses, the signal at its end, stack, size, tls; each of 64 bits.
        calls: [
          ["clone3", { numbers: [newUser, 0, 0, 0, 0, 0, 0, 0, childSignal, 0, 0, 0, 0, 0, 0, 0] }, 64],
        ],
      },
    ],
    sysctl: "user.max_user_namespaces=0",
    dockers: { since: inAnySeccomp, unless: ["SYS_ADMIN"] },
  },
  {
    id: "io-uring",
    what: "io_uring (queues of requests to the kernel)",
    asks: [
      {
        what: "io_uring_setup(1)",
        calls: [["io_uring_setup", 1, { numbers: Array.from({ length: 30 }, () => 0) }]],
      },
    ],
    sysctl: "kernel.io_uring_disabled=2",
    dockers: { since: "25.0" },
  },
  {
    id: "bpf",
    what: "bpf (programs in the kernel)",
    asks: [
      // BPF_MAP_CREATE of an array with one entry of four bytes.
      {
        what: "bpf(BPF_MAP_CREATE)",
        calls: [["bpf", 0, { numbers: [2, 4, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0] }, 48]],
      },
    ],
    needs: { capability: "BPF", in: "initial" },
    sysctl: "kernel.unprivileged_bpf_disabled=1",
    dockers: { since: inAnySeccomp, unless: ["BPF", "SYS_ADMIN"] },
  },
  {
    id: "perf-event",
    what: "perf_event_open (measurements of the processor)",
    asks: [
      {
        // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK of this process; off, and without the kernel's own share.
        what: "perf_event_open(PERF_TYPE_SOFTWARE)",
        calls: [
          [
            "perf_event_open",
            { numbers: [1, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0x61, 0, 0, 0, 0, 0] },
            0,
            -1,
            none,
            0,
          ],
        ],
      },
    ],
    needs: { capability: "PERFMON", in: "initial" },
    sysctl: "kernel.perf_event_paranoid=3",
    dockers: { since: inAnySeccomp, unless: ["PERFMON", "SYS_ADMIN"] },
  },
  {
    id: "userfaultfd",
    what: "userfaultfd (page faults handled by a program)",
    asks: [{ what: "userfaultfd(0)", calls: [["userfaultfd", 0]] }],
    needs: { capability: "SYS_PTRACE", in: "initial" },
    sysctl: "vm.unprivileged_userfaultfd=0",
    dockers: { since: inAnySeccomp },
  },
  {
    id: "keyring",
    what: "keyrings of the kernel (keyctl, add_key, request_key)",
    asks: [
      { what: "keyctl(KEYCTL_GET_KEYRING_ID)", calls: [["keyctl", 0, -3, 0]] },
      { what: "add_key(user)", calls: [["add_key", "user", "bulkhead", "x", 1, -2]] },
      {
        what: "request_key(user)",
        calls: [["request_key", "user", "bulkhead-none", 0, 0]],
        granted: ["ENOKEY", "EKEYEXPIRED", "EKEYREVOKED", "EKEYREJECTED"],
      },
    ],
    dockers: { since: inAnySeccomp },
  },
  {
    id: "ptrace",
    what: "ptrace and the memory of other processes",
    asks: [
      { what: "ptrace(PTRACE_TRACEME)", calls: [["ptrace", 0, 0, 0, 0]] },
      { what: "process_vm_readv(nothing)", calls: [["process_vm_readv", 1, 0, 0, 0, 0, 0]] },
    ],
    sysctl: "kernel.yama.ptrace_scope=3",
  },
  {
    id: "pidfd-getfd",
    what: "pidfd_getfd (open files of other processes)",
    asks: [
      {
        what: "pidfd_getfd(its own)",
        calls: [["getpid"], ["pidfd_open", { resultOf: 0 }, 0], ["pidfd_getfd", { resultOf: 1 }, 0, 0]],
      },
    ],
    dockers: { since: inAnySeccomp, unless: ["SYS_PTRACE"] },
  },
  {
    id: "mount-api",
    what: "fsopen and open_tree (new mounts)",
    asks: [
      { what: "fsopen(tmpfs)", calls: [["fsopen", "tmpfs", 0]] },
      // OPEN_TREE_CLONE
      { what: "open_tree(OPEN_TREE_CLONE)", calls: [["open_tree", cwd, "/", 1]] },
    ],
    needs: { capability: "SYS_ADMIN", in: "own" },
    dockers: { since: inAnySeccomp, unless: ["SYS_ADMIN"] },
  },
  {
    id: "filesystem-autoload",
    what: "file systems, each with its module of the kernel",
    asks: [{ what: "fsopen(none there is)", calls: [["fsopen", "bulkhead_none", 0]], granted: ["ENODEV"] }],
    needs: { capability: "SYS_ADMIN", in: "own" },
    sysctl: "kernel.modules_disabled=1",
    dockers: { since: inAnySeccomp, unless: ["SYS_ADMIN"] },
  },
  {
    id: "open-by-handle",
    what: "open_by_handle_at (files outside of its mounts)",
    asks: [
      {
        // struct file_handle: eight bytes of a type that leads nowhere.
        what: "open_by_handle_at(a handle of nothing)",
        calls: [["open_by_handle_at", cwd, { numbers: [8, 1, 0, 0] }, 0]],
        granted: ["ESTALE", "EINVAL", "EOPNOTSUPP"],
      },
    ],
    needs: { capability: "DAC_READ_SEARCH", in: "initial" },
    dockers: { since: inAnySeccomp, unless: ["DAC_READ_SEARCH"] },
  },
  {
    id: "splice",
    what: "splice and vmsplice (pages without copies)",
    asks: [
      { what: "splice(nothing)", calls: [["splice", none, 0, none, 0, 1, 0]], granted: ["EBADF"] },
      {
        what: "vmsplice(nothing)",
        calls: [["vmsplice", none, { numbers: [0, 0, 0, 0] }, 1, 0]],
        granted: ["EBADF"],
      },
    ],
  },
  {
    id: "terminal-input",
    what: "ioctl(TIOCSTI) (typing into a terminal that it shares)",
    asks: [
      {
        what: "ioctl(TIOCSTI)",
        // A terminal of its own: TIOCSPTLCK unlocks it, TIOCGPTPEER opens it.
        calls: [
          ["setsid"],
          ["openat", cwd, "/dev/ptmx", 2 | 0o400, 0],
          ["ioctl", { resultOf: 1 }, 0x4004_5431, { numbers: [0] }],
          ["ioctl", { resultOf: 1 }, 0x5441, 2],
          ["ioctl", { resultOf: 3 }, 0x5412, "x"],
        ],
      },
    ],
    sysctl: "dev.tty.legacy_tiocsti=0",
  },
  {
    id: "console",
    what: "consoles of the host (TIOCLINUX pastes into them)",
    asks: [opens("/dev/tty1", 2 | 0o400 | 0o4000)],
    file: "dev",
  },
  {
    id: "proc-core-pattern",
    what: "/proc/sys/kernel/core_pattern (a program that the host runs)",
    asks: [opens("/proc/sys/kernel/core_pattern")],
    file: "proc",
  },
  {
    id: "proc-sysrq",
    what: "/proc/sysrq-trigger (reboots and crashes the host)",
    asks: [opens("/proc/sysrq-trigger")],
    file: "proc",
  },
  {
    id: "sys-writable",
    what: "/sys (settings of the host's kernel)",
    asks: [opens("/sys/kernel/uevent_helper"), opens("/sys/kernel/mm/ksm/run"), opens("/sys/power/state")],
    file: "sys",
  },
  {
    id: "device-nodes",
    what: "devices of the host (/dev/mem, /dev/kmsg)",
    asks: [opens("/dev/mem", 0), opens("/dev/kmsg", 0)],
    file: "dev",
  },
  {
    id: "kexec",
    what: "kexec (another kernel)",
    asks: [
      {
        what: "kexec_load(flags that do not exist)",
        calls: [["kexec_load", 0, 0, 0, 0xffff]],
        granted: ["EINVAL"],
      },
      {
        what: "kexec_file_load(flags that do not exist)",
        calls: [["kexec_file_load", none, none, 0, 0, 0xffff]],
        granted: ["EINVAL"],
      },
    ],
    needs: { capability: "SYS_BOOT", in: "initial" },
    sysctl: "kernel.kexec_load_disabled=1",
    dockers: { since: inAnySeccomp },
  },
  {
    id: "module-load",
    what: "modules of the kernel",
    asks: [
      {
        what: "init_module(an empty one)",
        calls: [["init_module", 0, 0, ""]],
        granted: ["ENOEXEC", "EFAULT", "EINVAL"],
      },
      {
        what: "finit_module(no file)",
        calls: [["finit_module", none, "", 0]],
        granted: ["EBADF", "ENOEXEC"],
      },
    ],
    needs: { capability: "SYS_MODULE", in: "initial" },
    sysctl: "kernel.modules_disabled=1",
    dockers: { since: inAnySeccomp, unless: ["SYS_MODULE"] },
  },
  {
    id: "personality",
    what: "personality (other rules of an address space)",
    // ADDR_NO_RANDOMIZE
    asks: [{ what: "personality(ADDR_NO_RANDOMIZE)", calls: [["personality", 0x0004_0000]] }],
    dockers: { since: inAnySeccomp },
  },
  {
    id: "clock",
    what: "the host's clock",
    asks: [
      {
        what: "settimeofday(a zone that is none)",
        calls: [["settimeofday", 0, { numbers: [1_000_000, 0] }]],
        granted: ["EINVAL"],
      },
      {
        // struct timex: ADJ_TICK, and zeroes in either layout.
        what: "adjtimex(a tick that is none)",
        calls: [["adjtimex", { numbers: [0x4000, ...Array.from({ length: 51 }, () => 0)] }]],
        granted: ["EINVAL"],
      },
    ],
    needs: { capability: "SYS_TIME", in: "initial" },
    // It lets adjtimex through, which needs the capability as well.
  },
];

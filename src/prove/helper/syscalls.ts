import { callNumber } from "../../engine/system-calls.ts";
import type { Architecture } from "./elf.ts";

/**
 * How a system call is made. `i386`: the 32-bit calls of an x86-64 kernel, by `int $0x80`. `x32`: its calls with 32-bit
 * addresses. A seccomp profile or a kernel may treat each in its own way.
 */
export type Abi = "native" | "i386" | "x32";

/**
 * The system calls of the ways, with their numbers among the 32-bit calls of x86; undefined where there is none. Of those
 * with 16-bit user ids, the call for 32-bit ids.
 *
 * @see https://github.com/torvalds/linux/blob/master/arch/x86/entry/syscalls/syscall_32.tbl
 */
const i386Calls = {
  add_key: 286,
  adjtimex: 124,
  bpf: 357,
  chown: 212,
  chroot: 61,
  clock_adjtime: 343,
  clock_gettime: 265,
  clock_settime: 264,
  clone: 120,
  clone3: 435,
  close: 6,
  connect: 362,
  delete_module: 129,
  execve: 11,
  exit_group: 252,
  fallocate: 324,
  fchmod: 94,
  fchown: 207,
  fchownat: 298,
  finit_module: 350,
  fsconfig: 431,
  fsmount: 432,
  fsopen: 430,
  fsync: 118,
  getdents64: 220,
  geteuid: 201,
  getpid: 20,
  init_module: 128,
  io_uring_setup: 425,
  ioctl: 54,
  kexec_file_load: undefined,
  kexec_load: 283,
  keyctl: 288,
  lchown: 198,
  memfd_create: 356,
  mknod: 14,
  mknodat: 297,
  mmap: 90,
  mount: 21,
  move_mount: 429,
  munmap: 91,
  nanosleep: 162,
  open: 5,
  open_by_handle_at: 342,
  open_tree: 428,
  openat: 295,
  openat2: 437,
  perf_event_open: 336,
  personality: 136,
  pidfd_getfd: 438,
  pidfd_open: 434,
  pivot_root: 217,
  ppoll: 309,
  prctl: 172,
  pread64: 180,
  process_vm_readv: 347,
  process_vm_writev: 348,
  ptrace: 26,
  pwrite64: 181,
  read: 3,
  readlinkat: 305,
  reboot: 88,
  request_key: 287,
  sched_getaffinity: 242,
  sendto: 369,
  setdomainname: 121,
  setfsuid: 215,
  sethostname: 74,
  setitimer: 104,
  setresuid: 208,
  setreuid: 203,
  setsid: 66,
  settimeofday: 79,
  setuid: 213,
  socket: 359,
  socketcall: 102,
  splice: 313,
  statfs: 99,
  statx: 383,
  swapoff: 115,
  swapon: 87,
  syslog: 103,
  umount2: 52,
  uname: 122,
  unlinkat: 301,
  unshare: 310,
  userfaultfd: 374,
  vmsplice: 316,
  wait4: 114,
  write: 4,
} as const satisfies Record<string, number | undefined>;

export type SyscallName = keyof typeof i386Calls;

/** Calls that have an x32 number of their own (512 and more), which no way needs. */
const notInX32: ReadonlySet<string> = new Set<SyscallName>([
  "execve",
  "ioctl",
  "kexec_load",
  "process_vm_readv",
  "process_vm_writev",
  "ptrace",
  "vmsplice",
]);
const x32Bit = 0x40000000;

/** The number of a call; undefined where this architecture has no such call, or none in this ABI. */
export function syscallNumber(name: SyscallName, abi: Abi, architecture: Architecture): number | undefined {
  if (architecture === "aarch64") return abi === "native" ? callNumber(name, "arm64") : undefined;
  if (abi === "i386") return i386Calls[name];
  const number = callNumber(name, "amd64");
  if (abi === "native") return number;
  return number === undefined || notInX32.has(name) ? undefined : number | x32Bit;
}

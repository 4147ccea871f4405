import type { Architecture } from "./elf.ts";

/**
 * How a system call is made. `i386`: the 32-bit calls of an x86-64 kernel, by `int $0x80`. `x32`: its calls with 32-bit
 * addresses. A seccomp profile or a kernel may treat each in its own way.
 */
export type Abi = "native" | "i386" | "x32";

/**
 * System calls by name: their numbers on x86_64, on aarch64 and among the 32-bit calls of x86; undefined where there is none.
 * Of those with 16-bit user ids, the 32-bit column has the call for 32-bit ids.
 *
 * @see https://github.com/torvalds/linux/blob/master/arch/x86/entry/syscalls/syscall_64.tbl
 * @see https://github.com/torvalds/linux/blob/master/arch/x86/entry/syscalls/syscall_32.tbl
 * @see https://github.com/torvalds/linux/blob/master/include/uapi/asm-generic/unistd.h
 */
const syscalls = {
  add_key: [248, 217, 286],
  adjtimex: [159, 171, 124],
  bpf: [321, 280, 357],
  chown: [92, undefined, 212],
  chroot: [161, 51, 61],
  clock_adjtime: [305, 266, 343],
  clock_gettime: [228, 113, 265],
  clock_settime: [227, 112, 264],
  clone: [56, 220, 120],
  clone3: [435, 435, 435],
  close: [3, 57, 6],
  connect: [42, 203, 362],
  delete_module: [176, 106, 129],
  execve: [59, 221, 11],
  exit_group: [231, 94, 252],
  fallocate: [285, 47, 324],
  fchmod: [91, 52, 94],
  fchown: [93, 55, 207],
  fchownat: [260, 54, 298],
  finit_module: [313, 273, 350],
  fsconfig: [431, 431, 431],
  fsmount: [432, 432, 432],
  fsopen: [430, 430, 430],
  fsync: [74, 82, 118],
  getdents64: [217, 61, 220],
  geteuid: [107, 175, 201],
  getpid: [39, 172, 20],
  init_module: [175, 105, 128],
  io_uring_setup: [425, 425, 425],
  ioctl: [16, 29, 54],
  kexec_file_load: [320, 294, undefined],
  kexec_load: [246, 104, 283],
  keyctl: [250, 219, 288],
  lchown: [94, undefined, 198],
  memfd_create: [319, 279, 356],
  mknod: [133, undefined, 14],
  mknodat: [259, 33, 297],
  mmap: [9, 222, 90],
  mount: [165, 40, 21],
  move_mount: [429, 429, 429],
  munmap: [11, 215, 91],
  nanosleep: [35, 101, 162],
  open: [2, undefined, 5],
  open_by_handle_at: [304, 265, 342],
  open_tree: [428, 428, 428],
  openat: [257, 56, 295],
  openat2: [437, 437, 437],
  perf_event_open: [298, 241, 336],
  personality: [135, 92, 136],
  pidfd_getfd: [438, 438, 438],
  pidfd_open: [434, 434, 434],
  pivot_root: [155, 41, 217],
  ppoll: [271, 73, 309],
  prctl: [157, 167, 172],
  pread64: [17, 67, 180],
  process_vm_readv: [310, 270, 347],
  process_vm_writev: [311, 271, 348],
  ptrace: [101, 117, 26],
  pwrite64: [18, 68, 181],
  read: [0, 63, 3],
  readlinkat: [267, 78, 305],
  reboot: [169, 142, 88],
  request_key: [249, 218, 287],
  sched_getaffinity: [204, 123, 242],
  sendto: [44, 206, 369],
  setdomainname: [171, 162, 121],
  setfsuid: [122, 151, 215],
  sethostname: [170, 161, 74],
  setitimer: [38, 103, 104],
  setresuid: [117, 147, 208],
  setreuid: [113, 145, 203],
  setsid: [112, 157, 66],
  settimeofday: [164, 170, 79],
  setuid: [105, 146, 213],
  socket: [41, 198, 359],
  socketcall: [undefined, undefined, 102],
  splice: [275, 76, 313],
  statfs: [137, 43, 99],
  statx: [332, 291, 383],
  swapoff: [168, 225, 115],
  swapon: [167, 224, 87],
  syslog: [103, 116, 103],
  umount2: [166, 39, 52],
  uname: [63, 160, 122],
  unlinkat: [263, 35, 301],
  unshare: [272, 97, 310],
  userfaultfd: [323, 282, 374],
  vmsplice: [278, 75, 316],
  wait4: [61, 260, 114],
  write: [1, 64, 4],
} as const satisfies Record<
  string,
  readonly [x86_64: number | undefined, aarch64: number | undefined, i386: number | undefined]
>;

export type SyscallName = keyof typeof syscalls;

/** Calls that have an x32 number of their own (512 and more), which no way needs. */
const notInX32: ReadonlySet<string> = new Set<SyscallName>([
  ...([
    "execve",
    "ioctl",
    "kexec_load",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "vmsplice",
  ] as const),
]);
const x32Bit = 0x40000000;

/** The number of a call; undefined where this architecture has no such call, or none in this ABI. */
export function syscallNumber(name: SyscallName, abi: Abi, architecture: Architecture): number | undefined {
  const [x86_64, aarch64, i386] = syscalls[name];
  if (architecture === "aarch64") return abi === "native" ? aarch64 : undefined;
  if (abi === "native") return x86_64;
  if (abi === "i386") return i386;
  return x86_64 === undefined || notInX32.has(name) ? undefined : x86_64 | x32Bit;
}

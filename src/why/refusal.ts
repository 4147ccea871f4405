/** What came of a refusal: the program goes on, or it ends, soon after it. */
export type Fate =
  | { readonly kind: "survived" }
  | { readonly kind: "exit"; readonly status: number }
  | { readonly kind: "signal"; readonly signal: string }
  /** Its container logs an error. */
  | { readonly kind: "error" };

/** One call that the kernel refused to a container's process. */
export interface Refusal {
  /** The container's id. */
  readonly container: string;
  readonly pid: number;
  /** The program's name, as it calls itself. */
  readonly process: string;
  /** Seconds of the trace's clock. */
  readonly time: number;
  /** `mkdir`; `exit` where a process was killed for what it did. */
  readonly call: string;
  /** Undefined where seccomp refused it: the kernel does not show them then. */
  readonly words: readonly bigint[] | undefined;
  /** `EROFS`, or `SIGSYS`, `OOM` where it was killed. */
  readonly error: string;
  readonly isSeccomp: boolean;
  /** Capabilities that the kernel asked for in this call, and that the process does not have. */
  readonly missing: readonly string[];
  /** Paths and addresses among its arguments, in their order; undefined where they could not be read. */
  readonly texts: readonly (string | undefined)[];
  fate: Fate;
}

/** Errors by which the kernel says that something is not allowed, or that a limit is reached (errno(3), asm-generic). */
const errors: Readonly<Record<number, string>> = {
  1: "EPERM",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  23: "ENFILE",
  24: "EMFILE",
  27: "EFBIG",
  28: "ENOSPC",
  30: "EROFS",
  38: "ENOSYS",
  122: "EDQUOT",
};

/** Those of the errors that mean a refusal whatever the call: the kernel is asked for them of busy calls, too. */
export const plainErrors: readonly number[] = [1, 12, 13, 24, 27, 28, 30, 122];

/** What programs print for each (strerror(3)), or its name. */
const printed: Readonly<Record<string, RegExp>> = {
  EPERM: /not permitted|\bEPERM\b|\(1:/i,
  EAGAIN: /temporarily unavailable|can(?:'|no)t (?:fork|start)|fork failed|\bEAGAIN\b|\(11:/i,
  ENOMEM: /cannot allocate|out of memory|\bENOMEM\b|\(12:/i,
  EACCES: /permission denied|\bEACCES\b|\(13:/i,
  ENFILE: /too many open files|\bENFILE\b/i,
  EMFILE: /too many open files|\bEMFILE\b|\(24:/i,
  EFBIG: /file too large|\bEFBIG\b/i,
  ENOSPC: /no space left|\bENOSPC\b|\(28:/i,
  EROFS: /read-only file system|\bEROFS\b|\(30:/i,
  ENOSYS: /not implemented|\bENOSYS\b/i,
  EDQUOT: /quota exceeded|\bEDQUOT\b/i,
};

/** The name of what a call returned; undefined where that is no refusal. */
export function errorName(returned: number): string | undefined {
  return errors[-returned];
}

/** Whether a line of a log speaks of the error. */
export function speaksOf(line: string, error: string): boolean {
  return printed[error]?.test(line) ?? false;
}

/** The error that a line of a log speaks of; undefined where it names none. */
export function errorIn(line: string): string | undefined {
  return Object.keys(printed).find((error) => speaksOf(line, error));
}

const making = ["fork", "vfork", "clone", "clone3"];

/** Errors that are a refusal of some calls only: a read that would have to wait gives EAGAIN, too. */
const only: Readonly<Record<string, readonly string[]>> = {
  EAGAIN: [...making, "setuid", "setreuid", "setresuid", "mlock", "mlock2", "mlockall"],
  ENOMEM: [...making, "mmap", "mremap", "brk", "mlock", "mlock2", "mlockall", "shmget"],
  ENOSYS: [],
};

/** Errors of these calls that say nothing of a right: a file that cannot be polled (epoll_ctl(2)), a lock (futex(2)). */
const never: Readonly<Record<string, readonly string[]>> = {
  EPERM: ["epoll_ctl", "futex"],
  EACCES: ["fcntl"],
};

/** Whether the error of a call, by the kernel or by a seccomp profile, keeps the program from something. */
export function isRefusal(call: string, error: string, isSeccomp: boolean): boolean {
  // A profile answers so to make the C library use clone(2), as on a kernel before 5.3.
  if (call === "clone3" && error === "ENOSYS") return false;
  return isSeccomp || ((only[error]?.includes(call) ?? true) && !never[error]?.includes(call));
}

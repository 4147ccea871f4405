import type { ByArchitecture } from "./program.ts";

/** Linux's error numbers, the same on every architecture that the helper speaks (errno(3)). */
const names: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  3: "ESRCH",
  4: "EINTR",
  5: "EIO",
  6: "ENXIO",
  7: "E2BIG",
  8: "ENOEXEC",
  9: "EBADF",
  10: "ECHILD",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  15: "ENOTBLK",
  16: "EBUSY",
  17: "EEXIST",
  18: "EXDEV",
  19: "ENODEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  25: "ENOTTY",
  26: "ETXTBSY",
  27: "EFBIG",
  28: "ENOSPC",
  29: "ESPIPE",
  30: "EROFS",
  31: "EMLINK",
  32: "EPIPE",
  36: "ENAMETOOLONG",
  38: "ENOSYS",
  39: "ENOTEMPTY",
  40: "ELOOP",
  61: "ENODATA",
  62: "ETIME",
  91: "EPROTOTYPE",
  93: "EPROTONOSUPPORT",
  94: "ESOCKTNOSUPPORT",
  95: "EOPNOTSUPP",
  97: "EAFNOSUPPORT",
  99: "EADDRNOTAVAIL",
  101: "ENETUNREACH",
  104: "ECONNRESET",
  106: "EISCONN",
  110: "ETIMEDOUT",
  111: "ECONNREFUSED",
  113: "EHOSTUNREACH",
  114: "EALREADY",
  115: "EINPROGRESS",
  116: "ESTALE",
  122: "EDQUOT",
  126: "ENOKEY",
  127: "EKEYEXPIRED",
  128: "EKEYREVOKED",
  129: "EKEYREJECTED",
};

/** The name of the error that a system call's result is; undefined for a success (0 and more). */
export function errnoOf(result: number): string | undefined {
  return result >= 0 ? undefined : (names[-result] ?? `errno ${-result}`);
}

/** Constants of Linux's interface; the few that differ between architectures say so. */

export const atFdCwd = -100;

export const open = {
  readOnly: 0,
  writeOnly: 1,
  readWrite: 2,
  create: 0o100,
  exclusive: 0o200,
  nonBlocking: 0o4000,
  closeOnExec: 0o2000000,
} as const;

/** O_TMPFILE | O_WRONLY | O_CLOEXEC: a file without a name, which is gone when it is closed. */
export const namelessFile: ByArchitecture = {
  kind: "byArchitecture",
  x86_64: 0o20000000 | 0o200000 | open.writeOnly | open.closeOnExec,
  aarch64: 0o20000000 | 0o40000 | open.writeOnly | open.closeOnExec,
};

/** O_DIRECT | O_RDWR | O_CREAT | O_CLOEXEC: past the page cache. */
export const directFile: ByArchitecture = {
  kind: "byArchitecture",
  x86_64: 0o40000 | open.readWrite | open.create | open.closeOnExec,
  aarch64: 0o200000 | open.readWrite | open.create | open.closeOnExec,
};

/** O_RDONLY | O_DIRECTORY | O_CLOEXEC. */
export const folder: ByArchitecture = {
  kind: "byArchitecture",
  x86_64: 0o200000 | open.closeOnExec,
  aarch64: 0o40000 | open.closeOnExec,
};

import type { ByArchitecture } from "./program.ts";

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

import type { Result } from "../../base/result.ts";
import { atFdCwd, errnoOf, folder, open } from "../helper/errno.ts";
import type { Builder, Call, Memory, Plan, Ran } from "../helper/program.ts";
import type { ProbeTarget } from "../probe.ts";

/** What comes of reading something inside: an error is the kernel's, by its name. */
export type Looked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: string };

/** The names in a folder with their kinds, as many as fit. */
export function readFolder(path: string, size = 32_768): Plan<Looked<readonly FolderEntry[]>> {
  return (builder) => {
    const descriptor = builder.call("openat", atFdCwd, builder.text(path), folder, 0);
    const memory = builder.space(size);
    const count = builder.call("getdents64", descriptor, memory, size);
    builder.call("close", descriptor);
    return (ran) =>
      looked(ran, descriptor, count, (length) => entriesOf(ran.data(memory).subarray(0, length)));
  };
}

/** Where a symbolic link leads, one of /proc's, too. */
export function readLink(path: string): Plan<Looked<string>> {
  return (builder) => {
    const memory = builder.space(256);
    const count = builder.call("readlinkat", atFdCwd, builder.text(path), memory, 256);
    return (ran) => looked(ran, count, count, (length) => ran.data(memory).toString("utf8", 0, length));
  };
}

export interface FolderEntry {
  readonly name: string;
  readonly kind: "folder" | "file" | "character" | "block" | "socket" | "link" | "other";
}

const kinds: Readonly<Record<number, FolderEntry["kind"]>> = {
  2: "character",
  4: "folder",
  6: "block",
  8: "file",
  10: "link",
  12: "socket",
};

/** struct linux_dirent64 (getdents(2)): inode, offset, length of the record, kind, name. */
function entriesOf(bytes: Buffer): readonly FolderEntry[] {
  const found: FolderEntry[] = [];
  for (let at = 0; at + 19 < bytes.length; ) {
    const length = bytes.readUInt16LE(at + 16);
    const name = bytes.toString("utf8", at + 19, bytes.indexOf(0, at + 19));
    if (name !== "." && name !== "..") found.push({ name, kind: kinds[bytes.readUInt8(at + 18)] ?? "other" });
    if (length === 0) break;
    at += length;
  }
  return found;
}

export interface Status {
  /** The device that the file is on, as the kernel numbers it. */
  readonly device: readonly [major: number, minor: number];
  readonly inode: bigint;
  readonly isSocket: boolean;
  readonly isFolder: boolean;
}

/** What statx(2) says of a path. */
export function readStatus(path: string): Plan<Looked<Status>> {
  return (builder) => {
    const memory = builder.space(256);
    // STATX_BASIC_STATS
    const call = builder.call("statx", atFdCwd, builder.text(path), 0, 0x7ff, memory);
    return (ran) =>
      looked(ran, call, call, () => {
        const bytes = ran.data(memory);
        const kind = bytes.readUInt16LE(28) & 0o170000;
        return {
          device: [bytes.readUInt32LE(136), bytes.readUInt32LE(140)],
          inode: bytes.readBigUInt64LE(32),
          isSocket: kind === 0o140000,
          isFolder: kind === 0o040000,
        };
      });
  };
}

function looked<T>(ran: Ran, opened: Call, last: Call, read: (length: number) => T): Looked<T> {
  const error = errnoOf(ran.result(opened) ?? -1) ?? errnoOf(ran.result(last) ?? -1);
  return error === undefined ? { ok: true, value: read(ran.result(last) ?? 0) } : { ok: false, error };
}

/** Several plans in one program. */
export function together<T>(plans: readonly Plan<T>[]): Plan<readonly T[]> {
  return (builder) => {
    const readers = plans.map((plan) => plan(builder));
    return (ran) => readers.map((read) => read(ran));
  };
}

/** What a file of /proc gives at most for one read(2), whatever it is asked for (seq_file). */
const page = 4096;

/** A whole text file, or its error's name; at most `size` bytes. */
export async function textFile(
  target: Pick<ProbeTarget, "run">,
  path: string,
  size = 65_536,
): Promise<Result<Looked<string>>> {
  return await target.run((builder) => {
    const flags = open.readOnly | open.nonBlocking | open.closeOnExec;
    const descriptor = builder.call("openat", atFdCwd, builder.text(path), flags, 0);
    const reads = Array.from({ length: Math.ceil(size / page) }, () => {
      const memory = builder.space(page);
      return { memory, count: builder.call("read", descriptor, memory, page) };
    });
    builder.call("close", descriptor);
    return (ran) => {
      const first = reads[0]?.count ?? descriptor;
      return looked(ran, descriptor, first, () => {
        const pieces = reads.map(({ memory, count }) =>
          ran.data(memory).subarray(0, Math.max(ran.result(count) ?? 0, 0)),
        );
        return Buffer.concat(pieces).toString("utf8");
      });
    };
  });
}

/** Time of CLOCK_MONOTONIC, in milliseconds. */
export function readClock(builder: Builder): (ran: Ran) => number {
  const memory: Memory = builder.space(16);
  builder.call("clock_gettime", 1, memory);
  return (ran) => {
    const bytes = ran.data(memory);
    return Number(bytes.readBigInt64LE(0)) * 1000 + Number(bytes.readBigInt64LE(8)) / 1e6;
  };
}

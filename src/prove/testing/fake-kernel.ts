import { failed, ok, type Result } from "../../base/result.ts";
import { container } from "../../model/container.ts";
import {
  type Argument,
  type Builder,
  type Call,
  type Memory,
  type Plan,
  programMemory,
  type Ran,
} from "../helper/program.ts";
import type { Abi } from "../helper/syscalls.ts";
import type { Facts, ProbeTarget } from "../probe.ts";

/** A system call as the fake kernel sees it. */
export interface Asked {
  readonly name: string;
  readonly abi: Abi;
  /** Numbers as they are; a piece of memory as its bytes. */
  readonly given: readonly (number | bigint | Buffer)[];
  /** The text that an argument points at; "" where it is none. */
  readonly text: (at: number) => string;
  /** Which child of the helper calls, counted from 1 in a program; 0: the helper itself. Children of a child count as it. */
  readonly child: number;
}

/** What a call gives back: its result, a negative error number among them; undefined to leave it to the fake kernel. */
export type Answer = (asked: Asked) => number | undefined;

/** Error numbers (errno(3)). */
export const errno = {
  ...{ EPERM: -1, ENOENT: -2, EBADF: -9, EACCES: -13, EBUSY: -16, EINVAL: -22, EROFS: -30, ENOSYS: -38 },
  ...{ EAFNOSUPPORT: -97, ECONNREFUSED: -111, ESTALE: -116, ENOEXEC: -8, ENOTDIR: -20, EOPNOTSUPP: -95 },
} as const;

export interface FakeKernel {
  /** What files hold, by path. Others are not there. */
  readonly files?: Readonly<Record<string, string>>;
  readonly answer?: Answer;
  /** The signal that each child ends by, by its number. */
  readonly kills?: (child: number) => number | undefined;
}

/** A first user namespace, all capabilities, root, no filter. */
export const almighty = {
  "/proc/self/status":
    "Name:\tx\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\nNoNewPrivs:\t0\nSeccomp:\t0\n",
  "/proc/self/uid_map": "         0          0 4294967295\n",
};

/** The mounts that Docker makes of the kernel's file systems. */
export const usualMounts = {
  "/proc/self/mountinfo": [
    "1 0 0:1 / / rw - overlay overlay rw",
    "2 1 0:2 / /proc rw - proc proc rw",
    "3 1 0:3 / /sys ro - sysfs sysfs ro",
    "4 3 0:4 / /sys/fs/cgroup ro - cgroup2 cgroup rw",
    "",
  ].join("\n"),
};

/** Carries out a plan at once, call by call. A child runs where it is started, and ends well. */
export function carryOut<T>(plan: Plan<T>, { files = {}, answer, kills }: FakeKernel): T {
  const results = new Map<number, number>();
  const heap = Buffer.alloc(programMemory.size);
  let used = 0;
  const open = new Map<number, { readonly bytes: Buffer; at: number }>();
  let count = 0;
  let children = 0;
  let depth = 0;
  /** The results of children that were started, by the child's PID. */
  const statuses = new Map<number, number>();

  const bytesOf = ({ offset, size }: Memory) => heap.subarray(offset, offset + size);
  const piece = (bytes: Uint8Array): Memory => {
    const memory: Memory = { kind: "memory", offset: used, size: bytes.length };
    bytesOf(memory).set(bytes);
    used += bytes.length;
    return memory;
  };
  const resolved = (argument: Argument): number | bigint | Buffer => {
    if (typeof argument !== "object") return argument;
    if (argument.kind === "call") return results.get(argument.index) ?? 0;
    return argument.kind === "memory" ? bytesOf(argument) : argument.x86_64;
  };
  const usual = ({ name, given, text }: Asked): number => {
    if (name === "openat") {
      const content = files[text(1)];
      if (content === undefined) return errno.ENOENT;
      open.set(3 + open.size, { bytes: Buffer.from(content), at: 0 });
      return 2 + open.size;
    }
    if (name === "read") {
      const file = open.get(Number(given[0]));
      if (!file || !Buffer.isBuffer(given[1])) return errno.EBADF;
      const read = file.bytes.copy(given[1], 0, file.at, file.at + Number(given[2]));
      file.at += read;
      return read;
    }
    if (name === "wait4" && Buffer.isBuffer(given[1]))
      given[1].writeInt32LE(statuses.get(Number(given[0])) ?? 0);
    return 0;
  };
  const call = (name: string, abi: Abi, given: readonly Argument[]): Call => {
    const values = given.map(resolved);
    const text = (at: number) => {
      const value = values[at];
      return Buffer.isBuffer(value) ? value.toString("utf8", 0, Math.max(value.indexOf(0), 0)) : "";
    };
    const asked: Asked = { name, abi, given: values, text, child: depth > 0 ? children : 0 };
    const made: Call = { kind: "call", index: count };
    count += 1;
    results.set(made.index, answer?.(asked) ?? usual(asked));
    return made;
  };
  const builderBy = (abi: Abi): Builder => ({
    call: (name, ...given) => call(name, abi, given),
    by: builderBy,
    text: (text) => piece(Buffer.from(`${text}\0`)),
    bytes: piece,
    space: (size) => piece(Buffer.alloc(size)),
    words: (...words) => piece(Buffer.alloc(words.length * 8)),
    child: (body) => builderBy("native").childBy("clone", [17, 0, 0, 0, 0], body),
    childBy(name, given, body) {
      // The helper's own children always start; one of a child's is what is tried.
      if (depth === 0) children += 1;
      const started = depth === 0 ? undefined : call(name, abi, given);
      const own = started ?? { kind: "call", index: count++ };
      if (!started) results.set(own.index, 1_000 + children);
      const signal = depth === 0 ? kills?.(children) : undefined;
      if (signal !== undefined) statuses.set(1_000 + children, signal);
      const before = new Set(results.keys());
      depth += 1;
      body();
      depth -= 1;
      // Who was killed made none of its calls to the end.
      if (signal !== undefined)
        for (const index of results.keys()) if (!before.has(index)) results.delete(index);
      return own;
    },
    forever: (body) => body(),
  });
  const read = plan(builderBy("native"));
  const ran: Ran = {
    result: ({ index }) => results.get(index),
    data: bytesOf,
  };
  return read(ran);
}

export const plainFacts: Facts = {
  view: container("configured"),
  sockets: [],
  tcp: [],
  hostPorts: [],
  architecture: "x86_64",
  cpus: 2,
  memoryTotal: 2 ** 33,
};

/** A container whose kernel answers so. What is not given cannot be had. */
export function fakeTarget(kernel: FakeKernel, more: Partial<ProbeTarget> = {}): ProbeTarget {
  const never = async (): Promise<Result<never>> => failed("this kernel is a fake");
  return {
    ...{ role: "subject", facts: plainFacts, throughSetuid: undefined, cgroupFile: () => undefined },
    run: async <T>(plan: Plan<T>) => ok(carryOut(plan, kernel)),
    ...{ runSetuid: never, beside: never, sacrifice: never, stats: never },
    ...more,
  };
}

const kinds = { character: 2, folder: 4, block: 6, file: 8, socket: 12 } as const;
/** What a folder holds. */
export type Entries = Readonly<Record<string, keyof typeof kinds>>;

/** struct linux_dirent64 (getdents(2)). */
export function dirents(entries: Entries): Buffer {
  return Buffer.concat(
    Object.entries(entries).map(([name, kind]) => {
      const record = Buffer.alloc(Math.ceil((20 + name.length) / 8) * 8);
      record.writeUInt16LE(record.length, 16);
      record.writeUInt8(kinds[kind], 18);
      record.write(name, 19);
      return record;
    }),
  );
}

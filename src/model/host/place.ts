import type { Severity } from "../severity.ts";

/** How a place of the host makes a process in a container more than it was. `reading` is what is left where it only reads. */
export const gains = [
  "engine",
  "manager",
  "program",
  "cron",
  "unit",
  "shell",
  "account",
  "credentials",
  "kernel",
  "device",
  "settings",
  "data",
  "reading",
] as const;

export type Gain = (typeof gains)[number];

/** What a process can do there, as it follows “a process in it can”. */
export interface Effect {
  readonly severity: Severity;
  readonly can: string;
}

/** A file or folder of a Linux host, and what a container gains that has it. */
export interface Place {
  /** Canonical (see canonicalPath), where `*` is one name. Everything below it counts as well. */
  readonly path: string;
  /** What it is: `the host's cron jobs`. */
  readonly what: string;
  /** What writing there gives; for a socket, what connecting gives. */
  readonly gives: Gain;
  readonly write: Effect;
  /** Undefined where reading it gives nothing. A socket gives as much read-only: `:ro` forbids no connection. */
  readonly read: Effect | undefined;
  readonly isSocket?: true;
  /** Only some hosts have it, so that a folder above it is no reason to expect it. */
  readonly isOptional?: true;
  /** A separate file system: before Linux 5.12 or Engine 25, `ro` on a bind above it leaves it writable. */
  readonly isMountPoint?: true;
}

const usual = {
  engine: {
    write: { severity: "critical", can: "start a privileged container and own the host" },
    read: undefined,
  },
  manager: {
    write: { severity: "high", can: "make it run a program as the host's root" },
    read: undefined,
  },
  program: {
    write: { severity: "high", can: "replace programs that root runs on the host" },
    read: { severity: "low", can: "see which programs and versions the host runs" },
  },
  cron: {
    write: { severity: "high", can: "add a job that the host runs as root" },
    read: { severity: "low", can: "see what the host runs, and when" },
  },
  unit: {
    write: { severity: "high", can: "add a service, script or rule that the host runs as root" },
    read: { severity: "low", can: "see how the host is set up" },
  },
  shell: {
    write: { severity: "high", can: "add commands that run when someone logs in" },
    read: { severity: "low", can: "read shell settings, and secrets that people export there" },
  },
  account: {
    write: { severity: "high", can: "add an account and log in as root" },
    read: { severity: "medium", can: "read accounts and password hashes" },
  },
  credentials: {
    write: { severity: "high", can: "steal or replace keys and tokens, and act as their owner" },
    read: { severity: "medium", can: "steal keys and tokens, and act as their owner" },
  },
  kernel: {
    write: { severity: "high", can: "change settings of the host's kernel" },
    read: { severity: "low", can: "read settings of the host's kernel" },
  },
  device: {
    write: { severity: "high", can: "use every device of that kind, also one plugged in later" },
    read: { severity: "high", can: "use every device of that kind, also one plugged in later" },
  },
  settings: {
    write: { severity: "medium", can: "change what the host's programs are told" },
    read: { severity: "low", can: "tell this host from any other" },
  },
  data: {
    write: { severity: "high", can: "read and change the data of the host's services" },
    read: { severity: "medium", can: "read the data of the host's services" },
  },
  reading: {
    write: { severity: "low", can: "learn about the host" },
    read: { severity: "low", can: "learn about the host" },
  },
} as const satisfies Record<Gain, Pick<Place, "write" | "read">>;

/** Places of one kind. What is not said of them is as usual for what they give; `read: undefined` is said. */
export function places(
  gives: Gain,
  what: string,
  paths: readonly string[],
  more: Partial<Place> = {},
): readonly Place[] {
  const { write, read } = usual[gives];
  return paths.map((path) => ({ path, what, gives, write, read: more.isSocket ? write : read, ...more }));
}

/** `high("…")`, for the tables. */
export const high = (can: string): Effect => ({ severity: "high", can });
export const medium = (can: string): Effect => ({ severity: "medium", can });
export const low = (can: string): Effect => ({ severity: "low", can });

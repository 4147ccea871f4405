import { type MountEntry, type MountTable, mountTable, parseMountinfo } from "./mounts/mount-table.ts";
import type { HostSocket } from "./mounts/sockets.ts";
import type { EngineProcess } from "./processes/engine-process.ts";

/** What a mountinfo says. */
export interface Mounts {
  readonly entries: readonly MountEntry[];
  readonly table: MountTable;
}

/** What one reading leaves for the next: a text of the kernel is most often the same again, and parsing costs more than comparing. */
export interface KernelMemory {
  /** What the mountinfo says. `key` tells whose it is: the latest text of each is remembered. */
  mounts(key: string, mountinfo: string): Mounts;
  /** Whether this is the mountinfo of which it knows what it says. */
  hasMounts(key: string, mountinfo: string): boolean;
  forget(key: string): void;
  /** Of the containers that the Engine does not know, only these are there now: the others are forgotten. */
  keepForeign(keys: readonly string[]): void;
  /** The Engine's process and its sockets, for while it does not run. */
  engine: { readonly process: EngineProcess; readonly sockets: readonly HostSocket[] } | undefined;
}

export function openKernelMemory(): KernelMemory {
  const known = new Map<string, { readonly text: string; readonly mounts: Mounts }>();
  let foreign: readonly string[] = [];
  return {
    mounts(key, text) {
      const before = known.get(key);
      if (before?.text === text) return before.mounts;
      const entries = parseMountinfo(text);
      const mounts = { entries, table: mountTable(entries) };
      known.set(key, { text, mounts });
      return mounts;
    },
    hasMounts: (key, text) => known.get(key)?.text === text,
    forget: (key) => void known.delete(key),
    keepForeign(keys) {
      const now = new Set(keys);
      for (const key of foreign) if (!now.has(key)) known.delete(key);
      foreign = keys;
    },
    engine: undefined,
  };
}

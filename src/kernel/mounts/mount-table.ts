import type { MountEntry } from "./mountinfo.ts";

/** What a process sees at each path, after mounts that cover others. */
export interface MountTable {
  /** The mounts that can be reached, in mount order. */
  readonly visible: readonly MountEntry[];
  /** The mount that is seen at exactly this path. */
  readonly at: (path: string) => MountEntry | undefined;
  /** The mount that a path lies in. */
  readonly covering: (path: string) => MountEntry | undefined;
}

/**
 * Works out which mounts are reachable: a mount covers what was mounted before at its place and below. That
 * matters where somebody mounts a fresh /proc over a masked one: the masks are still listed, and hide nothing.
 */
export function mountTable(entries: readonly MountEntry[]): MountTable {
  const ids = new Set(entries.map(({ id }) => id));
  const byTarget = new Map<string, MountEntry[]>();
  for (const entry of entries) {
    const same = byTarget.get(entry.target);
    if (same) same.push(entry);
    else byTarget.set(entry.target, [entry]);
  }
  const seen = new Map<string, MountEntry>();
  const covering = (path: string): MountEntry | undefined => {
    for (let at = path; ; at = parentOf(at)) {
      const entry = seen.get(at);
      if (entry || at === "/") return entry;
    }
  };
  // Parents before children, so that each finds what it stands on.
  const targets = [...byTarget.keys()].sort((a, b) => a.length - b.length);
  for (const target of targets) {
    const stack = byTarget.get(target) ?? [];
    const below = target === "/" ? undefined : covering(parentOf(target));
    const top = topOf(stack, below, ids);
    if (top) seen.set(target, top);
  }
  const visible = entries.filter((entry) => seen.get(entry.target) === entry);
  return { visible, at: (path) => seen.get(path), covering };
}

/** Follows a stack of mounts at one path from the mount it stands on; the last is what is seen. */
function topOf(
  stack: readonly MountEntry[],
  below: MountEntry | undefined,
  ids: ReadonlySet<number>,
): MountEntry | undefined {
  const onParent = new Map(stack.map((entry) => [entry.parent, entry]));
  // The parent of the root, and of what was mounted from outside a chroot, is not listed.
  const unlisted = stack.findLast(({ id, parent }) => parent === id || !ids.has(parent));
  let top = (below && onParent.get(below.id)) ?? unlisted;
  for (let steps = stack.length; top && steps > 0; steps--) {
    const next = onParent.get(top.id);
    if (!next || next === top) break;
    top = next;
  }
  return top;
}

/** The folder of a path; `/` for itself and for what is not absolute. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

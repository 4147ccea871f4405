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

/** One line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export interface MountEntry {
  readonly id: number;
  readonly parent: number;
  /** `major:minor` of the file system. */
  readonly device: string;
  /** The path inside that file system that is mounted; for nsfs `net:[4026531833]`. */
  readonly root: string;
  /** True where the mounted file or folder has been deleted since. */
  readonly deleted: boolean;
  /** The path, seen from the process's root. */
  readonly target: string;
  /** Per-mount options: `rw`, `nosuid`, … */
  readonly options: ReadonlySet<string>;
  /** The peer group it sends mounts to and receives from; undefined where it is not shared. */
  readonly shared: number | undefined;
  /** The peer group it receives mounts from. */
  readonly master: number | undefined;
  readonly type: string;
  readonly source: string;
  /** Options of the file system itself: `rw`, `size=65536k`, … */
  readonly superOptions: ReadonlySet<string>;
}

/** Parses a whole mountinfo, in mount order. Takes any text; a line that is not of its shape is left out. */
export function parseMountinfo(text: string): readonly MountEntry[] {
  return text.split("\n").flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): MountEntry | undefined {
  const words = line.split(" ");
  const dash = words.indexOf("-", 6);
  const [id, parent, device, root, target, options] = words;
  const [type, source, superOptions] = dash < 0 ? [] : words.slice(dash + 1);
  if (!device || !root || !target || options === undefined || !type) return undefined;
  if (!/^\d+$/.test(id ?? "") || !/^\d+$/.test(parent ?? "")) return undefined;
  if (!/^\d+:\d+$/.test(device)) return undefined;
  const optional = words.slice(6, dash);
  const path = unescapeOctal(root);
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: path.endsWith("//deleted") ? path.slice(0, -"//deleted".length) || "/" : path,
    deleted: path.endsWith("//deleted"),
    target: unescapeOctal(target),
    options: new Set(options.split(",")),
    shared: peerGroup(optional, "shared:"),
    master: peerGroup(optional, "master:"),
    type,
    source: unescapeOctal(source ?? ""),
    superOptions: new Set((superOptions ?? "").split(",")),
  };
}

function peerGroup(fields: readonly string[], tag: string): number | undefined {
  const field = fields.find((each) => each.startsWith(tag));
  if (field === undefined || !/^\d+$/.test(field.slice(tag.length))) return undefined;
  return Number(field.slice(tag.length));
}

/** The kernel writes space, tab, newline, backslash and `#` as `\040`: three octal digits. */
export function unescapeOctal(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\([0-3][0-7]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Read-only by the mount's own options or by the file system's. */
export function isReadOnly(entry: MountEntry): boolean {
  return entry.options.has("ro") || entry.superOptions.has("ro");
}

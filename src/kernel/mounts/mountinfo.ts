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

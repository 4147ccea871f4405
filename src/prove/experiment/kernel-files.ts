import { ok, type Result } from "../../base/result.ts";
import { atFdCwd, open } from "../helper/errno.ts";
import type { Mounted, ProbeTarget } from "../probe.ts";
import { textFile } from "./looks.ts";
import type { Way } from "./ways.ts";

export function mountsIn(mountinfo: string): readonly Mounted[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root, point, options = ""] = before.split(" ");
    const type = after.split(" ")[0] ?? "";
    if (root === undefined || point === undefined) return [];
    return [{ point: plain(point), root: plain(root), type, isReadOnly: /^ro(?:,|$)/.test(options) }];
  });
}

/** Without the octal escapes of blanks. */
function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** The mounts that a container sees now. */
export async function mountsOf(target: Pick<ProbeTarget, "run">): Promise<Result<readonly Mounted[]>> {
  const table = await textFile(target, "/proc/self/mountinfo", 262_144);
  if (!table.ok) return table;
  return table.value.ok
    ? ok(mountsIn(table.value.value))
    : { ok: false, reason: `/proc/self/mountinfo cannot be read (${table.value.error})` };
}

/** Where a file of a kernel's file system is found, no matter who mounted it and wherever: the usual place, then the others. */
export function placesOf(
  mounts: readonly Mounted[],
  type: "proc" | "sysfs",
  file: string,
): readonly [string, ...string[]] {
  const found = mounts.flatMap(({ type: mounted, root, point }) => {
    const inside = root === "/" ? file : file.startsWith(`${root}/`) ? file.slice(root.length) : undefined;
    if (mounted !== type || (inside === undefined && root !== file)) return [];
    return [`${point === "/" ? "" : point}${inside ?? ""}`];
  });
  const usual = `${type === "proc" ? "/proc" : "/sys"}${file}`;
  return [usual, ...new Set(found.filter((path) => path !== usual))];
}

/** Opens a file for writing, and never writes. */
export function opensForWriting(path: string): Way {
  return {
    what: `open(${path}, O_WRONLY)`,
    make: (builder) =>
      builder.call(
        "openat",
        atFdCwd,
        builder.text(path),
        open.writeOnly | open.nonBlocking | open.closeOnExec,
        0,
      ),
  };
}

/** File systems that show the kernel, and hold no file of anybody. */
export const kernelTypes =
  /^(proc|sysfs|cgroup2?|devtmpfs|debugfs|tracefs|securityfs|configfs|bpf|binfmt_misc|efivarfs)$/;

/**
 * What a container has mounted and its twin has not: at another place, or a file system of the kernel that is another or more
 * writable.
 */
export function beyondTwin(running: readonly Mounted[], twin: readonly Mounted[]): readonly Mounted[] {
  // A cgroup has the name of its container in its root.
  const key = ({ point, root, type, isReadOnly }: Mounted) =>
    `${point} ${type} ${type.startsWith("cgroup") ? "" : root} ${isReadOnly}`;
  const [points, known] = [new Set(twin.map(({ point }) => point)), new Set(twin.map(key))];
  return running.filter(
    (mounted) => !points.has(mounted.point) || (kernelTypes.test(mounted.type) && !known.has(key(mounted))),
  );
}

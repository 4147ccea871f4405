import type { Result } from "../../../base/result.ts";
import { work } from "../../containers/paths.ts";
import { type Attempt, inChild, judgeWherePossible } from "../../experiment/attempts.ts";
import { textFile, together } from "../../experiment/looks.ts";
import { asBoth } from "../../experiment/rights.ts";
import { atFdCwd, open } from "../../helper/constants.ts";
import { errnoOf } from "../../helper/errno.ts";
import type { Call, Plan } from "../../helper/program.ts";
import { type ProbeTarget, probe } from "../../probe.ts";

interface Node {
  readonly name: string;
  readonly kind: "block" | "character";
  readonly major: number;
  readonly minor: number;
}

/**
 * The device cgroup refuses to open what it does not list, whoever made the node, and tells reading from writing: the
 * kernel's log takes lines from who may not read it. Nothing is read from what opens, and nothing written to it.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/devices.html
 */
export const mknodOpen = probe<readonly Attempt[]>({
  id: "mknod-open",
  control: "device-access",
  others: ["capabilities-drop", "root-user", "no-new-privileges"],
  tries: "make nodes of the host's disk and kernel log, and open them to read or to write",
  inPlace: false,
  looser: "open",
  experiment: tryNodes,
  judge: (seen) => judgeWherePossible(seen, ["EPERM", "EACCES", "SIGSYS"]),
});

/** Every kernel has it (Documentation/admin-guide/devices.txt). */
const kernelLog: Node = { name: "kmsg", kind: "character", major: 1, minor: 11 };

async function tryNodes(target: ProbeTarget): Promise<Result<readonly Attempt[]>> {
  // Every container sees every disk's numbers.
  const table = await textFile(target, "/proc/partitions");
  if (!table.ok) return table;
  const disk = table.value.ok ? firstDisk(table.value.value) : undefined;
  const ways = [...(disk ? [disk] : []), kernelLog].flatMap((node) => [
    tryNode(node, "read"),
    tryNode(node, "write"),
  ]);
  return await asBoth(target, "MKNOD", (through) => through.run(together(ways)));
}

function tryNode({ name, kind, major, minor }: Node, way: "read" | "write"): Plan<Attempt> {
  return (builder) => {
    const path = builder.text(`${work}/node-${name}-${way}`);
    let calls: { readonly made: Call; readonly opened: Call } | undefined;
    const child = inChild(builder, () => {
      // A device number as the kernel packs it: 12 bits of major between 8 and the rest of minor (makedev(3)).
      const device = (major << 8) | (minor & 0xff) | ((minor & ~0xff) << 12);
      const made = builder.call("mknodat", atFdCwd, path, kind === "block" ? 0o060600 : 0o020600, device);
      const flags = (way === "read" ? open.readOnly : open.writeOnly) | open.nonBlocking | open.closeOnExec;
      calls = { made, opened: builder.call("openat", atFdCwd, path, flags, 0) };
      builder.call("unlinkat", atFdCwd, path, 0);
    });
    const tried = calls;
    return (ran) => {
      const what = `the ${kind} device ${major}:${minor} (${name}) for ${way === "read" ? "reading" : "writing"}`;
      const { killedBy } = child(ran);
      if (!tried || killedBy !== undefined) return { what, error: killedBy };
      const error = errnoOf(ran.result(tried.made) ?? -1) ?? errnoOf(ran.result(tried.opened) ?? -1);
      // Further than the cgroup: there is no such device.
      return { what, error: error === "ENXIO" ? undefined : error };
    };
  };
}

/** The first disk of /proc/partitions: major, minor, blocks, name. */
export function firstDisk(table: string): Node | undefined {
  const found = /^\s*(\d+)\s+(\d+)\s+\d+\s+(\S+)\s*$/m.exec(table);
  return found
    ? { name: found[3] ?? "", kind: "block", major: Number(found[1]), minor: Number(found[2]) }
    : undefined;
}

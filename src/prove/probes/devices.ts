import { ok, type Result } from "../../base/result.ts";
import { work } from "../containers/paths.ts";
import { type Attempt, inChild, judgeWherePossible } from "../experiment/attempts.ts";
import { readFolder, textFile, together } from "../experiment/looks.ts";
import { asBoth } from "../experiment/rights.ts";
import { atFdCwd, errnoOf, open } from "../helper/errno.ts";
import type { Call, Plan } from "../helper/program.ts";
import { type Judgement, type ProbeRuns, type ProbeTarget, probe } from "../probe.ts";

/** What Docker puts into every container's /dev, with the console of one that has a terminal. */
const usual = new Set(["console", "full", "null", "ptmx", "random", "tty", "urandom", "zero"]);

/** Nodes are listed and never opened: to open a watchdog starts it. */
export const devices = probe<readonly string[]>({
  id: "devices",
  control: "device-access",
  tries: "find devices of the host in /dev",
  inPlace: true,
  looser: "open",
  experiment: async (target) => {
    const list = await target.run(readFolder("/dev", 65_536));
    if (!list.ok) return list;
    if (!list.value.ok) return { ok: false, reason: `/dev cannot be listed (${list.value.error})` };
    return ok(
      list.value.value.flatMap(({ name, kind }) =>
        (kind === "character" || kind === "block") && !usual.has(name) ? [name] : [],
      ),
    );
  },
  judge: judgeMknod,
});

function judgeMknod({ subject, control }: ProbeRuns<readonly string[]>): Judgement {
  if (subject.length > 0) {
    const more = subject.length > 6 ? ` and ${subject.length - 6} more` : "";
    return { outcome: "notHeld", evidence: `/dev holds ${subject.slice(0, 6).join(", ")}${more}` };
  }
  if (!control.ok) return { outcome: "inconclusive", evidence: `no looser container: ${control.reason}` };
  if (control.value.length === 0) {
    return {
      outcome: "inconclusive",
      evidence: "a privileged container has no device of the host in /dev either",
    };
  }
  return {
    outcome: "held",
    evidence: `/dev holds none but the usual; in a privileged container of the same image it holds ${control.value.length}`,
  };
}

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

import { ok } from "../../base/result.ts";
import { work } from "../containers/archive.ts";
import { mountsOf } from "../experiment/kernel-files.ts";
import { type FolderEntry, type Looked, readFolder, textFile, together } from "../experiment/looks.ts";
import type { Way, Ways } from "../experiment/ways.ts";
import { atFdCwd, open } from "../helper/errno.ts";
import { type Judgement, measurement, type ProbeRuns } from "../probe.ts";
import { right } from "../right.ts";

/** What Docker puts into every container's /dev, with the console of one that has a terminal. */
const usual = new Set(["console", "full", "null", "ptmx", "random", "tty", "urandom", "zero"]);

/** Nodes are listed and never opened: to open a watchdog starts it. */
export const devices = measurement<readonly string[]>({
  id: "devices",
  control: "device-access",
  tries: "find devices of the host in /dev",
  inPlace: true,
  isOfMounts: true,
  looser: "open",
  experiment: async (target) => {
    const mounts = await mountsOf(target);
    if (!mounts.ok) return mounts;
    // In a user namespace each usual node is a mount of the host's, and so are the masks: nothing to list.
    const others = mounts.value.flatMap(({ type, point, root }) =>
      type === "devtmpfs" && !usual.has(root.slice(1)) ? [point] : [],
    );
    const folders = [...new Set(["/dev", ...others])];
    const lists: Looked<readonly FolderEntry[]>[] = [];
    // A privileged container in a user namespace has a mount for each node: more than one program holds.
    for (let first = 0; first < folders.length; first += 32) {
      const some = folders.slice(first, first + 32);
      const read = await target.run(together(some.map((path) => readFolder(path, 65_536))));
      if (!read.ok) return read;
      lists.push(...read.value);
    }
    const nodes: string[] = [];
    for (const [index, list] of lists.entries()) {
      const folder = folders[index] ?? "";
      // One node is mounted there alone; it is listed with its folder.
      if (!list.ok && list.error === "ENOTDIR") continue;
      if (!list.ok) return { ok: false, reason: `${folder} cannot be listed (${list.error})` };
      for (const { name, kind } of list.value) {
        if ((kind !== "character" && kind !== "block") || usual.has(name)) continue;
        nodes.push(folder === "/dev" ? name : `${folder}/${name}`);
      }
    }
    return ok(nodes);
  },
  judge: judgeDevices,
});

function judgeDevices({ subject, control }: ProbeRuns<readonly string[]>): Judgement {
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
 * The device cgroup refuses to open what it does not list, no matter who made the node, and tells reading from writing: the
 * kernel's log takes lines from who may not read it. Nothing is read from what opens, and nothing written to it.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/devices.html
 */
export const mknodOpen = right({
  id: "mknod-open",
  control: "device-access",
  others: ["capabilities-drop", "root-user", "no-new-privileges"],
  tries: "make nodes of the host's disk and kernel log, and open them to read or to write",
  inPlace: false,
  needs: "MKNOD",
  refusals: ["EACCES"],
  async ways(target, attempt) {
    // Every container sees every disk's numbers.
    const table = await textFile(target, "/proc/partitions");
    if (!table.ok) return table;
    const disk = table.value.ok ? firstDisk(table.value.value) : undefined;
    const [first, second, ...rest] = waysTo(kernelLog);
    return await attempt([first, second, ...rest, ...(disk ? waysTo(disk) : [])]);
  },
});

/** Every kernel has it (Documentation/admin-guide/devices.txt). */
const kernelLog: Node = { name: "kmsg", kind: "character", major: 1, minor: 11 };

function waysTo(node: Node): Ways {
  return [
    makesNode(node, "mknodat", "read"),
    makesNode(node, "mknodat", "write"),
    makesNode(node, "mknod", "read"),
    makesNode(node, "mknod", "write"),
  ];
}

function makesNode({ name, kind, major, minor }: Node, by: "mknod" | "mknodat", way: "read" | "write"): Way {
  return {
    what: `${by} and open the ${kind} device ${major}:${minor} (${name}) for ${way === "read" ? "reading" : "writing"}`,
    make(builder) {
      const path = builder.text(`${work}/node-${name}-${way}`);
      const mode = kind === "block" ? 0o060600 : 0o020600;
      // A device number as the kernel packs it: 12 bits of major between 8 and the rest of minor (makedev(3)).
      const device = (major << 8) | (minor & 0xff) | ((minor & ~0xff) << 12);
      const made =
        by === "mknod"
          ? builder.call("mknod", path, mode, device)
          : builder.call("mknodat", atFdCwd, path, mode, device);
      const flags = (way === "read" ? open.readOnly : open.writeOnly) | open.nonBlocking | open.closeOnExec;
      const opened = builder.call("openat", atFdCwd, path, flags, 0);
      builder.call("unlinkat", atFdCwd, path, 0);
      return [made, opened];
    },
    // Further than the cgroup: there is no such device.
    granted: ["ENXIO"],
  };
}

/** The first disk of /proc/partitions: major, minor, blocks, name. */
export function firstDisk(table: string): Node | undefined {
  const found = /^\s*(\d+)\s+(\d+)\s+\d+\s+(\S+)\s*$/m.exec(table);
  return found
    ? { name: found[3] ?? "", kind: "block", major: Number(found[1]), minor: Number(found[2]) }
    : undefined;
}

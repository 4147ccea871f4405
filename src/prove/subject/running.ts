import { readFileSync } from "node:fs";
import { openCgroupTree, parseCgroup } from "../../kernel/cgroups/tree.ts";
import { parseIdMap, toInside } from "../../model/host/id-map.ts";
import { credentialsOf } from "../experiment/credentials.ts";
import { mountsIn } from "../experiment/kernel-files.ts";
import type { Running, RunningProcess } from "../probe.ts";

/** Where the kernel of a container's host is seen. */
export interface Kernel {
  readonly proc: string;
  readonly cgroup: string;
}

/** Reads the container whose first process is `pid`. Undefined where that process is not the container's, or not to be seen. */
export function readRunning(
  { id, pid }: { readonly id: string; readonly pid: number },
  kernel: Kernel,
): Running | undefined {
  const members = cgroupFile({ id, pid }, "pids", "cgroup.procs", kernel)?.trim().split("\n");
  if (!members) return undefined;
  try {
    const mounts = mountsIn(readFileSync(`${kernel.proc}/${pid}/mountinfo`, "utf8"));
    return { mounts, processes: members.flatMap((member) => readOne(`${kernel.proc}/${member}`) ?? []) };
  } catch {
    return undefined;
  }
}

/** Undefined where it has ended meanwhile. */
function readOne(folder: string): RunningProcess | undefined {
  try {
    const [status, uidMap] = [
      readFileSync(`${folder}/status`, "utf8"),
      readFileSync(`${folder}/uid_map`, "utf8"),
    ];
    const ranges = parseIdMap(uidMap);
    const host = /^Uid:\s*(.*)$/m.exec(status)?.[1]?.split(/\s+/).map(Number) ?? [];
    const permitted = /^CapPrm:\s*(.*)$/m.exec(status)?.[1] ?? "0";
    return {
      name: /^Name:\s*(.*)$/m.exec(status)?.[1] ?? "",
      uids: host.map((uid) => toInside(ranges, uid) ?? uid),
      noNewPrivileges: credentialsOf(status, uidMap, "").noNewPrivileges,
      // CAP_SETUID is bit 7 (capabilities(7)).
      maySetuid: (BigInt(`0x${permitted}`) & 0x80n) !== 0n,
    };
  } catch {
    return undefined;
  }
}

/**
 * A file of a container's cgroup, read on the host. Undefined where the process of that number here is not the container's.
 */
export function cgroupFile(
  { id, pid }: { readonly id: string; readonly pid: number },
  controller: string,
  name: string,
  kernel: Kernel | undefined,
): string | undefined {
  if (!kernel || pid <= 0) return undefined;
  try {
    const text = readFileSync(`${kernel.proc}/${pid}/cgroup`, "utf8");
    if (!text.includes(id)) return undefined;
    const place = openCgroupTree(kernel.cgroup).hierarchy(parseCgroup(text), controller, id);
    const folder = place?.levels[0];
    return folder === undefined ? undefined : readFileSync(`${folder}/${name}`, "utf8");
  } catch {
    return undefined;
  }
}

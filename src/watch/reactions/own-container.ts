import { readFileSync } from "node:fs";

/**
 * The id of the container that this process runs in; undefined on a host. Its cgroup is named after it; where a cgroup namespace
 * hides that, the files that the Engine mounts into every container lie in a folder of that name. Other containers' mounts,
 * which a host sees as well, are at other places.
 */
export function ownContainer(read: (path: string) => string = readOrNothing): string | undefined {
  const cgroup = /[0-9a-f]{64}/.exec(read("/proc/self/cgroup"))?.[0];
  if (cgroup !== undefined) return cgroup;
  for (const line of read("/proc/self/mountinfo").split("\n")) {
    const [, , , root = "", target = ""] = line.split(" ");
    if (!["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"].includes(target)) continue;
    const id = /\/([0-9a-f]{64})\//.exec(root)?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

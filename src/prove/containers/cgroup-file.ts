import { readFileSync } from "node:fs";
import { parseCgroup } from "../../kernel/cgroups/membership.ts";
import { openCgroupTree } from "../../kernel/cgroups/tree.ts";

/**
 * A file of a container's cgroup, read on the host. Undefined where the host is another machine, or where the process of
 * that number here is not the container's.
 */
export function hostCgroupFile(
  { id, pid }: { readonly id: string; readonly pid: number },
  controller: string,
  name: string,
  kernel: { readonly proc: string; readonly cgroup: string } | undefined,
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

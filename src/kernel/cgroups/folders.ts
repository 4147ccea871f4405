import { readText } from "../files.ts";
import { parseCgroup } from "./membership.ts";
import { openCgroupTree } from "./tree.ts";

const controllers = ["memory", "cpu", "cpuset", "pids", "blkio", "io", "devices"];

/** The folders of a container's own cgroups, in which its limits and device rules are; none where its first process has ended. */
export function cgroupFolders(
  { proc, cgroup }: { readonly proc: string; readonly cgroup: string },
  { id, pid }: { readonly id: string; readonly pid: number },
): readonly string[] {
  const read = readText(`${proc}/${pid}/cgroup`);
  if (!read.ok) return [];
  const tree = openCgroupTree(cgroup);
  const membership = parseCgroup(read.value);
  const own = controllers.flatMap(
    (controller) => tree.hierarchy(membership, controller, id)?.levels[0] ?? [],
  );
  // The root's would be the host's limits.
  return [...new Set(own)].filter((folder) => folder.includes(id));
}

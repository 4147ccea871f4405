import type { Process } from "../../model/container/process.ts";
import { type SetFact, set } from "../../model/fact.ts";
import { type CgroupMembership, parseCgroup } from "../cgroups/membership.ts";
import { readText } from "../files.ts";
import { isAlive } from "./process.ts";

/** The controllers of cgroup v1 in which the Engine makes a cgroup for each container, and that limit. */
const limiting = ["memory", "pids", "cpu", "cpuset", "blkio", "devices"];

/**
 * Tells of each process of a container in which cgroups it stands that are not the container's: somebody moved it, and the
 * limits over there hold for it. Who came in from outside (nsenter) never stood in them. Where no process of the
 * container stands in a cgroup that is named after it, the engine makes none, and nothing can be told.
 */
export function withStrays(
  processes: readonly Process[],
  container: { readonly id: string; readonly pid: number; readonly membership: CgroupMembership | undefined },
  proc: string,
): readonly Process[] {
  const placed = processes.map((process) => {
    const file = `${proc}/${process.pid}/cgroup`;
    if (process.pid === container.pid) return { process, file, membership: container.membership };
    const read = process.role === "entered" ? undefined : readText(file);
    return { process, file, membership: read?.ok ? parseCgroup(read.value) : undefined };
  });
  const isHome = (path: string) => path.includes(container.id);
  const hasHome = placed.some(({ membership }) => places(membership).some(({ path }) => isHome(path)));
  if (!hasHome) return processes;
  return placed.flatMap(({ process, file, membership }) => {
    const stray = strayIn(membership, isHome, file);
    if (!stray) return process;
    // One that is ending was taken out of its cgroups by the kernel.
    return isAlive(`${proc}/${process.pid}`) ? { ...process, strayCgroup: stray } : [];
  });
}

function strayIn(
  membership: CgroupMembership | undefined,
  isHome: (path: string) => boolean,
  file: string,
): SetFact<string> | undefined {
  const away = places(membership).filter(({ path }) => !isHome(path));
  if (away.length === 0) return undefined;
  return set(away.map(({ controller, path }) => `${controller}:${path}`).join(", "), { kernel: file });
}

/** Where limits come from: the controllers of v1, or the one tree of v2 (which holds none beside v1 ones). */
function places(
  membership: CgroupMembership | undefined,
): readonly { readonly controller: string; readonly path: string }[] {
  if (!membership) return [];
  const { controllers, unified } = membership;
  if (controllers.size === 0) return unified === undefined ? [] : [{ controller: "", path: unified }];
  return limiting.flatMap((controller) => {
    const path = controllers.get(controller)?.path;
    return path === undefined ? [] : [{ controller, path }];
  });
}

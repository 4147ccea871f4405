import { remembered } from "../remembered.ts";

/** Where a process stands in each hierarchy, from /proc/PID/cgroup (cgroups(7)). */
export interface CgroupMembership {
  /** The path in the unified (v2) hierarchy; undefined where there is none. */
  readonly unified: string | undefined;
  /** v1 controllers (`memory`, `name=systemd`) to the path in theirs. */
  readonly controllers: ReadonlyMap<string, { readonly path: string; readonly hierarchy: string }>;
}

/**
 * Parses /proc/PID/cgroup: `4:memory:/docker/ID` in v1 (several controllers may share a hierarchy:
 * `3:cpu,cpuacct:/…`), `0::/system.slice/docker-ID.scope` in v2, both in the hybrid layout. The path is
 * relative to the reader's cgroup namespace and may begin with `/..`.
 */
export const parseCgroup = remembered((text): CgroupMembership => {
  const controllers = new Map<string, { path: string; hierarchy: string }>();
  let unified: string | undefined;
  for (const line of text.split("\n")) {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (!match) continue;
    const [, number, list = "", given = ""] = match;
    // A cgroup that was removed under a process keeps its name with this suffix.
    const path = given.replace(/ \(deleted\)$/, "");
    if (number === "0" && list === "") unified = path;
    else for (const name of list.split(",")) controllers.set(name, { path, hierarchy: list });
  }
  return { unified, controllers };
});

/** The cgroup and its ancestors, itself first, `/` last. */
export function ancestry(path: string): readonly string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return [...parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`), "/"];
}

/** Whether a path leads out of the reader's cgroup namespace, so that it cannot be found below its root. */
export function leavesNamespace(path: string): boolean {
  return path.split("/").includes("..");
}

import { type Fact, set, unset } from "../../model/fact.ts";
import type { CgroupMembership } from "./membership.ts";

/** Where the Engine puts containers by itself: `/docker` (cgroupfs), system.slice (systemd), user.slice (rootless). */
const usual = new Set(["docker", "system.slice", "user.slice"]);

/**
 * The cgroup that the container's own stands in, where it is not one of the Engine's usual ones; spelled as
 * for `--cgroup-parent`: a slice's name, else a path.
 */
export function readCgroupParent(membership: CgroupMembership, id: string, file: string): Fact<string> {
  const paths = [...[...membership.controllers.values()].map(({ path }) => path), membership.unified ?? ""];
  const path = paths.find((each) => each.includes(id));
  if (path === undefined) return unset;
  const parts = path.slice(0, path.indexOf(id)).split("/").slice(0, -1).filter(Boolean);
  const last = parts.at(-1);
  if (last === ".." || (last !== undefined && usual.has(last))) return unset;
  const parent = last?.endsWith(".slice") ? last : `/${parts.join("/")}`;
  return set(parent, { kernel: file });
}

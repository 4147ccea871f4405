import { existsSync } from "node:fs";
import { type Fact, set, unresolved, unset } from "../../model/fact.ts";
import type { CgroupTree, Hierarchy } from "./tree.ts";

export interface LimitFile<T> {
  readonly name: string;
  /** Undefined for a text that is not of the file's shape. `level` is the folder it stands in. */
  readonly parse: (text: string, level: string) => T | undefined;
}

/**
 * The smallest value on the way from the cgroup to the root: cgroup limits are hierarchical, so the tightest
 * holds. Its origin is the file that has it. Where no level has the file, the controller is off and nothing
 * is limited: `none`, at the own file's place; undefined means that nothing can be told then (unset).
 */
export function tightest<T>(
  tree: CgroupTree,
  where: Hierarchy,
  file: LimitFile<T>,
  none: T | undefined,
  size: (value: T) => number,
): Fact<T> {
  let best: { readonly value: T; readonly path: string } | undefined;
  for (const level of where.levels) {
    const path = `${level}/${file.name}`;
    const read = tree.read(path);
    if (!read.ok) {
      if (read.failure === "denied") return unresolved(read.reason, { kernel: path });
      continue;
    }
    const value = file.parse(read.value, level);
    if (value === undefined) return unresolved(`${path} holds something unexpected`, { kernel: path });
    if (!best || size(value) < size(best.value)) best = { value, path };
  }
  if (best) return set(best.value, { kernel: best.path });
  const own = where.levels[0] ?? "";
  if (!existsSync(own)) return unresolved(`the cgroup ${own} is not visible here`, { kernel: own });
  return none === undefined ? unset : set(none, { kernel: `${own}/${file.name}` });
}

/** The value of the cgroup's own file: for what is no limit (a weight, a switch). */
export function ownValue<T>(tree: CgroupTree, where: Hierarchy, file: LimitFile<T>): Fact<T> {
  const level = where.levels[0] ?? "";
  const path = `${level}/${file.name}`;
  const read = tree.read(path);
  if (!read.ok) return read.failure === "denied" ? unresolved(read.reason, { kernel: path }) : unset;
  const value = file.parse(read.value, level);
  if (value === undefined) return unresolved(`${path} holds something unexpected`, { kernel: path });
  return set(value, { kernel: path });
}

import { existsSync } from "node:fs";
import { type Fact, set, unresolved, unset } from "../model/fact.ts";
import type { CgroupTree, Hierarchy } from "./cgroup-tree.ts";

export interface LimitFile<T> {
  readonly name: string;
  /** Undefined for a text that is not of the file's shape. */
  readonly parse: (text: string) => T | undefined;
  /**
   * What it means where no level has the file: the controller is off, so that nothing is limited
   * (`unlimited`, the default), or nothing can be told (`unset`).
   */
  readonly missing?: "unlimited" | "unset";
}

/**
 * The smallest value on the way from the cgroup to the root: cgroup limits are hierarchical, so the tightest
 * holds. Infinity where none limits. Its origin is the file that has it; the own file where there is no limit.
 */
export function tightest(tree: CgroupTree, where: Hierarchy, file: LimitFile<number>): Fact<number> {
  let best: { value: number; path: string } | undefined;
  for (const level of where.levels) {
    const path = `${level}/${file.name}`;
    const read = tree.read(path);
    if (!read.ok) {
      if (read.failure === "denied") return unresolved(read.reason, { kernel: path });
      continue;
    }
    const value = file.parse(read.value);
    if (value === undefined) return unresolved(`${path} holds something unexpected`, { kernel: path });
    if (!best || value < best.value) best = { value, path };
  }
  if (best) return set(best.value, { kernel: best.path });
  const own = where.levels[0] ?? "";
  if (!existsSync(own)) return unresolved(`the cgroup ${own} is not visible here`, { kernel: own });
  if (file.missing === "unset") return unset;
  return set(Number.POSITIVE_INFINITY, { kernel: `${own}/${file.name}` });
}

/** The value of the cgroup's own file: for what is no limit (a weight, a switch). */
export function ownValue<T>(tree: CgroupTree, where: Hierarchy, file: LimitFile<T>): Fact<T> {
  const path = `${where.levels[0] ?? ""}/${file.name}`;
  const read = tree.read(path);
  if (!read.ok) return read.failure === "denied" ? unresolved(read.reason, { kernel: path }) : unset;
  const value = file.parse(read.value);
  if (value === undefined) return unresolved(`${path} holds something unexpected`, { kernel: path });
  return set(value, { kernel: path });
}

import { type Fact, unresolved } from "../../model/fact.ts";
import { type KernelRead, readText, remembered } from "../files.ts";

/** An id inside and outside of a process's user namespace. */
export interface Id {
  readonly inside: Fact<number>;
  readonly outside: Fact<number>;
  /** Whether the namespace gives ids another meaning than the host's. */
  readonly mapped: boolean;
  /** Whether the host's root is among the ids of its namespace; undefined where the map cannot be read. */
  readonly hasHostRoot: boolean | undefined;
  /** The outer id of 0; undefined where nothing is behind it, or the map cannot be read. */
  readonly zero: number | undefined;
}

/** Reads the maps, each user namespace's once. */
export interface IdReader {
  /**
   * `shown` is the id as /proc/PID/status shows it, `folder` /proc/PID, `userNamespace` what its link under
   * ns/ says, where that can be read.
   */
  readonly read: (
    file: "uid_map" | "gid_map",
    shown: Fact<number>,
    folder: string,
    userNamespace: string | undefined,
  ) => Id;
}

/**
 * `ownNamespace` is this very program's user namespace: the kernel shows ids in it, so that they are outer ones
 * unless the process is in the same (user_namespaces(7)).
 */
export function openIdMaps(ownNamespace: string | undefined): IdReader {
  const texts = new Map<string, KernelRead<string>>();
  const textOf = (path: string, key: string | undefined) => {
    const before = key === undefined ? undefined : texts.get(key);
    if (before?.ok) return before;
    const now = readText(path);
    if (key !== undefined) texts.set(key, now);
    return now;
  };
  return {
    read(file, shown, folder, userNamespace) {
      const path = `${folder}/${file}`;
      const text = textOf(path, userNamespace && `${file} ${userNamespace}`);
      if (!text.ok) {
        return {
          inside: unresolved(text.reason, { kernel: path }),
          outside: shown,
          mapped: false,
          zero: undefined,
          hasHostRoot: undefined,
        };
      }
      const map = parseIdMap(text.value);
      const mapped = map.length > 0 && !isIdentity(map);
      const zero = map.length > 0 ? toOutside(map, 0) : undefined;
      const hasHostRoot = toInside(map, 0) !== undefined;
      if (shown.state !== "set" || !mapped)
        return { inside: shown, outside: shown, mapped, zero, hasHostRoot };
      const isInner = userNamespace !== undefined && userNamespace === ownNamespace;
      const id = isInner ? toOutside(map, shown.value) : toInside(map, shown.value);
      const other =
        id === undefined
          ? unresolved(`${path} does not map the id ${shown.value}`, { kernel: path })
          : { ...shown, value: id };
      return isInner
        ? { inside: shown, outside: other, mapped, zero, hasHostRoot }
        : { inside: other, outside: shown, mapped, zero, hasHostRoot };
    },
  };
}

/** One line of /proc/PID/uid_map (user_namespaces(7)): ids from `inside` on are those from `outside` on. */
interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly length: number;
}

/** Parses uid_map or gid_map. Takes any text; a line that is not of its shape is left out. */
export const parseIdMap = remembered((text): readonly IdRange[] =>
  text.split("\n").flatMap((line) => {
    const [inside, outside, length, ...rest] = line.trim().split(/\s+/);
    if (rest.length > 0 || ![inside, outside, length].every((word) => /^\d{1,10}$/.test(word ?? "")))
      return [];
    return { inside: Number(inside), outside: Number(outside), length: Number(length) };
  }),
);

/** The id inside the namespace; undefined where the map does not hold it. */
export function toInside(map: readonly IdRange[], id: number): number | undefined {
  const range = map.find((each) => id >= each.outside && id < each.outside + each.length);
  return range && range.inside + (id - range.outside);
}

/** The id outside the namespace; undefined where the map does not hold it. */
export function toOutside(map: readonly IdRange[], id: number): number | undefined {
  const range = map.find((each) => id >= each.inside && id < each.inside + each.length);
  return range && range.outside + (id - range.inside);
}

/** True for a namespace in which every id is itself, as in the host's own. */
export function isIdentity(map: readonly IdRange[]): boolean {
  return map.length > 0 && map.every((range) => range.inside === range.outside);
}

import { type Fact, unresolved } from "../../model/fact.ts";
import { isIdentity, parseIdMap, toInside, toOutside } from "../../model/host/id-map.ts";
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
      const map = parseOnce(text.value);
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

const parseOnce = remembered(parseIdMap);

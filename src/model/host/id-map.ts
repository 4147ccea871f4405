/** One line of /proc/PID/uid_map (user_namespaces(7)): ids from `inside` on are those from `outside` on. */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly length: number;
}

/** Parses uid_map or gid_map. Takes any text; a line that is not of its shape is left out. */
export function parseIdMap(text: string): readonly IdRange[] {
  return text.split("\n").flatMap((line) => {
    const [inside, outside, length, ...rest] = line.trim().split(/\s+/);
    if (rest.length > 0 || ![inside, outside, length].every((word) => /^\d{1,10}$/.test(word ?? "")))
      return [];
    return { inside: Number(inside), outside: Number(outside), length: Number(length) };
  });
}

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

/**
 * How many CPUs a list names (`0-3,8`, cpuset(7)); undefined for what is no such list. Ranges are counted, not written out: a
 * request may name four billion.
 */
export function cpusIn(list: string): number | undefined {
  const ranges = list.split(",").map((part) => {
    const [, first, last] = /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(part) ?? [];
    return first === undefined ? undefined : { first: Number(first), last: Number(last ?? first) };
  });
  let count = 0;
  let end = -1;
  for (const range of ranges.toSorted((a, b) => (a?.first ?? 0) - (b?.first ?? 0))) {
    if (!range || range.last < range.first) return undefined;
    count += Math.max(0, range.last - Math.max(end, range.first - 1));
    end = Math.max(end, range.last);
  }
  return count;
}

/** The names that were likely meant: the one that is few letters away, or the first that contain what was typed. */
function suggestions(typed: string, names: readonly string[]): readonly string[] {
  const wanted = typed.toLowerCase();
  const most = Math.max(1, Math.floor(wanted.length / 3));
  const ranked = names
    .map((name) => ({ name, away: distance(wanted, name.toLowerCase()) }))
    .toSorted((a, b) => a.away - b.away);
  const [nearest] = ranked;
  if (nearest && nearest.away <= most) return [nearest.name];
  return wanted.length < 3 ? [] : names.filter((name) => name.includes(wanted)).slice(0, 4);
}

/** ` (did you mean X?)`, or nothing. */
export function didYouMean(typed: string, names: readonly string[]): string {
  const meant = suggestions(typed, names);
  return meant.length === 0 ? "" : ` (did you mean ${meant.join(", ")}?)`;
}

/** Letters to insert, leave out, exchange or swap with the next. */
function distance(a: string, b: string): number {
  let before: readonly number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? (before[j - 2] ?? 0) + 1
          : Number.POSITIVE_INFINITY;
      row.push(Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same, swapped));
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

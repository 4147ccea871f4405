/** Lines of the trace in a second that are too many: they take about 6 % of a CPU to read. */
const tooMany = 20_000;
/** Seconds that are looked at, at least: a start makes many calls in a moment. */
const least = 0.02;

/** Seconds of the trace's clock; of a line without a time, 0. */
export function timeOf(line: string): number {
  return Number(/\s(\d+\.\d+): /.exec(line)?.[1] ?? 0);
}

/**
 * The call to leave out of a trace that shows too much, by how often each was made in these lines; undefined where they are not
 * too many. By the kernel's clock: on a busy machine a read comes late, and has more of them.
 */
export function busiestCall(
  lines: readonly string[],
  counts: ReadonlyMap<number, number>,
): number | undefined {
  if (lines.length <= tooMany * least) return undefined;
  const begun = timeOf(lines.find((line) => timeOf(line) > 0) ?? "");
  const ended = timeOf(lines.findLast((line) => timeOf(line) > 0) ?? "");
  const many = tooMany * Math.max(least, ended - begun);
  const [call, count] = [...counts].toSorted(([, a], [, b]) => b - a)[0] ?? [0, 0];
  return lines.length > many && count > many / 8 ? call : undefined;
}

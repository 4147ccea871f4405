/** A log line that reports a fault. */
const fault =
  /\b(?:errors?|fatal|panic|exception|traceback|critical|emerg|alert|crit|denied|refused|segfault|abort(?:ed|ing)?|unable|cannot|can't|could not|couldn't|failed|failure|fails|not permitted|not allowed|read-only file system|no such file|out of memory|invalid argument|no space left|bad system call|E(?:PERM|ACCES|ROFS|NOMEM|NOSPC|MFILE|AGAIN))\b/i;

/** Words that speak of faults without reporting one: `0 errors`, `errors=remount-ro`, `error_log`. */
const harmless = /\b(?:0|no) (?:errors?|failures?)\b|\berrors?[=_:]\s*(?:0|none|null|false)\b/i;

/** The lines that report a fault. */
export function errorLines(log: string): readonly string[] {
  return log
    .split("\n")
    .map((line) => withoutColour(line).trim())
    .filter((line) => fault.test(line) && !harmless.test(line));
}

/** The line without what differs from run to run: times, numbers, addresses, ids. */
export function shapeOf(line: string): string {
  return withoutColour(line)
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/gi, "ID")
    .replace(/\b(?:0x)?[0-9a-f]{7,}\b/gi, "ID")
    .replace(/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b/g, "DAY")
    .replace(/\d+/g, "N")
    .replace(/\s+/g, " ")
    .trim();
}

/** Terminal colours (ECMA-48 SGR). */
function withoutColour(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins a colour
  return line.replace(/\u001b\[[\d;]*m/g, "");
}

/** Error lines of a log that none of the other logs has, as they were written. */
export function newErrors(log: string, before: readonly string[]): readonly string[] {
  const known = new Set(before.flatMap((each) => each.split("\n").map(shapeOf)));
  const seen = new Set<string>();
  return errorLines(log).filter((line) => {
    const shape = shapeOf(line);
    if (known.has(shape) || seen.has(shape) || isPartly(shape, known)) return false;
    seen.add(shape);
    return true;
  });
}

/** Shorter ends are alike by chance. */
const leastAlike = 24;

/** Whether it ends as a known line does: what two processes write at once stands in one line, or in two. */
function isPartly(shape: string, known: ReadonlySet<string>): boolean {
  for (const other of known) {
    const shorter = Math.min(shape.length, other.length);
    if (shorter >= leastAlike && (shape.endsWith(other) || other.endsWith(shape))) return true;
  }
  return false;
}

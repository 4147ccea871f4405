import type { ServiceRun, TrialRun } from "../run.ts";
import type { Baseline } from "./baseline.ts";
import { type Cause, causeOf, causesOf } from "./cause.ts";

/** What a hardened run shows, against the untouched ones. */
export interface TrialVerdict {
  readonly works: boolean;
  /** One clause; undefined where it works. */
  readonly reason: string | undefined;
  /** The service that fails, where it is known. */
  readonly culprit?: string | undefined;
  /** Log lines that go with it. */
  readonly evidence: readonly string[];
  /** What its logs and exit status say, the failing service first. */
  readonly causes: readonly (Cause & { readonly service: string })[];
}

const mostEvidence = 4;

/** Pure. */
export function judgeTrial(run: TrialRun, baseline: Baseline): TrialVerdict {
  const fresh = new Map(
    [...run.services].map(
      ([name, { log }]) => [name, newErrors(log, baseline.logs.get(name) ?? [])] as const,
    ),
  );
  const loud = [...fresh].find(([, lines]) => lines.length > 0);
  if (!run.failure && !loud) return { works: true, reason: undefined, evidence: [], causes: [] };
  const culprit = run.failure?.service ?? loud?.[0];
  const order = [...run.services.keys()].toSorted(
    (a, b) =>
      Number(b === culprit) - Number(a === culprit) || Number(hasFailed(run, b)) - Number(hasFailed(run, a)),
  );
  const isStop = run.failure?.kind === "stop" || run.failure?.kind === "reload";
  const causes = order.flatMap((name) => {
    const service = run.services.get(name);
    const stopped = isStop && name === culprit ? newErrors(service?.stopLog ?? "", []) : [];
    const lines = [...(fresh.get(name) ?? []), ...stopped, ...statusLines(service)];
    const refused = run.refusals.filter(({ container }) => container === service?.state.id);
    const logged = refused.flatMap((call) => {
      const line = lines.find(call.isIn);
      if (line === undefined) return [];
      // What the kernel shows of the path is in the reason.
      const named = call.path === undefined ? causeOf(line)?.path : undefined;
      return [{ ...call, path: call.path ?? named, reason: call.reason(named) }];
    });
    // What no log speaks of is only a guess, and after what a log says.
    const guessed = (run.failure ? refused : [])
      .filter(({ isIn }) => !lines.some(isIn))
      .map((call) => ({ ...call, reason: call.reason(undefined) }));
    const before = guessed.filter(({ isBeforeEnd }) => isBeforeEnd);
    // After a write that is refused a program may go on, and answer otherwise.
    const survived = guessed.filter(({ isBeforeEnd, kind }) => !isBeforeEnd && kind === "readOnly");
    return [...logged, ...causesOf(lines), ...before, ...survived].map((cause) => ({
      ...cause,
      service: name,
    }));
  });
  const said = run.failure ? causesOf([run.failure.reason]) : [];
  const { suspects = [], reason: why = "", isOtherContent } = run.failure ?? {};
  const kind = isOtherContent ? "otherContent" : undefined;
  const guessed: readonly Cause[] = suspects.length > 0 ? [{ reason: why, suspects, kind }] : [];
  const all = [...causes, ...[...said, ...guessed].map((cause) => ({ ...cause, service: culprit ?? "" }))];
  const lines = order.flatMap((name) => fresh.get(name) ?? []);
  const tail = culprit === undefined ? [] : lastLines(run.services.get(culprit)?.log ?? "");
  const [cause] = all;
  return {
    works: false,
    culprit,
    reason: reasonOf(run, cause) ?? `it logs a new error: ${lines[0]}`,
    evidence: evidenceOf(run, lines.length > 0 ? lines : tail),
    causes: all,
  };
}

/** What a log names is why; how the answers or the end differ is said as it is. */
function reasonOf({ failure }: TrialRun, cause: Cause | undefined): string | undefined {
  const isToldByLogs = failure?.suspects === undefined || failure.kind === "output";
  return isToldByLogs ? (cause?.reason ?? failure?.reason) : failure.reason;
}

function evidenceOf({ failure }: TrialRun, lines: readonly string[]): readonly string[] {
  const said = failure ? [failure.reason] : [];
  return [...new Set([...said, ...lines])].slice(0, mostEvidence);
}

function hasFailed({ services }: TrialRun, name: string): boolean {
  const state = services.get(name)?.state;
  return state !== undefined && !state.running && state.exitCode !== 0;
}

/** What the exit status says, in the words that causeOf reads. 159 is 128 + SIGSYS. */
function statusLines(service: ServiceRun | undefined): readonly string[] {
  if (!service) return [];
  const { oomKilled, exitCode, error } = service.state;
  return [
    ...(error === "" ? [] : [error]),
    ...(oomKilled ? ["OOMKilled: killed for lack of memory"] : []),
    ...(exitCode === 159 ? ["Bad system call"] : []),
    ...(exitCode === 126 ? ["the entrypoint cannot execute"] : []),
  ];
}

function lastLines(log: string): readonly string[] {
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const faults = errorLines(log);
  return (faults.length > 0 ? faults : lines).slice(-2);
}

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

import type { Baseline } from "./baseline.ts";
import { type Cause, causesOf } from "./cause.ts";
import { errorLines, newErrors } from "./error-lines.ts";
import type { ServiceRun, TrialRun } from "./run.ts";

/** What a hardened run shows, against the untouched ones. */
export interface TrialVerdict {
  readonly works: boolean;
  /** One clause; undefined where it works. */
  readonly reason: string | undefined;
  /** Log lines that go with it. */
  readonly evidence: readonly string[];
  /** What its logs and exit status say, the failing service first. */
  readonly causes: readonly (Cause & { readonly service: string })[];
}

const mostEvidence = 4;

/** Pure. */
export function judge(run: TrialRun, baseline: Baseline): TrialVerdict {
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
  const causes = order.flatMap((name) => {
    const service = run.services.get(name);
    const lines = [...(fresh.get(name) ?? []), ...statusLines(service)];
    return causesOf(lines).map((cause) => ({ ...cause, service: name }));
  });
  const said = run.failure ? causesOf([run.failure.reason]) : [];
  const all = [...causes, ...said.map((cause) => ({ ...cause, service: culprit ?? "" }))];
  const lines = order.flatMap((name) => fresh.get(name) ?? []);
  const tail = culprit === undefined ? [] : lastLines(run.services.get(culprit)?.log ?? "");
  const [cause] = all;
  return {
    works: false,
    reason: cause?.reason ?? run.failure?.reason ?? `it logs a new error: ${lines[0]}`,
    evidence: evidenceOf(run, lines.length > 0 ? lines : tail),
    causes: all,
  };
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

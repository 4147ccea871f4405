import type { Baseline } from "../../trial/compare/baseline.ts";
import type { TrialVerdict } from "../../trial/compare/judge.ts";
import type { ComposeDocument } from "../../trial/compose-config.ts";
import { largestSet } from "../../trial/largest.ts";
import { dependentsOf, type Session, type SessionOptions } from "../../trial/session.ts";
import type { PlannedStep, TrialSource } from "./source.ts";

/** What trials showed of a step. */
export interface Became {
  readonly outcome: "holds" | "breaks" | "notTried";
  /** Why it breaks, or why it was not tried. */
  readonly reason: string | undefined;
  readonly evidence: readonly string[];
}

/** What steps are tried in. */
interface Trial {
  readonly source: Pick<TrialSource, "refused" | "document" | "serviceOf">;
  readonly session: Pick<Session, "run" | "starts" | "secondsPerRun">;
  readonly baseline: Baseline;
  readonly document: ComposeDocument;
}

interface Elimination {
  readonly kept: readonly PlannedStep[];
  readonly left: ReadonlyMap<PlannedStep, Became>;
}

/** Keeps the largest set of steps that works. The last run is with exactly that set. */
export async function elimination(
  open: readonly PlannedStep[],
  { source, session, baseline, document: untouched }: Trial,
  { signal, progress }: Pick<SessionOptions, "signal" | "progress">,
): Promise<Elimination> {
  const runs: Pick<TrialVerdict, "reason" | "evidence" | "culprit">[] = [];
  const left = new Map<PlannedStep, Became>();
  const writable: PlannedStep[] = [];
  let latest: readonly PlannedStep[] = [];
  const refused = await source.refused();
  for (const each of open) {
    const why = refused.get(each.step);
    if (why === undefined) writable.push(each);
    else left.set(each, { outcome: "notTried", reason: `it cannot be written: ${why}`, evidence: [] });
  }
  const run = async (chosen: readonly PlannedStep[]) => {
    latest = chosen;
    const seconds = session.secondsPerRun();
    await progress(
      `run ${session.starts() + 1}: ${chosen.length} of ${writable.length} steps; ${seconds} s left if they hold`,
    );
    if (signal.aborted) return { works: true, suspects: [] };
    const document = await source.document(chosen);
    if (!document.ok) {
      runs.push({ reason: document.reason, evidence: [] });
      return { works: false, suspects: [] };
    }
    const judged = await session.run(document.value, baseline);
    runs.push(judged);
    return { works: judged.works, suspects: suspectsIn(chosen, judged.causes, source) };
  };
  const found = await largestSet(writable, run);
  const { broken } = found;
  let { kept } = found;
  const isLast = latest.length === kept.length && kept.every((each) => latest.includes(each));
  // A service that differs costs itself and what depends on it. What is left is run again, until it holds as it is written.
  while (kept.length > 0 && !isLast && !signal.aborted) {
    // A busy machine may fail one run.
    if ((await run(kept)).works || (await run(kept)).works) break;
    const { culprit, reason: why, evidence = [] } = runs.at(-1) ?? {};
    const reason = `it held once, and not twice when it was tried again: ${why}`;
    const names = [...new Set(kept.map(({ plan }) => source.serviceOf(plan)))];
    const spoilt = culprit === undefined ? names : dependentsOf(untouched, culprit, names);
    const rest = kept.filter(({ plan }) => !spoilt.includes(source.serviceOf(plan)));
    const lost = rest.length === kept.length ? kept : kept.filter((each) => !rest.includes(each));
    for (const each of lost) left.set(each, { outcome: "breaks", reason, evidence });
    kept = rest.length === kept.length ? [] : rest;
  }
  for (const [each, place] of broken) {
    const { reason, evidence } = runs[place] ?? { reason: undefined, evidence: [] };
    left.set(each, { outcome: "breaks", reason: reason ?? "it does not work with it", evidence });
  }
  return { kept, left };
}

/** Steps whose controls the causes name, in the order of the causes; those of the failing service come first. */
function suspectsIn(
  chosen: readonly PlannedStep[],
  causes: readonly { readonly suspects: readonly string[]; readonly service: string }[],
  source: Pick<TrialSource, "serviceOf">,
): readonly PlannedStep[] {
  const found = new Set<PlannedStep>();
  for (const { suspects, service } of causes) {
    const own = chosen.filter(({ plan }) => source.serviceOf(plan) === service);
    for (const control of suspects) {
      for (const each of own) if (each.step.controls.includes(control)) found.add(each);
    }
  }
  return [...found];
}

import { failed, ok, type Result } from "../../base/result.ts";
import type { Baseline } from "../../trial/baseline.ts";
import type { CheckKind } from "../../trial/checks.ts";
import type { ComposeDocument } from "../../trial/compose-config.ts";
import type { TrialVerdict } from "../../trial/judge.ts";
import { largestSet } from "../../trial/largest.ts";
import type { TrialEngine } from "../../trial/run.ts";
import type { Scratch } from "../../trial/scratch.ts";
import {
  checksOf,
  dependentsOf,
  openSteady,
  type Session,
  type SessionOptions,
  unseenIn,
} from "../../trial/session.ts";
import type { Step } from "../plan/step.ts";
import type { Planned } from "../write-plans.ts";
import { type PlannedStep, type TrialSource, untriable } from "./source.ts";

/** What became of a step in trials. */
export interface StepOutcome {
  readonly step: Step;
  readonly outcome: "holds" | "breaks" | "notTried";
  /** Why it breaks, or why it was not tried. */
  readonly reason: string | undefined;
  readonly evidence: readonly string[];
}

/** How the runs were checked. */
export interface Checked {
  readonly kinds: readonly CheckKind[];
  readonly strength: "strong" | "weak";
  /** What no run showed, as clauses. */
  readonly unseen: readonly string[];
}

export interface Verified {
  readonly plan: Planned;
  /** Why the untouched workload is no ground to judge by; undefined where it runs, twice the same. */
  readonly unsteady: string | undefined;
  readonly check: Checked;
  readonly outcomes: readonly StepOutcome[];
  readonly starts: number;
  readonly seconds: number;
}

/** Tries the steps of everything in one source. Fails only where nothing could be started. */
export async function verifySource(
  source: TrialSource,
  engine: TrialEngine,
  scratch: Scratch,
  options: SessionOptions,
): Promise<Result<readonly Verified[]>> {
  const begun = Date.now();
  const document = await source.document([]);
  if (!document.ok) return document;
  const targets = source.plans.map(source.serviceOf);
  const opened = await openSteady(document.value, targets, engine, scratch, options);
  if (!opened.ok) return opened;
  const { session, baseline, unsteady } = opened.value;
  const all = source.plans.flatMap((plan) => plan.steps.map((step): PlannedStep => ({ plan, step })));
  const isOpen = ({ plan }: PlannedStep) => session.services.includes(source.serviceOf(plan));
  const open = all.filter((each) => untriable(each) === undefined && isOpen(each));
  const outcomes = new Map<Step, Omit<StepOutcome, "step">>();
  let check: Checked = { kinds: [], strength: "weak", unseen: [] };
  if (baseline) {
    const unseen = await unseenIn(document.value, session.services, engine, options, baseline);
    check = { ...checksOf(options, baseline), unseen };
    const trial = { source, session, baseline, document: document.value };
    const { kept, left } = await elimination(open, trial, options);
    for (const each of kept) outcomes.set(each.step, { outcome: "holds", reason: undefined, evidence: [] });
    for (const [each, why] of left) outcomes.set(each.step, why);
  }
  if (options.signal.aborted) return failed("it was interrupted: nothing was written");
  const seconds = Math.round((Date.now() - begun) / 100) / 10;
  return ok(
    source.plans.map((plan) => ({
      plan,
      unsteady: unsteady.get(source.serviceOf(plan)),
      check,
      outcomes: plan.steps.map((step) => ({
        step,
        ...(outcomes.get(step) ??
          notTried(unsteady.get(source.serviceOf(plan)), session.blocked.get(source.serviceOf(plan)), {
            plan,
            step,
          })),
      })),
      starts: session.starts(),
      seconds,
    })),
  );
}

function notTried(
  unsteady: string | undefined,
  blocked: string | undefined,
  each: PlannedStep,
): Omit<StepOutcome, "step"> {
  const reason = untriable(each) ?? blocked ?? unsteady?.split("\n")[0] ?? "it was interrupted";
  return { outcome: "notTried", reason, evidence: [] };
}

interface Trial {
  readonly source: TrialSource;
  readonly session: Session;
  readonly baseline: Baseline;
  readonly document: ComposeDocument;
}

interface Elimination {
  readonly kept: readonly PlannedStep[];
  readonly left: ReadonlyMap<PlannedStep, Omit<StepOutcome, "step">>;
}

/** Keeps the largest set of steps that works. The last run is with exactly that set. */
async function elimination(
  open: readonly PlannedStep[],
  { source, session, baseline, document: untouched }: Trial,
  { signal, progress }: SessionOptions,
): Promise<Elimination> {
  const runs: Pick<TrialVerdict, "reason" | "evidence" | "culprit">[] = [];
  const left = new Map<PlannedStep, Omit<StepOutcome, "step">>();
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
  source: TrialSource,
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

import { failed, ok, type Result } from "../../base/result.ts";
import type { CheckKind } from "../../trial/checks.ts";
import { largestSet } from "../../trial/largest.ts";
import type { TrialEngine } from "../../trial/run.ts";
import type { Scratch } from "../../trial/scratch.ts";
import { checksOf, openSession, type SessionOptions } from "../../trial/session.ts";
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

export interface Verified {
  readonly plan: Planned;
  /** Why the untouched workload is no ground to judge by; undefined where it runs, twice the same. */
  readonly unsteady: string | undefined;
  readonly check: { readonly kinds: readonly CheckKind[]; readonly strength: "strong" | "weak" };
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
  const opened = await openSession(document.value, targets, engine, scratch, options);
  if (!opened.ok) return opened;
  const session = opened.value;
  const all = source.plans.flatMap((plan) => plan.steps.map((step): PlannedStep => ({ plan, step })));
  const isOpen = ({ plan }: PlannedStep) => session.services.includes(source.serviceOf(plan));
  const open = all.filter((each) => untriable(each) === undefined && isOpen(each));
  const outcomes = new Map<Step, Omit<StepOutcome, "step">>();
  let unsteady: string | undefined;
  let check: Verified["check"] = { kinds: [], strength: "weak" };
  const baseline = session.services.length > 0 ? await session.untouched() : undefined;
  if (baseline && !baseline.ok) unsteady = baseline.reason;
  if (baseline?.ok) {
    check = checksOf(options, baseline.value);
    const { kept, left } = await elimination(open, source, session, baseline.value, options);
    for (const each of kept) outcomes.set(each.step, { outcome: "holds", reason: undefined, evidence: [] });
    for (const [each, why] of left) outcomes.set(each.step, why);
  }
  if (options.signal.aborted) return failed("it was interrupted: nothing was written");
  const seconds = Math.round((Date.now() - begun) / 100) / 10;
  return ok(
    source.plans.map((plan) => ({
      plan,
      unsteady: session.services.includes(source.serviceOf(plan)) ? unsteady : undefined,
      check,
      outcomes: plan.steps.map((step) => ({
        step,
        ...(outcomes.get(step) ??
          notTried(unsteady, session.blocked.get(source.serviceOf(plan)), { plan, step })),
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

type Session = Extract<Awaited<ReturnType<typeof openSession>>, { ok: true }>["value"];
type Baseline = Extract<Awaited<ReturnType<Session["untouched"]>>, { ok: true }>["value"];

interface Elimination {
  readonly kept: readonly PlannedStep[];
  readonly left: ReadonlyMap<PlannedStep, Omit<StepOutcome, "step">>;
}

/** Keeps the largest set of steps that works. The last run is with exactly that set. */
async function elimination(
  open: readonly PlannedStep[],
  source: TrialSource,
  session: Session,
  baseline: Baseline,
  { signal, progress }: SessionOptions,
): Promise<Elimination> {
  const runs: { readonly reason: string | undefined; readonly evidence: readonly string[] }[] = [];
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
    await progress(`${chosen.length} of ${writable.length} steps`);
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
  let { kept, broken } = await largestSet(writable, run);
  const isLast = latest.length === kept.length && kept.every((each) => latest.includes(each));
  if (kept.length > 0 && !isLast) {
    const again = await run(kept);
    if (!again.works) {
      const reason = `the steps that were left did not hold a second time: ${runs.at(-1)?.reason}`;
      for (const each of kept) left.set(each, { outcome: "notTried", reason, evidence: [] });
      kept = [];
    }
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

import { failed, ok, type Result } from "../../base/result.ts";
import type { CheckKind } from "../../trial/checks.ts";
import type { TrialEngine } from "../../trial/run.ts";
import type { Scratch } from "../../trial/scratch.ts";
import { checksOf, openSteady, type SessionOptions, unseenIn } from "../../trial/session.ts";
import type { Step } from "../plan/step.ts";
import type { Planned } from "../write-plans.ts";
import { type Became, elimination } from "./elimination.ts";
import { type PlannedStep, type TrialSource, untriable } from "./source.ts";

/** What became of a step in trials. */
export interface StepOutcome extends Became {
  readonly step: Step;
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
  const outcomes = new Map<Step, Became>();
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

function notTried(unsteady: string | undefined, blocked: string | undefined, each: PlannedStep): Became {
  const reason = untriable(each) ?? blocked ?? unsteady?.split("\n")[0] ?? "it was interrupted";
  return { outcome: "notTried", reason, evidence: [] };
}

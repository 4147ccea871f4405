import type { Result } from "../../base/result.ts";
import type { ComposeDocument } from "../../trial/compose-config.ts";
import type { Step } from "../plan/step.ts";
import type { Planned } from "../write-plans.ts";

/** A step of one subject's plan. */
export interface PlannedStep {
  readonly plan: Planned;
  readonly step: Step;
}

/** Something that is tried as a whole: a Compose project, or one container. */
export interface TrialSource {
  readonly plans: readonly Planned[];
  /** The service that the subject is in the document. */
  readonly serviceOf: (plan: Planned) => string;
  /** The steps that the writers refuse, each with why. */
  readonly refused: () => Promise<ReadonlyMap<Step, string>>;
  /** The project with these steps made, by the same writers that `--apply` uses. */
  readonly document: (steps: readonly PlannedStep[]) => Promise<Result<ComposeDocument>>;
}

/** Why a step is not tried; undefined where it is. */
export function untriable({ plan, step }: PlannedStep): string | undefined {
  if (step.patches.length === 0) return "it is advice, and changes nothing by itself";
  if (plan.subject.kind !== "container") return "only containers are tried";
  const isPort = step.patches.every(({ field }) => field === "ports" || field === "publishAllPorts");
  if (isPort) return "a trial publishes no port";
  return undefined;
}

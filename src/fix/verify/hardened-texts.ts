import type { DiskFiles } from "../../audit/inputs/disk-files.ts";
import type { Survey, SurveyRequest } from "../../audit/survey.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { Docker } from "../../trial/docker.ts";
import type { Scratch } from "../../trial/scratch.ts";
import { type ChangedTexts, changedTexts } from "../changed-texts.ts";
import type { Step } from "../plan/step.ts";
import { type Planned, writePlans } from "../write-plans.ts";
import type { PlannedStep } from "./source.ts";

export interface SourceContext {
  readonly seen: Survey;
  readonly compose: SurveyRequest["compose"];
  readonly io: DiskFiles;
  readonly docker: Docker;
  readonly scratch: Scratch;
  readonly signal: AbortSignal;
}

/** The steps that the writers refuse, each with why. */
export async function refusedBy(
  plans: readonly Planned[],
  { seen, compose, io }: SourceContext,
): Promise<ReadonlyMap<Step, string>> {
  const written = await writePlans(
    plans,
    { compose, readings: seen.readings },
    changedTexts(io, seen.secrets),
  );
  return new Map(written.flatMap((plan) => plan.refused.map(({ step, reason }) => [step, reason] as const)));
}

/** The texts with these steps made. Nothing on the disk is touched. */
export async function textsWith(
  plans: readonly Planned[],
  steps: readonly PlannedStep[],
  { seen, compose, io }: SourceContext,
): Promise<Result<ChangedTexts>> {
  const texts = changedTexts(io, seen.secrets);
  const chosen = new Set(steps.map(({ step }) => step));
  const some = plans.map((plan) => ({ ...plan, steps: plan.steps.filter((step) => chosen.has(step)) }));
  const written = await writePlans(some, { compose, readings: seen.readings }, texts);
  const refused = written.flatMap((plan) => plan.refused);
  return refused[0] ? failed(`it cannot be written: ${refused[0].reason}`) : ok(texts);
}

import { writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { DiskFiles } from "../../audit/inputs/disk-files.ts";
import { type Input, loadedFiles } from "../../audit/inputs/inputs.ts";
import type { Survey, SurveyRequest } from "../../audit/survey.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { type ComposeDocument, resolveCompose } from "../../trial/compose-config.ts";
import type { Docker } from "../../trial/docker.ts";
import type { Scratch } from "../../trial/scratch.ts";
import { type ChangedTexts, changedTexts } from "../changed-texts.ts";
import type { Step } from "../plan/step.ts";
import { type Planned, writePlans } from "../write-plans.ts";

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

/** A Compose project: its hardened texts are written aside, and docker compose reads them in the place of its files. */
export function composeSource(input: Input, plans: readonly Planned[], context: SourceContext): TrialSource {
  return {
    plans,
    serviceOf: ({ subject }) => subject.name,
    refused: () => refusedBy(plans, context),
    document: (steps) => documentWith(loadedFiles(input), plans, steps, context),
  };
}

async function documentWith(
  files: readonly string[],
  plans: readonly Planned[],
  steps: readonly PlannedStep[],
  context: SourceContext,
): Promise<Result<ComposeDocument>> {
  const { compose, docker, scratch, signal } = context;
  const texts = await textsWith(plans, steps, context);
  if (!texts.ok) return texts;
  const instead = new Map(
    texts.value.list().map(({ file, after }) => {
      const path = join(scratch.make("text"), basename(file));
      writeFileSync(path, after, { mode: 0o600 });
      return [resolve(file), path] as const;
    }),
  );
  const folder = dirname(resolve(files[0] ?? "."));
  return await resolveCompose(docker, { ...compose, files, folder, instead, signal });
}

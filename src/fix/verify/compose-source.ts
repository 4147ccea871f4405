import { writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { DiskFiles } from "../../audit/disk-files.ts";
import type { Input } from "../../audit/inputs.ts";
import type { Survey, SurveyRequest } from "../../audit/survey.ts";
import { failed, type Result } from "../../base/result.ts";
import { type ComposeDocument, resolveCompose } from "../../trial/compose-config.ts";
import type { Docker } from "../../trial/docker.ts";
import type { Scratch } from "../../trial/scratch.ts";
import { changedTexts } from "../changed-texts.ts";
import { type Planned, writePlans } from "../write-plans.ts";
import type { PlannedStep, TrialSource } from "./source.ts";

export interface SourceScene {
  readonly seen: Survey;
  readonly compose: SurveyRequest["compose"];
  readonly io: DiskFiles;
  readonly docker: Docker;
  readonly scratch: Scratch;
  readonly signal: AbortSignal;
}

/** A Compose project: its hardened texts are written aside, and docker compose reads them in the place of its files. */
export function composeSource(
  input: Extract<Input, { readonly format: "compose" }>,
  plans: readonly Planned[],
  scene: SourceScene,
): TrialSource {
  return {
    plans,
    serviceOf: ({ subject }) => subject.name,
    async refused() {
      const { seen, compose, io } = scene;
      const written = await writePlans(
        plans,
        { compose, readings: seen.readings },
        changedTexts(io, seen.secrets),
      );
      return new Map(
        written.flatMap((plan) => plan.refused.map(({ step, reason }) => [step, reason] as const)),
      );
    },
    document: (steps) => documentWith(input.files, plans, steps, scene),
  };
}

async function documentWith(
  files: readonly string[],
  plans: readonly Planned[],
  steps: readonly PlannedStep[],
  { seen, compose, io, docker, scratch, signal }: SourceScene,
): Promise<Result<ComposeDocument>> {
  const texts = changedTexts(io, seen.secrets);
  const chosen = new Set(steps.map(({ step }) => step));
  const some = plans.map((plan) => ({ ...plan, steps: plan.steps.filter((step) => chosen.has(step)) }));
  const written = await writePlans(some, { compose, readings: seen.readings }, texts);
  const refused = written.flatMap((plan) => plan.refused);
  if (refused[0]) return failed(`it cannot be written: ${refused[0].reason}`);
  const instead = new Map(
    texts.list().map(({ file, after }) => {
      const path = join(scratch.make("text"), basename(file));
      writeFileSync(path, after, { mode: 0o600 });
      return [resolve(file), path] as const;
    }),
  );
  const folder = dirname(resolve(files[0] ?? "."));
  return await resolveCompose(docker, { ...compose, files, folder, instead, signal });
}

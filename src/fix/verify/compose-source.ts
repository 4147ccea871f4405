import { writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Input } from "../../audit/inputs/inputs.ts";
import type { Result } from "../../base/result.ts";
import { type ComposeDocument, resolveCompose } from "../../trial/compose-config.ts";
import type { Planned } from "../write-plans.ts";
import { refusedBy, type SourceContext, textsWith } from "./hardened-texts.ts";
import type { PlannedStep, TrialSource } from "./source.ts";

/** A Compose project: its hardened texts are written aside, and docker compose reads them in the place of its files. */
export function composeSource(input: Input, plans: readonly Planned[], context: SourceContext): TrialSource {
  return {
    plans,
    serviceOf: ({ subject }) => subject.name,
    refused: () => refusedBy(plans, context),
    document: (steps) => documentWith(input.files, plans, steps, context),
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

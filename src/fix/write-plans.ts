import type { Input } from "../audit/inputs.ts";
import type { ComposeOptions } from "../audit/read-input.ts";
import type { SurveyedSubject } from "../audit/survey.ts";
import type { Reading } from "../model/reading.ts";
import type { ChangedTexts } from "./changed-texts.ts";
import { type Origin, type Wanted, type Written, writeInput } from "./edits.ts";
import type { Step, SubjectPlan } from "./step.ts";

/** A plan with what came of it. */
export interface WrittenPlan extends SubjectPlan {
  readonly refused: readonly RefusedStep[];
  /** What a person would not have. */
  readonly declined: readonly Step[];
}

export interface RefusedStep {
  readonly step: Step;
  /** One clause: why its format's writer cannot write it there. */
  readonly reason: string;
}

export interface Planned extends SurveyedSubject, SubjectPlan {
  readonly declined: readonly Step[];
}

/** How the inputs were read. */
export interface ReadAs {
  readonly compose: ComposeOptions;
  readonly readings: ReadonlyMap<Input, Reading>;
}

/**
 * Makes the edits of every plan in `texts`. A step is made whole or not at all: one of whose patches cannot be written is
 * refused, and the rest is written without it.
 */
export async function writePlans(
  plans: readonly Planned[],
  { compose, readings }: ReadAs,
  texts: ChangedTexts,
): Promise<readonly WrittenPlan[]> {
  const refused = new Map<string, readonly RefusedStep[]>();
  for (const [input, own] of byInput(plans)) {
    const reading = filesOf(input).some(texts.isChanged) ? undefined : readings.get(input);
    const origin: Origin = { compose, reading, io: texts.io };
    for (const [id, steps] of await writeOne(input, own, origin, texts)) refused.set(id, steps);
  }
  return plans.map(({ subject, failing, steps, declined }) => {
    const left = refused.get(subject.id) ?? [];
    const made = steps.filter((step) => !left.some((each) => each.step === step));
    return { subject, failing, steps: made, refused: left, declined };
  });
}

function filesOf(input: Input): readonly string[] {
  return "files" in input ? input.files : [input.file];
}

function byInput(plans: readonly Planned[]): ReadonlyMap<Input, readonly Planned[]> {
  const inputs = new Map<Input, Planned[]>();
  for (const plan of plans) {
    if (!plan.input || plan.steps.every(({ patches }) => patches.length === 0)) continue;
    const own = inputs.get(plan.input);
    if (own) own.push(plan);
    else inputs.set(plan.input, [plan]);
  }
  return inputs;
}

/** Steps fall away one round after the other until the writer takes what is left. */
async function writeOne(
  input: Input,
  plans: readonly Planned[],
  origin: Origin,
  texts: ChangedTexts,
): Promise<ReadonlyMap<string, readonly RefusedStep[]>> {
  const refused = new Map<string, RefusedStep[]>();
  const isLeft = (id: string, step: Step) => !refused.get(id)?.some((each) => each.step === step);
  for (;;) {
    const wanted = plans
      .map((plan): Wanted => {
        const steps = plan.steps.filter((step) => isLeft(plan.subject.id, step));
        return { subject: plan.subject, readAs: plan.readAs, patches: steps.flatMap((step) => step.patches) };
      })
      .filter(({ patches }) => patches.length > 0);
    if (wanted.length === 0) return refused;
    const written = await writeInput(input, wanted, origin);
    let fell = 0;
    for (const { subject, steps } of plans) {
      for (const step of steps.filter((each) => isLeft(subject.id, each))) {
        const reason = reasonOf(step, subject.id, written.refused);
        if (reason === undefined) continue;
        refused.set(subject.id, [...(refused.get(subject.id) ?? []), { step, reason }]);
        fell += 1;
      }
    }
    if (fell === 0) {
      texts.make(written.edits);
      return refused;
    }
  }
}

/** A writer may hand back a patch or one that equals it. */
function reasonOf({ patches }: Step, subject: string, refused: Written["refused"]): string | undefined {
  const found = refused.find(
    (each) =>
      patches.includes(each.patch) ||
      ((each.subject === "" || each.subject === subject) &&
        patches.some((patch) => JSON.stringify(patch) === JSON.stringify(each.patch))),
  );
  return found?.reason;
}

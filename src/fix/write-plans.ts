import { type Input, readInput } from "../audit/inputs/inputs.ts";
import type { SurveyedSubject } from "../audit/survey.ts";
import { isEqual } from "../base/equal.ts";
import {
  type ComposeOptions,
  refuseAll,
  type SubjectPatches,
  type WriteContext,
  type Written,
} from "../formats/format.ts";
import { formats, type InputReading } from "../formats/formats.ts";
import type { Container } from "../model/container.ts";
import type { Patch } from "../model/patch.ts";
import type { Reading } from "../model/reading.ts";
import type { Edit } from "../model/writing.ts";
import type { ChangedTexts } from "./changed-texts.ts";
import type { Step, SubjectPlan } from "./plan/step.ts";
import { harmOf, sharedFiles, stillToMake, type Taker } from "./shared-files.ts";

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
  readonly readings: ReadonlyMap<Input, InputReading>;
}

/**
 * Makes the edits of every plan in `texts`. A step is made whole or not at all: one of whose patches cannot be written is
 * refused, and the rest is written without it. A Compose project from which another one takes something over comes before
 * that, so that what both are to have is written once.
 */
export async function writePlans(
  plans: readonly Planned[],
  { compose, readings }: ReadAs,
  texts: ChangedTexts,
): Promise<readonly WrittenPlan[]> {
  const refused = new Map<string, readonly RefusedStep[]>();
  const grouped = byInput(plans);
  const shared = sharedFiles(readings);
  const isStale = (input: Input) => shared.readBy(input).some(texts.isChanged);
  const current = async (input: Input): Promise<InputReading | undefined> =>
    isStale(input) ? await readInput(input, { ...compose, forWriting: true }, texts.io) : readings.get(input);
  for (const [input, own] of [...grouped].toSorted(([a], [b]) => shared.taken(a) - shared.taken(b))) {
    const takers: Taker[] = [];
    for (const taker of shared.takersOf(input)) {
      const reading = await current(taker);
      if (reading) takers.push({ input: taker, reading, wanted: patchesByName(grouped.get(taker) ?? []) });
    }
    const reading = await current(input);
    const left = await writeOne(input, own, {
      origin: { compose, reading, io: texts.io },
      views: reading && isStale(input) && input.format === "compose" ? viewsById(reading) : undefined,
      harm: (edits) => harmOf(edits, takers, compose, texts.io),
      make: texts.make,
    });
    for (const [id, steps] of left) refused.set(id, steps);
  }
  return plans.map(({ subject, failing, steps, open, declined }) => {
    const left = refused.get(subject.id) ?? [];
    const made = steps.filter((step) => !left.some((each) => each.step === step));
    return { subject, failing, steps: made, open, refused: left, declined };
  });
}

function patchesByName(plans: readonly Planned[]): ReadonlyMap<string, readonly Patch[]> {
  return new Map(plans.map((plan) => [plan.subject.name, plan.steps.flatMap(({ patches }) => patches)]));
}

function viewsById({ subjects }: Reading): ReadonlyMap<string, Container> {
  return new Map(
    subjects.flatMap((subject) => {
      const [view] = subject.kind === "container" ? subject.views : [];
      return view ? [[subject.id, view] as const] : [];
    }),
  );
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

interface WriteHooks {
  readonly origin: WriteContext;
  /** What containers say by now, by the id that their reader gives them, where that is not what was planned for. */
  readonly views: ReadonlyMap<string, Container> | undefined;
  readonly harm: (edits: readonly Edit[]) => Promise<string | undefined>;
  readonly make: (edits: readonly Edit[]) => void;
}

/** The edits that make the patches in the input that the subjects were read from. */
export async function writeInput(
  { format, files }: Input,
  wanted: readonly SubjectPatches[],
  context: WriteContext,
): Promise<Written> {
  const { write, nouns } = formats[format];
  return write
    ? await write(files, wanted, context)
    : refuseAll(wanted, `bulkhead reads ${nouns[1]} and does not write them`);
}

/** Steps fall away one round after the other until the writer, and whoever reads the same files, takes what is left. */
async function writeOne(
  input: Input,
  plans: readonly Planned[],
  { origin, views, harm, make }: WriteHooks,
): Promise<ReadonlyMap<string, readonly RefusedStep[]>> {
  const refused = new Map<string, RefusedStep[]>();
  const refuse = (id: string, step: Step, reason: string) =>
    refused.set(id, [...(refused.get(id) ?? []), { step, reason }]);
  const isLeft = (id: string, step: Step) => !refused.get(id)?.some((each) => each.step === step);
  const write = async (isMeant: (id: string, step: Step) => boolean): Promise<Written> => {
    const wanted = plans.map(({ subject, readAs, steps }): SubjectPatches => {
      const patches = steps.filter((step) => isMeant(subject.id, step)).flatMap((step) => step.patches);
      const view = views?.get(readAs);
      return { subject, readAs, patches: view ? stillToMake(view, patches) : patches };
    });
    const some = wanted.filter(({ patches }) => patches.length > 0);
    return some.length === 0 ? { edits: [], refused: [] } : await writeInput(input, some, origin);
  };
  for (;;) {
    const written = await write(isLeft);
    let fell = 0;
    for (const { subject, steps } of plans) {
      for (const step of steps.filter((each) => isLeft(subject.id, each))) {
        const reason = reasonOf(step, subject.id, written.refused);
        if (reason === undefined) continue;
        refuse(subject.id, step, reason);
        fell += 1;
      }
    }
    if (fell > 0) continue;
    const against = await harm(written.edits);
    if (against === undefined) {
      make(written.edits);
      return refused;
    }
    // Which of them it is shows when they come one by one.
    const kept = new Set<Step>();
    for (const { subject, steps } of plans) {
      for (const step of steps.filter(({ patches }) => patches.length > 0)) {
        if (!isLeft(subject.id, step)) continue;
        const tried = await write((_, each) => kept.has(each) || each === step);
        const reason = reasonOf(step, subject.id, tried.refused) ?? (await harm(tried.edits));
        if (reason === undefined) kept.add(step);
        else refuse(subject.id, step, reason);
      }
    }
  }
}

/** A writer may hand back a patch or one that equals it. */
function reasonOf({ patches }: Step, subject: string, refused: Written["refused"]): string | undefined {
  const found = refused.find(
    (each) =>
      patches.includes(each.patch) ||
      ((each.subject === "" || each.subject === subject) &&
        patches.some((patch) => isEqual(patch, each.patch))),
  );
  return found?.reason;
}

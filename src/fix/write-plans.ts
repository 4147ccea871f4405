import { resolve } from "node:path";
import type { DiskFiles } from "../audit/inputs/disk-files.ts";
import { type Input, readInput } from "../audit/inputs/inputs.ts";
import type { SurveyedSubject } from "../audit/survey.ts";
import { isEqual } from "../base/equal.ts";
import { ok } from "../base/result.ts";
import {
  type ComposeOptions,
  refuseAll,
  type SubjectPatches,
  type WriteContext,
  type Written,
} from "../formats/format.ts";
import { formats, type InputReading } from "../formats/formats.ts";
import type { Container } from "../model/container.ts";
import { type Patch, patched } from "../model/patch.ts";
import type { Reading } from "../model/reading.ts";
import { applyEdits, type Edit, saysSame } from "../model/writing.ts";
import type { ChangedTexts } from "./changed-texts.ts";
import type { Step, SubjectPlan } from "./plan/step.ts";

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
  texts: Pick<ChangedTexts, "io" | "isChanged" | "make">,
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
  { format, files, base }: Input,
  wanted: readonly SubjectPatches[],
  context: WriteContext,
): Promise<Written> {
  const { write, nouns } = formats[format];
  return write
    ? await write(files, wanted, { ...context, isPart: base !== undefined })
    : refuseAll(wanted, `bulkhead reads ${nouns[1]} and does not write them`);
}

/** Steps fall away one round after the other until the writer, and anyone who reads the same files, takes what is left. */
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

/** Who reads whose files. */
interface SharedFiles {
  /** The files that an input was read from: of a Compose project also those that it extends and includes. */
  readonly readBy: (input: Input) => readonly string[];
  /** How many of them are not its own. */
  readonly taken: (input: Input) => number;
  /** The other Compose projects that read a file of the input. */
  readonly takersOf: (input: Input) => readonly Input[];
}

function sharedFiles(readings: ReadonlyMap<Input, InputReading>): SharedFiles {
  const foreign = new Map<Input, readonly string[]>();
  const takers = new Map<string, Input[]>();
  for (const [input, reading] of readings) {
    if (input.format !== "compose") continue;
    const own = new Set(input.files.map((file) => resolve(file)));
    const project = "project" in reading ? reading.project : undefined;
    const all = [...(project?.parsed.keys() ?? [])].map((file) => resolve(file));
    foreign.set(
      input,
      all.filter((file) => !own.has(file)),
    );
    for (const file of new Set([...own, ...all])) takers.set(file, [...(takers.get(file) ?? []), input]);
  }
  return {
    readBy: (input) => [...input.files, ...(foreign.get(input) ?? [])],
    taken: (input) => foreign.get(input)?.length ?? 0,
    takersOf(input) {
      if (input.format !== "compose") return [];
      const found = input.files.flatMap((file) => takers.get(resolve(file)) ?? []);
      return [...new Set(found)].filter((each) => each !== input);
    },
  };
}

/** A Compose project that takes something over from a file of another input. */
interface Taker {
  readonly input: Input;
  readonly reading: Reading;
  /** What is to be made of each of its services, by the name. */
  readonly wanted: ReadonlyMap<string, readonly Patch[]>;
}

/** Why edits of files that other projects read must not be made: one clause, or undefined where nothing is against them. */
async function harmOf(
  edits: readonly Edit[],
  takers: readonly Taker[],
  compose: ComposeOptions,
  io: DiskFiles,
): Promise<string | undefined> {
  if (edits.length === 0 || takers.length === 0) return undefined;
  const { newGap, viewOfReading } = await import("../formats/compose/write/project-view.ts");
  const edited = withEdits(io, edits);
  for (const { input, reading, wanted } of takers) {
    const name = input.files.join(", ");
    const before = viewOfReading(reading);
    const after = viewOfReading(await readInput(input, compose, edited));
    const gap = newGap(before, after);
    if (gap) return `${name} uses this too, and then ${gap.reason}`;
    for (const [service, view] of before.services) {
      const now = after.services.get(service);
      const fields = new Set((wanted.get(service) ?? []).map(({ field }) => field));
      if (now && saysSame(withFieldsOf(now, view, fields), view)) continue;
      return `${name}#${service} uses this too, and would change with it`;
    }
  }
  return undefined;
}

/** The view, in the fields as another has them. */
function withFieldsOf(view: Container, other: Container, fields: ReadonlySet<Patch["field"]>): Container {
  const same: Container = { ...view };
  for (const field of fields) Reflect.set(same, field, Reflect.get(other, field));
  return same;
}

function withEdits(io: DiskFiles, edits: readonly Edit[]): DiskFiles {
  const changed = new Map<string, string>();
  for (const file of new Set(edits.map((edit) => edit.file))) {
    const text = io.read(file);
    const own = edits.filter((edit) => edit.file === file);
    if (text.ok) changed.set(resolve(file), applyEdits(text.value, own));
  }
  return {
    ...io,
    read(path) {
      const text = changed.get(resolve(path));
      return text === undefined ? io.read(path) : ok(text);
    },
  };
}

/** The patches that still change something of a container, in order. */
function stillToMake(view: Container, patches: readonly Patch[]): readonly Patch[] {
  return patches.filter((patch) => {
    const fact: unknown = Reflect.get(view, patch.field);
    return JSON.stringify(patched(fact, [patch])) !== JSON.stringify(fact);
  });
}

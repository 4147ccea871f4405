import { resolve } from "node:path";
import type { Context, Control } from "../controls/control.ts";
import type { ComposeOptions } from "../formats/format.ts";
import type { InputReading } from "../formats/formats.ts";
import { secretValuesOf, withoutNames } from "../model/credentials/mask.ts";
import { type Gap, gap } from "../model/gap.ts";
import type { Image } from "../model/image.ts";
import { emptyReading, mergeReadings, type Reading } from "../model/reading.ts";
import type { Severity } from "../model/severity.ts";
import type { EngineSubject, Subject } from "../model/subject.ts";
import { containersByFile, contextOf, type Surroundings } from "./contexts.ts";
import { evaluate, type Rules } from "./evaluate.ts";
import type { AcceptedGap } from "./finding.ts";
import { commentIgnores, type Ignore, idleIgnores, remembering } from "./ignores.ts";
import type { DiskFiles } from "./inputs/disk-files.ts";
import { fileOf, type Input, inputOfText, inputsAt, type ReadOptions, readInput } from "./inputs/inputs.ts";
import { joinContexts } from "./join/build-context.ts";
import { joinImages } from "./join/images.ts";
import { withInlineBuilds } from "./join/inline-builds.ts";
import { anchored, judgedElsewhere } from "./join/judged-once.ts";
import { joinSeccomp } from "./join/seccomp.ts";
import { joinTrackedEnv } from "./join/tracked-env.ts";
import type { Live, ReadLive } from "./live/live.ts";
import { splitGaps } from "./unread.ts";

/** What to read, and by which rules to judge it. */
export interface SurveyRequest {
  /** Files and folders. */
  readonly paths: readonly string[];
  /** Texts without a file, by the name that reports give them. */
  readonly texts: readonly { readonly name: string; readonly text: string; readonly isRunLine: boolean }[];
  /** Compose files that merge into one project. */
  readonly composeFiles: readonly string[];
  readonly compose: ComposeOptions;
  /** Whether a fix will write what is found. */
  readonly forWriting?: boolean;
  /** Patterns in .gitignore's syntax that walks leave out. */
  readonly exclude: readonly string[];
  /** How to read the Engine and its containers; undefined if only files are audited. */
  readonly live: ReadLive | undefined;
  readonly controls: readonly Control[];
  readonly ignores: readonly Ignore[];
  readonly severities: Readonly<Partial<Record<string, Severity>>>;
  /** What bulkhead.yaml asks of images. */
  readonly images?: Context["images"];
  /** Today, YYYY-MM-DD. */
  readonly today: string;
}

/** Everything that was read, ready to be judged. */
export interface Survey {
  readonly subjects: readonly SurveyedSubject[];
  readonly inputs: readonly Input[];
  /** What each input's reader made of it, before it was joined with others. */
  readonly readings: ReadonlyMap<Input, InputReading>;
  readonly rules: Rules;
  readonly gaps: readonly Gap[];
  /** Those that an ignore accepts. */
  readonly acceptedGaps: readonly AcceptedGap[];
  /** Ranges that reports mask. */
  readonly secrets: Reading["secrets"];
  /** The credentials that were read, wherever: nothing that is printed may show one. */
  readonly secretValues: readonly string[];
  /** What is odd without being unreadable: an ignore without a reason. */
  readonly warnings: readonly Gap[];
  /** Ignores that have expired or silence nothing: to be asked for once everything is judged. */
  readonly idleIgnores: () => readonly Gap[];
  /** What the Engine gave; undefined if only files are audited. */
  readonly live: Live | undefined;
}

export interface SurveyedSubject {
  readonly subject: Subject;
  readonly context: Context;
  /** Where it was read; undefined for what the Engine runs. */
  readonly input: Input | undefined;
  /** The id that its reader gave it; `subject.id` is another one where two have the same. */
  readonly readAs: string;
}

/** Called now and then with the progress so far, for a terminal to show. */
export type Progress = (done: string) => Promise<void>;

/** Reads everything that was asked for and joins what belongs together. Never rejects: what cannot be read is a gap. */
export async function survey(
  request: SurveyRequest,
  spell: Rules["spell"],
  io: DiskFiles,
  progress: Progress,
): Promise<Survey> {
  const found = gatherInputs(request, io);
  const readings: InputReading[] = [];
  if (found.inputs.length >= 16) await progress(`0 of ${found.inputs.length} files`);
  for (const [index, input] of found.inputs.entries()) {
    readings.push(await readSafely(input, { ...request.compose, forWriting: request.forWriting }, io));
    if (index % 16 === 15) await progress(`${index + 1} of ${found.inputs.length} files`);
  }
  const live = await request.live?.(mentionedImages(readings));
  const reading = mergeReadings([...readings, live?.reading ?? emptyReading]);
  const joined = joinTrackedEnv(joinContexts(await joinImages(reading.subjects, imagesOf(live), io), io), io);
  const files = new Set(found.inputs.flatMap((input) => input.files).filter((file) => io.exists(file)));
  const sources = readings.flatMap((each, index) => each.subjects.map(() => found.inputs[index]));
  const named = joined.map((subject, index) => {
    const input = sources[index];
    return input?.overlay ? inOverlay(subject, input.files) : subject;
  });
  const subjects = anchored(withUniqueIds(named.map((subject) => joinSeccomp(subject, io))), files, io);
  const around: Surroundings = {
    files: containersByFile(subjects),
    engine: live?.engine?.views.at(-1) ?? onlyEngine(subjects),
    live: live?.peers ?? new Map(),
    running: live?.running ?? [],
    sight: live?.sight,
    images: request.images,
    today: request.today,
  };
  const comments = io.texts().map(([file, text]) => commentIgnores(file, text));
  const known = remembering([...request.ignores, ...comments.flatMap((each) => each.ignores)]);
  const rules: Rules = {
    controls: request.controls,
    ignores: known.ignores,
    severities: request.severities,
    today: request.today,
    spell,
    line: io.line,
  };
  const all = subjects
    .map((subject, index) => ({
      subject,
      context: contextOf(subject, around),
      input: sources[index],
      readAs: reading.subjects[index]?.id ?? subject.id,
    }))
    .filter(({ subject, input }) => !input?.overlay || hasPartIn(subject, input.files[1]));
  const elsewhere = judgedElsewhere(
    all,
    (input) => found.walked.has(input),
    (each) => openIn(each, rules),
  );
  const judged = new Set(all.flatMap(({ subject }) => (elsewhere.has(subject.id) ? [] : [placeOf(subject)])));
  // A fix must also write a service that is judged elsewhere, if no judged subject has its place.
  const isWrittenApart = (subject: Subject) => request.forWriting === true && !judged.has(placeOf(subject));
  // A service that docker compose would refuse alone is fine if another one completes it.
  const gaps = unique([...found.gaps, ...reading.gaps]).filter(
    ({ subject }) => subject === undefined || !elsewhere.has(subject),
  );
  const { open, accepted } = splitGaps(gaps, subjects, known.ignores, request.today);
  return {
    subjects: all.filter(({ subject }) => !elsewhere.has(subject.id) || isWrittenApart(subject)),
    inputs: found.inputs,
    readings: new Map(found.inputs.flatMap((input, index) => pair(input, readings[index]))),
    live,
    rules,
    gaps: open,
    acceptedGaps: accepted,
    secrets: reading.secrets,
    secretValues: withoutNames([...(reading.values ?? []), ...subjects.flatMap(secretValuesOf)], subjects),
    idleIgnores: () =>
      idleIgnores(known.ignores, known.used, {
        controls: new Set(request.controls.map(({ id }) => id)),
        folders: request.paths,
        live: live !== undefined,
        subjects,
        today: request.today,
      }),
    warnings: [
      ...(reading.notes ?? []),
      ...found.notes,
      ...comments.flatMap((each) => each.complaints.map((complaint) => gap(complaint.reason, complaint))),
    ],
  };
}

function placeOf({ location }: Subject): string {
  return location ? `${resolve(location.file)}:${location.startLine}:${location.startColumn}` : "";
}

/** The controls that the subject does not pass. */
function openIn({ subject, context }: SurveyedSubject, rules: Rules): ReadonlySet<string> {
  const judged = evaluate(subject, context, { ...rules, spell: () => null });
  return new Set(
    judged.flatMap(({ control, verdict }) => (verdict === "fail" || verdict === "unknown" ? [control] : [])),
  );
}

/** The images that files start from without saying who runs. */
function mentionedImages(readings: readonly Reading[]): readonly string[] {
  const references = readings.flatMap(({ subjects }) =>
    subjects.flatMap((subject) => {
      if (subject.kind === "container") return subject.views.map((view) => view.image);
      return subject.kind === "image" ? subject.views.map((view) => view.base) : [];
    }),
  );
  return [...new Set(references.flatMap((image) => (image.state === "set" ? [image.value] : [])))];
}

function imagesOf(live: Live | undefined): ReadonlyMap<string, Image> {
  const listed = (live?.images ?? []).flatMap(({ name, views: [view] }) =>
    view ? [[name, view] as const] : [],
  );
  return new Map([...listed, ...(live?.mentioned ?? [])]);
}

function pair(input: Input, reading: InputReading | undefined): readonly (readonly [Input, InputReading])[] {
  return reading ? [[input, reading]] : [];
}

/** A bug in one reader must not lose the findings of the other files. */
async function readSafely(input: Input, options: ReadOptions, io: DiskFiles): Promise<InputReading> {
  try {
    return await withInlineBuilds(await readInput(input, options, io), io);
  } catch (error) {
    const reason = `it cannot be read, by a fault of bulkhead's own (${error instanceof Error ? error.message : error})`;
    return { ...emptyReading, gaps: [gap(reason, { file: fileOf(input) })] };
  }
}

function gatherInputs(
  request: SurveyRequest,
  io: DiskFiles,
): {
  readonly inputs: readonly Input[];
  /** Those that a walk found, not named ones. */
  readonly walked: ReadonlySet<Input>;
  readonly gaps: readonly Gap[];
  readonly notes: readonly Gap[];
} {
  const merged: Input[] =
    request.composeFiles.length > 0 ? [{ format: "compose", files: request.composeFiles }] : [];
  const found = [
    ...request.paths.map((path) => inputsAt(path, request, io)),
    ...request.texts.map(({ name, text, isRunLine }) => {
      if (!isRunLine) return inputOfText(name, text, io);
      io.give(name, text);
      return { inputs: [{ format: "run-line", files: [name] } satisfies Input], walked: false, gaps: [] };
    }),
  ];
  const inputs = [...merged, ...found.flatMap((each) => each.inputs)];
  const once = new Map(inputs.map((input) => [JSON.stringify(input), input]));
  const walked = new Set(found.flatMap((each) => (each.walked ? each.inputs : [])));
  const notes = found.flatMap((each): readonly Gap[] => ("notes" in each ? (each.notes ?? []) : []));
  // An input that was both found and named counts as named.
  const named = new Set(
    [...merged, ...found.flatMap((each) => (each.walked ? [] : each.inputs))].map((input) =>
      JSON.stringify(input),
    ),
  );
  for (const input of walked) if (named.has(JSON.stringify(input))) walked.delete(input);
  return { inputs: [...once.values()], walked, gaps: found.flatMap((each) => each.gaps), notes };
}

/** Two containers of one name in one file (two `docker run --name web` lines) are told apart by their line. */
function withUniqueIds(subjects: readonly Subject[]): readonly Subject[] {
  const seen = new Map<string, number>();
  return subjects.map((subject) => {
    const before = seen.get(subject.id) ?? 0;
    seen.set(subject.id, before + 1);
    if (before === 0) return subject;
    const mark = subject.location ? `@${subject.location.startLine}` : `~${before + 1}`;
    const id = seen.has(`${subject.id}${mark}`)
      ? `${subject.id}${mark}~${before + 1}`
      : `${subject.id}${mark}`;
    seen.set(id, 1);
    return { ...subject, id, stableId: `${subject.stableId}~${before + 1}` };
  });
}

function onlyEngine(subjects: readonly Subject[]): EngineSubject["views"][number] | undefined {
  const engines = subjects.filter((subject): subject is EngineSubject => subject.kind === "engine");
  return engines.length === 1 ? engines[0]?.views[0] : undefined;
}

function unique(gaps: readonly Gap[]): readonly Gap[] {
  return [...new Map(gaps.map((each) => [JSON.stringify(each), each])).values()];
}

/** The id of a service of the merged files, named after the file that changes the other. */
function inOverlay<S extends Pick<Subject, "id" | "stableId">>(subject: S, files: readonly string[]): S {
  const [base = "", overlay = ""] = files;
  const renamed = (id: string) => (id.startsWith(`${base}#`) ? overlay + id.slice(base.length) : id);
  return { ...subject, id: renamed(subject.id), stableId: renamed(subject.stableId) };
}

/** Whether anything that a service says stands in the file. */
function hasPartIn(subject: Subject, file: string | undefined): boolean {
  if (subject.location?.file === file) return true;
  return subject.views.some((view) => JSON.stringify(view).includes(`"file":${JSON.stringify(file)}`));
}

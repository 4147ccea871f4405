import type { Control } from "../controls/control.ts";
import { type Gap, gap } from "../model/gap.ts";
import { emptyReading, mergeReadings, type Reading } from "../model/reading.ts";
import type { Severity } from "../model/severity.ts";
import { compareSeverity, isAtLeast } from "../model/severity.ts";
import type { EngineSubject, Subject } from "../model/subject.ts";
import { compareWithBaseline } from "./baseline.ts";
import { containersByFile, contextOf, type Surroundings } from "./contexts.ts";
import type { DiskFiles } from "./disk-files.ts";
import { evaluate, type Judged } from "./evaluate.ts";
import type { BaselineEntry, Finding, Report, ReportedSubject } from "./finding.ts";
import { commentIgnores, type Ignore } from "./ignores.ts";
import { type Input, inputOfText, inputsAt } from "./inputs.ts";
import { joinImages } from "./join-images.ts";
import type { Live } from "./live.ts";
import { type ComposeOptions, readInput } from "./read-input.ts";
import { spellRemedy } from "./spell.ts";
import { summarise } from "./summary.ts";

/** What is to be audited, and how. */
export interface AuditRequest {
  /** Files and folders. */
  readonly paths: readonly string[];
  /** Texts without a file, by the name that reports give them. */
  readonly texts: readonly { readonly name: string; readonly text: string; readonly isRunLine: boolean }[];
  /** Compose files that merge into one project. */
  readonly composeFiles: readonly string[];
  readonly compose: ComposeOptions;
  /** Patterns in .gitignore's syntax that walks leave out. */
  readonly exclude: readonly string[];
  /** The Engine and what it runs, already read; undefined where it was not asked for or cannot be reached. */
  readonly live: Live | undefined;
  readonly controls: readonly Control[];
  readonly ignores: readonly Ignore[];
  readonly severities: Readonly<Partial<Record<string, Severity>>>;
  /** Findings below it are left out of the report. */
  readonly minimum: Severity;
  readonly failOn: Severity | "none";
  readonly baseline: readonly BaselineEntry[] | undefined;
  readonly version: string;
  /** Today, YYYY-MM-DD. */
  readonly today: string;
}

export interface Audit {
  readonly report: Report;
  /** Ranges that reports mask. */
  readonly secrets: Reading["secrets"];
  /** What is odd without being unreadable: an ignore without a reason. */
  readonly warnings: readonly Gap[];
}

/** Called now and then with what was done so far, so that a caller can show it and a terminal stays alive. */
export type Progress = (done: string) => Promise<void>;

/** Reads everything that was asked for, judges it by every control, and gathers the findings. */
export async function audit(request: AuditRequest, io: DiskFiles, progress: Progress): Promise<Audit> {
  const found = gatherInputs(request, io);
  const readings: Reading[] = [];
  for (const [index, input] of found.inputs.entries()) {
    readings.push(await readSafely(input, request.compose, io));
    if (index % 16 === 15) await progress(`${index + 1} of ${found.inputs.length} files`);
  }
  const live = request.live;
  const reading = mergeReadings([...readings, live?.reading ?? emptyReading]);
  const subjects = withUniqueIds(await joinImages(reading.subjects, live?.images ?? [], io));
  const around: Surroundings = {
    files: containersByFile(subjects),
    engine: live?.engine?.views.at(-1) ?? onlyEngine(subjects),
    live: live?.peers ?? new Map(),
    running: live?.running ?? [],
  };
  const comments = io.texts().map(([file, text]) => commentIgnores(file, text));
  const rules = {
    controls: request.controls,
    ignores: [...request.ignores, ...comments.flatMap((each) => each.ignores)],
    severities: request.severities,
    today: request.today,
    spell: spellRemedy,
  };
  const judged: { readonly subject: Subject; readonly results: readonly Judged[] }[] = [];
  for (const [index, subject] of subjects.entries()) {
    judged.push({ subject, results: evaluate(subject, contextOf(subject, around), rules) });
    if (index % 64 === 63) await progress(`${index + 1} of ${subjects.length} subjects`);
  }
  const gaps = unique([...found.gaps, ...reading.gaps]);
  return {
    report: assemble(request, judged, gaps, looked(found.inputs, live)),
    secrets: reading.secrets,
    warnings: comments.flatMap((each) =>
      each.complaints.map((complaint) => gap(complaint.reason, complaint)),
    ),
  };
}

/** A fault of ours in one file must not take the others' findings with it. */
async function readSafely(input: Input, compose: ComposeOptions, io: DiskFiles): Promise<Reading> {
  try {
    return await readInput(input, compose, io);
  } catch (error) {
    const reason = `it cannot be read, by a fault of bulkhead's own (${error instanceof Error ? error.message : error})`;
    return { ...emptyReading, gaps: [gap(reason, { file: "file" in input ? input.file : input.files[0] })] };
  }
}

function gatherInputs(
  request: AuditRequest,
  io: DiskFiles,
): { readonly inputs: readonly Input[]; readonly gaps: readonly Gap[] } {
  const merged: Input[] =
    request.composeFiles.length > 0 ? [{ format: "compose", files: request.composeFiles }] : [];
  const found = [
    ...request.paths.map((path) => inputsAt(path, request.exclude, io)),
    ...request.texts.map(({ name, text, isRunLine }) => {
      if (!isRunLine) return inputOfText(name, text, io);
      io.give(name, text);
      return { inputs: [{ format: "run-line", file: name } satisfies Input], gaps: [] };
    }),
  ];
  const inputs = [...merged, ...found.flatMap((each) => each.inputs)];
  const once = new Map(inputs.map((input) => [JSON.stringify(input), input]));
  return { inputs: [...once.values()], gaps: found.flatMap((each) => each.gaps) };
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

function assemble(
  request: AuditRequest,
  judged: readonly { readonly subject: Subject; readonly results: readonly Judged[] }[],
  gaps: readonly Gap[],
  lookedAt: readonly string[],
): Report {
  const all = judged.flatMap(({ results }) => results.flatMap((result) => result.finding ?? []));
  const compared = request.baseline ? compareWithBaseline(all, request.baseline) : undefined;
  const findings = (compared?.findings ?? all)
    .filter((finding) => isAtLeast(finding.severity, request.minimum))
    .toSorted(worstFirst);
  const passes = judged.flatMap(({ results }) => results).filter((result) => result.verdict === "pass");
  return {
    tool: { name: "bulkhead", version: request.version },
    subjects: judged.map(({ subject, results }) => reported(subject, results)),
    findings,
    gaps,
    summary: summarise(passes.length, findings),
    fixed: compared?.fixed,
    looked: lookedAt,
    failOn: request.failOn,
  };
}

const verdictOrder = ["fail", "unknown", "notApplicable"];

function worstFirst(a: Finding, b: Finding): number {
  return (
    verdictOrder.indexOf(a.verdict) - verdictOrder.indexOf(b.verdict) ||
    compareSeverity(b.severity, a.severity)
  );
}

function reported(subject: Subject, results: readonly Judged[]): ReportedSubject {
  const { id, kind, name, source, location } = subject;
  const verdicts = Object.fromEntries(results.map((result) => [result.control, result.verdict]));
  return { id, kind, name, source, location: location ?? null, verdicts };
}

function unique(gaps: readonly Gap[]): readonly Gap[] {
  return [...new Map(gaps.map((each) => [JSON.stringify(each), each])).values()];
}

const nouns: Readonly<Record<Input["format"], string>> = {
  compose: "Compose project",
  dockerfile: "Dockerfile",
  "daemon-json": "daemon.json",
  "dockerd-unit": "dockerd unit",
  "run-line": "command line",
  script: "script",
};

function looked(inputs: readonly Input[], live: Live | undefined): readonly string[] {
  const counts = new Map<string, number>();
  for (const input of inputs) counts.set(nouns[input.format], (counts.get(nouns[input.format]) ?? 0) + 1);
  const files = [...counts].map(([noun, count]) => `${count} ${noun}${count === 1 ? "" : "s"}`);
  return [...files, ...(live?.looked ?? [])];
}

import { realpathSync } from "node:fs";
import type { DiskFiles } from "../../audit/inputs/disk-files.ts";
import type { Survey, SurveyRequest } from "../../audit/survey.ts";
import { shellWords } from "../../base/shell-words.ts";
import { createFile, originalOf } from "../../fix/apply.ts";
import { type ChangedText, type ChangedTexts, changedTexts } from "../../fix/changed-texts.ts";
import { describePlans, diffPainter, type Look, sayCounts, sayRemaining } from "../../fix/describe.ts";
import { patchOf, shownDiffs } from "../../fix/diff.ts";
import type { RunningServices } from "../../fix/live/running.ts";
import type { Watching } from "../../fix/live/watch-up.ts";
import { loadingProjects, takeBackWhatBreaks } from "../../fix/loads.ts";
import { auditAgain, countsOf, outcomeDocument } from "../../fix/outcome.ts";
import { moveSecrets } from "../../fix/secrets.ts";
import { keepOriginals, type NewText, settleKept } from "../../fix/undo/undo.ts";
import { holdSignals, unreadableAfter, type WrittenFile, writeFiles } from "../../fix/write-files.ts";
import { type Planned, type WrittenPlan, writePlans } from "../../fix/write-plans.ts";
import { mask } from "../../report/secrets/redact.ts";
import { complain } from "../common/complain.ts";
import { wantsColour } from "../common/progress.ts";
import { sayNext } from "./next.ts";
import type { FixOptions } from "./options.ts";

/** What one run of `bulkhead fix` works on. */
export interface FixJob {
  readonly seen: Survey;
  readonly request: SurveyRequest;
  readonly options: FixOptions;
  readonly io: DiskFiles;
  /** Services of the files that run on the Engine; undefined where nobody looked. */
  readonly running?: RunningServices | undefined;
}

export interface Prepared {
  readonly plans: readonly WrittenPlan[];
  readonly texts: ChangedTexts;
  readonly changed: readonly ChangedText[];
}

export interface Done {
  readonly files: readonly WrittenFile[];
  readonly watching?: Watching | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** Makes the edits, in memory. */
export async function prepare(
  plans: readonly Planned[],
  { seen, request, options, io }: FixJob,
): Promise<Prepared> {
  const texts = changedTexts(io, seen.secrets);
  const secrets = moveSecrets(plans, io, whyNoEnvFile(request, options));
  const readAs = { compose: request.compose, readings: seen.readings };
  const written = await writePlans(secrets.plans, readAs, texts);
  secrets.make(new Set(written.flatMap(({ steps }) => steps)), texts);
  const whole = written.map((plan) => ({
    ...plan,
    refused: [...plan.refused, ...(secrets.refused.get(plan.subject.id) ?? [])],
  }));
  return { plans: whole, texts, changed: texts.list() };
}

function whyNoEnvFile({ compose }: SurveyRequest, { output }: FixOptions): string | undefined {
  if (output !== undefined) return "--output writes one file, and the secret would have to go to .env";
  if (compose.envFiles.length > 0) return "--env-file replaces .env: move the secret there by hand";
  return undefined;
}

/** Writes what is to be written: nothing, without `--apply` or `--output`. */
export async function carryOut(prepared: Prepared, job: FixJob): Promise<Done> {
  const { changed, texts } = prepared;
  const { options, seen, request } = job;
  if (options.output !== undefined) return { files: writeOutput(options.output, changed), signal: undefined };
  if (!options.apply) return { files: changed.map((text) => ({ text, written: false })), signal: undefined };
  const faults = await unreadableAfter(seen.inputs, changed, seen.gaps, request.compose, texts.io);
  const spoilt = changed.flatMap((text): WrittenFile[] => {
    const reason = faults.get(text.file);
    return reason === undefined
      ? []
      : [{ text, written: false, reason: `the result could not be read back: ${reason}` }];
  });
  const sound = changed.filter(({ file }) => !faults.has(file));
  let watching: Watching | undefined;
  if (options.watch !== undefined && sound.length > 0) {
    const { watch: time, discardLayer = false } = options;
    const { prepareWatch } = await import("./watch-up.ts");
    const prepared = await prepareWatch(
      { inputs: seen.inputs, compose: request.compose, time, discardLayer },
      sound.map(({ file }) => file),
    );
    if (!prepared.ok) {
      const left = sound.map((text): WrittenFile => ({ text, written: false, reason: prepared.reason }));
      return { files: [...spoilt, ...left], signal: undefined };
    }
    watching = prepared.value;
  }
  const loading = await loadingProjects(seen.inputs, sound, request.compose);
  const kept = keepOriginals(sound.map(asChange), new Date());
  if (!kept.ok) complain(`--undo will not work for this: the originals cannot be kept in ${kept.reason}`);
  // A signal that comes while docker compose loads the result must not keep back what was written.
  const signals = holdSignals();
  let done: Done;
  try {
    const { files, signal } = await writeSound(sound, spoilt);
    const left = signal ? files : await takeBackWhatBreaks(loading, files, request.compose);
    done = { files: left, signal: signal ?? signals.held() };
  } finally {
    signals.release();
  }
  if (kept.ok) {
    const written = new Set(
      done.files.filter((each) => each.written).map(({ text }) => realPathOf(text.file)),
    );
    settleKept(kept.value, (path) => written.has(path));
  }
  return { ...done, watching };
}

function asChange(text: ChangedText): NewText {
  return { file: text.file, after: Buffer.from(withBom(text).after) };
}

async function writeSound(sound: readonly ChangedText[], spoilt: readonly WrittenFile[]): Promise<Done> {
  // A secret leaves its file only once it is on the disk elsewhere.
  const first = await writeFiles(sound.filter(({ support }) => support));
  const isSafe = spoilt.length === 0 && first.files.every(({ written }) => written);
  const others = sound.filter(({ support }) => !support);
  if (first.files.length > 0 && !isSafe) {
    const [missing] = [...spoilt, ...first.files].filter(({ written }) => !written);
    const reason = `it needs ${missing?.text.file ?? "another file"}, which was not written`;
    const left = others.map((text): WrittenFile => ({ text, written: false, reason }));
    return { files: [...spoilt, ...first.files, ...left], signal: first.signal };
  }
  const { files, signal } = await writeFiles(first.signal ? [] : others);
  return { files: [...spoilt, ...first.files, ...files], signal: first.signal ?? signal };
}

function writeOutput(path: string, changed: readonly ChangedText[]): readonly WrittenFile[] {
  return changed.map((text) => {
    const refuse = (reason: string): WrittenFile => ({ text, written: false, reason });
    if (changed.length > 1) return refuse(`--output writes one file, but ${changed.length} would change`);
    if (isSameFile(path, text.file)) return refuse(`${path} is the original: --apply writes that`);
    const original = originalOf(text.file, text.before);
    if (!original.ok) return refuse(original.reason);
    const made = createFile(path, original.value.hasBom ? `\uFEFF${text.after}` : text.after);
    return made.ok ? { text, written: true } : refuse(`${path}: ${made.reason}`);
  });
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isSameFile(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

export function lookOf(options: FixOptions): Look {
  return { colour: options.color !== false && wantsColour(), width: process.stdout.columns ?? 100 };
}

/** The result on standard output, in the format that was asked for. */
export function print(
  { plans, changed }: Prepared,
  { files }: Done,
  { options, seen }: FixJob,
  unmasked = "; --format patch gives a patch that applies",
): void {
  const folder = process.cwd();
  if (options.format === "json") {
    const document = outcomeDocument({ plans, files, gaps: seen.gaps });
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  if (options.format === "patch") {
    for (const text of changed) process.stdout.write(patchOf(withBom(text), folder));
    return;
  }
  const look = lookOf(options);
  const paint = diffPainter(look);
  const diffs = shownDiffs(changed, folder, paint, seen.secretValues);
  const described = describePlans(plans, look);
  process.stdout.write([...diffs, described].filter((part) => part !== "").join("\n"));
  if (diffs.some((diff) => diff.includes(mask))) {
    process.stderr.write(`bulkhead: secrets are masked here${unmasked}\n`);
  }
}

/** A patch speaks of the file's bytes, a byte order mark among them. */
function withBom(text: ChangedText): ChangedText {
  const original = originalOf(text.file, text.before);
  if (!original.ok || !original.value.hasBom) return text;
  return { ...text, before: `\uFEFF${text.before}`, after: `\uFEFF${text.after}` };
}

/** Says on standard error how it went; answers the exit status. */
export async function conclude(
  prepared: Prepared,
  { files, signal, watching }: Done,
  job: FixJob,
): Promise<number> {
  const { plans } = prepared;
  const { options, seen, request } = job;
  for (const [reason, names] of unwritten(files)) {
    const [only, ...more] = names;
    if (more.length === 0) complain(`${only} was not written: ${reason}`);
    else complain(`${names.length} files were not written: ${reason}: ${names.join(", ")}`);
  }
  const notWritten = files.some(({ reason }) => reason !== undefined);
  const wrote = files.filter(({ written }) => written).length;
  process.stderr.write(`bulkhead: ${sayCounts(countsOf(plans))}${sayFiles(files.length, wrote, options)}\n`);
  if (signal) {
    if (options.apply && wrote > 0) complain(`${signal} came after ${sayWritten(files)}`);
    // As if it had come to a process that writes nothing: the parent process sees by which signal it ended.
    process.kill(process.pid, signal);
  }
  const notMended = options.apply && wrote > 0 ? await sayWhatIsLeft(request, plans) : [];
  const watched = watching && !notWritten ? await watching(files) : 0;
  if (watched > 0) return watched;
  if (options.apply && wrote > 0 && !watching)
    sayNext(
      { inputs: seen.inputs, compose: request.compose, running: job.running },
      files.flatMap(({ text, written }) => (written ? [text.file] : [])),
    );
  if (notWritten || seen.gaps.length > 0) return 2;
  const open = plans.some(({ refused, declined }) => refused.length + declined.length > 0);
  const pending = files.some(({ written }) => !written);
  return open || pending || notMended.length > 0 ? 1 : 0;
}

function sayWritten(files: Done["files"]): string {
  const names = files.flatMap(({ text, written }) => (written ? [text.file] : []));
  const more = names.length > 4 ? ` and ${names.length - 4} more` : "";
  const were = names.length === 1 ? "was written" : "were written";
  return `${names.slice(0, 4).join(", ")}${more} ${were}: bulkhead fix --undo ${shellWords(names.slice(0, 1))} takes it back`;
}

/** The files that should have been written and were not, by why. */
function unwritten(files: Done["files"]): ReadonlyMap<string, readonly string[]> {
  const reasons = new Map<string, string[]>();
  for (const { text, reason } of files) {
    if (reason !== undefined) reasons.set(reason, [...(reasons.get(reason) ?? []), text.file]);
  }
  return reasons;
}

async function sayWhatIsLeft(
  request: SurveyRequest,
  plans: readonly WrittenPlan[],
): Promise<readonly string[]> {
  const remaining = await auditAgain(request, plans);
  process.stderr.write(`bulkhead: audited again, ${sayRemaining(remaining)}\n`);
  for (const each of remaining.notMended) complain(`written, but still a finding: ${each}`);
  return remaining.notMended;
}

function sayFiles(files: number, wrote: number, { apply, output }: FixOptions): string {
  const noun = (count: number) => `${count} file${count === 1 ? "" : "s"}`;
  if (output !== undefined && wrote > 0) return `; written to ${output}`;
  if (apply) return `; ${noun(wrote)} written`;
  return files === 0
    ? "; nothing to write"
    : `; ${noun(files)} would change, and --apply writes ${files === 1 ? "it" : "them"}`;
}

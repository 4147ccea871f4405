import { existsSync } from "node:fs";
import { readInput } from "../../audit/inputs/inputs.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { createFile } from "../../fix/apply.ts";
import { changedTexts } from "../../fix/changed-texts.ts";
import { shownDiffs } from "../../fix/diff.ts";
import type { ComposeText } from "../../fix/live/compose-text.ts";
import { writePlans } from "../../fix/write-plans.ts";
import { mentionsDockerRun } from "../../formats/run-command/script-host.ts";
import type { Learnt } from "../../learn/learnt.ts";
import { describeLearnt } from "../../learn/report/describe.ts";
import { learntDocument, learntStatus } from "../../learn/report/document.ts";
import { triedLearnt } from "../../learn/report/tried.ts";
import { trialsPage } from "../../report/trials.ts";
import { complain } from "../common/complain.ts";
import { carryOut, conclude, type FixJob, lookOf, type Prepared, prepare, print } from "../fix/job.ts";
import type { AllLearnt } from "./learn-all.ts";
import type { LearnOptions } from "./options.ts";
import { addProfiles, profilesOf, writeProfiles } from "./profiles.ts";

/** Shows what was learnt, and writes it where that is asked for. Answers the exit status. */
export async function tellLearnt(
  all: AllLearnt,
  target: LearnTarget,
  options: LearnOptions,
  job: FixJob,
): Promise<number> {
  const { learnt, hostCpus } = all;
  const made = await prepare(
    learnt.map(({ plan }) => plan),
    job,
  );
  const isLine = target.kind === "line" && !learnt.every(isUnlearnt);
  const line = isLine ? await hardenedLine(target, all, made, job) : undefined;
  const profiles = learnt.flatMap(profilesOf);
  if (options.output === undefined) addProfiles(made.texts, profiles);
  // A line without a file is shown; only its profiles are files.
  const files = made.texts.list().filter(({ file }) => target.kind !== "line" || file !== target.name);
  const prepared: Prepared = { ...made, changed: files };
  const output = options.output;
  if (line && output !== undefined) {
    const written = createFile(output, line.text);
    if (!written.ok) return complain(`${output} was not written: ${written.reason}`);
    process.stderr.write(`bulkhead: ${output} is written\n`);
  }
  const done = line && output !== undefined ? nothingLeft : await carryOut(prepared, job);
  if (options.format === "json") {
    const document = learntDocument(learnt, hostCpus);
    const whole = line ? { ...document, hardened: line.text, notes: line.notes } : document;
    process.stdout.write(`${JSON.stringify(whole, null, 2)}\n`);
  } else if (options.format === "html") {
    const diffs = shownDiffs(made.changed, process.cwd(), (_, each) => each);
    process.stdout.write(trialsPage("learn", learnt.map(triedLearnt), diffs));
  } else {
    const changed = line && (line.form === "compose" || options.format === "text") ? [] : made.changed;
    print({ ...prepared, plans: [], changed }, done, job, "; the file keeps them");
    if (options.format === "text") {
      process.stdout.write(
        `${changed.length === 0 ? "" : "\n"}${describeLearnt(learnt, lookOf(job.options))}`,
      );
      if (line && output === undefined) process.stdout.write(`\n${sayLine(line)}`);
    }
  }
  const beside = output === undefined || learnt.every(isUnlearnt) ? undefined : writeProfiles(profiles);
  if (beside && !beside.ok) return complain(beside.reason);
  const status = learntStatus(learnt);
  if (line && files.length === 0) return status;
  return Math.max(status, await conclude(prepared, done, withLine(job, target, made)));
}

const nothingLeft = { files: [], signal: undefined };

function isUnlearnt({ failure }: Learnt): boolean {
  return failure !== undefined;
}

interface HardenedLine extends ComposeText {
  readonly form: "run" | "compose";
}

async function hardenedLine(
  { name, text }: Extract<LearnTarget, { readonly kind: "line" }>,
  { learnt, compose }: AllLearnt,
  { changed }: Prepared,
  job: FixJob,
): Promise<HardenedLine> {
  if (compose) {
    const { text: written, notes } = compose;
    return { form: "compose", text: await hardenedService(written, learnt, job), notes };
  }
  const after = changed.find(({ file }) => file === name)?.after ?? text;
  return { form: "run", text: `${after.trimEnd()}\n`, notes: [] };
}

/** What no file has: only a text that is read and written in memory. */
const composeName = "the Compose service";

/** The same steps, written into a Compose service by Compose's own writer. */
async function hardenedService(text: string, learnt: readonly Learnt[], job: FixJob): Promise<string> {
  const { io, request } = job;
  io.give(composeName, text);
  const input = { format: "compose", files: [composeName] } as const;
  const reading = await readInput(input, { ...request.compose, forWriting: true }, io);
  const [subject] = reading.subjects;
  const [first] = learnt;
  if (!subject || !first) return text;
  const texts = changedTexts(io, []);
  const plan = { ...first.plan, subject, readAs: subject.id, input };
  await writePlans([plan], { compose: request.compose, readings: new Map([[input, reading]]) }, texts);
  return texts.list().find(({ file }) => file === composeName)?.after ?? text;
}

function sayLine({ form, text, notes }: HardenedLine): string {
  const head = form === "run" ? "The hardened line:" : "The hardened service:";
  return `${head}\n${[...text.trimEnd().split("\n"), ...notes].map((each) => `  ${each}\n`).join("")}`;
}

/** What is audited again is the hardened line: no file has it. */
function withLine(job: FixJob, target: LearnTarget, { changed }: Prepared): FixJob {
  if (target.kind !== "line") return job;
  const text = changed.find(({ file }) => file === target.name)?.after ?? target.text;
  const texts = [{ name: target.name, text, isRunLine: true }];
  return { ...job, request: { ...job.request, texts } };
}

/** What is learnt from. */
export type LearnTarget =
  | {
      readonly kind: "files";
      /** Undefined where --file names all. */
      readonly path: string | undefined;
      /** One service or container of it. */
      readonly subject: string | undefined;
    }
  /** A `docker run` line without a file. */
  | { readonly kind: "line"; readonly name: string; readonly text: string }
  | { readonly kind: "container"; readonly name: string };

/** What a `docker run` line without a file is called. */
const lineName = "docker run";

/** Tells what a target is. Fails with what to write instead. */
export function learnTargetOf(target: string | undefined, options: LearnOptions): Result<LearnTarget> {
  if (options.run !== undefined) {
    if (target !== undefined) return failed("--run gives the line to learn from: name no other target");
    return ok({ kind: "line", name: lineName, text: options.run });
  }
  if (target === undefined) {
    return options.file.length > 0
      ? ok({ kind: "files", path: undefined, subject: undefined })
      : failed("name a Compose file, a service of it as compose.yaml#web, a docker run line or image:NAME");
  }
  if (target.startsWith("container:")) {
    const name = target.slice("container:".length);
    return name === "" ? failed("container: needs a name: container:web") : ok({ kind: "container", name });
  }
  if (target.startsWith("image:")) return imageLine(target);
  if (target.includes(" ") && mentionsDockerRun(target) && !existsSync(target)) {
    return ok({ kind: "line", name: lineName, text: target });
  }
  const at = existsSync(target) ? -1 : target.lastIndexOf("#");
  const path = at < 0 ? target : target.slice(0, at);
  const subject = at < 0 ? undefined : target.slice(at + 1);
  return ok({ kind: "files", path: path === "" ? undefined : path, subject });
}

/** An image is learnt from as `docker run -d IMAGE` starts it. */
function imageLine(target: string): Result<LearnTarget> {
  const image = target.slice("image:".length);
  if (!/^[a-z0-9][\w./:@-]*$/i.test(image)) {
    return failed(`${target} names no image: write it as docker run takes it, image:nginx:1.27`);
  }
  return ok({ kind: "line", name: target, text: `docker run -d ${image}` });
}

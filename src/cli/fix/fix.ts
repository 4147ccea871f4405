import { resolve } from "node:path";
import { type DiskFiles, diskFiles } from "../../audit/inputs/disk-files.ts";
import { type Survey, type SurveyedSubject, type SurveyRequest, survey } from "../../audit/survey.ts";
import type { Bundles } from "../../fix/bundle/bundle.ts";
import { changedTexts } from "../../fix/changed-texts.ts";
import { describeStep, type Look } from "../../fix/describe.ts";
import { choose, questionsOn } from "../../fix/interactive.ts";
import { isAtWork, readJournals } from "../../fix/live/recreate/journal.ts";
import {
  imagesOf,
  type RunningService,
  type RunningServices,
  runningServices,
  type ShownImages,
} from "../../fix/live/running.ts";
import { childrenOf } from "../../fix/plan/base-images.ts";
import { needsByBundle, withSeen } from "../../fix/plan/kinds.ts";
import { ownPart } from "../../fix/plan/own-part.ts";
import { type PlanRequest, planFixes } from "../../fix/plan/plan.ts";
import type { Step } from "../../fix/plan/step.ts";
import type { Planned } from "../../fix/write-plans.ts";
import type { Container } from "../../model/container.ts";
import type { Subject } from "../../model/subject.ts";
import { type AuditSettings, loadConfig, rulesOf } from "../audit/settings.ts";
import { bundlesIn } from "../common/bundles.ts";
import { complain, complainAt, hideInComplaints } from "../common/complain.ts";
import { engineTarget } from "../common/engine-target.ts";
import { type LimitsInVain, limitsInVain, nounsOf } from "../common/limits-in-vain.ts";
import { askLocalEngine } from "../common/local-engine.ts";
import { progressLine, wantsColour } from "../common/progress.ts";
import { carryOut, conclude, type FixJob, lookOf, prepare, print } from "./job.ts";
import { limitsOf, unusedLimits } from "./limits.ts";
import type { FixOptions } from "./options.ts";
import { takesOf, whyNothingAccepted, wrongUseOf } from "./wrong-use.ts";

/** `bulkhead fix`. Answers the exit status: 0 nothing left to write, 1 something is, 2 wrong use or not written. */
export async function runFix(targets: readonly string[], options: FixOptions): Promise<number> {
  const wrong = contradiction(targets, options);
  if (wrong !== undefined) return complain(wrong);
  const unfinished = unfinishedNotice();
  if (unfinished !== undefined) complain(unfinished);
  const io = diskFiles();
  const settings = await loadConfig(options, io);
  if (!settings.ok) return 2;
  const request = requestOf(targets, options, settings.value);
  const progress = progressLine(process.stderr);
  const seen = await survey({ ...request, forWriting: true }, () => null, io, progress.show);
  progress.clear();
  hideInComplaints(seen.secretValues);
  for (const each of seen.gaps) complainAt(each.reason, each.location, io, each.file);
  if (options.guard) return await withGuards({ seen, request, options, io });
  const bundles = bundlesIn(settings.value, io);
  if (!bundles.ok) return complain(bundles.reason);
  const { running, images, vain } = (options.offline ? undefined : await lookAtEngine(seen)) ?? {};
  const plan = planner(seen, options, settings.value, io, { running, images, bundles: bundles.value });
  const plans: Planned[] = [];
  for (const [index, each] of seen.subjects.entries()) {
    plans.push(plan(each, takesOf(options)));
    if (index % 64 === 63) await progress.show(`${index + 1} of ${seen.subjects.length} subjects`);
  }
  progress.clear();
  const job: FixJob = { seen, request, options, io, running };
  const idle = whyNothingAccepted(options.accept, plans);
  if (idle !== undefined) return complain(idle);
  if (options.verify) return await (await import("./verify.ts")).verifyFixes(plans, job);
  for (const said of unusedLimits(options, plans, vain)) complain(said);
  if (vain) sayLimitsInVain(vain, plans);
  if (options.interactive) return await fixByAsking(plan, job);
  const prepared = await prepare(plans, job);
  const done = await carryOut(prepared, job);
  print(prepared, done, job);
  return await conclude(prepared, done, job);
}

/** A guard in front of the socket of each service that mounts it, and nothing else. */
async function withGuards(job: FixJob): Promise<number> {
  const { seen, io } = job;
  const { guardEdits, socketClientIn } = await import("../../fix/guard-service.ts");
  const texts = changedTexts(io, seen.secrets);
  for (const { subject, context } of seen.subjects) {
    const edits = guardEdits(subject, context, texts.io);
    if (edits === undefined) continue;
    if (edits.ok) {
      texts.make(edits.value);
      if (socketClientIn(subject).setting === undefined)
        complain(`${subject.name} gets DOCKER_HOST: its documentation says whether its program reads it`);
    } else complain(`${subject.name} keeps the socket: ${edits.reason}`);
  }
  const prepared = { plans: [], texts, changed: texts.list() };
  const done = await carryOut(prepared, job);
  print(prepared, done, job);
  if (prepared.changed.length > 0) {
    const build = "docker build -f packaging/Dockerfile --target guard -t bulkhead-guard:0.1.0 .";
    complain(
      `try it first: a call that the guard denies is in its log. Its image: ${build}, in bulkhead's sources`,
    );
  }
  return await conclude(prepared, done, job);
}

const nameless = "container: needs a name behind the colon: container:NAME";

function contradiction(targets: readonly string[], options: FixOptions): string | undefined {
  if (targets.includes("-")) return "fix needs files: it cannot write back to standard input";
  const live = targets.find((target) => target === "engine" || target.startsWith("container:"));
  if (targets.includes("container:")) return nameless;
  const image = targets.find((target) => target.startsWith("image:"));
  if (image !== undefined) return `${image}: an image is fixed in its Dockerfile: name that`;
  if (live !== undefined) return `${live} is fixed alone: name no other target with it`;
  return wrongUseOf("files", options);
}

function requestOf(targets: readonly string[], options: FixOptions, settings: AuditSettings): SurveyRequest {
  return {
    paths: targets.length === 0 && options.file.length === 0 ? ["."] : targets,
    texts: [],
    composeFiles: options.file,
    compose: { profiles: options.profile, envFiles: options.envFile },
    exclude: settings.config.exclude ?? [],
    live: undefined,
    ...rulesOf(options, settings),
  };
}

type Plan = (subject: SurveyedSubject, takes: PlanRequest["takes"]) => Planned;

interface EngineLook {
  readonly running: RunningServices | undefined;
  readonly images: ShownImages | undefined;
  readonly vain: LimitsInVain | undefined;
}

/** What the Engine shows of the Compose files' services and of the images, where one answers on this machine. */
async function lookAtEngine({ inputs, subjects }: Survey): Promise<EngineLook | undefined> {
  const files = inputs.flatMap((input) => (input.format === "compose" ? input.files : []));
  const images = subjects.flatMap(({ subject }) => imageOf(subject) ?? []);
  if (files.length === 0 && images.length === 0) return undefined;
  return await askLocalEngine(engineTarget({}), async (reader) => ({
    running: files.length === 0 ? undefined : await runningServices(reader, files),
    images: await imagesOf(reader, images),
    vain: await limitsInVain(reader),
  }));
}

/** A limit that is written and that the Engine here does not set. It stays: the file may be meant for another Engine. */
function sayLimitsInVain(vain: LimitsInVain, plans: readonly Planned[]): void {
  const patches = plans.flatMap(({ steps }) => steps.flatMap((step) => step.patches));
  const nouns = nounsOf(vain, patches);
  if (nouns !== undefined)
    complain(
      `the Engine here sets no such limits (${nouns}), since ${vain.why}: what is written holds on an Engine that sets them (engine-limits)`,
    );
}

/** The image that a container is made from, as it is named. */
function imageOf(subject: Subject): string | undefined {
  const view = subject.kind === "container" ? subject.views[0] : undefined;
  return view?.image.state === "set" ? view.image.value : undefined;
}

function planner(
  seen: Survey,
  options: FixOptions,
  { config }: AuditSettings,
  io: DiskFiles,
  {
    running,
    images,
    bundles,
  }: Partial<Pick<EngineLook, "running" | "images">> & { readonly bundles: Bundles },
): Plan {
  const { rules } = seen;
  const limits = limitsOf(options, config);
  const children = childrenOf(seen, (file) => {
    const text = io.read(file);
    return text.ok ? text.value : undefined;
  });
  const planned = (each: SurveyedSubject, takes: PlanRequest["takes"]) =>
    planFixes(each, {
      ...{ rules, takes, limits, children },
      needs(subject) {
        const shown = shownOf(each, running);
        const image = images?.get(imageOf(subject) ?? "");
        const needs = needsByBundle(subject, bundles, image?.identity);
        return withSeen(needs, shown, image?.programs ?? shown?.gains);
      },
    });
  return (each, takes) => ({
    ...each,
    ...ownPart(planned(each, takes), partIn(each, seen)),
    ...(options.safe && { open: [] }),
    declined: [],
  });
}

/** The service, where another file makes it and this one only changes it. */
function partIn({ subject, input }: SurveyedSubject, { subjects }: Survey): Container | undefined {
  const view = subject.kind === "container" ? subject.views[0] : undefined;
  const { base } = input ?? {};
  if (base === undefined || view === undefined) return undefined;
  const isMade = view.image.state !== "unset" || view.build.state !== "unset";
  const isInBase = (other: SurveyedSubject) =>
    other.subject.name === subject.name && other.input?.files.includes(base);
  return !isMade || subjects.some(isInBase) ? view : undefined;
}

function shownOf(
  { input, subject }: SurveyedSubject,
  running: RunningServices | undefined,
): RunningService | undefined {
  return input && running?.get(resolve(input.files[0] ?? ""))?.get(subject.name);
}

/** One question a step, then one whether to write, unless the command line says that. */
async function fixByAsking(plan: Plan, job: FixJob): Promise<number> {
  const { options, seen } = job;
  const questions = questionsOn(process.stdin, process.stderr);
  const look: Look = {
    ...lookOf(options),
    colour: process.stderr.isTTY === true && options.color !== false && wantsColour(),
  };
  const isOffered = (step: Step) => step.kind !== "manual" && (!options.safe || step.kind === "safe");
  try {
    const chosen = await choose(
      seen.subjects.map((each) => ({
        subject: each.subject,
        plan: (takes) => plan(each, (step) => isOffered(step) && takes(step)).steps,
      })),
      (step, subject) => step.kind === "decision" && takesOf(options)(step, subject),
      (subject, step) => describeStep({ subject }, step, look),
      questions,
    );
    if (!chosen) return complain("the input ended before every question was answered: nothing was written");
    const plans = seen.subjects.map((each): Planned => {
      const made = plan(each, (step, subject) =>
        step.kind === "manual" ? options.safe !== true : isOffered(step) && chosen(step, subject),
      );
      const whole = plan(each, isOffered).steps;
      const declined = whole.filter(
        (step) =>
          step.patches.length > 0 &&
          !chosen(step, each.subject) &&
          !made.steps.some(({ keys }) => keys.includes(step.keys[0])),
      );
      return { ...made, open: [], declined };
    });
    const prepared = await prepare(plans, job);
    const done = await carryOut(prepared, job);
    print(prepared, done, job);
    const mayAsk = options.format === "diff" && !options.apply && options.output === undefined;
    if (!mayAsk || prepared.changed.length === 0) return await conclude(prepared, done, job);
    const answer = await questions.ask("Write this? [y]es, [n]o: ");
    if (!/^y(?:es)?$/i.test(answer?.trim() ?? "")) return await conclude(prepared, done, job);
    const asked: FixJob = { ...job, options: { ...options, apply: true } };
    return await conclude(prepared, await carryOut(prepared, asked), asked);
  } finally {
    questions.close();
  }
}

/** What is unfinished, for commands that ask no Engine; undefined where nothing is. */
function unfinishedNotice(): string | undefined {
  const journals = readJournals();
  if (!journals.ok) return journals.reason;
  const names = journals.value
    .filter((each) => each.phase === "making" && !isAtWork(each))
    .map(({ name }) => name);
  return names.length === 0
    ? undefined
    : `--recreate of ${names.join(", ")} was cut short: bulkhead fix --resume puts the old container back`;
}

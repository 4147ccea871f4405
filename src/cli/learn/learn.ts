import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { diskFiles } from "../../audit/disk-files.ts";
import type { Input } from "../../audit/inputs.ts";
import { type Survey, type SurveyRequest, survey } from "../../audit/survey.ts";
import { recordAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { needsOf } from "../../fix/known-needs.ts";
import { planFixes } from "../../fix/plan.ts";
import { composeSource } from "../../fix/verify/compose-source.ts";
import type { Planned } from "../../fix/write-plans.ts";
import { learn } from "../../learn/learn.ts";
import type { Learnt } from "../../learn/learnt.ts";
import { learntControls } from "../../learn/plan/steps.ts";
import { mergeRemembered } from "../../learn/remembered.ts";
import { describeLearnt } from "../../learn/report/describe.ts";
import { learntDocument, learntStatus } from "../../learn/report/document.ts";
import { loadConfig, rulesOf, type Settings } from "../audit/settings.ts";
import { complain, complainAt } from "../common/complain.ts";
import { type TrialScene, withTrials } from "../common/trials.ts";
import { carryOut, conclude, type FixJob, lookOf, type Prepared, prepare, print } from "../fix/job.ts";
import type { FixOptions } from "../fix/options.ts";
import type { LearnOptions } from "./options.ts";

/** `bulkhead learn`. Answers the exit status: 0 verified, 1 something broke or is to be written, 2 not learnt. */
export async function runLearn(target: string | undefined, options: LearnOptions): Promise<number> {
  if (options.apply && options.output !== undefined) {
    return complain("--apply writes the original, --output leaves it alone: give one of them");
  }
  const container = target?.startsWith("container:") === true;
  if (container || options.inPlace) {
    if (!container || target === undefined || target === "container:") {
      return complain("--in-place watches a container that runs: name it as container:NAME");
    }
    if (!options.inPlace) return complain(`${target} runs: --in-place watches it without a change`);
    return await (await import("./in-place.ts")).watchInPlace(target.slice("container:".length), options);
  }
  const { path, service } = splitTarget(target, options);
  if (path === undefined && options.file.length === 0) {
    return complain("name a Compose file, or a service of it as compose.yaml#web");
  }
  const io = diskFiles();
  const settings = await loadConfig({ ...options, only: [] }, io);
  if (!settings.ok) return 2;
  const request = requestOf(path, options, settings.value);
  const seen = await survey(
    { ...request, forWriting: true },
    () => null,
    io,
    async () => {},
  );
  for (const each of seen.gaps) complainAt(each.reason, each.location, io, each.file);
  if (seen.gaps.length > 0) return 2;
  const fixOptions = asFixOptions(options);
  const job: FixJob = { seen, request, options: fixOptions, io };
  const chosen = chooseSubjects(seen, path ?? options.file.join(", "), service);
  if (!chosen.ok) return complain(chosen.reason);
  const plans = chosen.value.map((each): Planned => {
    const rules = { ...seen.rules, controls: seen.rules.controls.filter(({ id }) => !isLearnt(id)) };
    const takes = ({ kind }: { readonly kind: string }) => kind === "safe" || kind === "behavioural";
    const plan = planFixes(each, { rules, takes, limits: {}, needs: needsOf });
    const all = planFixes(each, { rules: seen.rules, takes: () => false, limits: {}, needs: needsOf });
    const steps = plan.steps.filter(({ patches }) => patches.length > 0);
    return { ...each, ...plan, failing: all.failing, steps, open: [], declined: [] };
  });
  const trialOptions = { ...options, ...(options.for !== undefined && { for: options.for }) };
  const tried = await withTrials(trialOptions, (scene) => learnAll(plans, job, options, scene));
  if (!tried.ok) return complain(tried.reason);
  return await tell(tried.value, options, job);
}

interface Told {
  readonly learnt: readonly Learnt[];
  readonly hostCpus: number | undefined;
}

async function tell({ learnt, hostCpus }: Told, options: LearnOptions, job: FixJob): Promise<number> {
  const made = await prepare(
    learnt.map(({ plan }) => plan),
    job,
  );
  const prepared = withProfiles(made, learnt, options, job);
  const done = await carryOut(prepared, job);
  if (options.format === "json") {
    process.stdout.write(`${JSON.stringify(learntDocument(learnt, hostCpus), null, 2)}\n`);
  } else {
    print({ ...prepared, plans: [], changed: made.changed }, done, job);
    if (options.format === "text") {
      process.stdout.write(`\n${describeLearnt(learnt, lookOf(job.options))}`);
    }
  }
  const written = await conclude(prepared, done, job);
  const status = Math.max(learntStatus(learnt), written);
  return status;
}

/** The seccomp profiles that the files name, beside them. */
function withProfiles(
  made: Prepared,
  learnt: readonly Learnt[],
  options: LearnOptions,
  { seen }: FixJob,
): Prepared {
  const [input] = seen.inputs;
  const folder = dirname(input && "files" in input ? (input.files[0] ?? "") : "");
  for (const { seccomp } of learnt) {
    if (!seccomp || options.output !== undefined) continue;
    const file = join(folder, seccomp.path);
    if (options.apply) mkdirSync(dirname(file), { recursive: true });
    const before = made.texts.io.exists(file) ? made.texts.io.read(file) : undefined;
    if (before?.ok) made.texts.make([{ file, start: 0, end: before.value.length, text: seccomp.text }]);
    else made.texts.append(file, seccomp.text, { mode: 0o644, secrets: [] });
  }
  // A profile has a line for each call: the diff of the file that names it is what is read.
  return { ...made, changed: made.texts.list() };
}

function splitTarget(target: string | undefined, { file }: LearnOptions) {
  const at = target?.lastIndexOf("#") ?? -1;
  const path = target === undefined || at < 0 ? target : target.slice(0, at);
  const service = target === undefined || at < 0 ? undefined : target.slice(at + 1);
  return { path: path === "" || (path === undefined && file.length === 0) ? undefined : path, service };
}

function requestOf(path: string | undefined, options: LearnOptions, settings: Settings): SurveyRequest {
  return {
    paths: path === undefined ? [] : [path],
    texts: [],
    composeFiles: options.file,
    compose: { profiles: options.profile, envFiles: options.envFile },
    exclude: settings.config.exclude ?? [],
    live: undefined,
    ...rulesOf({ only: [], skip: options.skip }, settings),
  };
}

function chooseSubjects(seen: Survey, file: string, service: string | undefined): Result<Survey["subjects"]> {
  const compose = seen.subjects.filter(
    ({ subject, input }) => subject.kind === "container" && input?.format === "compose",
  );
  if (compose.length === 0) return failed(`${file} has no Compose service to learn from`);
  const inputs = new Set(compose.map(({ input }) => input));
  if (inputs.size > 1) return failed(`${file} holds several Compose projects: name one of their files`);
  if (service === undefined) return ok(compose);
  const own = compose.filter(({ subject }) => subject.name === service);
  if (own.length > 0) return ok(own);
  const names = compose.map(({ subject }) => subject.name).join(", ");
  return failed(`${file} has no service ${service}; it has ${names}`);
}

function isLearnt(id: string): boolean {
  return (learntControls as readonly string[]).includes(id);
}

async function learnAll(
  plans: readonly Planned[],
  { seen, request, io }: FixJob,
  options: LearnOptions,
  { engine, scratch, options: session }: TrialScene,
): Promise<Result<Told>> {
  const input: Input | undefined = plans[0]?.input;
  if (input?.format !== "compose") return failed("only Compose services are learnt from");
  const scene = {
    ...{ seen, compose: request.compose, io, docker: engine.docker, scratch },
    signal: session.signal,
  };
  const info = await engine.reader.get("/info");
  const cpus = info.ok ? recordAt({ info: info.value }, "info").NCPU : undefined;
  const hostCpus = typeof cpus === "number" ? cpus : undefined;
  const load = options.while === undefined ? undefined : { command: options.while, limit: loadLimit };
  const learnt = await learn(
    {
      plans,
      sourceOf: (some) => composeSource(input, some, scene),
      watchFor: options.for,
      hostCpus,
      skip: options.skip,
      merge: options.merge
        ? ({ subject }, seen) => {
            const kept = mergeRemembered(`${resolve(input.files[0] ?? "")}#${subject.name}`, seen);
            return kept.ok ? ok(kept.value.seen) : kept;
          }
        : undefined,
    },
    engine,
    scratch,
    { ...session, checks: { ...session.checks, load } },
  );
  return learnt.ok ? ok({ learnt: learnt.value, hostCpus }) : failed(`${input.files[0]}: ${learnt.reason}`);
}

/** A load may be a whole test suite. Milliseconds. */
const loadLimit = 3_600_000;

/** What writing takes, in fix's terms. */
function asFixOptions(options: LearnOptions): FixOptions {
  return {
    ...options,
    format: options.format === "json" ? "json" : "diff",
    ...{ accept: [], only: [] },
  };
}

import { diskFiles } from "../../audit/inputs/disk-files.ts";
import type { Input } from "../../audit/inputs/inputs.ts";
import { type Survey, type SurveyRequest, survey } from "../../audit/survey.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { needsOf } from "../../fix/plan/kinds.ts";
import { planFixes } from "../../fix/plan/plan.ts";
import { isRunInput } from "../../fix/verify/run-source.ts";
import type { Planned } from "../../fix/write-plans.ts";
import { learntControls } from "../../learn/plan/steps.ts";
import { type AuditSettings, loadConfig, rulesOf } from "../audit/settings.ts";
import { complain, complainAt, hideInComplaints } from "../common/complain.ts";
import { withTrials } from "../common/trials.ts";
import type { FixJob } from "../fix/job.ts";
import type { FixOptions } from "../fix/options.ts";
import { openBundling } from "./bundle.ts";
import { learnAll } from "./learn-all.ts";
import type { LearnOptions } from "./options.ts";
import { type LearnTarget, learnTargetOf, tellLearnt } from "./tell.ts";

/** `bulkhead learn`. Answers the exit status: 0 verified, 1 something broke or is to be written, 2 not learnt. */
export async function runLearn(given: string | undefined, options: LearnOptions): Promise<number> {
  if (options.apply && options.output !== undefined) {
    return complain("--apply writes the original, --output leaves it alone: give one of them");
  }
  const bundling = await openBundling(options);
  if (!bundling.ok) return complain(bundling.reason);
  if (options.record !== undefined) return await (await import("./record.ts")).recordSession(given, options);
  const isLoaded = options.inPlace || options.while !== undefined;
  if (options.diskLimits && !isLoaded) {
    return complain("--disk-limits needs a load: add --while");
  }
  const told = learnTargetOf(given, options);
  if (!told.ok) return complain(told.reason);
  const target = told.value;
  if (target.kind === "container" || options.inPlace) {
    if (target.kind !== "container") {
      return complain("--in-place watches a running container: name it as container:NAME");
    }
    if (!options.inPlace)
      return complain(`${given} is a running container: --in-place watches it and changes nothing`);
    return await (await import("./in-place.ts")).watchInPlace(target.name, options);
  }
  if (options.as !== undefined && target.kind !== "line") {
    return complain("--as is for a docker run line and image:NAME: a file is hardened in its own form");
  }
  const io = diskFiles();
  const settings = await loadConfig({ ...options, only: [] }, io);
  if (!settings.ok) return 2;
  const request = requestOf(target, options, settings.value);
  const seen = await survey(
    { ...request, forWriting: true },
    () => null,
    io,
    async () => {},
  );
  hideInComplaints(seen.secretValues);
  for (const each of seen.gaps) complainAt(each.reason, each.location, io, each.file);
  if (seen.gaps.length > 0) return 2;
  const job: FixJob = { seen, request, options: asFixOptions(options), io };
  const chosen = chooseSubjects(seen, target, options);
  if (!chosen.ok) return complain(chosen.reason);
  const plans = chosen.value.map((each): Planned => {
    const rules = { ...seen.rules, controls: seen.rules.controls.filter(({ id }) => !isLearnt(id, options)) };
    const takes = ({ kind }: { readonly kind: string }) => kind === "safe" || kind === "behavioural";
    const plan = planFixes(each, { rules, takes, limits: {}, needs: needsOf });
    const all = planFixes(each, { rules: seen.rules, takes: () => false, limits: {}, needs: needsOf });
    const steps = plan.steps.filter(({ patches }) => patches.length > 0);
    return { ...each, ...plan, failing: all.failing, steps, open: [], declined: [] };
  });
  const tried = await withTrials(options, (tools) => learnAll(plans, job, options, tools));
  if (!tried.ok) return complain(tried.reason);
  const { value: bundle } = bundling;
  if (!bundle) return await tellLearnt(tried.value, target, options, job);
  const isCompared = options.verifyBundle !== undefined;
  const status = isCompared ? 0 : await tellLearnt(tried.value, target, options, job);
  return status === 2 ? 2 : Math.max(status, bundle(tried.value));
}

function requestOf(target: LearnTarget, options: LearnOptions, settings: AuditSettings): SurveyRequest {
  const { config } = settings;
  return {
    paths: target.kind === "files" && target.path !== undefined ? [target.path] : [],
    texts: target.kind === "line" ? [{ name: target.name, text: target.text, isRunLine: true }] : [],
    composeFiles: options.file,
    compose: { profiles: options.profile, envFiles: options.envFile },
    exclude: config.exclude ?? [],
    live: undefined,
    ...rulesOf({ only: [], skip: options.skip }, settings),
  };
}

function chooseSubjects(
  seen: Survey,
  target: LearnTarget,
  { file: files }: LearnOptions,
): Result<Survey["subjects"]> {
  const subject = target.kind === "files" ? target.subject : undefined;
  const file = target.kind === "files" ? (target.path ?? files.join(", ")) : target.name;
  const of = (isOne: (input: Input | undefined) => boolean) =>
    seen.subjects.filter((each) => each.subject.kind === "container" && isOne(each.input));
  const compose = of((input) => input?.format === "compose");
  const lines = of(isRunInput).filter((each) => each.subject.source === "run-command");
  const all = compose.length > 0 ? compose : lines;
  if (all.length === 0) return failed(`${file} has no Compose service and no docker run line to learn from`);
  if (new Set(all.map(({ input }) => input)).size > 1) {
    const what = compose.length > 0 ? "several Compose projects" : "several files with docker run lines";
    return failed(`${file} holds ${what}: name one of the files`);
  }
  if (subject === undefined) return ok(all);
  const own = all.filter((each) => each.subject.name === subject);
  if (own.length > 0) return ok(own);
  const names = all.map((each) => each.subject.name).join(", ");
  const noun = compose.length > 0 ? "service" : "container";
  return failed(`${file} has no ${noun} ${subject}; it has ${names}`);
}

/** Without a load no peak says how many processes it needs: it gets fix's limit. */
function isLearnt(id: string, options: LearnOptions): boolean {
  if (id === "pids-limit" && options.while === undefined) return false;
  return (learntControls as readonly string[]).includes(id);
}

/** What writing takes, in fix's terms. */
function asFixOptions({ as: _, ...options }: LearnOptions): FixOptions {
  return {
    ...options,
    format: options.format === "json" ? "json" : "diff",
    ...{ accept: [], only: [] },
  };
}

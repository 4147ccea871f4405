import { resolve } from "node:path";
import { fileOf, type Input } from "../../audit/inputs/inputs.ts";
import { recordAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { type ComposeText, composeTextOf } from "../../fix/live/compose-text.ts";
import { isRunInput, runBody, runSource } from "../../fix/verify/run-source.ts";
import { composeSource, type SourceContext } from "../../fix/verify/source.ts";
import type { Planned } from "../../fix/write-plans.ts";
import { type ImageIdentities, identitiesOf } from "../../learn/bundle/statement.ts";
import { learn } from "../../learn/learn.ts";
import type { Learnt } from "../../learn/learnt.ts";
import { mergeRemembered, rememberShown } from "../../learn/remembered.ts";
import type { LearnMemory, LearnRequest } from "../../learn/request.ts";
import type { TrialTools } from "../common/trials.ts";
import type { FixJob } from "../fix/job.ts";
import type { LearnOptions } from "./options.ts";
import { profilePlace } from "./profiles.ts";

export interface AllLearnt {
  readonly learnt: readonly Learnt[];
  readonly hostCpus: number | undefined;
  /** Which images they ran, where a bundle is asked for. */
  readonly images: ImageIdentities;
  /** The Compose file of a `docker run` line as it is, where --as asks for one. */
  readonly compose: ComposeText | undefined;
}

/** A load may be a whole test suite. Milliseconds. */
const loadLimit = 3_600_000;

/** A Compose project is learnt from as a whole, each `docker run` line by itself. */
export async function learnAll(
  plans: readonly Planned[],
  { seen, request, io }: FixJob,
  options: LearnOptions,
  { engine, scratch, options: session }: TrialTools,
): Promise<Result<AllLearnt>> {
  const context: SourceContext = {
    ...{ seen, compose: request.compose, io, docker: engine.docker, scratch },
    signal: session.signal,
  };
  const info = await engine.reader.get("/info");
  const cpus = info.ok ? recordAt({ info: info.value }, "info").NCPU : undefined;
  const hostCpus = typeof cpus === "number" ? cpus : undefined;
  const load = options.while === undefined ? undefined : { command: options.while, limit: loadLimit };
  const all: Learnt[] = [];
  let compose: ComposeText | undefined;
  for (const { input, own, sourceOf } of sourcesOf(plans, context)) {
    const learnt = await learn(
      {
        ...{ plans: own, sourceOf, hostCpus, skip: options.skip, watchFor: options.for },
        limitsDisks: options.diskLimits === true,
        profiles: profilePlace(input, options),
        memory: options.merge ? memoryOf(input, io) : undefined,
      },
      engine,
      scratch,
      { ...session, checks: { ...session.checks, load } },
    );
    if (!learnt.ok) return failed(`${fileOf(input)}: ${learnt.reason}`);
    all.push(...learnt.value);
    const [plan] = own;
    if (options.as !== "compose" || !plan || !isRunInput(input)) continue;
    if (fileOf(input).startsWith("image:")) {
      compose = serviceOfImage(fileOf(input).slice("image:".length), plan.subject.name);
      continue;
    }
    const asked = await runBody(input, plan, [], context);
    if (!asked.ok) return failed(`${fileOf(input)}: ${asked.reason}`);
    compose = composeTextOf(asked.value.body, plan.subject.name);
  }
  const asked = options.bundle !== undefined || options.verifyBundle !== undefined;
  const images = asked ? await identitiesOf(engine.reader, all) : new Map();
  return ok({ learnt: all, hostCpus, images, compose });
}

function serviceOfImage(image: string, name: string): ComposeText {
  return { text: `services:\n  ${name}:\n    image: ${JSON.stringify(image)}\n`, notes: [] };
}

interface LearnSource {
  readonly input: Input;
  readonly own: readonly Planned[];
  readonly sourceOf: LearnRequest["sourceOf"];
}

function sourcesOf(plans: readonly Planned[], context: SourceContext): readonly LearnSource[] {
  const input = plans[0]?.input;
  if (input?.format === "compose") {
    return [{ input, own: plans, sourceOf: (some) => composeSource(input, some, context) }];
  }
  return plans.flatMap((plan): readonly LearnSource[] => {
    const { input: line } = plan;
    if (!isRunInput(line)) return [];
    const sourceOf: LearnSource["sourceOf"] = (some) => runSource(line, some[0] ?? plan, context);
    return [{ input: line, own: [plan], sourceOf }];
  });
}

function memoryOf(input: LearnSource["input"], io: SourceContext["io"]): LearnMemory {
  const keyOf = ({ subject }: Planned) => memoryKey(input, subject.name, io);
  return {
    merge: (plan, saw) => mergeRemembered(keyOf(plan), saw),
    keep: (plan, shown) => rememberShown(keyOf(plan), shown),
  };
}

/** What a workload is remembered by: its file and name, or its line. */
function memoryKey(input: LearnSource["input"], name: string, io: SourceContext["io"]): string {
  if (input.format !== "run-line") return `${resolve(fileOf(input))}#${name}`;
  const text = io.read(fileOf(input));
  return fileOf(input).startsWith("image:") || !text.ok ? fileOf(input) : text.value.trim();
}

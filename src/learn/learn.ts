import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { failed, ok, type Result } from "../base/result.ts";
import type { Planned } from "../fix/write-plans.ts";
import type { TrialEngine } from "../trial/run.ts";
import type { Scratch } from "../trial/scratch.ts";
import { checksOf, openSteady, type SessionOptions, unseenIn } from "../trial/session.ts";
import type { ServiceKnowledge } from "./draft.ts";
import type { Learnt } from "./learnt.ts";
import { type Observation, observer } from "./observe/observe.ts";
import { type LearnRequest, nothingShown } from "./request.ts";
import { startTrace } from "./trace/trace.ts";
import { trialsOf } from "./trials.ts";

/** Runs everything of one source until it is known what each service needs. Fails only where nothing could be started. */
export async function learn(
  request: LearnRequest,
  engine: TrialEngine,
  scratch: Scratch,
  options: SessionOptions,
): Promise<Result<readonly Learnt[]>> {
  const begun = Date.now();
  const source = request.sourceOf(request.plans.map((plan) => ({ ...plan, steps: [] })));
  const document = await source.document([]);
  if (!document.ok) return document;
  const serviceOf = (plan: Planned) => source.serviceOf(plan);
  const targets = request.plans.map(serviceOf);
  const trace = startTrace();
  const look = observer(engine.reader, trace.ok ? trace.value : undefined);
  let opened: Awaited<ReturnType<typeof openSteady>>;
  try {
    const watching = { watch: look.watch, settle: request.watchFor };
    opened = await openSteady(document.value, targets, engine, scratch, options, watching);
  } finally {
    look.stop();
    if (trace.ok) trace.value.close();
  }
  if (!opened.ok) return opened;
  const { session, baseline, unsteady } = opened.value;
  const seconds = () => Math.round((Date.now() - begun) / 100) / 10;
  const nothing = (plan: Planned, failure: string, isUnsteady: boolean): Learnt => ({
    plan: { ...plan, steps: [] },
    failure,
    isUnsteady,
    check: { kinds: [], strength: "weak", unseen: [] },
    seen: undefined,
    isLoaded: false,
    untraced: undefined,
    capabilities: { before: [], needed: new Map() },
    user: { candidate: undefined, reason: undefined },
    seccomp: undefined,
    apparmor: undefined,
    volumes: undefined,
    broken: [],
    profiles: request.profiles,
    starts: session.starts(),
    seconds: seconds(),
  });
  const blocked = request.plans.flatMap((plan) => {
    const why = session.blocked.get(serviceOf(plan));
    const shaky = unsteady.get(serviceOf(plan));
    if (shaky !== undefined) return [nothing(plan, shaky, true)];
    return why === undefined ? [] : [nothing(plan, why, false)];
  });
  if (options.signal.aborted) return failed("it was interrupted: nothing was written");
  const isOpen = (name: string) => session.services.includes(name) && !unsteady.has(name);
  const open = request.plans.filter((plan) => isOpen(serviceOf(plan)));
  if (open.length === 0 || !baseline) return ok(blocked);
  const isLoaded = options.checks.load !== undefined;
  const observed = merged(open, serviceOf, look.observed(), request);
  if (!observed.ok) return observed;
  const trials = trialsOf(open, observed.value, {
    ...{ request, serviceOf, session, baseline, options, isLoaded, document: document.value },
    keep(text) {
      const path = join(scratch.make("seccomp"), "profile.json");
      writeFileSync(path, text);
      return path;
    },
  });
  const found = await trials.run();
  if (options.signal.aborted) return failed("it was interrupted: nothing was written");
  for (const [at, plan] of open.entries()) {
    const shown = found[at]?.failure === undefined ? trials.shown(plan) : undefined;
    const kept = shown && request.memory?.keep(plan, shown);
    if (kept && !kept.ok) return kept;
  }
  const unseen = await unseenIn(document.value, session.services, engine, options, baseline);
  const check = { ...checksOf(options, baseline), unseen };
  const untraced = trace.ok ? undefined : trace.reason;
  const common = {
    isUnsteady: false,
    check,
    untraced,
    isLoaded,
    profiles: request.profiles,
    starts: session.starts(),
    seconds: seconds(),
  };
  return ok([...blocked, ...found.map((each) => ({ ...each, ...common }))]);
}

/** What was seen of each service now and, with --merge, by earlier runs. */
function merged(
  plans: readonly Planned[],
  serviceOf: (plan: Planned) => string,
  observed: ReadonlyMap<string, Observation>,
  { memory }: LearnRequest,
): Result<ReadonlyMap<string, ServiceKnowledge>> {
  const found = new Map<string, ServiceKnowledge>();
  for (const plan of plans) {
    const seen = observed.get(serviceOf(plan));
    if (!seen) continue;
    const known = memory?.merge(plan, seen) ?? ok({ seen, shown: nothingShown });
    if (!known.ok) return known;
    found.set(serviceOf(plan), known.value);
  }
  return ok(found);
}

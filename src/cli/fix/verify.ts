import type { Input } from "../../audit/inputs/inputs.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { shownDiffs } from "../../fix/diff.ts";
import { describeVerified, sayChecked, verifyDocument, verifyStatus } from "../../fix/verify/describe.ts";
import { isRunInput, runSource } from "../../fix/verify/run-source.ts";
import { composeSource, type SourceContext, type TrialSource } from "../../fix/verify/source.ts";
import { type Verified, verifySource } from "../../fix/verify/verify.ts";
import type { Planned } from "../../fix/write-plans.ts";
import { type TriedWorkload, trialsPage } from "../../report/trials.ts";
import { complain } from "../common/complain.ts";
import { type TrialTools, withTrials } from "../common/trials.ts";
import { carryOut, conclude, type FixJob, lookOf, prepare, print } from "./job.ts";

/** `bulkhead fix --verify`: tries the steps, and keeps those that hold. Answers the exit status. */
export async function verifyFixes(plans: readonly Planned[], job: FixJob): Promise<number> {
  const { options } = job;
  if (plans.every(({ steps }) => steps.every(({ patches }) => patches.length === 0))) {
    process.stderr.write("bulkhead: there is no step to verify\n");
    if (options.format === "json") process.stdout.write(`${JSON.stringify(verifyDocument([]), null, 2)}\n`);
    if (options.format === "html") process.stdout.write(trialsPage("fix --verify", [], []));
    return job.seen.gaps.length > 0 ? 2 : 0;
  }
  const tried = await withTrials(options, (context) => verifyAll(plans, job, context));
  if (!tried.ok) return complain(tried.reason);
  const verified = tried.value;
  const held = new Set(
    verified
      .flatMap(({ outcomes }) => outcomes.filter(({ outcome }) => outcome === "holds"))
      .map(({ step }) => step),
  );
  const kept = plans.map((plan) => ({ ...plan, steps: plan.steps.filter((step) => held.has(step)) }));
  const prepared = await prepare(kept, job);
  const done = await carryOut(prepared, job);
  if (options.format === "json") {
    process.stdout.write(`${JSON.stringify(verifyDocument(verified), null, 2)}\n`);
  } else if (options.format === "html") {
    const diffs = shownDiffs(prepared.changed, process.cwd(), (_, line) => line, job.seen.secretValues);
    process.stdout.write(trialsPage("fix --verify", verified.map(asTried), diffs));
  } else {
    print({ ...prepared, plans: [] }, done, job);
    const described = options.format === "diff" ? describeVerified(verified, lookOf(options)) : "";
    if (described !== "") process.stdout.write(`\n${described}`);
  }
  const written = await conclude(prepared, done, job);
  return Math.max(verifyStatus(verified), written === 2 ? 2 : 0);
}

interface TrialInput {
  readonly name: string;
  readonly source: TrialSource;
  /** What it costs where it cannot be tried: a script's line, or a file that only changes another one. Else it ends all. */
  readonly alone?: readonly Planned[];
  /** Whether a part of its files could not be read. */
  readonly isUnread?: boolean;
}

async function verifyAll(
  plans: readonly Planned[],
  { seen, request, io }: FixJob,
  { engine, scratch, options }: TrialTools,
): Promise<Result<readonly Verified[]>> {
  const context: SourceContext = {
    ...{ seen, compose: request.compose, io, docker: engine.docker, scratch },
    signal: options.signal,
  };
  const verified: Verified[] = [];
  const projects = new Map<Input, Planned[]>();
  const sources: TrialInput[] = [];
  for (const plan of plans) {
    const { input, steps } = plan;
    const isIdle = steps.every(({ patches }) => patches.length === 0);
    if (input?.format === "compose") projects.set(input, [...(projects.get(input) ?? []), plan]);
    else if (isRunInput(input) && !isIdle) {
      sources.push({ name: plan.subject.id, source: runSource(input, plan, context), alone: [plan] });
    } else if (steps.length > 0) verified.push(elsewhere(plan));
  }
  for (const [input, own] of projects) {
    if (own.every(({ steps }) => steps.every(({ patches }) => patches.length === 0))) continue;
    sources.push({
      name: input.files[0] ?? "",
      source: composeSource(input, own, context),
      ...(input.base !== undefined && { alone: own }),
      isUnread: seen.gaps.some(({ file }) => file !== undefined && input.files.includes(file)),
    });
  }
  for (const { name, source, alone, isUnread } of sources) {
    const tried = await verifySource(source, engine, scratch, options);
    // A script holds commands that only its run completes, and compose.prod.yaml may want what only production has.
    if (!tried.ok && alone && !options.signal.aborted) {
      verified.push(...alone.map((plan) => elsewhere(plan, tried.reason)));
      continue;
    }
    // Why it cannot be read was said, with the place. Where Docker Compose reads it, something else is wrong.
    if (!tried.ok && isUnread && !options.signal.aborted && !(await source.document([])).ok) continue;
    if (!tried.ok) return failed(`${name}: ${tried.reason}`);
    verified.push(...tried.value);
  }
  return ok(verified);
}

function asTried({ plan, unsteady, check, outcomes, starts, seconds }: Verified): TriedWorkload {
  return {
    subject: plan.subject.id,
    failure: unsteady,
    note: `${starts} runs in ${seconds.toFixed(0)} s. ${sayChecked(check)}`,
    steps: outcomes.map((each) => ({ ...each, ...each.step })),
  };
}

function elsewhere(plan: Planned, why?: string): Verified {
  const isContainer = plan.subject.kind === "container";
  const usual = isContainer
    ? "only Compose services and docker run lines are tried"
    : "only containers are tried";
  const reason = why ?? usual;
  return {
    plan,
    unsteady: undefined,
    check: { kinds: [], strength: "weak", unseen: [] },
    outcomes: plan.steps.map((step) => ({ step, outcome: "notTried", reason, evidence: [] })),
    starts: 0,
    seconds: 0,
  };
}

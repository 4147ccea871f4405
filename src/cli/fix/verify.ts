import type { Input } from "../../audit/inputs.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { composeSource } from "../../fix/verify/compose-source.ts";
import { describeVerified } from "../../fix/verify/describe.ts";
import { verifyDocument, verifyStatus } from "../../fix/verify/document.ts";
import { type Verified, verifySource } from "../../fix/verify/verify.ts";
import type { Planned } from "../../fix/write-plans.ts";
import { complain } from "../common/complain.ts";
import { type TrialScene, withTrials } from "../common/trials.ts";
import { carryOut, conclude, type FixJob, lookOf, prepare, print } from "./job.ts";

/** `bulkhead fix --verify`: tries the steps, and keeps those that hold. Answers the exit status. */
export async function verifyFixes(plans: readonly Planned[], job: FixJob): Promise<number> {
  const { options } = job;
  if (plans.every(({ steps }) => steps.every(({ patches }) => patches.length === 0))) {
    process.stderr.write("bulkhead: there is no step to verify\n");
    if (options.format === "json") process.stdout.write(`${JSON.stringify(verifyDocument([]), null, 2)}\n`);
    return job.seen.gaps.length > 0 ? 2 : 0;
  }
  const tried = await withTrials(options, (scene) => verifyAll(plans, job, scene));
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
  } else {
    print({ ...prepared, plans: [] }, done, job);
    if (options.format === "diff") process.stdout.write(`\n${describeVerified(verified, lookOf(options))}`);
  }
  const written = await conclude(prepared, done, job);
  return Math.max(verifyStatus(verified), written === 2 ? 2 : 0);
}

async function verifyAll(
  plans: readonly Planned[],
  { seen, request, io }: FixJob,
  { engine, scratch, options }: TrialScene,
): Promise<Result<readonly Verified[]>> {
  const verified: Verified[] = [];
  const groups = new Map<Input, Planned[]>();
  for (const plan of plans) {
    if (plan.input?.format === "compose") groups.set(plan.input, [...(groups.get(plan.input) ?? []), plan]);
    else if (plan.steps.length > 0) verified.push(elsewhere(plan));
  }
  for (const [input, own] of groups) {
    if (input.format !== "compose") continue;
    if (own.every(({ steps }) => steps.every(({ patches }) => patches.length === 0))) continue;
    const scene = {
      seen,
      compose: request.compose,
      io,
      docker: engine.docker,
      scratch,
      signal: options.signal,
    };
    const tried = await verifySource(composeSource(input, own, scene), engine, scratch, options);
    if (!tried.ok) return failed(`${input.files[0]}: ${tried.reason}`);
    verified.push(...tried.value);
  }
  return ok(verified);
}

function elsewhere(plan: Planned): Verified {
  const reason =
    plan.subject.kind === "container" ? "only Compose services are tried" : "only containers are tried";
  return {
    plan,
    unsteady: undefined,
    check: { kinds: [], strength: "weak" },
    outcomes: plan.steps.map((step) => ({ step, outcome: "notTried", reason, evidence: [] })),
    starts: 0,
    seconds: 0,
  };
}

import { failed, ok, type Result } from "../base/result.ts";
import { openProofRegister } from "../engine/proof-register.ts";
import type { Deviation, Proof, Proved } from "../model/proof.ts";
import { type AttributedProbe, attributeAll } from "./attribution.ts";
import { openContainers, type ProofContainers } from "./containers/proof-containers.ts";
import { type ProofContext, takeAway } from "./containers/test-container.ts";
import { beyondTwin, mountsOf } from "./experiment/kernel-files.ts";
import type { Before, Facts, Mounted, Probe, ProbeTarget, ProvingEngine, TriedProbe } from "./probe.ts";
import { type ProofTarget, type Provable, readSubject } from "./subject/subject.ts";

export interface ProveRequest {
  readonly wanted: ProofTarget;
  readonly probes: readonly Probe[];
  readonly inPlace: boolean;
  /** False: it is not asked which control holds each probe, which takes up to forty more twins. */
  readonly attribute?: boolean;
  /** Milliseconds that one experiment may take. */
  readonly patience: number;
  /** The host's procfs and cgroupfs. */
  readonly proc: string;
  readonly cgroup: string;
  /** Once it is aborted, everything is taken away and nothing more is tried. */
  readonly signal: AbortSignal;
  /** Where the running container of this id is not what its configuration says. */
  readonly deviations: (id: string) => Promise<readonly Deviation[]>;
  /** Called before each probe with how far it is. */
  readonly progress: (done: string) => Promise<void>;
}

export interface ContainerProof {
  readonly proof: Proof;
  /** What of the subject could not be brought into its twin. */
  readonly missing: readonly string[];
}

/** What every proof takes, whatever it asks. */
export type Setting = Omit<ProveRequest, "attribute" | "deviations" | "progress">;

/**
 * Reads a subject, and does `body` while there are throw-away containers like it. Nothing of that outlives the call: every
 * container is taken away at its end, however it ends, and each lives only as long as this process holds its standard
 * input. Never rejects.
 */
export async function inContainers<T>(
  setting: Setting,
  engine: ProvingEngine,
  body: (subject: Provable, containers: ProofContainers) => Promise<Result<T>>,
): Promise<Result<T>> {
  const subject = await readSubject(setting.wanted, engine, setting);
  if (!subject.ok) return subject;
  const { architecture, facts, isHere } = subject.value;
  const context: ProofContext = {
    engine,
    architecture,
    patience: setting.patience,
    facts,
    kernel: isHere ? { proc: setting.proc, cgroup: setting.cgroup } : undefined,
    made: new Set(),
    register: openProofRegister(),
  };
  const interrupted = () => {
    for (const container of context.made) void takeAway(container, context);
  };
  setting.signal.addEventListener("abort", interrupted);
  const containers = openContainers(subject.value, setting, context);
  try {
    const outcome = await body(subject.value, containers);
    return setting.signal.aborted ? cutShort : outcome;
  } finally {
    setting.signal.removeEventListener("abort", interrupted);
    await containers.dismiss();
    context.register.close();
  }
}

/**
 * Proves a subject by experiments: in a throw-away twin of it, or in itself, and each again in a looser container. Never rejects.
 */
export async function prove(request: ProveRequest, engine: ProvingEngine): Promise<Result<ContainerProof>> {
  return await inContainers(request, engine, (subject, containers) =>
    proveIn(request, engine, subject, containers),
  );
}

async function proveIn(
  request: ProveRequest,
  engine: ProvingEngine,
  { facts, missing, id, running }: Provable,
  containers: ProofContainers,
): Promise<Result<ContainerProof>> {
  const main = await containers.subject();
  if (request.signal.aborted) return cutShort;
  if (!main.ok) return failed(`${id} cannot be proven: ${main.reason}`);
  const beyond = request.inPlace ? ok([]) : await mountedBeyond(facts, main.value.target);
  const probes = request.probes.filter((probe) => !request.inPlace || probe.inPlace);
  const notApplicable: { probe: string; control: string; reason: string }[] = [];
  const results: AttributedProbe[] = [];
  for (const [index, probe] of probes.entries()) {
    if (request.signal.aborted) return cutShort;
    await request.progress(`${id}: ${index} of ${probes.length} probes`);
    const about = { probe: probe.id, control: probe.control };
    const early = probe.before?.(facts);
    const tried = early ? undefined : await tryOnce(probe, containers);
    const shown = early ?? tried?.judgement;
    if (!shown) continue;
    const judgement = probe.isOfMounts ? await asItIs(shown, probe, beyond, containers) : shown;
    if (judgement.outcome === "notApplicable") {
      notApplicable.push({ ...about, reason: judgement.evidence });
      continue;
    }
    const gone = judgement.outcome === "inconclusive" ? await whyGone(engine) : undefined;
    if (gone !== undefined) return failed(`${id} cannot be proven: ${gone}`);
    results.push({ probe, tried, proved: { ...about, ...judgement, outcome: judgement.outcome } });
  }
  if (!request.inPlace && request.attribute !== false)
    await attributeAll(results, containers.loosened, request);
  if (request.signal.aborted) return cutShort;
  const where = request.inPlace ? "inPlace" : "twin";
  const shown = { subject: id, where, probes: results.map(({ proved }) => proved), notApplicable } as const;
  const deviations = running ? await request.deviations(running.id) : [];
  return ok({ proof: besideRunning(shown, deviations), missing });
}

/** Without the Engine nothing more can be told, and what was told is not all. */
async function whyGone({ reader }: ProvingEngine): Promise<string | undefined> {
  const answer = await reader.get("/version");
  return !answer.ok && answer.kind === "lost" ? answer.reason : undefined;
}

/** Whatever failed meanwhile did so for it. */
const cutShort = failed("it was interrupted; nothing of it is left");

async function tryOnce(probe: Probe, containers: ProofContainers): Promise<TriedProbe> {
  const subject = await containers.subject();
  if (!subject.ok) {
    const judgement = { outcome: "inconclusive", evidence: subject.reason } as const;
    return { judgement, again: async () => judgement };
  }
  return await probe.prove(subject.value.target, async () => {
    const looser = await containers.looser(probe.looser);
    return looser.ok ? ok(looser.value.target) : looser;
  });
}

/** What the running container has mounted beyond its twin. */
async function mountedBeyond(
  { running }: Facts,
  twin: Pick<ProbeTarget, "run">,
): Promise<Result<readonly Mounted[]>> {
  if (!running) return ok([]);
  const mounts = await mountsOf(twin);
  return mounts.ok ? ok(beyondTwin(running.mounts, mounts.value)) : mounts;
}

/** A probe of what is mounted, tried in the container as it is now where that has mounts that its twin cannot show. */
async function asItIs(
  shown: Before,
  probe: Probe,
  beyond: Result<readonly Mounted[]>,
  containers: ProofContainers,
): Promise<Before> {
  if (shown.outcome === "notHeld" || (beyond.ok && beyond.value.length === 0)) return shown;
  const places = beyond.ok ? beyond.value.slice(0, 3).map(({ point, type }) => `${point} (${type})`) : [];
  const where = beyond.ok ? `the container itself has ${places.join(", ")}` : beyond.reason;
  const current = await containers.present();
  if (!current.ok) {
    return { outcome: "inconclusive", evidence: `${where}, and cannot be entered: ${current.reason}` };
  }
  const { judgement } = await probe.prove(current.value.target, async () => {
    const looser = await containers.looser(probe.looser);
    return looser.ok ? ok(looser.value.target) : looser;
  });
  if (judgement.outcome === "held" || judgement.outcome === "notApplicable") return shown;
  return { ...judgement, evidence: `${where}: ${judgement.evidence}` };
}

/**
 * The proof of a container beside what the kernel says of the container itself: a twin shows what its configuration holds,
 * and no more. A control that fails in the container is not held, whatever its twin does.
 */
function besideRunning(proof: Proof, deviations: readonly Deviation[]): Proof {
  if (deviations.length === 0) return proof;
  return { ...proof, deviations, probes: proof.probes.map((proved) => contradicted(proved, deviations)) };
}

function contradicted(proved: Proved, deviations: readonly Deviation[]): Proved {
  if (proved.outcome !== "held") return proved;
  const against = deviations.filter(({ controls }) => controls.includes(proved.control));
  if (against.length === 0) return proved;
  const { by: _, ...rest } = proved;
  const said = against.map(({ message }) => message).join("; ");
  return {
    ...rest,
    outcome: "notHeld",
    evidence: `the container itself differs: ${said} (what its configuration gives was tried: ${proved.evidence})`,
  };
}

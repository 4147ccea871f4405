import { failed, ok, type Result } from "../base/result.ts";
import { ownLabel } from "../engine/owner.ts";
import type { Container } from "../model/container.ts";
import type { Proof, Proved } from "../model/proof.ts";
import { hostNamespacesBody, openBody, sacrificeBody, twinBody } from "./containers/bodies.ts";
import { useInPlace } from "./containers/in-place.ts";
import { labelName } from "./containers/leftovers.ts";
import {
  type ProofContext,
  startTestContainer,
  type TestContainer,
  takeAway,
} from "./containers/test-container.ts";
import type { ProvingEngine } from "./engine.ts";
import { type Looked, readLink, together } from "./experiment/looks.ts";
import type { Judgement, Looser, Probe, ProbeTarget } from "./probe.ts";
import { type Provable, readSubject, type Wanted } from "./subject/subject.ts";

export interface ProveRequest {
  readonly wanted: Wanted;
  readonly probes: readonly Probe[];
  readonly inPlace: boolean;
  /** Milliseconds that one experiment may take. */
  readonly patience: number;
  /** The host's procfs and cgroupfs. */
  readonly proc: string;
  readonly cgroup: string;
  /** Once it is aborted, everything is taken away and nothing more is tried. */
  readonly signal: AbortSignal;
  /** Called before each probe with how far it is. */
  readonly progress: (done: string) => Promise<void>;
}

export interface Outcome {
  readonly proof: Proof;
  /** What of the subject could not be brought into its twin. */
  readonly missing: readonly string[];
}

/**
 * Proves a subject by experiments: in a throw-away twin of it, or in itself, and each again in a looser container. Nothing
 * of that outlives the call: every container is taken away at its end, however it ends, and each lives only as long as
 * this process holds its standard input. Never rejects.
 */
export async function prove(request: ProveRequest, engine: ProvingEngine): Promise<Result<Outcome>> {
  const subject = await readSubject(request.wanted, engine, request.proc);
  if (!subject.ok) return subject;
  const { architecture, facts, isHere, missing, id } = subject.value;
  const context: ProofContext = {
    engine,
    architecture,
    patience: request.patience,
    facts,
    kernel: isHere ? { proc: request.proc, cgroup: request.cgroup } : undefined,
    made: new Set(),
  };
  const interrupted = () => {
    for (const container of context.made) void takeAway(container, context);
  };
  request.signal.addEventListener("abort", interrupted);
  const containers = openContainers(subject.value, request, context);
  try {
    const main = await containers.subject();
    if (request.signal.aborted) return cutShort;
    if (!main.ok) return failed(`${id} cannot be proven: ${main.reason}`);
    const probes = request.probes.filter((probe) => !request.inPlace || probe.inPlace);
    const sensitive = probes.some(({ touchesHost }) => touchesHost);
    const barrier = sensitive ? await barrierOf(facts.view, main.value.target, containers) : undefined;
    const results: Proved[] = [];
    const notApplicable: { probe: string; control: string; reason: string }[] = [];
    for (const [index, probe] of probes.entries()) {
      if (request.signal.aborted) return cutShort;
      await request.progress(`${id}: ${index} of ${probes.length} probes`);
      const about = { probe: probe.id, control: probe.control };
      const early = probe.before?.(facts);
      if (early?.outcome === "notApplicable") {
        notApplicable.push({ ...about, reason: early.evidence });
        continue;
      }
      const judgement = early ?? (await judged(probe, barrier, containers));
      const gone = judgement.outcome === "inconclusive" ? await whyGone(engine) : undefined;
      if (gone !== undefined) return failed(`${id} cannot be proven: ${gone}`);
      results.push({ ...about, ...judgement });
    }
    if (request.signal.aborted) return cutShort;
    const where = request.inPlace ? "inPlace" : "twin";
    return ok({ proof: { subject: id, where, probes: results, notApplicable }, missing });
  } finally {
    request.signal.removeEventListener("abort", interrupted);
    await containers.dismiss();
  }
}

/** Without the Engine nothing more can be told, and what was told is not all. */
async function whyGone({ reader }: ProvingEngine): Promise<string | undefined> {
  const answer = await reader.get("/version");
  return !answer.ok && answer.kind === "lost" ? answer.reason : undefined;
}

/** Whatever failed meanwhile did so for it. */
const cutShort = failed("it was interrupted; nothing of it is left");

async function judged(
  probe: Probe,
  barrier: string | undefined,
  containers: ProofContainers,
): Promise<Judgement> {
  if (probe.touchesHost && barrier !== undefined) return { outcome: "notTried", evidence: barrier };
  const subject = await containers.subject();
  if (!subject.ok) return { outcome: "inconclusive", evidence: subject.reason };
  return await probe.prove(subject.value.target, async () => {
    const looser = await containers.looser(probe.looser);
    return looser.ok ? ok(looser.value.target) : looser;
  });
}

/** The containers of one proof, made when they are needed and made anew where an experiment ended one. */
interface ProofContainers {
  subject(): Promise<Result<TestContainer>>;
  looser(kind: Looser): Promise<Result<TestContainer>>;
  dismiss(): Promise<void>;
}

/** How often a container that ended is made anew. */
const mostLives = 5;

function openContainers(
  subject: Provable,
  { inPlace, signal, probes }: ProveRequest,
  context: ProofContext,
): ProofContainers {
  const common = { image: subject.twin.image, label: [labelName, ownLabel()] as const };
  const twin = { ...subject.twin, ...common };
  let closeInPlace = () => {};
  const makers = {
    subject: async (): Promise<Result<TestContainer>> => {
      if (!inPlace) return await startTestContainer(twinBody(twin), "subject", context, sacrificeBody(twin));
      const current = await useInPlace(subject, context);
      if (current.ok) closeInPlace = current.value.close;
      return current;
    },
    open: () => startTestContainer(openBody(common), "looser", context),
    hostNamespaces: async () => {
      const made = await startTestContainer(hostNamespacesBody(common, subject.socket), "looser", context);
      // Where the Engine's socket is elsewhere, its mount is refused; the namespaces are shown all the same.
      return made.ok
        ? made
        : await startTestContainer(hostNamespacesBody(common, undefined), "looser", context);
    },
  };
  const lives = new Map<keyof typeof makers, number>();
  const current = new Map<keyof typeof makers, Promise<Result<TestContainer> | undefined>>();

  async function next(
    who: keyof typeof makers,
    now: Result<TestContainer> | undefined,
  ): Promise<Result<TestContainer>> {
    const life = lives.get(who) ?? 0;
    if (now && (!now.ok || now.value.alive() || life >= mostLives)) return now;
    if (signal.aborted) return failed("it was interrupted");
    if (now?.ok && !(who === "subject" && inPlace)) await takeAway(now.value.id, context);
    lives.set(who, life + 1);
    return await makers[who]();
  }
  /** One after the other for each, so that two who ask at once get the same container. */
  function present(who: keyof typeof makers): Promise<Result<TestContainer>> {
    const made = (current.get(who) ?? Promise.resolve(undefined)).then((now) => next(who, now));
    current.set(who, made);
    return made;
  }

  // Side by side: each takes the Engine some hundred milliseconds.
  for (const who of ["subject", ...loosersOf(probes)] as const) void present(who);
  return {
    subject: () => present("subject"),
    looser: (kind) => present(kind),
    async dismiss() {
      await Promise.all(current.values());
      closeInPlace();
      await Promise.all([...context.made].map((container) => takeAway(container, context)));
    },
  };
}

function loosersOf(probes: readonly Probe[]): readonly Looser[] {
  const needed = new Set(probes.map(({ looser }) => looser));
  // Whether the subject is on the host's namespaces shows beside a container that is.
  if (probes.some(({ touchesHost }) => touchesHost)) needed.add("hostNamespaces");
  return [...needed];
}

const shared = ["pid", "net", "ipc", "uts"] as const;

/** Why experiments that could change the host are not made; undefined where they may be. */
async function barrierOf(
  view: Container,
  subject: ProbeTarget,
  containers: ProofContainers,
): Promise<string | undefined> {
  const because = (what: string) => `${what}: not tried, for it could change the host`;
  if (view.privileged.state === "unresolved" || (view.privileged.state === "set" && view.privileged.value)) {
    return because("it is privileged");
  }
  const modes = { pid: view.pidMode, network: view.networkMode, ipc: view.ipcMode, uts: view.utsMode };
  const host = Object.entries(modes).find(([, fact]) => fact.state === "set" && fact.value.mode === "host");
  if (host) return because(`it is on the host's ${host[0]} namespace`);
  // The kernel's word: a container may join another one that is on the host's namespaces.
  const looser = await containers.looser("hostNamespaces");
  const links = together(shared.map((kind) => readLink(`/proc/self/ns/${kind}`)));
  const [own, theirs] = [await subject.run(links), looser.ok ? await looser.value.target.run(links) : looser];
  if (!own.ok || !theirs.ok) {
    const joins = Object.values(modes).some(
      (fact) => fact.state === "set" && fact.value.mode === "container",
    );
    return joins
      ? because("it joins another container's namespaces, and whose those are cannot be seen")
      : undefined;
  }
  const same = shared.find((_, index) => isSame(own.value[index], theirs.value[index]));
  return same && because(`it is on the host's ${same} namespace`);
}

function isSame(one: Looked<string> | undefined, other: Looked<string> | undefined): boolean {
  return one?.ok === true && other?.ok === true && one.value === other.value;
}

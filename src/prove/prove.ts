import { failed, ok, type Result } from "../base/result.ts";
import { ownLabel } from "../engine/owner.ts";
import type { Deviation, Proof, Proved } from "../model/proof.ts";
import { attribute, type Loosened, withAttribution } from "./attribution.ts";
import { hostNamespacesBody, openBody, sacrificeBody, twinBody } from "./containers/bodies.ts";
import { useInPlace } from "./containers/in-place.ts";
import { labelName } from "./containers/leftovers.ts";
import { loosened } from "./containers/loosen.ts";
import {
  type ProofContext,
  startTestContainer,
  type TestContainer,
  takeAway,
} from "./containers/test-container.ts";
import type { ProvingEngine } from "./engine.ts";
import type { Looser, Probe, ProbeTarget, Tried } from "./probe.ts";
import { besideRunning } from "./running.ts";
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
  /** Where the running container of this id is not what its configuration says. */
  readonly deviations: (id: string) => Promise<readonly Deviation[]>;
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
    const notApplicable: { probe: string; control: string; reason: string }[] = [];
    const results: Shown[] = [];
    for (const [index, probe] of probes.entries()) {
      if (request.signal.aborted) return cutShort;
      await request.progress(`${id}: ${index} of ${probes.length} probes`);
      const about = { probe: probe.id, control: probe.control };
      const early = probe.before?.(facts);
      const tried = early ? undefined : await tryOnce(probe, containers);
      const judgement = early ?? tried?.judgement;
      if (!judgement) continue;
      if (judgement.outcome === "notApplicable") {
        notApplicable.push({ ...about, reason: judgement.evidence });
        continue;
      }
      const gone = judgement.outcome === "inconclusive" ? await whyGone(engine) : undefined;
      if (gone !== undefined) return failed(`${id} cannot be proven: ${gone}`);
      results.push({ probe, tried, proved: { ...about, ...judgement, outcome: judgement.outcome } });
    }
    if (!request.inPlace) await attributeAll(results, containers, request);
    if (request.signal.aborted) return cutShort;
    const where = request.inPlace ? "inPlace" : "twin";
    const shown = { subject: id, where, probes: results.map(({ proved }) => proved), notApplicable } as const;
    const { running } = subject.value;
    const deviations = running ? await request.deviations(running.id) : [];
    return ok({ proof: besideRunning(shown, deviations), missing });
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

/** A probe with what came of it; `proved` gets what holds it later on. */
interface Shown {
  readonly probe: Probe;
  readonly tried: Tried | undefined;
  proved: Proved;
}

async function tryOnce(probe: Probe, containers: ProofContainers): Promise<Tried> {
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

/** How many probes are attributed side by side: most of it is the Engine's making of containers. */
const sideBySide = 3;

/** Finds what holds each probe that held. Those that burden the host come last, one after the other. */
async function attributeAll(
  shown: readonly Shown[],
  containers: ProofContainers,
  { signal, progress }: ProveRequest,
): Promise<void> {
  const held = shown.filter(({ proved }) => proved.outcome === "held");
  let done = 0;
  const one = async (each: Shown) => {
    if (signal.aborted || !each.tried) return;
    await progress(`what holds it: ${done} of ${held.length} probes`);
    each.proved = withAttribution(
      each.proved,
      await attribute(each.probe, each.tried, (controls) => containers.loosened(controls)),
    );
    done += 1;
  };
  const light = held.filter(({ probe }) => !probe.burdens);
  const worker = async () => {
    for (let next = light.shift(); next; next = light.shift()) await one(next);
  };
  await Promise.all(Array.from({ length: sideBySide }, worker));
  for (const each of held.filter(({ probe }) => probe.burdens)) await one(each);
}

/** The containers of one proof, made when they are needed and made anew where an experiment ended one. */
interface ProofContainers {
  subject(): Promise<Result<TestContainer>>;
  looser(kind: Looser): Promise<Result<TestContainer>>;
  /** A twin that lacks these controls, the same one for whoever asks again. */
  readonly loosened: Loosened;
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

  const loose = new Map<string, Promise<Result<ProbeTarget>>>();
  const loosenedOnce: Loosened = async (controls) => {
    const request = loosened(twin, controls, subject.socket);
    if (signal.aborted) return failed("it was interrupted");
    const made = await startTestContainer(twinBody(request), "subject", context, sacrificeBody(request));
    return made.ok ? ok(made.value.target) : made;
  };

  // Side by side: each takes the Engine some hundred milliseconds.
  for (const who of ["subject", ...loosersOf(probes)] as const) void present(who);
  return {
    subject: () => present("subject"),
    looser: (kind) => present(kind),
    loosened(controls) {
      const key = controls.toSorted().join();
      const made = loose.get(key) ?? loosenedOnce(controls);
      loose.set(key, made);
      return made;
    },
    async dismiss() {
      await Promise.all(loose.values());
      await Promise.all(current.values());
      closeInPlace();
      await Promise.all([...context.made].map((container) => takeAway(container, context)));
    },
  };
}

function loosersOf(probes: readonly Probe[]): readonly Looser[] {
  const needed = new Set(probes.map(({ looser }) => looser));
  return [...needed];
}

import type { Container } from "../model/container.ts";
import type { Proof, Proved } from "../model/proof.ts";
import { failed, ok, type Result } from "../model/result.ts";
import { hostNamespacesBody, openBody, sacrificeBody, twinBody } from "./bodies.ts";
import type { ProvingEngine } from "./engine.ts";
import { standIn } from "./in-place.ts";
import { type Looked, readLink, together } from "./look.ts";
import { labelName, ownLabel } from "./owner.ts";
import type { Judgement, Looser, Probe, Stage } from "./probe.ts";
import { type Backstage, type Standing, standUp, takeAway } from "./stages.ts";
import { type Provable, readSubject, type Wanted } from "./subject.ts";

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
  const backstage: Backstage = {
    engine,
    architecture,
    patience: request.patience,
    facts,
    kernel: isHere ? { proc: request.proc, cgroup: request.cgroup } : undefined,
    made: new Set(),
  };
  const interrupted = () => {
    for (const container of backstage.made) void takeAway(container, backstage);
  };
  request.signal.addEventListener("abort", interrupted);
  const troupe = troupeOf(subject.value, request, backstage);
  try {
    const main = await troupe.subject();
    if (request.signal.aborted) return cutShort;
    if (!main.ok) return failed(`${id} cannot be proven: ${main.reason}`);
    const probes = request.probes.filter((probe) => !request.inPlace || probe.inPlace);
    const sensitive = probes.some(({ touchesHost }) => touchesHost);
    const barrier = sensitive ? await barrierOf(facts.view, main.value.stage, troupe) : undefined;
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
      const judgement = early ?? (await judged(probe, barrier, troupe));
      const gone = judgement.outcome === "inconclusive" ? await whyGone(engine) : undefined;
      if (gone !== undefined) return failed(`${id} cannot be proven: ${gone}`);
      results.push({ ...about, ...judgement });
    }
    if (request.signal.aborted) return cutShort;
    const where = request.inPlace ? "inPlace" : "twin";
    return ok({ proof: { subject: id, where, probes: results, notApplicable }, missing });
  } finally {
    request.signal.removeEventListener("abort", interrupted);
    await troupe.dismiss();
  }
}

/** Without the Engine nothing more can be told, and what was told is not all. */
async function whyGone({ reader }: ProvingEngine): Promise<string | undefined> {
  const answer = await reader.get("/version");
  return !answer.ok && answer.kind === "lost" ? answer.reason : undefined;
}

/** Whatever failed meanwhile did so for it. */
const cutShort = failed("it was interrupted; nothing of it is left");

async function judged(probe: Probe, barrier: string | undefined, troupe: Troupe): Promise<Judgement> {
  if (probe.touchesHost && barrier !== undefined) return { outcome: "notTried", evidence: barrier };
  const subject = await troupe.subject();
  if (!subject.ok) return { outcome: "inconclusive", evidence: subject.reason };
  return await probe.prove(subject.value.stage, async () => {
    const looser = await troupe.looser(probe.looser);
    return looser.ok ? ok(looser.value.stage) : looser;
  });
}

/** The containers of one proof, made when they are needed and made anew where an experiment ended one. */
interface Troupe {
  subject(): Promise<Result<Standing>>;
  looser(kind: Looser): Promise<Result<Standing>>;
  dismiss(): Promise<void>;
}

/** How often a container that ended is made anew. */
const mostLives = 5;

function troupeOf(
  subject: Provable,
  { inPlace, signal, probes }: ProveRequest,
  backstage: Backstage,
): Troupe {
  const common = { image: subject.twin.image, label: [labelName, ownLabel()] as const };
  const twin = { ...subject.twin, ...common };
  let closeInPlace = () => {};
  const makers = {
    subject: async (): Promise<Result<Standing>> => {
      if (!inPlace) return await standUp(twinBody(twin), "subject", backstage, sacrificeBody(twin));
      const standing = await standIn(subject, backstage);
      if (standing.ok) closeInPlace = standing.value.close;
      return standing;
    },
    open: () => standUp(openBody(common), "looser", backstage),
    hostNamespaces: async () => {
      const made = await standUp(hostNamespacesBody(common, subject.socket), "looser", backstage);
      // Where the Engine's socket is elsewhere, its mount is refused; the namespaces are shown all the same.
      return made.ok ? made : await standUp(hostNamespacesBody(common, undefined), "looser", backstage);
    },
  };
  const lives = new Map<keyof typeof makers, number>();
  const standing = new Map<keyof typeof makers, Promise<Result<Standing> | undefined>>();

  async function next(
    who: keyof typeof makers,
    now: Result<Standing> | undefined,
  ): Promise<Result<Standing>> {
    const life = lives.get(who) ?? 0;
    if (now && (!now.ok || now.value.alive() || life >= mostLives)) return now;
    if (signal.aborted) return failed("it was interrupted");
    if (now?.ok && !(who === "subject" && inPlace)) await takeAway(now.value.id, backstage);
    lives.set(who, life + 1);
    return await makers[who]();
  }
  /** One after the other for each, so that two who ask at once get the same container. */
  function present(who: keyof typeof makers): Promise<Result<Standing>> {
    const made = (standing.get(who) ?? Promise.resolve(undefined)).then((now) => next(who, now));
    standing.set(who, made);
    return made;
  }

  // Side by side: each takes the Engine some hundred milliseconds.
  for (const who of ["subject", ...loosersOf(probes)] as const) void present(who);
  return {
    subject: () => present("subject"),
    looser: (kind) => present(kind),
    async dismiss() {
      await Promise.all(standing.values());
      closeInPlace();
      await Promise.all([...backstage.made].map((container) => takeAway(container, backstage)));
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
async function barrierOf(view: Container, subject: Stage, troupe: Troupe): Promise<string | undefined> {
  const because = (what: string) => `${what}: not tried, for it could change the host`;
  if (view.privileged.state === "unresolved" || (view.privileged.state === "set" && view.privileged.value)) {
    return because("it is privileged");
  }
  const modes = { pid: view.pidMode, network: view.networkMode, ipc: view.ipcMode, uts: view.utsMode };
  const host = Object.entries(modes).find(([, fact]) => fact.state === "set" && fact.value.mode === "host");
  if (host) return because(`it is on the host's ${host[0]} namespace`);
  // The kernel's word: a container may join another one that is on the host's namespaces.
  const looser = await troupe.looser("hostNamespaces");
  const links = together(shared.map((kind) => readLink(`/proc/self/ns/${kind}`)));
  const [own, theirs] = [await subject.run(links), looser.ok ? await looser.value.stage.run(links) : looser];
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

import { recordAt, textAt } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import { type Barrier, type BarrierName, barriersOf } from "./barriers.ts";
import type { CheckKind, UserChecks } from "./checks.ts";
import { type Baseline, baselineOf, type Unsteady, unsteady } from "./compare/baseline.ts";
import type { RefusalWatch } from "./compare/cause.ts";
import { judgeTrial, type TrialVerdict } from "./compare/judge.ts";
import { type ComposeDocument, withDependencies } from "./compose-config.ts";
import { isolate, masker } from "./isolate.ts";
import { noRun, type RunWatch, runTrial, type TrialEngine, type TrialRun } from "./run.ts";
import { labelName, type Scratch } from "./scratch.ts";
import { copyWithin, standInsFor } from "./stand-ins.ts";

export interface SessionOptions {
  readonly checks: UserChecks;
  /** Milliseconds. */
  readonly settle: number;
  readonly patience: number;
  readonly allow: readonly BarrierName[];
  /** Bytes of named volumes to copy; undefined for fresh volumes. */
  readonly withData: number | undefined;
  readonly signal: AbortSignal;
  /** The value of the label on everything that is made. */
  readonly owner: string;
  readonly progress: (done: string) => Promise<void>;
  /** What the kernel refuses to containers; undefined where it cannot be traced. */
  readonly refusals?: RefusalWatch | undefined;
}

/** How one run is looked at. */
export interface RunLook {
  readonly watch?: RunWatch | undefined;
  /** Milliseconds that it must stay up, where that is not the session's. */
  readonly settle?: number | undefined;
}

/** Trials of one Compose project. */
export interface Session {
  /** The services that can be tried. */
  readonly services: readonly string[];
  /** Those that cannot, each with why. */
  readonly blocked: ReadonlyMap<string, string>;
  /**
   * Runs it twice as it is. Fails where it does not run, or not twice the same, with the service that it is due to. The first
   * run is looked at.
   */
  readonly untouched: (
    look?: RunLook,
  ) => Promise<Result<Baseline> & { readonly service?: string | undefined }>;
  /** Runs a changed project once, against the baseline. */
  readonly run: (
    document: ComposeDocument,
    baseline: Baseline,
    look?: RunLook,
  ) => Promise<TrialVerdict & { readonly run: TrialRun }>;
  readonly starts: () => number;
  /** Seconds that a run takes, as far as is known. */
  readonly secondsPerRun: () => number;
}

/** A session with what is known of its untouched services. */
export interface SteadySession {
  readonly session: Session;
  /** Undefined where nothing runs, twice the same. */
  readonly baseline: Baseline | undefined;
  /** Those that do not, and those that depend on them, each with why. */
  readonly unsteady: ReadonlyMap<string, string>;
}

/** Opens a session and runs it untouched. A service that does not run costs itself and those that depend on it, not the others. */
export async function openSteady(
  document: ComposeDocument,
  targets: readonly string[],
  engine: TrialEngine,
  scratch: Scratch,
  options: SessionOptions,
  look?: RunLook,
): Promise<Result<SteadySession>> {
  const unsteady = new Map<string, string>();
  let starts = 0;
  for (;;) {
    const left = targets.filter((name) => !unsteady.has(name));
    const opened = await openSession(document, left, engine, scratch, options);
    if (!opened.ok) return opened;
    const before = starts;
    const session = { ...opened.value, starts: () => before + opened.value.starts() };
    if (session.services.length === 0) return ok({ session, baseline: undefined, unsteady });
    const baseline = await session.untouched(look);
    if (baseline.ok) return ok({ session, baseline: baseline.value, unsteady });
    starts = session.starts();
    const { service, reason } = baseline;
    const spoilt = service === undefined ? left : dependentsOf(document, service, left);
    for (const name of spoilt) unsteady.set(name, reason);
    const rest = session.services.filter((name) => !unsteady.has(name));
    if (spoilt.length > 0 && rest.length > 0 && !options.signal.aborted) continue;
    for (const name of left)
      if (!unsteady.has(name) && session.services.includes(name)) unsteady.set(name, reason);
    return ok({ session, baseline: undefined, unsteady });
  }
}

/** Those of the names that are the service, or depend on it. */
export function dependentsOf(
  document: ComposeDocument,
  service: string,
  names: readonly string[],
): readonly string[] {
  return names.filter((name) => withDependencies(document, [name]).includes(service));
}

/** What is the same for each run of a project. Starts nothing yet. */
export async function openSession(
  document: ComposeDocument,
  targets: readonly string[],
  engine: TrialEngine,
  scratch: Scratch,
  options: SessionOptions,
): Promise<Result<Session>> {
  const testers = options.checks.services;
  const unknown = testers.find((name) => document.services[name] === undefined);
  if (unknown !== undefined) {
    return failed(`there is no service ${unknown} to check with: one with a profile needs --profile`);
  }
  const others = targets.filter((name) => !testers.includes(name));
  const { blocked, services } = startable(document, others, options.allow);
  for (const name of targets) if (testers.includes(name)) blocked.set(name, "it tests the other services");
  const wanted = targets.filter((name) => services.includes(name));
  const isLocal = engine.reader.socketPath !== undefined;
  const isRoot = isLocal && process.getuid?.() === 0;
  const needed = withDependencies(document, wanted);
  if (!isLocal && needed.some((name) => hasBinds(document, name))) {
    return failed("the Engine runs on another machine, and bind mounts can be isolated only on this one");
  }
  const data = await dataOf(document, needed, engine, scratch, options);
  if (!data.ok) return data;
  const info = await engine.reader.get("/info");
  const driver = info.ok ? textAt(info.value, "LoggingDriver") : undefined;
  const mask = masker(document);
  let starts = 0;

  /** Milliseconds of the longest run yet. */
  let longest = 0;

  async function runOnce(
    changed: ComposeDocument,
    baseline: Baseline | undefined,
    { watch, settle = options.settle }: RunLook = {},
  ): Promise<Result<TrialRun>> {
    const checking = testers.filter((name) => !needed.includes(name));
    const images = await imagesOf(changed, [...needed, ...checking], engine);
    if (!images.ok) return images;
    starts += 1;
    const project = isolate(changed, {
      label: [labelName, options.owner],
      services: needed,
      checks: checking,
      standIn: standInsFor(scratch, isRoot),
      data: data.ok ? data.value : new Map(),
      images: images.value,
      logsAreLocal: driver === undefined || ["json-file", "local", "journald"].includes(driver),
    });
    const patience = baseline ? Math.max(6_000, baseline.readyAfter * 3 + 3_000) : options.patience;
    const { checks, signal } = options;
    const expected = baseline?.expected ?? new Map();
    const answers = baseline?.answers ?? { first: new Map(), again: new Map() };
    const request = {
      ...{ project, document, services: needed, targets: wanted, checks, settle, signal, watch, answers },
    };
    // Not of the untouched: what they are refused does not break them.
    const refusals = baseline && options.refusals;
    const begun = Date.now();
    const run = await runTrial({ ...request, patience, expected, refusals }, engine);
    longest = Math.max(longest, Date.now() - begun);
    return ok(run);
  }

  /** An Engine under load may fail to start one of two containers that are the same: not the workload's fault, so once more. */
  async function triedAgain(
    run: Result<TrialRun>,
    twin: Result<TrialRun>,
    look?: RunLook,
  ): Promise<Result<TrialRun>> {
    if (!run.ok || !twin.ok || options.signal.aborted) return run;
    if (run.value.failure?.byEngine !== true || twin.value.failure !== undefined) return run;
    await options.progress("untouched, once more: the Engine could not start one of two");
    return await runOnce(document, undefined, look);
  }

  return ok({
    services: wanted,
    blocked,
    starts: () => starts,
    secondsPerRun: () => Math.round(longest / 1000),
    async untouched(look) {
      await options.progress("untouched, twice");
      // What is not isolated could meet its twin: a port of the host's network.
      const isApart = options.allow.length === 0;
      const first = runOnce(document, undefined, look);
      const one = isApart ? undefined : await first;
      const second = runOnce(document, undefined);
      const [former, latter] = [one ?? (await first), await second];
      const [a, b] = [await triedAgain(former, latter, look), await triedAgain(latter, former)];
      if (options.signal.aborted) return failed("it was interrupted");
      if (!a.ok) return a;
      if (!b.ok) return b;
      const why: Unsteady | undefined = unsteady(a.value, b.value);
      if (why !== undefined) {
        const log = new Set([a.value, b.value].flatMap((run) => lastWords(run)).filter(Boolean));
        const reason = mask([why.reason, ...[...log].slice(0, 3)].join("\n    "));
        return { ok: false, reason, service: why.service };
      }
      return ok(baselineOf(a.value, b.value));
    },
    async run(changed, baseline, look) {
      const run = await runOnce(changed, baseline, look);
      if (!run.ok) {
        return { works: false, reason: run.reason, evidence: [], causes: [], run: noRun };
      }
      const judged = judgeTrial(run.value, baseline);
      const reason = judged.reason && mask(judged.reason);
      return { ...judged, reason, evidence: judged.evidence.map(mask), run: run.value };
    },
  });
}

function lastWords(run: TrialRun): readonly string[] {
  const name = run.failure?.service;
  if (!run.failure || name === undefined) return [];
  const log = run.services.get(name)?.log ?? "";
  return log.trim().split("\n").slice(-3);
}

/** What was looked at, and whether the user or the image said what working means. */
export function checksOf({ checks }: Pick<SessionOptions, "checks">, baseline: Baseline) {
  const strong: CheckKind[] = [
    ...(checks.commands.length === 0 ? [] : (["command"] as const)),
    ...(checks.services.length > 0 ? (["service"] as const) : []),
    ...(checks.exec.length > 0 ? (["exec"] as const) : []),
    ...(checks.http.length > 0 ? (["http"] as const) : []),
    ...(baseline.hasHealth ? (["health"] as const) : []),
  ];
  const kinds: readonly CheckKind[] = [
    ...strong,
    ...(baseline.seesListens ? (["listens"] as const) : []),
    "output",
    "restart",
    ...([...baseline.expected.values()].some(({ stop }) => stop) ? (["stop"] as const) : []),
    ...([...baseline.expected.values()].some(({ reload }) => reload !== undefined)
      ? (["reload"] as const)
      : []),
  ];
  return { kinds, strength: strong.length > 0 ? ("strong" as const) : ("weak" as const) };
}

/** What no run showed, as clauses. */
export async function unseenIn(
  document: ComposeDocument,
  services: readonly string[],
  { reader }: TrialEngine,
  { checks, withData }: SessionOptions,
  { scheduled, answers }: Baseline,
): Promise<readonly string[]> {
  const found: string[] = [];
  const { commands, exec, http, services: testers, load } = checks;
  if (commands.length + exec.length + http.length + testers.length === 0 && !load) {
    found.push("nothing used it: no request, no upload, no job");
  } else if (!load) found.push("no load: several clients at once, a bulk load, a large upload");
  for (const { key, volume } of withData === undefined ? volumesOf(document, services) : []) {
    const answer = await reader.get(`/volumes/${encodeURIComponent(volume)}`);
    if (answer.ok) found.push(`the data in the volume ${key}, which was empty here: --with-data copies it`);
  }
  const otherwise = http.flatMap(({ text, recorded }) => {
    const statuses = answers.first.get(text)?.statuses;
    return !recorded || !statuses || statuses.includes(recorded.status)
      ? []
      : [`${text} with ${recorded.status}, and with ${statuses.join(" or ")} by a fresh copy`];
  });
  if (otherwise.length > 0) {
    const more = otherwise.length > 1 ? `, and ${otherwise.length - 1} more` : "";
    found.push(`what the recorded session saw: it was answered ${otherwise[0]}${more}`);
  }
  if (scheduled.length > 0) {
    found.push(`jobs that ${scheduled.join(", ")} starts less often than each minute`);
  }
  return found;
}

function volumesOf(document: ComposeDocument, services: readonly string[]) {
  const declared = recordAt(document.rest, "volumes");
  return Object.keys(declared)
    .filter((key) =>
      services.some((name) =>
        JSON.stringify(document.services[name]?.volumes ?? []).includes(`"source":"${key}"`),
      ),
    )
    .map((key) => ({ key, volume: textAt(declared, key, "name") ?? `${document.name}_${key}` }));
}

function startable(document: ComposeDocument, targets: readonly string[], allow: readonly BarrierName[]) {
  const why = new Map<string, readonly Barrier[]>();
  for (const [name, service] of Object.entries(document.services)) {
    const open = barriersOf(service).filter((barrier) => !allow.includes(barrier.name));
    if (open.length > 0) why.set(name, open);
  }
  const blocked = new Map<string, string>();
  for (const name of targets) {
    const needed = withDependencies(document, [name]);
    const other = needed.find((each) => why.has(each));
    const [barrier] = other === undefined ? [] : (why.get(other) ?? []);
    if (!barrier || other === undefined) continue;
    const who = other === name ? "" : `it needs ${other}: `;
    blocked.set(name, `${who}${barrier.reason}; --allow ${barrier.name} starts it anyway`);
  }
  return { blocked, services: targets.filter((name) => !blocked.has(name)) };
}

function hasBinds(document: ComposeDocument, name: string): boolean {
  return JSON.stringify(document.services[name]?.volumes ?? []).includes('"type":"bind"');
}

async function imagesOf(document: ComposeDocument, services: readonly string[], { reader }: TrialEngine) {
  const images = new Map<string, { readonly id: string; readonly hasHealth: boolean }>();
  for (const name of services) {
    const service = document.services[name] ?? {};
    const reference = textAt(service, "image") ?? `${document.name}-${name}`;
    const answer = await reader.get(`/images/${encodeURIComponent(reference)}/json`);
    if (!answer.ok && answer.kind !== "missing") return failed(answer.reason);
    if (!answer.ok) {
      const advice =
        "build" in service ? "docker compose build makes it" : `docker pull ${reference} fetches it`;
      return failed(`the image ${reference} of ${name} is not on the Engine: ${advice}`);
    }
    const test = recordAt(answer.value, "Config", "Healthcheck").Test;
    const hasHealth = Array.isArray(test) && test.length > 0 && test[0] !== "NONE";
    images.set(name, { id: textAt(answer.value, "Id") ?? reference, hasHealth });
  }
  return ok(images);
}

/** Copies of the named volumes that the services use, once for all runs. */
async function dataOf(
  document: ComposeDocument,
  services: readonly string[],
  { reader }: TrialEngine,
  scratch: Scratch,
  { withData }: SessionOptions,
): Promise<Result<ReadonlyMap<string, string>>> {
  const copies = new Map<string, string>();
  if (withData === undefined) return ok(copies);
  if (process.getuid?.() !== 0) return failed("--with-data copies volumes, and only root can read them");
  let left = withData;
  for (const { key, volume } of volumesOf(document, services)) {
    const answer = await reader.get(`/volumes/${encodeURIComponent(volume)}`);
    const path = answer.ok ? textAt(answer.value, "Mountpoint") : undefined;
    if (path === undefined) continue;
    const copied = copyWithin(scratch, path, left);
    if (!copied.ok) return failed(`--with-data: ${copied.reason}`);
    left -= copied.value.bytes;
    copies.set(key, copied.value.path);
  }
  return ok(copies);
}

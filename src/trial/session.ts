import { recordAt, textAt } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import { type Barrier, type BarrierName, barriersOf } from "./barriers.ts";
import { type Baseline, baselineOf, unsteady } from "./baseline.ts";
import type { CheckKind, UserChecks } from "./checks.ts";
import { type ComposeDocument, withDependencies } from "./compose-config.ts";
import { isolate, masker } from "./isolate.ts";
import { judgeTrial, type TrialVerdict } from "./judge.ts";
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
  /** Runs it twice as it is. Fails where it does not run, or not twice the same. The first run is looked at. */
  readonly untouched: (look?: RunLook) => Promise<Result<Baseline>>;
  /** Runs a changed project once, against the baseline. */
  readonly run: (
    document: ComposeDocument,
    baseline: Baseline,
    look?: RunLook,
  ) => Promise<TrialVerdict & { readonly run: TrialRun }>;
  readonly starts: () => number;
}

/** What is the same for each run of a project. Starts nothing yet. */
export async function openSession(
  document: ComposeDocument,
  targets: readonly string[],
  engine: TrialEngine,
  scratch: Scratch,
  options: SessionOptions,
): Promise<Result<Session>> {
  const { blocked, services } = startable(document, targets, options.allow);
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

  async function runOnce(
    changed: ComposeDocument,
    baseline: Baseline | undefined,
    { watch, settle = options.settle }: RunLook = {},
  ): Promise<Result<TrialRun>> {
    const images = await imagesOf(changed, needed, engine);
    if (!images.ok) return images;
    starts += 1;
    const project = isolate(changed, {
      label: [labelName, options.owner],
      services: needed,
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
    return ok(await runTrial({ ...request, patience, expected }, engine));
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
      const why = unsteady(a.value, b.value);
      if (why !== undefined) {
        const log = new Set([a.value, b.value].flatMap((run) => lastWords(run)).filter(Boolean));
        return failed(mask([why, ...[...log].slice(0, 3)].join("\n    ")));
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
  const declared = recordAt(document.rest, "volumes");
  let left = withData;
  for (const key of Object.keys(declared)) {
    const isUsed = services.some((name) =>
      JSON.stringify(document.services[name]?.volumes ?? []).includes(`"source":"${key}"`),
    );
    if (!isUsed) continue;
    const volume = textAt(declared, key, "name") ?? `${document.name}_${key}`;
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

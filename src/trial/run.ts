import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { JsonObject } from "../base/json.ts";
import {
  type Answers,
  askAgain,
  type CheckFailure,
  type ExpectedAnswer,
  runChecks,
  runLoad,
  type UserChecks,
} from "./checks.ts";
import type { RefusalWatch, RefusedCall } from "./compare/cause.ts";
import {
  type Expectation,
  hasEnded,
  inSeconds,
  lacking,
  lookAt,
  otherwise,
  type Phase,
  slowerThan,
} from "./compare/expected.ts";
import type { Likeness } from "./compare/likeness.ts";
import type { ComposeDocument } from "./compose-config.ts";
import { type Docker, type Ended, whyFailed } from "./docker.ts";
import type { CookieJar } from "./http.ts";
import { reload } from "./reload.ts";
import { removeProject, type SweepWays } from "./scratch.ts";
import { type ContainerState, hasScheduler, listensOf, readStates, statesOf } from "./state.ts";
import { type Contents, type WrittenFiles, writtenFiles } from "./written.ts";

/** The Engine that trials run on. */
export interface TrialEngine extends SweepWays {
  readonly docker: Docker;
}

export interface RunRequest {
  /** Isolated: see isolate. */
  readonly project: JsonObject;
  readonly document: Pick<ComposeDocument, "folder">;
  readonly services: readonly string[];
  readonly targets: readonly string[];
  readonly checks: UserChecks;
  /** Milliseconds that everything must stay up. */
  readonly settle: number;
  /** Milliseconds that it may take to start working. */
  readonly patience: number;
  /** By service; empty for the untouched runs. */
  readonly expected: ReadonlyMap<string, Expectation>;
  /** By the check's text; empty for the untouched runs. */
  readonly answers: Readonly<Record<Phase, ReadonlyMap<string, ExpectedAnswer>>>;
  readonly signal: AbortSignal;
  /** Called in the middle of a run, while everything is up and before it is stopped. */
  readonly watch?: RunWatch | undefined;
  readonly refusals?: RefusalWatch | undefined;
}

export interface RunWatch {
  readonly created?: (project: string) => Promise<void>;
  readonly up?: (states: ReadonlyMap<string, ContainerState>, phase: Phase) => Promise<void>;
  /** Once it has stayed up for long enough, still running. */
  readonly settled?: (states: ReadonlyMap<string, ContainerState>, phase: Phase) => Promise<void>;
  readonly stopped?: (states: ReadonlyMap<string, ContainerState>) => Promise<void>;
}

export interface ServiceRun {
  readonly listens: readonly string[];
  readonly files: Partial<Record<Phase, WrittenFiles>>;
  readonly contents: Partial<Record<Phase, Contents>>;
  readonly hasHealth: boolean;
  readonly state: ContainerState;
  /** Without what came after the stop signal. */
  readonly log: string;
  /** What came after the stop signal. */
  readonly stopLog: string;
  /** `took` in milliseconds; undefined where it was not stopped, or had ended by itself. */
  readonly stop: { readonly exitCode: number; readonly took: number } | undefined;
  readonly reload: number | undefined;
  /** A program in it starts others at set times. */
  readonly hasScheduler: boolean;
}

/** One run: started, checked, stopped, started again, checked again, removed. */
export interface TrialRun {
  readonly project: string;
  /** Why it does not work; undefined where it does. */
  readonly failure: (CheckFailure & { readonly phase: Phase }) | undefined;
  readonly services: ReadonlyMap<string, ServiceRun>;
  readonly answers: Readonly<Record<Phase, Answers>>;
  /** None where the kernel cannot be traced, and of untouched runs. */
  readonly refusals: readonly RefusedCall[];
  /** Milliseconds until everything worked for the first time. */
  readonly readyAfter: number;
}

/** A run that could not be made. */
export const noRun: TrialRun = {
  project: "",
  failure: undefined,
  services: new Map(),
  answers: { first: new Map(), again: new Map() },
  refusals: [],
  readyAfter: 0,
};

interface Seen {
  listens: readonly string[];
  files: ServiceRun["files"];
  contents: ServiceRun["contents"];
  log: string;
  stopLog: string;
  stop: ServiceRun["stop"];
  reload: number | undefined;
  hasScheduler: boolean;
}

/** Milliseconds that the jobs of a minute may take. */
const afterTick = 4_000;

function nextMinute(): number {
  return Math.ceil((Date.now() + 1) / 60_000) * 60_000;
}

const step = 200;
const startLimit = 300_000;

/** Runs a project once and takes it away again, however it ends. Rejects only on a fault of bulkhead's. */
export async function runTrial(request: RunRequest, engine: TrialEngine): Promise<TrialRun> {
  const project = `bulkhead-try-${randomBytes(4).toString("hex")}`;
  const compose = (...words: readonly string[]) => composeWithin(startLimit, ...words);
  const composeWithin = async (limit: number, ...words: readonly string[]) => {
    const all = ["compose", "--project-name", project, "--project-directory", request.document.folder];
    return await engine.docker.run([...all, "--file", "-", ...words], {
      input: JSON.stringify(request.project),
      limit,
      signal: request.signal,
    });
  };
  const seen = new Map<string, Seen>();
  const seenOf = (name: string): Seen => {
    const known = seen.get(name);
    if (known) return known;
    const none = { stop: undefined, reload: undefined, log: "", stopLog: "", hasScheduler: false };
    const fresh: Seen = { listens: [], files: {}, contents: {}, ...none };
    seen.set(name, fresh);
    return fresh;
  };
  const answers = { first: new Map(), again: new Map() } satisfies TrialRun["answers"];
  const jar: CookieJar = new Map();
  let readyAfter = 0;
  let loaded = 0;
  /** For the next minute, beyond the time that it must stay up. */
  let waited = 0;
  let failure: TrialRun["failure"];
  try {
    if (request.watch?.created) {
      await compose("up", "--no-start", "--no-build", "--pull", "never", "--quiet-pull");
      await request.watch.created(project);
    }
    for (const phase of ["first", "again"] as const) {
      const begun = Date.now();
      const started =
        phase === "first"
          ? await compose("up", "--detach", "--no-build", "--pull", "never")
          : await compose("start");
      if (request.signal.aborted) break;
      failure =
        started.status === 0
          ? await settled(phase)
          : { ...startFailure(whyFailed(started, startLimit)), byEngine: isEngines(started), phase };
      if (failure || request.signal.aborted) break;
      if (phase === "first") {
        readyAfter = Math.max(0, Date.now() - begun - request.settle - loaded - waited);
        failure = await stopped();
        if (failure || request.signal.aborted) break;
      } else failure = await reloaded();
    }
    const services = await collected();
    const refusals = await request.refusals?.of([...services.values()].map(({ state }) => state.id));
    return { project, failure, services, answers, refusals: refusals ?? [], readyAfter };
  } finally {
    await removeAll(engine, project, request.signal.aborted);
  }

  function startFailure(reason: string): CheckFailure {
    return { kind: "restart", service: undefined, reason, isFinal: true };
  }

  /** Stops everything as a user does, and compares how each service ended. */
  async function stopped(): Promise<TrialRun["failure"]> {
    const states = await statesOf(engine.reader, project);
    for (const [name, state] of states) seenOf(name).log = await logOf(state, "first");
    const begun = Date.now();
    await compose("stop");
    const took = Date.now() - begun;
    const after = await statesOf(engine.reader, project);
    await request.watch?.stopped?.(states);
    let failure: TrialRun["failure"];
    for (const [name, { exitCode, finishedAt }] of after) {
      if (states.get(name)?.running !== true) continue;
      const known = seenOf(name);
      const own = finishedAt > begun && finishedAt < begun + took ? finishedAt - begun : took;
      known.stop = { exitCode, took: own };
      known.stopLog = await engine.docker
        .run(["logs", "--since", new Date(begun).toISOString(), after.get(name)?.id ?? ""], { limit: 20_000 })
        .then(({ stdout, stderr }) => `${stdout}${stderr}`);
      const expected = request.expected.get(name)?.stop;
      if (!expected || failure) continue;
      const tell = (how: string) => stopFailure(name, `${name} ${how}`, "stop");
      if (!expected.exitCodes.includes(exitCode)) {
        const before = `instead of ${expected.exitCodes[0]}`;
        failure = tell(`ends with status ${exitCode} ${before} when it is stopped, after ${inSeconds(own)}`);
      } else if (own > slowerThan(expected.took)) {
        failure = tell(`takes ${inSeconds(own)} to stop instead of ${inSeconds(expected.took)}`);
      }
    }
    return failure;
  }

  function stopFailure(service: string, reason: string, kind: "stop" | "reload"): TrialRun["failure"] {
    return { kind, service, reason, isFinal: true, suspects: ofSignals, phase: "first" };
  }

  /** Asks servers that replace their workers on a signal to do so, and for an answer afterwards. */
  async function reloaded(): Promise<TrialRun["failure"]> {
    const isUntouched = request.expected.size === 0;
    const states = await statesOf(engine.reader, project);
    for (const name of request.targets) {
      const state = states.get(name);
      const expected = request.expected.get(name)?.reload;
      if (!state?.running || (!isUntouched && expected === undefined)) continue;
      const limit = expected === undefined ? undefined : slowerThan(expected);
      seenOf(name).reload = await reload(state, engine.docker, request.signal, limit);
      if (request.signal.aborted) return undefined;
      if (isUntouched || seenOf(name).reload !== undefined) continue;
      const reason = `${name} does not replace its workers within ${inSeconds(limit ?? 0)} of a reload`;
      return { ...stopFailure(name, reason, "reload"), phase: "again" } as TrialRun["failure"];
    }
    if (![...seen.values()].some((each) => each.reload !== undefined)) return undefined;
    const context = checkContext("again", await statesOf(engine.reader, project));
    const failure = await askAgain(request.checks, context);
    return failure && { ...failure, reason: `after a reload ${failure.reason}`, phase: "again" };
  }

  function checkContext(phase: Phase, states: ReadonlyMap<string, ContainerState>) {
    const { targets, signal } = request;
    return {
      ...{ project, phase, states, targets, signal, docker: engine.docker },
      ...{ answers: answers[phase], expected: request.answers[phase], jar },
      compose: composeWithin,
    };
  }

  /** Of the second phase what came since its start. */
  async function logOf(state: ContainerState, phase: Phase): Promise<string> {
    const since = phase === "again" && state.startedAt !== "" ? ["--since", state.startedAt] : [];
    const log = await engine.docker.run(["logs", "--tail", "2000", ...since, state.id], { limit: 20_000 });
    return `${log.stdout}${log.stderr}`;
  }

  /** Waits until everything works and has stayed up for long enough. Gives why it does not. */
  async function settled(phase: Phase): Promise<TrialRun["failure"]> {
    let deadline = Date.now() + request.patience;
    let upSince: number | undefined;
    const { targets, signal } = request;
    let checked = false;
    /** The end of the minute in which a scheduler starts its next jobs. */
    let tickUntil = 0;
    let last: CheckFailure | undefined;
    while (!signal.aborted) {
      const read = await readStates(engine.reader, project);
      const states: ReadonlyMap<string, ContainerState> = read.ok ? read.value : new Map();
      const look = read.ok
        ? lookAt(states, request)
        : { ...startFailure(`the Engine does not answer: ${read.reason}`), isFinal: false };
      if (look?.isFinal) return { ...look, phase };
      upSince = look ? undefined : (upSince ?? Date.now());
      if (!look && !checked) {
        last = await runChecks(request.checks, checkContext(phase, states));
        checked = last === undefined;
        if (last?.isFinal) return { ...last, phase };
        if (checked) {
          await request.watch?.up?.(states, phase);
          for (const [name, state] of states) {
            if (phase === "again" || !hasScheduler(state)) continue;
            seenOf(name).hasScheduler = true;
            tickUntil = nextMinute() + afterTick;
            waited = Math.max(0, tickUntil - Date.now() - request.settle);
          }
          const since = Date.now();
          last = phase === "first" ? await runLoad(request.checks, checkContext(phase, states)) : undefined;
          if (last) return { ...last, phase };
          loaded = Math.max(loaded, Date.now() - since);
          deadline += Date.now() - since;
          if (request.checks.load) continue;
        }
      }
      const isLong =
        (upSince !== undefined && Date.now() - upSince >= request.settle && Date.now() >= tickUntil) ||
        targets.every((name) => hasEnded(states, name));
      if (!look && checked && isLong) {
        await request.watch?.settled?.(states, phase);
        const failure = await remembered(states, phase);
        if (failure) return failure;
        const again = await askAgain(request.checks, checkContext(phase, states));
        return again && { ...again, phase };
      }
      if (Date.now() > deadline && (look || !checked)) {
        const why = look ?? last ?? startFailure("it did not settle");
        // More time does not help where the Engine is gone.
        return { ...why, isFinal: why.isFinal || !read.ok, phase };
      }
      await pause(step, undefined, { signal }).catch(() => {});
    }
    return undefined;
  }

  async function remembered(
    states: ReadonlyMap<string, ContainerState>,
    phase: Phase,
  ): Promise<TrialRun["failure"]> {
    for (const [name, state] of states) {
      const { files: sizes, contents } = request.expected.get(name) ?? {};
      const expected = sizes?.[phase] ?? new Map<string, boolean>();
      const likenesses = contents?.[phase] ?? new Map<string, Likeness>();
      const look = async () => {
        const given: Contents = new Map();
        const paths = [...expected.keys(), ...likenesses.keys()];
        const files = await writtenFiles(engine.reader, state, paths, given);
        return files && { files, given, lack: lacking(expected, files) ?? otherwise(likenesses, given) };
      };
      let looked = await look();
      // What the untouched runs had by now may come a little later on a busy machine.
      for (let more = 0; more < 3 && looked?.lack !== undefined; more += 1) {
        await pause(1_000, undefined, { signal: request.signal }).catch(() => {});
        looked = await look();
      }
      const known = seenOf(name);
      known.listens = [...new Set([...known.listens, ...listensOf(state)])];
      if (!looked) continue;
      known.files = { ...known.files, [phase]: looked.files };
      known.contents = { ...known.contents, [phase]: looked.given };
      const { lack } = looked;
      if (lack === undefined) continue;
      const wasThere = known.files.first?.has(lack.path) === true && phase === "again";
      const reason = `${lack.path} ${lack.how}${wasThere ? " after it was stopped and started" : ""}`;
      const suspects = ["read-only-rootfs", "tmpfs-options", "root-user", "capabilities-drop"];
      const { isOtherContent } = lack;
      const failed = { kind: "output", service: name, reason: `${name}: ${reason}`, isFinal: true } as const;
      return { ...failed, isOtherContent, suspects, phase };
    }
    return undefined;
  }

  async function collected(): Promise<ReadonlyMap<string, ServiceRun>> {
    const states = await statesOf(engine.reader, project);
    const runs = new Map<string, ServiceRun>();
    for (const [name, state] of states) {
      const known = seenOf(name);
      const isStopped = known.stop !== undefined;
      const later = isStopped && state.running ? await logOf(state, "again") : "";
      const log = isStopped ? `${known.log}${later}` : await logOf(state, "first");
      const listens = seen.has(name) && known.listens.length > 0 ? known.listens : listensOf(state);
      runs.set(name, { ...known, listens, hasHealth: state.health !== "none", state, log });
    }
    return runs;
  }
}

/** docker compose also fails where a dependency does not get healthy, which is the workload's fault. */
function isEngines({ stderr }: Ended): boolean {
  return stderr.includes("Error response from daemon:");
}

/**
 * Removes the project until nothing of it is left. A docker compose that was killed may have asked for a container that the
 * Engine makes a moment later.
 */
async function removeAll(engine: TrialEngine, project: string, wasCut: boolean): Promise<void> {
  let quiet = 0;
  for (let pass = 0; pass < 20 && quiet < (wasCut ? 3 : 1); pass += 1) {
    const gone = await removeProject(engine, project);
    quiet = gone === 0 ? quiet + 1 : 0;
    if (wasCut) await pause(300);
  }
}

/** Refused signals, which no log need name. */
const ofSignals = ["capabilities-drop", "no-new-privileges", "seccomp-profile", "root-user"];

import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { JsonObject } from "../base/json.ts";
import { type CheckFailure, runChecks, runLoad, type UserChecks } from "./checks.ts";
import type { ComposeDocument } from "./compose-config.ts";
import { type Docker, whyFailed } from "./docker.ts";
import type { Ended } from "./program.ts";
import { removeProject, type SweepWays } from "./scratch.ts";
import { type ContainerState, listensOf, readStates, statesOf } from "./state.ts";
import { type WrittenFiles, writtenFiles } from "./written.ts";

/** The Engine that trials run on. */
export interface TrialEngine extends SweepWays {
  readonly docker: Docker;
}

/** What a service did when it ran untouched, so that a run waits for the same. */
export interface Expectation {
  readonly listens: readonly string[];
  /** It ends by itself with status 0. */
  readonly ends: boolean;
  readonly restarts: number;
  /** Files that it has at the end of each phase. */
  readonly files: Readonly<Record<Phase, ReadonlyMap<string, boolean>>>;
}

export type Phase = "first" | "again";

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
  readonly signal: AbortSignal;
  /** Called in the middle of a run, while everything is up and before it is stopped. */
  readonly watch?: RunWatch | undefined;
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
  readonly hasHealth: boolean;
  readonly state: ContainerState;
  readonly log: string;
}

/** One run: started, checked, stopped, started again, checked again, removed. */
export interface TrialRun {
  readonly project: string;
  /** Why it does not work; undefined where it does. */
  readonly failure: (CheckFailure & { readonly phase: Phase }) | undefined;
  readonly services: ReadonlyMap<string, ServiceRun>;
  /** Milliseconds until everything worked for the first time. */
  readonly readyAfter: number;
}

const step = 200;
const startLimit = 300_000;

/** Runs a project once and takes it away again, however it ends. Rejects only on a fault of bulkhead's. */
export async function runTrial(request: RunRequest, engine: TrialEngine): Promise<TrialRun> {
  const project = `bulkhead-try-${randomBytes(4).toString("hex")}`;
  const compose = async (...words: readonly string[]) => {
    const all = ["compose", "--project-name", project, "--project-directory", request.document.folder];
    return await engine.docker.run([...all, "--file", "-", ...words], {
      input: JSON.stringify(request.project),
      limit: startLimit,
      signal: request.signal,
    });
  };
  const seen = new Map<string, { listens: string[]; files: Partial<Record<Phase, WrittenFiles>> }>();
  let readyAfter = 0;
  let loaded = 0;
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
        readyAfter = Math.max(0, Date.now() - begun - request.settle - loaded);
        const states = await statesOf(engine.reader, project);
        await compose("stop");
        await request.watch?.stopped?.(states);
      }
    }
    return { project, failure, services: await collected(), readyAfter };
  } finally {
    await removeAll(engine, project, request.signal.aborted);
  }

  function startFailure(reason: string): CheckFailure {
    return { kind: "restart", service: undefined, reason, isFinal: true };
  }

  /** Waits until everything works and has stayed up for long enough. Gives why it does not. */
  async function settled(phase: Phase): Promise<TrialRun["failure"]> {
    let deadline = Date.now() + request.patience;
    let upSince: number | undefined;
    const { targets, docker, signal } = { ...request, ...engine };
    let checked = false;
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
        last = await runChecks(request.checks, { project, phase, states, targets, docker, signal });
        checked = last === undefined;
        if (last?.isFinal) return { ...last, phase };
        if (checked) {
          await request.watch?.up?.(states, phase);
          const since = Date.now();
          last =
            phase === "first"
              ? await runLoad(request.checks, { project, phase, states, targets, docker, signal })
              : undefined;
          if (last) return { ...last, phase };
          loaded = Math.max(loaded, Date.now() - since);
          deadline += Date.now() - since;
          if (request.checks.load) continue;
        }
      }
      const isLong =
        (upSince !== undefined && Date.now() - upSince >= request.settle) ||
        targets.every((name) => hasEnded(states, name));
      if (!look && checked && isLong) {
        await request.watch?.settled?.(states, phase);
        return await remembered(states, phase);
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
      const expected = request.expected.get(name)?.files[phase] ?? new Map<string, boolean>();
      let files = await writtenFiles(engine.reader, state, expected.keys());
      // What the untouched runs had by now may come a little later on a busy machine.
      for (let more = 0; more < 3 && files && lacking(expected, files) !== undefined; more += 1) {
        await pause(1_000, undefined, { signal: request.signal }).catch(() => {});
        files = await writtenFiles(engine.reader, state, expected.keys());
      }
      const known = seen.get(name) ?? { listens: [], files: {} };
      seen.set(name, {
        listens: [...new Set([...known.listens, ...listensOf(state)])],
        files: { ...known.files, ...(files && { [phase]: files }) },
      });
      const lack = files && lacking(expected, files);
      if (lack === undefined) continue;
      const wasThere = seen.get(name)?.files.first?.has(lack.path) === true && phase === "again";
      const reason = `${lack.path} is ${lack.how}${wasThere ? " after it was stopped and started" : ""}`;
      return { kind: "output", service: name, reason: `${name}: ${reason}`, isFinal: true, phase };
    }
    return undefined;
  }

  async function collected(): Promise<ReadonlyMap<string, ServiceRun>> {
    const states = await statesOf(engine.reader, project);
    const runs = new Map<string, ServiceRun>();
    for (const [name, state] of states) {
      const known = seen.get(name);
      const log = await engine.docker.run(["logs", "--tail", "2000", state.id], { limit: 20_000 });
      runs.set(name, {
        listens: known?.listens ?? listensOf(state),
        files: known?.files ?? {},
        hasHealth: state.health !== "none",
        state,
        log: `${log.stdout}${log.stderr}`,
      });
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

/** A file that the untouched runs had and this one has not, or has empty. */
function lacking(expected: ReadonlyMap<string, boolean>, files: WrittenFiles) {
  for (const [path, hasContent] of expected) {
    if (!files.has(path)) return { path, how: "not there" };
    if (hasContent && files.get(path) === 0) return { path, how: "empty" };
  }
  return undefined;
}

function hasEnded(states: ReadonlyMap<string, ContainerState>, name: string): boolean {
  const state = states.get(name);
  return state !== undefined && !state.running && !state.restarting;
}

/** What is not, or not yet, as it should be. */
function lookAt(
  states: ReadonlyMap<string, ContainerState>,
  { services, expected }: RunRequest,
): CheckFailure | undefined {
  let waiting: CheckFailure | undefined;
  for (const name of services) {
    const state = states.get(name);
    const fail = (kind: CheckFailure["kind"], reason: string, isFinal: boolean): CheckFailure => ({
      kind,
      service: name,
      reason: `${name} ${reason}`,
      isFinal,
    });
    if (!state) return fail("restart", "has no container", false);
    const known = expected.get(name);
    if (state.error !== "")
      return { ...fail("restart", `cannot start: ${state.error}`, true), byEngine: true };
    if (state.restarts > (known?.restarts ?? 3))
      return fail("restart", `keeps restarting${statusOf(state)}`, true);
    const isOver = !state.running && !state.restarting;
    if (isOver && state.exitCode !== 0) return fail("restart", `ended${statusOf(state)}`, true);
    if (isOver && known && !known.ends) return fail("restart", `ended${statusOf(state)}`, true);
    if (state.health === "unhealthy") return fail("health", "is unhealthy", true);
    if (state.restarting) waiting ??= fail("restart", "is restarting", false);
    if (known?.ends && !isOver) waiting ??= fail("restart", "does not end, as it did untouched", false);
    if (state.running && state.health === "starting")
      waiting ??= fail("health", "did not become healthy", false);
    const missing = state.running ? known?.listens.filter((port) => !listensOf(state).includes(port)) : [];
    if (missing && missing.length > 0)
      waiting ??= fail("listens", `does not listen on ${missing.join(", ")}`, false);
  }
  return waiting;
}

function statusOf({ exitCode, oomKilled }: ContainerState): string {
  return oomKilled ? ", killed for lack of memory" : ` with status ${exitCode}`;
}

import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { isRecord, recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { type ProofRegister, proofPrefix } from "../../engine/proof-register.ts";
import type { Architecture } from "../helper/elf.ts";
import type { Plan } from "../helper/program.ts";
import { type HelperSession, openHelperSession } from "../helper/session.ts";
import type { Ended, Facts, ProbeTarget, ProvingEngine } from "../probe.ts";
import { cgroupFile, type Kernel } from "../subject/running.ts";
import { helper, helperArchive, own, setuidHelper } from "./archive.ts";

/** What all containers of one proof have in common. */
export interface ProofContext {
  readonly engine: ProvingEngine;
  readonly architecture: Architecture;
  /** Milliseconds that one program may take. */
  readonly patience: number;
  readonly facts: Facts;
  /** The host's procfs and cgroupfs; undefined where the Engine's host is another machine. */
  readonly kernel: Kernel | undefined;
  /** Every container that was made and is not known to be gone. */
  readonly made: Set<string>;
  /** Where a watch on this machine sees which containers are the proof's. */
  readonly register: ProofRegister;
}

/** A throw-away container with the helper as its first process. */
export interface TestContainer {
  readonly id: string;
  readonly target: ProbeTarget;
  /** False once its helper has ended. */
  alive(): boolean;
}

/**
 * Makes a container of the body, brings the helper into it, attaches and starts it. Whatever goes wrong on the way, it
 * is taken away again. `sacrifice` is the body of a container like it that may die.
 */
export async function startTestContainer(
  body: unknown,
  role: ProbeTarget["role"],
  context: ProofContext,
  sacrifice: unknown = body,
): Promise<Result<TestContainer>> {
  const started = await start(body, context);
  if (!started.ok) return started;
  const { id, session } = started.value;
  let alive = true;
  const watched = async <T>(made: Promise<Result<T>>): Promise<Result<T>> => {
    const outcome = await made;
    if (!outcome.ok) alive = false;
    return outcome;
  };
  const target: ProbeTarget = {
    role,
    facts: context.facts,
    run: (plan) => watched(session.run(plan)),
    runSetuid: (user, plan) => runSetuid(id, user, plan, context),
    throughSetuid: (plan) => throughSetuid(id, plan, context),
    beside: (user, during) => beside(id, user, during, context),
    sacrifice: (plan) => sacrificed(sacrifice, plan, context),
    stats: () => context.engine.reader.get(`/containers/${id}/stats?stream=false&one-shot=true`),
    cgroupFile: (controller, name) => cgroupFile(started.value, controller, name, context.kernel),
  };
  return ok({ id, target, alive: () => alive });
}

interface Started {
  readonly id: string;
  readonly pid: number;
  readonly session: HelperSession;
}

/** How often a container is made. */
const attempts = 3;

/** Under a limit that is little more than the runtime itself takes, it starts one time and not another. */
async function start(body: unknown, context: ProofContext): Promise<Result<Started>> {
  for (let attempt = 1; ; attempt += 1) {
    const started = await startOnce(body, context);
    if (started.ok || attempt === attempts || !started.reason.includes("error setting cgroup config"))
      return started;
  }
}

async function startOnce(body: unknown, context: ProofContext): Promise<Result<Started>> {
  const { engine, architecture, made } = context;
  const name = `${proofPrefix}${randomBytes(6).toString("hex")}`;
  context.register.name(name);
  const created = await engine.writer.post(`/containers/create?name=${name}`, body);
  if (!created.ok) return created;
  const id = textAt(created.value, "Id") ?? name;
  made.add(id);
  context.register.id(name, id);
  const begun = await begin(id, architecture, context);
  if (!begun.ok) await takeAway(id, context);
  return begun;
}

async function begin(
  id: string,
  architecture: Architecture,
  context: ProofContext,
): Promise<Result<Started>> {
  const { writer, streams, reader } = context.engine;
  const put = await streams.putArchive(
    `/containers/${id}/archive?path=${encodeURIComponent(own)}`,
    helperArchive(architecture),
  );
  if (!put.ok) return put;
  const stream = await streams.hijack(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`);
  if (!stream.ok) return stream;
  const session = openHelperSession(stream.value, { architecture, patience: context.patience });
  const started = await writer.post(`/containers/${id}/start`);
  if (!started.ok) {
    session.close();
    return started;
  }
  const inspect = context.kernel ? await reader.get(`/containers/${id}/json`) : undefined;
  const pid = inspect?.ok ? recordAt(inspect.value, "State").Pid : undefined;
  return ok({ id, session, pid: typeof pid === "number" ? pid : 0 });
}

/** Stops it at once and removes it with its volumes. One that is gone already is as good. */
export async function takeAway(id: string, { engine, made }: ProofContext): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const removed = await engine.writer.delete(`/containers/${id}?force=1&v=1`);
    if (removed.ok || removed.kind === "missing") {
      made.delete(id);
      return;
    }
    // The Engine is removing it by itself: wait until it has.
    await pause(100);
  }
}

interface HelperExec {
  readonly user: string | undefined;
  readonly program: string;
}

/** An exec of the helper in a container that runs. */
export async function execHelper(
  id: string,
  helper: HelperExec,
  context: Pick<ProofContext, "engine" | "architecture" | "patience">,
): Promise<Result<HelperSession>> {
  const exec = await startExec(id, helper, context);
  return exec.ok ? ok(exec.value.session) : exec;
}

async function startExec(
  id: string,
  { user, program }: HelperExec,
  { engine, architecture, patience }: Pick<ProofContext, "engine" | "architecture" | "patience">,
): Promise<Result<{ readonly exec: string; readonly session: HelperSession }>> {
  const created = await engine.writer.post(`/containers/${id}/exec`, {
    AttachStdin: true,
    AttachStdout: true,
    Cmd: [program],
    ...(user !== undefined && { User: user }),
  });
  if (!created.ok) return created;
  const exec = textAt(created.value, "Id") ?? "";
  const stream = await engine.streams.hijack(`/exec/${exec}/start`, { Detach: false, Tty: false });
  return stream.ok
    ? ok({ exec, session: openHelperSession(stream.value, { architecture, patience }) })
    : stream;
}

/** As the container's own user. */
async function throughSetuid<T>(id: string, plan: Plan<T>, context: ProofContext): Promise<Result<T>> {
  return await runSetuid(id, undefined, plan, context);
}

/** A helper that ended before it answered, as under load in a container with little memory, is started again. */
async function runSetuid<T>(
  id: string,
  user: string | undefined,
  plan: Plan<T>,
  context: ProofContext,
): Promise<Result<T>> {
  let last: Result<T> | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const started = await startExec(id, { user, program: setuidHelper }, context);
    // The container may have ended with the helper.
    if (!started.ok) return last ?? started;
    const { exec, session } = started.value;
    const outcome = await session.run(plan);
    session.close();
    if (outcome.ok) return outcome;
    const state = await context.engine.reader.get(`/exec/${exec}/json`);
    if (!state.ok || !isRecord(state.value) || state.value.Running !== false) return outcome;
    if (attempt === attempts)
      return failed(`${outcome.reason} (exit status ${state.value.ExitCode}, ${attempts} times)`);
    last = outcome;
  }
}

async function beside<T>(
  id: string,
  user: string,
  during: (pid: number) => Promise<Result<T>>,
  context: ProofContext,
): Promise<Result<T>> {
  const session = await execHelper(id, { user, program: helper }, context);
  if (!session.ok) return session;
  const pid = await session.value.run((builder) => {
    const call = builder.call("getpid");
    return (ran) => ran.result(call) ?? 0;
  });
  const outcome = pid.ok && pid.value > 0 ? await during(pid.value) : failed("the neighbour did not start");
  session.value.close();
  return outcome;
}

/** Runs a plan that may kill the container, and reads how it ended before it is taken away. */
async function sacrificed(body: unknown, plan: Plan<unknown>, context: ProofContext): Promise<Result<Ended>> {
  const started = await start(body, context);
  if (!started.ok) return started;
  const { id, session } = started.value;
  const ran = await session.run(plan);
  session.close();
  const ended = await endOf(id, context);
  await takeAway(id, context);
  return ended.ok ? ok({ ...ended.value, finished: ran.ok }) : ended;
}

async function endOf(
  id: string,
  { engine, patience }: ProofContext,
): Promise<Result<Omit<Ended, "finished">>> {
  for (const deadline = Date.now() + patience; ; ) {
    const inspect = await engine.reader.get(`/containers/${id}/json`);
    if (!inspect.ok) return inspect;
    const state = recordAt(inspect.value, "State");
    if (state.Running !== true) {
      return ok({
        oomKilled: state.OOMKilled === true,
        exitCode: typeof state.ExitCode === "number" ? state.ExitCode : -1,
      });
    }
    if (Date.now() > deadline) return failed("it did not end");
    await pause(50);
  }
}

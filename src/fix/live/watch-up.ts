import { setTimeout as pause } from "node:timers/promises";
import type { Input } from "../../audit/inputs/inputs.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import type { ComposeOptions } from "../../formats/format.ts";
import { causeOf } from "../../trial/compare/cause.ts";
import { newErrors } from "../../trial/compare/judge.ts";
import { resolveCompose } from "../../trial/compose-config.ts";
import { composeWords, type Docker, folderOf, whyFailed } from "../../trial/docker.ts";
import { type ContainerState, readAll } from "../../trial/state.ts";
import type { WrittenFile } from "../write-files.ts";
import { changesThatWouldBeLost } from "./recreate/layer.ts";

/** Milliseconds between two looks, and that docker compose may take. */
const step = 1_000;
const limit = 600_000;

/** A Compose project on the Engine, as it was before its files changed. */
export interface ProjectBefore {
  readonly input: Input;
  readonly project: string;
  /** Its containers by id. */
  readonly states: ReadonlyMap<string, ContainerState>;
  /** Services with a container that ran. */
  readonly ran: readonly string[];
  /** What its containers wrote outside their volumes, which a new container does not have: `/app/upload (web)`. */
  readonly layers: readonly string[];
  /** What their containers logged. */
  readonly logs: ReadonlyMap<string, readonly string[]>;
}

/** Brings up what was written, watches it, and takes it back where it does not hold. Answers the exit status. */
export type Watching = (files: readonly WrittenFile[]) => Promise<number>;

export interface UpTools {
  readonly docker: Docker;
  readonly reader: EngineClient;
  readonly compose: ComposeOptions;
  readonly signal: AbortSignal;
}

export async function lookBefore(input: Input, tools: UpTools): Promise<Result<ProjectBefore>> {
  const { docker, reader, compose, signal } = tools;
  const { files } = input;
  const folder = folderOf(input);
  const document = await resolveCompose(docker, { ...compose, files, folder, instead: new Map(), signal });
  if (!document.ok) return failed(document.reason);
  const project = document.value.name;
  const states = await readAll(reader, project);
  if (!states.ok) return failed(states.reason);
  const logs = new Map<string, readonly string[]>();
  for (const state of states.value) {
    const begin = await beginningOf(state, docker);
    logs.set(state.service, [...(logs.get(state.service) ?? []), begin, await logOf(state, docker)]);
  }
  // docker compose leaves alone what is of the project and no longer in its files.
  const ran = [
    ...new Set(states.value.filter(({ running }) => running).map(({ service }) => service)),
  ].filter((service) => document.value.services[service] !== undefined);
  const layers: string[] = [];
  for (const { id, service, startedAt } of states.value) {
    // One that never ran wrote nothing.
    if (startedAt === "" || startedAt.startsWith("0001-")) continue;
    const inspect = await reader.get(`/containers/${id}/json`);
    if (!inspect.ok) return failed(inspect.reason);
    const changes = await changesThatWouldBeLost(inspect.value, [], reader);
    if (!changes.ok) return failed(`${service}: ${changes.reason}`);
    layers.push(...changes.value.map(({ path }) => `${path} (${service})`));
  }
  const byId = new Map(states.value.map((state) => [state.id, state] as const));
  return ok({ input, project, states: byId, ran, layers, logs });
}

/**
 * Has docker compose bring the project up: the services that ran, or all where none did. Answers why that failed, in docker's
 * words; undefined where it did not.
 */
export async function bringUp(before: ProjectBefore, tools: UpTools): Promise<string | undefined> {
  const ended = await composeRun(before, ["up", "--detach", ...before.ran], tools);
  return ended.status === 0 ? undefined : whyFailed(ended, limit);
}

/** Restores a project that did not run: with containers that do not run, or without any. */
export async function bringDown(before: ProjectBefore, tools: UpTools): Promise<string | undefined> {
  const ended = await composeRun(before, before.states.size > 0 ? ["up", "--no-start"] : ["down"], tools);
  return ended.status === 0 ? undefined : whyFailed(ended, limit);
}

function composeRun(
  { input: { files } }: ProjectBefore,
  words: readonly string[],
  { docker, compose, signal }: UpTools,
) {
  const all = [...composeWords({ ...compose, files }), ...words];
  return docker.run(all, { limit, folder: folderOf({ files }), signal });
}

/** Looks at the projects until the time (milliseconds since 1970) has come. Answers why one does not hold; undefined where all do. */
export async function watchUp(
  befores: readonly ProjectBefore[],
  until: number,
  { docker, reader, signal }: UpTools,
): Promise<string | undefined> {
  while (!signal.aborted) {
    const isOver = Date.now() >= until;
    for (const before of befores) {
      const states = await readAll(reader, before.project);
      if (!states.ok) return `the Engine does not answer: ${states.reason}`;
      for (const state of states.value) {
        const why = whyNotHolding(state, before) ?? (await newRefusal(state, before, docker));
        if (why !== undefined) return `${before.project}, ${state.service}: ${why}`;
        if (isOver && state.health === "starting") {
          return `${before.project}, ${state.service}: its health check has not passed yet`;
        }
      }
      const gone = before.ran.find((name) => states.value.every(({ service }) => service !== name));
      if (gone !== undefined) return `${before.project}, ${gone}: it has no container any more`;
    }
    if (isOver) return undefined;
    await pause(Math.min(step, Math.max(1, until - Date.now())), undefined, { signal }).catch(
      () => undefined,
    );
  }
  return undefined;
}

/** Pure. The change did not cause what was so before: a container that up left alone, a health check that failed already. */
function whyNotHolding(state: ContainerState, { ran, states }: ProjectBefore): string | undefined {
  const { service, running, restarting, restarts, exitCode, health, error, oomKilled } = state;
  const same = states.get(state.id);
  if (same && !same.running && !running) return undefined;
  if (oomKilled && !same?.oomKilled) return "it was killed for lack of memory";
  if (restarts > (same?.restarts ?? 0) || restarting) {
    return `it restarts (its last exit status is ${exitCode})`;
  }
  const wasUnhealthy = [...states.values()].some(
    (each) => each.service === service && each.health === "unhealthy",
  );
  if (health === "unhealthy" && !wasUnhealthy) return "its health check fails";
  if (running) return undefined;
  if (error !== "") return `it does not start: ${error}`;
  if (exitCode !== 0) return `it ended with exit status ${exitCode}`;
  // One that ends by itself, with 0, has done its work; where it ran before, it was to stay.
  return ran.includes(service) && state.finishedAt > 0 ? "it ended, and it ran before" : undefined;
}

/** What a line of its log blames that a change may have done. Another new error may come from the start alone. */
async function newRefusal(
  state: ContainerState,
  before: ProjectBefore,
  docker: Docker,
): Promise<string | undefined> {
  // Of a project that never ran here, an error line says nothing about the change.
  const known = before.logs.get(state.service);
  if (known === undefined) return undefined;
  for (const line of newErrors(await logOf(state, docker), known)) {
    const cause = causeOf(line);
    if (cause && cause.kind !== "missing" && cause.kind !== "unreachable")
      return `it logs “${line}” (${cause.reason})`;
  }
  return undefined;
}

async function logOf({ id }: ContainerState, docker: Docker): Promise<string> {
  const log = await docker.run(["logs", "--tail", "2000", id], { limit: 20_000 });
  return `${log.stdout}${log.stderr}`;
}

/** The first two minutes of its log: what it says at its start it says again in a new container. */
async function beginningOf({ id, startedAt }: ContainerState, docker: Docker): Promise<string> {
  const begun = Date.parse(startedAt);
  if (!(begun > 0)) return "";
  const until = new Date(begun + 120_000).toISOString();
  const log = await docker.run(["logs", "--since", startedAt, "--until", until, id], { limit: 20_000 });
  return `${log.stdout}${log.stderr}`;
}

import { dirname, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Input } from "../../audit/inputs/inputs.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import type { ComposeOptions } from "../../formats/format.ts";
import { causeOf } from "../../trial/cause.ts";
import { resolveCompose } from "../../trial/compose-config.ts";
import { type Docker, whyFailed } from "../../trial/docker.ts";
import { newErrors } from "../../trial/judge.ts";
import { type ContainerState, readAll } from "../../trial/state.ts";
import type { WrittenFile } from "../write-files.ts";

/** Milliseconds between two looks, and that docker compose may take. */
const step = 1_000;
const limit = 600_000;

/** A Compose project on the Engine, as it was before its files changed. */
export interface ProjectBefore {
  readonly input: Input;
  readonly project: string;
  /** Services with a container that ran. */
  readonly ran: readonly string[];
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
  const folder = dirname(resolve(files[0] ?? "."));
  const document = await resolveCompose(docker, { ...compose, files, folder, instead: new Map(), signal });
  if (!document.ok) return failed(document.reason);
  const project = document.value.name;
  const states = await readAll(reader, project);
  if (!states.ok) return failed(states.reason);
  const logs = new Map<string, readonly string[]>();
  for (const state of states.value) {
    logs.set(state.service, [...(logs.get(state.service) ?? []), await logOf(state, docker)]);
  }
  const ran = [...new Set(states.value.filter(({ running }) => running).map(({ service }) => service))];
  return ok({ input, project, ran, logs });
}

/**
 * Has docker compose bring the project up: the services that ran, or all where none did. Answers why that failed, in docker's
 * words; undefined where it did not.
 */
export async function bringUp(before: ProjectBefore, tools: UpTools): Promise<string | undefined> {
  const ended = await composeRun(before, ["up", "--detach", ...before.ran], tools);
  return ended.status === 0 ? undefined : whyFailed(ended, limit);
}

/** Stops what did not run before. */
export async function bringDown(before: ProjectBefore, tools: UpTools): Promise<string | undefined> {
  const ended = await composeRun(before, ["down"], tools);
  return ended.status === 0 ? undefined : whyFailed(ended, limit);
}

function composeRun(
  { input }: ProjectBefore,
  words: readonly string[],
  { docker, compose, signal }: UpTools,
) {
  const named = [
    ...input.files.flatMap((file) => ["--file", resolve(file)]),
    ...compose.profiles.flatMap((name) => ["--profile", name]),
    ...compose.envFiles.flatMap((file) => ["--env-file", resolve(file)]),
  ];
  const folder = dirname(resolve(input.files[0] ?? "."));
  const all = ["compose", "--project-directory", folder, ...named, ...words];
  // What brings the old files back must not end with the wait that was ended.
  return docker.run(all, { limit, folder, signal: words[0] === "up" ? signal : undefined });
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

/** Pure. */
function whyNotHolding(state: ContainerState, { ran }: ProjectBefore): string | undefined {
  const { service, running, restarting, restarts, exitCode, health, error, oomKilled } = state;
  if (oomKilled) return "it was killed for lack of memory";
  if (restarts > 0 || restarting) return `it restarts (its last exit status is ${exitCode})`;
  if (health === "unhealthy") return "its health check fails";
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
    if (cause && !/^(?:ENOENT|it cannot reach)/.test(cause.reason))
      return `it logs “${line}” (${cause.reason})`;
  }
  return undefined;
}

async function logOf({ id }: ContainerState, docker: Docker): Promise<string> {
  const log = await docker.run(["logs", "--tail", "2000", id], { limit: 20_000 });
  return `${log.stdout}${log.stderr}`;
}

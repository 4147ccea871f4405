import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { whyUnread } from "../../base/error-words.ts";
import { recordAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { visible } from "../../base/visible.ts";
import type { EngineClient } from "../../engine/client.ts";
import type { EngineWriter } from "../../engine/write-client.ts";
import { openCgroupTree, parseCgroup } from "../../kernel/cgroups/tree.ts";
import { readText } from "../../kernel/files.ts";
import type { Process } from "../../model/container/process.ts";
import type { Reaction } from "../config-schema.ts";
import { stopOutside } from "./outside.ts";

/** With what something is done to a container. */
export interface Hands {
  readonly client: EngineClient;
  readonly writer: EngineWriter;
  /** The host's procfs and cgroupfs. */
  readonly proc: string;
  readonly cgroup: string;
  /** Seconds that a container gets to stop, at most. */
  readonly grace: number;
  /** A container's processes as the kernel showed them last. */
  readonly processes: (id: string) => readonly Process[];
}

/** What a reaction wants of a container. Quarantine is a pause, with evidence beside it. */
export type Act = Exclude<Reaction, "quarantine">;

interface Sight {
  readonly id: string;
  readonly name: string;
  readonly inspect: unknown;
}

const acts: Readonly<Record<Act, (sight: Sight, hands: Hands) => Promise<Result<string>>>> = {
  ...{ pause, stop, disconnect },
};

/**
 * Brings a container into the state that a reaction wants. Gives what was done, in words, and "" where it was so already: by what the
 * Engine and the kernel show now, not by what was done before.
 */
export async function carryOut(
  act: Act,
  { id, name }: { readonly id: string; readonly name: string },
  hands: Hands,
): Promise<Result<string>> {
  const inspect = await hands.client.get(`/containers/${id}/json`);
  if (!inspect.ok) return inspect.kind === "missing" ? ok("") : failed(inspect.reason);
  const sight = { id, name: visible(name), inspect: inspect.value };
  // What does not run yet is waited for.
  return recordAt(inspect.value, "State").Running === true ? await acts[act](sight, hands) : ok("");
}

async function pause(sight: Sight, hands: Hands): Promise<Result<string>> {
  const { id, name, inspect } = sight;
  const state = recordAt(inspect, "State");
  const isPaused = state.Paused === true;
  // Somebody may have opened the freezer by hand. The Engine knows nothing of it: for it the container is paused.
  const opened = isPaused ? openedFreezer(id, Number(state.Pid), hands) : undefined;
  const isToDo = !isPaused || opened !== undefined;
  const answer = opened
    ? close(opened)
    : isPaused
      ? undefined
      : await hands.writer.post(`/containers/${id}/pause`);
  if (answer && !answer.ok) return failed(answer.reason);
  const { stopped, left } = stopOutside(id, hands.processes(id), hands.proc);
  const done = [
    ...(isToDo ? [`${name} is paused`] : []),
    ...stopped.map((who) => `${visible(who)}, which a pause does not hold, is stopped by SIGSTOP`),
  ].join("; ");
  if (left.length === 0) return ok(done);
  const paused = isToDo ? `${done}, but` : "it is paused, but";
  return failed(`${paused} what a pause does not hold goes on: ${left.map(visible).join("; ")}`);
}

/** A file of the kernel's that lets processes go on, and what it takes to hold them. */
interface Freezer {
  readonly path: string;
  readonly closed: string;
}

/** The freezer of a container whose processes the kernel does not hold; undefined where it does, or that does not show here. */
function openedFreezer(id: string, pid: number, { proc, cgroup }: Hands): Freezer | undefined {
  const membership = readText(`${proc}/${pid}/cgroup`);
  if (!membership.ok) return undefined;
  const hierarchy = openCgroupTree(cgroup).hierarchy(parseCgroup(membership.value), "freezer", id);
  const folder = hierarchy?.levels.find((level) => level.includes(id));
  if (!hierarchy || folder === undefined) return undefined;
  const [file, open, closed] =
    hierarchy.version === 1 ? ["freezer.state", "THAWED", "FROZEN"] : ["cgroup.freeze", "0", "1"];
  const read = readText(`${folder}/${file}`);
  return read.ok && read.value.trim() === open ? { path: `${folder}/${file}`, closed } : undefined;
}

function close({ path, closed }: Freezer): Result<undefined> {
  try {
    writeFileSync(path, closed);
    return ok(undefined);
  } catch (error) {
    return failed(`${path} was opened by hand, and cannot be closed again: ${whyUnread(error)}`);
  }
}

/** Milliseconds more than the container gets: dockerd kills it then by itself, and waits for its end. */
const margin = 5_000;

/** A container chooses its own grace period, without an end if it likes. */
async function stop({ id, name, inspect }: Sight, { client, writer, grace }: Hands): Promise<Result<string>> {
  const own = recordAt(inspect, "Config").StopTimeout;
  const seconds = typeof own === "number" && own >= 0 ? Math.min(own, grace) : Math.min(10, grace);
  const late = new AbortController();
  const answer = await Promise.race([
    writer.post(`/containers/${id}/stop?t=${seconds}`),
    sleep(seconds * 1_000 + margin, undefined, { signal: late.signal }).catch(() => undefined),
  ]);
  late.abort();
  if (answer?.ok) return ok(`${name} is stopped`);
  const killed = await writer.post(`/containers/${id}/kill?signal=SIGKILL`);
  const after = await client.get(`/containers/${id}/json`);
  if (after.ok && recordAt(after.value, "State").Running !== true)
    return ok(`${name} is stopped, by SIGKILL`);
  return failed(answer?.reason ?? (killed.ok ? "it still runs after SIGKILL" : killed.reason));
}

/** From all its networks. The host's, none, and another container's cannot be taken away. */
async function disconnect({ id, name, inspect }: Sight, { writer }: Hands): Promise<Result<string>> {
  const networks = Object.keys(recordAt(inspect, "NetworkSettings", "Networks")).filter(
    (network) => network !== "none",
  );
  if (networks.includes("host"))
    return failed("it uses the host's network, and cannot be disconnected from it");
  if (networks.length === 0) return ok("");
  const answers = await Promise.all(
    networks.map((network) =>
      writer.post(`/networks/${encodeURIComponent(network)}/disconnect`, { Container: id, Force: true }),
    ),
  );
  const refused = answers.find((answer) => !answer.ok);
  if (refused && !refused.ok) return failed(refused.reason);
  return ok(`${name} is disconnected from ${networks.join(", ")}`);
}

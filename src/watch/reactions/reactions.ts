import { readFileSync } from "node:fs";
import { recordAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { visible } from "../../base/visible.ts";
import type { EngineClient } from "../../engine/client.ts";
import type { ConnectOptions } from "../../engine/connect/endpoint.ts";
import { connectEngine } from "../../engine/connect.ts";
import type { EngineEvent } from "../../engine/event.ts";
import type { LiveContainer } from "../../engine/read/live-reading.ts";
import { type EngineWriter, openWriter } from "../../engine/write-client.ts";
import { setItems } from "../../model/fact.ts";
import type { Change } from "../change.ts";
import type { Reaction } from "../config-schema.ts";
import { keepEvidence } from "./evidence.ts";

export interface ReactionOptions {
  /** What is done, by control. */
  readonly reactions: Readonly<Partial<Record<string, Reaction>>>;
  /** Whether what was open when the watch began counts, too. */
  readonly atStart: boolean;
  readonly evidence: string;
  readonly connect: ConnectOptions;
  readonly proc: string;
  /** The container that bulkhead itself runs in. */
  readonly own: string | undefined;
  /** A container of the watched Engine by its name. */
  readonly container: (name: string) => LiveContainer | undefined;
  /** Each reaction is logged, done or not. */
  readonly say: (text: string) => void;
}

/** Does something about findings, as bulkhead.yaml says by control. */
export interface Reactions {
  changes(changes: readonly Change[]): void;
  /** A container that starts again with what it was stopped for is stopped again. */
  event(event: EngineEvent): void;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** A container with this label gets no reaction. */
export const exemptLabel = "bulkhead.exempt";

interface DueReaction {
  readonly change: Change;
  readonly action: Reaction;
}

export function openReactions(options: ReactionOptions): Reactions {
  const { say } = options;
  /** By container id and control: what is open that calls for something. */
  const wanted = new Map<string, Map<string, DueReaction>>();
  let queue: Promise<void> = Promise.resolve();

  function enqueue(live: LiveContainer, { change, action }: DueReaction): void {
    queue = queue.then(() => react(live, change, action));
  }

  async function react(live: LiveContainer, change: Change, action: Reaction): Promise<void> {
    const why = `${change.finding.control} in ${visible(change.finding.subject)}`;
    const done = await carryOut(options, live, change, action);
    if (!done.ok) say(`reaction to ${why}: ${action} of ${visible(live.name)} failed: ${done.reason}`);
    else if (done.value !== "") say(`reaction to ${why}: ${done.value}`);
  }

  function consider(change: Change): void {
    const { finding, cause } = change;
    const action = options.reactions[finding.control];
    const name = nameOf(finding.subject);
    const live = name === undefined ? undefined : options.container(name);
    if (action === undefined || !live) return;
    if (change.change === "resolved" || finding.verdict !== "fail") {
      wanted.get(live.id)?.delete(finding.control);
      return;
    }
    if (cause.kind === "start" && !options.atStart) return;
    const spared = whySpared(live, options.own);
    if (spared !== undefined) {
      say(`reaction to ${finding.control} in ${visible(finding.subject)}: no ${action}, ${spared}`);
      return;
    }
    const entry = { change, action };
    const byControl = wanted.get(live.id) ?? new Map<string, DueReaction>();
    wanted.set(live.id, byControl.set(finding.control, entry));
    // What does not run yet is waited for.
    if (live.running) enqueue(live, entry);
  }

  return {
    changes(changes) {
      for (const change of changes) consider(change);
    },
    event({ type, action, id, name }) {
      if (type !== "container") return;
      if (action === "destroy") wanted.delete(id);
      const live = name === undefined ? undefined : options.container(name);
      if (action === "start" && live)
        for (const entry of wanted.get(id)?.values() ?? []) enqueue(live, entry);
    },
    close: () => queue,
  };
}

/** The container of a finding's subject: its own, or the one that an exec runs in. */
function nameOf(subject: string): string | undefined {
  return /^(?:container:|exec:)([^/]+)/.exec(subject)?.[1];
}

function whySpared(live: LiveContainer, own: string | undefined): string | undefined {
  if (live.id === own) return "bulkhead runs in it";
  const labels = live.subject.views.flatMap((view) => setItems(view.labels));
  const isExempt = labels.some(({ value }) => value.name === exemptLabel && value.value !== "false");
  return isExempt ? `it has the label ${exemptLabel}` : undefined;
}

/** What was done, in words; "" where it was so already. */
async function carryOut(
  { connect, evidence, proc }: ReactionOptions,
  live: LiveContainer,
  change: Change,
  action: Reaction,
): Promise<Result<string>> {
  const client = await connectEngine(connect);
  if (!client.ok) return client;
  const writer = openWriter(connect, client.value.apiVersion);
  if (!writer.ok) {
    await client.value.close();
    return writer;
  }
  const name = visible(live.name);
  try {
    if (action === "stop") return await stop(writer.value, live.id, name);
    if (action === "disconnect") return await disconnect(client.value, writer.value, live.id, name);
    const paused = await pause(writer.value, live.id, name);
    if (!paused.ok || action === "pause") return paused;
    const kept = await keepEvidence(client.value, { container: live, change, folder: evidence, proc });
    if (!kept.ok) return failed(`it is paused, but its evidence could not be saved: ${kept.reason}`);
    const { folder, missing } = kept.value;
    const without = missing.length > 0 ? ` (without ${missing.join(", ")})` : "";
    return ok(`${name} is paused, its evidence is in ${folder}${without}`);
  } finally {
    await Promise.all([client.value.close(), writer.value.close()]);
  }
}

async function pause(writer: EngineWriter, id: string, name: string): Promise<Result<string>> {
  const answer = await writer.post(`/containers/${id}/pause`);
  if (answer.ok) return ok(`${name} is paused`);
  return /already paused/i.test(answer.reason) ? ok("") : failed(answer.reason);
}

async function stop(writer: EngineWriter, id: string, name: string): Promise<Result<string>> {
  const answer = await writer.post(`/containers/${id}/stop`);
  return answer.ok ? ok(`${name} is stopped`) : failed(answer.reason);
}

/** From all its networks. The host's, none, and another container's cannot be taken away. */
async function disconnect(
  client: EngineClient,
  writer: EngineWriter,
  id: string,
  name: string,
): Promise<Result<string>> {
  const inspect = await client.get(`/containers/${id}/json`);
  if (!inspect.ok) return failed(inspect.reason);
  const networks = Object.keys(recordAt(inspect.value, "NetworkSettings", "Networks")).filter(
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

/**
 * The id of the container that this process runs in; undefined on a host. Its cgroup is named after it; where a cgroup namespace
 * hides that, the files that the Engine mounts into every container lie in a folder of that name. Other containers' mounts,
 * which a host sees as well, are at other places.
 */
export function ownContainer(read: (path: string) => string = readOrNothing): string | undefined {
  const cgroup = /[0-9a-f]{64}/.exec(read("/proc/self/cgroup"))?.[0];
  if (cgroup !== undefined) return cgroup;
  for (const line of read("/proc/self/mountinfo").split("\n")) {
    const [, , , root = "", target = ""] = line.split(" ");
    if (!["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"].includes(target)) continue;
    const id = /\/([0-9a-f]{64})\//.exec(root)?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

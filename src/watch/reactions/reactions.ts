import { failed, ok, type Result } from "../../base/result.ts";
import { visible } from "../../base/visible.ts";
import { wildcard } from "../../base/wildcard.ts";
import type { ConnectOptions } from "../../engine/connect/endpoint.ts";
import { connectEngine } from "../../engine/connect.ts";
import type { EngineEvent } from "../../engine/event.ts";
import type { LiveContainer } from "../../engine/read/live-reading.ts";
import { openWriter } from "../../engine/write-client.ts";
import type { Change } from "../change.ts";
import type { Reaction } from "../config-schema.ts";
import { carryOut, type Hands } from "./acts.ts";
import { keepEvidence } from "./evidence.ts";

export interface ReactionOptions extends Omit<Hands, "client" | "writer"> {
  /** What is done, by control. */
  readonly reactions: Readonly<Partial<Record<string, Reaction>>>;
  /** Containers to which nothing is done, by name; `*` matches any characters. */
  readonly exempt: readonly string[];
  /** Whether what was open when the watch began counts, too. */
  readonly atStart: boolean;
  readonly evidence: string;
  readonly connect: ConnectOptions;
  /** A container of the watched Engine by its name. */
  readonly container: (name: string) => LiveContainer | undefined;
  /** Each reaction is logged, done or not. */
  readonly say: (text: string) => void;
}

/** Does something about findings, as bulkhead.yaml says by control. */
export interface Reactions {
  changes(changes: readonly Change[]): void;
  /** What undoes a reaction while its finding is open is undone in turn. */
  event(event: EngineEvent): void;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** Seconds that a container gets to stop, at most. */
export const usualGrace = 30;

/** Milliseconds between two looks whether what was done is still so: not every change has an event. */
const lookEvery = 5_000;

interface DueReaction {
  readonly change: Change;
  readonly action: Reaction;
}

/** A container in which something is open that calls for a reaction. */
interface Wanted {
  readonly live: LiveContainer;
  /** By control. */
  readonly due: Map<string, DueReaction>;
  readonly done: Set<Reaction>;
  /** Why it could not be done the last time: nobody reads that every few seconds. */
  readonly failures: Map<Reaction, string>;
  /** Each container has its own queue: one that takes its time to stop holds no other up. */
  queue: Promise<void>;
  isQueued: boolean;
}

export function openReactions(options: ReactionOptions): Reactions {
  const { say } = options;
  const wanted = new Map<string, Wanted>();
  const exempt = options.exempt.map((pattern) => ({ pattern, matches: wildcard(pattern) }));
  const timer = setInterval(() => {
    for (const each of wanted.values()) look(each);
  }, lookEvery);
  timer.unref();

  function look(one: Wanted): void {
    if (one.isQueued) return;
    one.isQueued = true;
    one.queue = one.queue.then(async () => {
      one.isQueued = false;
      const actions = new Map([...one.due.values()].map((each) => [each.action, each]));
      for (const each of actions.values()) await react(one, each);
    });
  }

  async function react(one: Wanted, { change, action }: DueReaction): Promise<void> {
    const why = `reaction to ${change.finding.control} in ${visible(change.finding.subject)}`;
    const isAgain = one.done.has(action);
    const did = await act(options, one.live, change, { action, isAgain });
    if (!did.ok) {
      if (one.failures.get(action) !== did.reason)
        say(`${why}: ${action} of ${visible(one.live.name)} failed: ${did.reason}`);
      one.failures.set(action, did.reason);
      return;
    }
    one.failures.delete(action);
    one.done.add(action);
    if (did.value !== "") say(`${why}: ${isAgain ? "it was undone, and again " : ""}${did.value}`);
  }

  function whySpared({ subject, name }: LiveContainer): string | undefined {
    if (subject.isBulkhead) return "bulkhead runs in it";
    const found = exempt.find(({ matches }) => matches(name));
    return found && `bulkhead.yaml exempts ${found.pattern}`;
  }

  function consider(change: Change): void {
    const { finding, cause } = change;
    const action = options.reactions[finding.control];
    const name = nameOf(finding.subject);
    const live = name === undefined ? undefined : options.container(name);
    if (action === undefined || !live) return;
    const before = wanted.get(live.id);
    if (change.change === "resolved" || finding.verdict !== "fail") {
      before?.due.delete(finding.control);
      if (before?.due.size === 0) wanted.delete(live.id);
      return;
    }
    if (cause.kind === "start" && !options.atStart) return;
    const spared = whySpared(live);
    if (spared !== undefined) {
      say(`reaction to ${finding.control} in ${visible(finding.subject)}: no ${action}, ${spared}`);
      return;
    }
    const one = before ?? {
      ...{ live, due: new Map(), done: new Set<Reaction>(), failures: new Map() },
      ...{ queue: Promise.resolve(), isQueued: false },
    };
    one.due.set(finding.control, { change, action });
    wanted.set(live.id, one);
    look(one);
  }

  return {
    changes(changes) {
      for (const change of changes) consider(change);
    },
    event({ type, action, id, container }) {
      if (type === "container" && action === "destroy") wanted.delete(id);
      const one = wanted.get(type === "network" ? (container ?? "") : id);
      if (one) look(one);
    },
    async close() {
      clearInterval(timer);
      await Promise.all([...wanted.values()].map(({ queue }) => queue));
    },
  };
}

/** The container of a finding's subject: its own, or the one that an exec runs in. */
function nameOf(subject: string): string | undefined {
  return /^(?:container:|exec:)([^/]+)/.exec(subject)?.[1];
}

/** What was done, in words; "" where it was so already. */
async function act(
  options: ReactionOptions,
  live: LiveContainer,
  change: Change,
  { action, isAgain }: { readonly action: Reaction; readonly isAgain: boolean },
): Promise<Result<string>> {
  const client = await connectEngine(options.connect);
  if (!client.ok) return client;
  const writer = openWriter(options.connect, client.value.apiVersion);
  try {
    if (!writer.ok) return writer;
    const hands = { ...options, client: client.value, writer: writer.value };
    const did = await carryOut(action === "quarantine" ? "pause" : action, live, hands);
    if (!did.ok || action !== "quarantine" || isAgain) return did;
    const kept = await keepEvidence(client.value, {
      ...{ container: live, change, folder: options.evidence, proc: options.proc },
    });
    if (!kept.ok) return failed(`it is paused, but its evidence could not be saved: ${kept.reason}`);
    const { folder, missing } = kept.value;
    const without = missing.length > 0 ? ` (without ${missing.join(", ")})` : "";
    const done = did.value === "" ? "" : `${did.value}, `;
    return ok(`${done}its evidence is in ${folder}${without}`);
  } finally {
    await Promise.all([client.value.close(), writer.ok ? writer.value.close() : undefined]);
  }
}

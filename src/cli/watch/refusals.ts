import { fingerprint } from "../../audit/evaluate.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { visible } from "../../base/visible.ts";
import type { ConnectOptions } from "../../engine/connect/endpoint.ts";
import { connectEngine } from "../../engine/connect.ts";
import type { EngineEvent } from "../../engine/event.ts";
import { isOfProof } from "../../engine/proof-register.ts";
import type { Change } from "../../watch/change.ts";
import { suspects } from "../../why/in-trials.ts";
import { isHarmful, type Refused } from "../../why/outcome.ts";
import { sayRefused } from "../../why/report.ts";
import type { Layer } from "../../why/setting.ts";
import { askWhy } from "../../why/why.ts";

/** Reports when a container begins to be refused something. */
export interface Refusals {
  event(event: EngineEvent): void;
  close(): Promise<void>;
}

export interface RefusalOptions {
  readonly connect: ConnectOptions;
  /** The containers that are there, by id. */
  readonly containers: () => readonly { readonly id: string; readonly running: boolean }[];
  readonly report: (changes: readonly Change[]) => void;
  readonly say: (text: string) => void;
}

/** Milliseconds between two looks at what came of the refusals. */
const lookEvery = 2_000;

/** Milliseconds in which a container may show what it tries in vain and does well without. */
const learning = 60_000;

/** Kinds of refusals that are reported for one container. */
const mostKinds = 50;

/** What is allowed by a setting without a path. */
const withoutPath: readonly Layer[] = ["seccomp", "capability", "pids limit", "memory limit", "ulimit"];

/** What is known of one container. */
interface Known {
  /** When it was seen first, or started. Milliseconds since 1970. */
  readonly since: number;
  /** A kind is a call that one rule refuses, with `!` where a program ended by it. */
  readonly kinds: Set<string>;
}

/**
 * Follows the calls of all containers of the Engine. Of each kind of refusal the first is reported: at once where its program ended by it,
 * else if it is not among what the container was refused in its first minute. Fails where the kernel cannot be traced from here.
 */
export async function watchRefusals(options: RefusalOptions): Promise<Result<Refusals>> {
  const reader = await connectEngine(options.connect);
  if (!reader.ok) return reader;
  const asked = askWhy(reader.value);
  if (!asked.ok) {
    await reader.value.close();
    return failed(asked.reason);
  }
  const why = asked.value;
  const known = new Map<string, Known>();

  async function meet(id: string, running: boolean): Promise<void> {
    known.set(id, { since: Date.now(), kinds: known.get(id)?.kinds ?? new Set() });
    if (!running) await why.made(id);
    else if (!(await why.join(id)).ok) await why.made(id);
  }

  /** Not at once: what a container of `docker run --rm` was refused is reported once its end is known. */
  function forget(id: string): void {
    known.delete(id);
    why.forget(id);
  }

  function look(): void {
    const changes = why.news().flatMap((refused) => newsOf(refused, known.get(refused.container.id)));
    if (changes.length > 0) options.report(changes);
  }

  why.followEngine();
  for (const { id, running } of options.containers()) await meet(id, running);
  const timer = setInterval(() => {
    look();
    // containerd may be another by now.
    why.followEngine();
  }, lookEvery);
  timer.unref();
  return ok({
    event({ type, action, id, name = "" }) {
      // A proof tries what is refused.
      if (type !== "container" || isOfProof({ id, name })) return;
      if (action === "create") why.followEngine();
      if (action === "create" || action === "start")
        meet(id, false).catch((error: unknown) =>
          options.say(`what container ${id.slice(0, 12)} is refused is not known: ${visible(String(error))}`),
        );
      if (action === "destroy") setTimeout(() => forget(id), 2 * lookEvery).unref();
    },
    async close() {
      clearInterval(timer);
      why.close();
      await reader.value.close();
    },
  });
}

/** A refusal as a change; none where its kind is known. */
export function newsOf(refused: Refused, known: Known | undefined): readonly Change[] {
  const { refusal, rule, time } = refused;
  const [control] = suspects[rule.layer];
  const harmful = isHarmful(refused);
  const kind = `${refusal.call} ${rule.layer}`;
  // What a program did without may end it another time, and then is news.
  const isKnown = known?.kinds.has(`${kind}!`) || (!harmful && known?.kinds.has(kind));
  // Of a rule that nobody can name there is no setting to change.
  if (!known || control === undefined || isKnown || known.kinds.size >= mostKinds) return [];
  known.kinds.add(harmful ? `${kind}!` : kind);
  return harmful || time - known.since > learning ? [changeOf(refused, control, harmful)] : [];
}

function changeOf(refused: Refused, control: string, harmful: boolean): Change {
  const { container, refusal, rule, time, call: refusedAt } = refused;
  const { process, pid, fate, call } = refusal;
  const end =
    fate.kind === "exit"
      ? `, and ended with status ${fate.status}`
      : fate.kind === "signal"
        ? `, and was ended by ${fate.signal}`
        : "";
  // Without a path nobody knows where to let it write.
  const [first] = refusedAt.includes("…") && !withoutPath.includes(rule.layer) ? [] : rule.settings;
  const remedy =
    first === undefined ? "" : `; to allow it: ${container.isCompose ? first.compose : first.run}`;
  const subject = `container:${container.name}`;
  return {
    time: new Date(time).toISOString(),
    change: "refused",
    finding: {
      control,
      verdict: "pass",
      severity: harmful ? "medium" : "low",
      subject,
      message: `${process} had ${sayRefused(refused)}${end}${remedy}`,
      level: "effective",
      locations: [],
      fix: null,
      suppressed: null,
      fingerprint: fingerprint(control, subject, ["refused", call, rule.layer]),
      baseline: null,
      views: [{ level: "effective", verdict: "pass", observed: `${refusal.error} by ${rule.layer}` }],
    },
    cause: { kind: "kernel", call, process, pid },
  };
}

import { recordAt, textAt, textsOf } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import type { EngineClient } from "../engine/client.ts";
import { engineTasks, shimOf, threadsOf } from "../engine/engine-tasks.ts";
import { type EngineStreams, outputFrames } from "../engine/streams.ts";
import { causeOf } from "../trial/compare/cause.ts";
import { maskerOf } from "../trial/isolate.ts";
import { isHere, processesOf, stateOf } from "../trial/state.ts";
import { type AuditLine, type KernelLog, killedFor, openKernelLog, readAuditLine } from "./audit-lines.ts";
import { consequence } from "./follow.ts";
import { readTexts } from "./memory.ts";
import {
  type Asked,
  askedOf,
  faultsOf,
  gathered,
  isAbout,
  isNamedIn,
  type Refused,
  type WhyReport,
} from "./outcome.ts";
import type { Refusal } from "./refusal.ts";
import { ruleOf } from "./rules.ts";
import { openRefusalTrace } from "./trace.ts";
import { spellCall } from "./words.ts";

export interface Why {
  /** Follows a container that runs. Fails where it does not run here. */
  readonly join: (name: string) => Promise<Result<Asked>>;
  /** Follows what the Engine makes from now on. A container is to be named by `made` before it starts. */
  readonly followEngine: () => void;
  readonly made: (id: string) => Promise<void>;
  /** What was refused since this was asked last, once what came of it is known. */
  readonly news: () => readonly Refused[];
  /** A container is gone. */
  readonly forget: (id: string) => void;
  /** What these containers, which were `made`, were refused so far; they are forgotten then. The trace goes on. */
  readonly take: (ids: readonly string[]) => readonly Refused[];
  /** Ends the trace; waits until what follows from the last refusals is known. */
  readonly end: () => Promise<WhyReport>;
  readonly close: () => void;
}

/** Milliseconds until the end of a program, and its last lines, are known. */
const settling = 300;
/** Milliseconds between a refusal and a line of the log that speaks of it. */
const soon = { before: 50, after: 3_000 };
/** Lines that are kept of each container's log. */
const mostLines = 2_000;
/** Kinds of refusals that are kept, and refusals of each whose end is looked at; the rest is counted. */
const mostKinds = 2_000;
const mostKept = 20;

interface Kind {
  readonly kept: Refusal[];
  count: number;
}

interface Line {
  readonly time: number;
  readonly text: string;
}

/**
 * Starts to look for refusals. Without `streams` the containers' logs are not read. Fails with why the kernel cannot be traced.
 */
export function askWhy(reader: EngineClient, streams?: EngineStreams): Result<Why> {
  const begun = Date.now();
  let isOver = false;
  const kinds = new Map<string, Kind>();
  const asked = new Map<string, Asked>();
  const logs = new Map<string, Line[]>();
  const opened = openRefusalTrace((refusal) => {
    if (isOver) return;
    const { container, call, process, error, missing, texts } = refusal;
    const key = [container, call, process, error, missing.at(-1), ...texts].join("\n");
    const kind = kinds.get(key) ?? { kept: [], count: 0 };
    if (kinds.size < mostKinds) kinds.set(key, kind);
    kind.count += 1;
    if (kind.kept.length < mostKept) kind.kept.push(refusal);
  }, readTexts);
  if (!opened.ok) return opened;
  const trace = opened.value;
  const kernelLog = openKernelLog(begun);
  const audit: AuditLine[] = [];
  const ends: (() => void)[] = [kernelLog.close];

  async function know(name: string): Promise<Result<{ readonly one: Asked; readonly inspect: unknown }>> {
    const inspect = await reader.get(`/containers/${encodeURIComponent(name)}/json`);
    if (!inspect.ok)
      return failed(inspect.kind === "missing" ? `there is no container ${name}` : inspect.reason);
    const one = askedOf(inspect.value);
    asked.set(one.id, one);
    await listen(one.id, inspect.value);
    return ok({ one, inspect: inspect.value });
  }

  /** What it writes, as docker attach shows it. Without it causes are still known by the ends of programs. */
  async function listen(id: string, inspect: unknown): Promise<void> {
    if (!streams || logs.has(id)) return;
    const lines: Line[] = [];
    logs.set(id, lines);
    // Of one that began meanwhile the first lines count, too.
    const isNew = Date.parse(textAt(inspect, "Created") ?? "") >= begun;
    const stream = await streams.hijack(
      `/containers/${id}/attach?stream=1&stdout=1&stderr=1${isNew ? "&logs=1" : ""}`,
    );
    if (!stream.ok) return;
    const hide = maskerOf(
      textsOf(recordAt(inspect, "Config").Env).map((each) => {
        const [name = "", ...value] = each.split("=");
        return [name, value.join("=")] as const;
      }),
    );
    const taker = () => {
      let rest = "";
      return (bytes: Buffer) => {
        const texts = `${rest}${bytes.toString("utf8")}`.split("\n");
        rest = (texts.pop() ?? "").slice(-10_000);
        for (const line of faultsOf(texts.join("\n")))
          if (lines.length < mostLines)
            lines.push({
              time: Date.now(),
              text: hide(line)
                .replace(/\p{Cc}/gu, " ")
                .slice(0, 300),
            });
      };
    };
    const take = recordAt(inspect, "Config").Tty === true ? taker() : outputFrames(taker(), taker());
    stream.value.on("data", take);
    ends.push(() => stream.value.destroy());
  }

  function adopt(inspect: unknown, id: string): boolean {
    const state = stateOf(inspect);
    if (!state.running || !isHere(state)) return false;
    const own = processesOf(state.pid).flatMap((each) => threadsOf(each));
    const shim = shimOf(state.pid);
    const shims = shim === undefined ? [] : threadsOf(shim);
    trace.adopt(own, id, false);
    trace.adopt(shims, id, true);
    trace.follow([...own, ...shims]);
    return true;
  }

  /** The line of the log that comes soon after a refusal and is about it. */
  function lineOf(refusal: Refusal): Line | undefined {
    const at = trace.at(refusal.time);
    const lines = (logs.get(refusal.container) ?? []).filter(
      ({ time, text }) => time >= at - soon.before && time <= at + soon.after && isAbout(text, refusal),
    );
    return lines.find(({ text }) => isNamedIn(text, refusal)) ?? lines[0];
  }

  /** What a security module, or seccomp that kills, wrote of it. */
  function auditOf({ pid, error, isSeccomp }: Refusal): AuditLine | undefined {
    if (error === "SIGSYS") return audit.find((each) => each.pid === pid && each.layer === "seccomp");
    const isDenied = !isSeccomp && (error === "EACCES" || error === "EPERM");
    return isDenied ? audit.find((each) => each.pid === pid && each.layer !== "seccomp") : undefined;
  }

  function refusedOf(kept: Refusal): Omit<Refused, "count"> | undefined {
    const container = asked.get(kept.container);
    if (!container) return undefined;
    const line = lineOf(kept);
    const fate =
      line !== undefined && kept.fate.kind === "survived" ? ({ kind: "error" } as const) : kept.fate;
    const path = line === undefined ? undefined : causeOf(line.text)?.path;
    const audited = auditOf(kept);
    const known = audited?.path ?? path;
    const texts =
      kept.texts.length === 0 && known !== undefined ? [known] : kept.texts.map((text) => text ?? known);
    const refusal = { ...kept, fate, texts, call: killedFor(audited) ?? kept.call };
    const rule = audited && audited.layer !== "seccomp" ? audited : ruleOf(refusal, container.facts);
    return {
      container,
      call: spellCall(refusal),
      refusal,
      rule,
      line: line?.text,
      time: trace.at(refusal.time),
    };
  }

  function tell(some: readonly Kind[]): readonly Refused[] {
    return gathered(
      some.flatMap(({ kept, count }) =>
        kept.flatMap((each, index) => {
          const refused = refusedOf(each);
          // Those that were only counted are like the last one that was kept.
          const own = index === kept.length - 1 ? count - index : 1;
          return refused ? [{ ...refused, count: own }] : [];
        }),
      ),
    );
  }

  /** Of a watch that goes on for days the latest lines count. */
  function lookAgain(): void {
    trace.drain();
    audit.push(...auditLinesOf(kernelLog));
    audit.splice(0, audit.length - mostLines);
  }

  let isClosed = false;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    for (const end of ends) end();
    trace.close();
  };
  return ok({
    async join(name) {
      const known = await know(name);
      if (!known.ok) return known;
      if (!adopt(known.value.inspect, known.value.one.id))
        return failed(
          `${known.value.one.name} does not run on this machine: bulkhead why -- docker start -a ${known.value.one.name} shows what its start is refused`,
        );
      return ok(known.value.one);
    },
    followEngine: () => trace.follow(engineTasks()),
    async made(id) {
      await know(id);
    },
    news() {
      lookAgain();
      const isKnown = ({ kept }: Kind) =>
        Date.now() - trace.at(kept.at(-1)?.time ?? 0) > consequence * 1_000 + settling;
      const known = [...kinds].filter(([, kind]) => isKnown(kind));
      for (const [key] of known) kinds.delete(key);
      return tell(known.map(([, kind]) => kind));
    },
    forget: (id) => void asked.delete(id),
    take(ids) {
      lookAgain();
      const isTheirs = (each: { readonly kept: readonly Refusal[] }) =>
        ids.includes(each.kept[0]?.container ?? "");
      const refused = tell([...kinds.values()].filter(isTheirs));
      for (const [key, each] of kinds) if (isTheirs(each)) kinds.delete(key);
      for (const id of ids) asked.delete(id);
      return refused;
    },
    async end() {
      trace.drain();
      // Only what follows from the refusals so far is still looked at.
      isOver = true;
      await new Promise((resolve) => setTimeout(resolve, settling));
      lookAgain();
      const seconds = Math.round((Date.now() - begun) / 100) / 10;
      close();
      return {
        containers: [...asked.values()],
        refused: tell([...kinds.values()]),
        seconds,
        lost: trace.lost(),
      };
    },
    close,
  });
}

function auditLinesOf(log: KernelLog): readonly AuditLine[] {
  return log.read().flatMap(({ text }) => readAuditLine(text) ?? []);
}

import { recordAt, textAt, textsOf } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import type { EngineClient } from "../engine/client.ts";
import { containerFromInspect } from "../engine/documents/inspect.ts";
import { engineTasks, shimOf, threadsOf } from "../engine/engine-tasks.ts";
import { type EngineStreams, outputFrames } from "../engine/streams.ts";
import { callName, ownArchitecture } from "../engine/system-calls.ts";
import { type Container, projectOf } from "../model/container.ts";
import { causeOf } from "../trial/cause.ts";
import { maskerOf } from "../trial/isolate.ts";
import { errorLines } from "../trial/judge.ts";
import { isHere, processesOf, stateOf } from "../trial/state.ts";
import { type AuditLine, type KernelLog, openKernelLog, readAuditLine } from "./audit-lines.ts";
import { readTexts } from "./memory.ts";
import type { Refusal } from "./refusal.ts";
import { speaksOf } from "./refusal.ts";
import { ruleOf } from "./rules.ts";
import type { Rule } from "./setting.ts";
import { openRefusalTrace } from "./trace.ts";
import { spellCall } from "./words.ts";

/** A container whose refused calls are reported. */
export interface Asked {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Docker Compose made it: what is to change stands in a Compose file. */
  readonly isCompose: boolean;
  readonly facts: Container;
}

export function askedOf(inspect: unknown): Asked {
  const facts = containerFromInspect(inspect);
  return {
    id: textAt(inspect, "Id") ?? "",
    name: (textAt(inspect, "Name") ?? "").replace(/^\//, ""),
    image: textAt(inspect, "Config", "Image") ?? "",
    isCompose: projectOf(facts) !== undefined,
    facts,
  };
}

/** Refusals of one kind: one call of one program, by one rule. */
export interface Refused {
  readonly container: Asked;
  readonly call: string;
  readonly refusal: Refusal;
  readonly rule: Rule;
  /** The line of the container's log that speaks of it. */
  readonly line: string | undefined;
  /** Milliseconds since 1970, the first one's. */
  readonly time: number;
  readonly count: number;
}

export interface Ended {
  readonly container: Asked;
  readonly status: number;
  /** What the runtime said when it could not start it; "" where it started. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface WhyReport {
  readonly containers: readonly Asked[];
  readonly refused: readonly Refused[];
  /** Of a look back: containers that failed, and of which nothing shows why. Undefined where the calls were watched. */
  readonly unexplained?: readonly Ended[];
  /** Seconds. */
  readonly seconds: number;
  /** Events of the trace that came too fast. */
  readonly lost: number;
}

export interface Why {
  /** Follows a container that runs. Fails where it does not run here. */
  readonly join: (name: string) => Promise<Result<Asked>>;
  /** Follows what the Engine makes from now on. A container is to be named by `made` before it starts. */
  readonly followEngine: () => void;
  readonly made: (id: string) => Promise<void>;
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
    const own = processesOf(state.pid).flatMap(threadsOf);
    const shim = shimOf(state.pid);
    const shims = shim === undefined ? [] : threadsOf(shim);
    trace.adopt(own, id, false);
    trace.adopt(shims, id, true);
    trace.follow([...own, ...shims]);
    return true;
  }

  /**
   * The line of the log that speaks of a refusal: it has the error's words, comes soon after, and names the program or the call, or
   * at least no other program.
   */
  function lineOf({ container, error, time, process, call }: Refusal): Line | undefined {
    const at = trace.at(time);
    const lines = (logs.get(container) ?? []).filter(
      (line) => line.time >= at - soon.before && line.time <= at + soon.after && speaksOf(line.text, error),
    );
    const names = ({ text }: Line) => text.includes(process) || text.includes(call);
    return lines.find(names) ?? lines.find(({ text }) => !/^[\w./-]*[a-z][\w./-]*: /.test(text));
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
    take(ids) {
      trace.drain();
      audit.push(...auditLinesOf(kernelLog));
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
      trace.drain();
      audit.push(...auditLinesOf(kernelLog));
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

/** The lines that report a fault. After a mere warning a program goes on. */
export function faultsOf(log: string): readonly string[] {
  return errorLines(log).filter((line) => !/\bwarn(?:ing)?\b/i.test(line));
}

/** The call that seccomp killed for. */
export function killedFor(line: AuditLine | undefined): string | undefined {
  const architecture = ownArchitecture();
  return line?.call === undefined || !architecture ? undefined : callName(line.call, architecture);
}

/** One for each call of one program that one setting would let through, the harmful ones first. */
export function gathered(some: readonly Refused[]): readonly Refused[] {
  const all = new Map<string, Refused>();
  for (const refused of some) {
    const { container, refusal, rule } = refused;
    const settings = rule.settings.map(({ compose }) => compose);
    const { call, process, error } = refusal;
    const key = [container.id, call, process, error, rule.because, ...settings].join("\n");
    const earlier = all.get(key);
    const first = earlier && (isHarmful(earlier) || !isHarmful(refused)) ? earlier : refused;
    const line = first.line ?? refused.line;
    all.set(key, { ...first, line, count: refused.count + (earlier?.count ?? 0) });
  }
  return [...all.values()].toSorted((a, b) => Number(isHarmful(b)) - Number(isHarmful(a)) || a.time - b.time);
}

/** Whether the program ended, or logged an error, right after it; else it went on without. */
export function isHarmful({ refusal }: Pick<Refused, "refusal">): boolean {
  return refusal.fate.kind !== "survived";
}

import { textAt } from "../base/json.ts";
import { containerFromInspect } from "../engine/documents/inspect.ts";
import { type Container, projectOf } from "../model/container.ts";
import { causeOf } from "../trial/compare/cause.ts";
import { errorLines } from "../trial/compare/judge.ts";
import { type Refusal, speaksOf } from "./refusal.ts";
import type { Rule } from "./setting.ts";

/** A container whose refused calls are reported. */
export interface Asked {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Docker Compose made it: the setting to change is in a Compose file. */
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
  /** Of a look back: containers that failed while no log shows why. Undefined where the calls were watched. */
  readonly unexplained?: readonly Ended[];
  /** Seconds. */
  readonly seconds: number;
  /** Events of the trace that came too fast. */
  readonly lost: number;
}

/** Whether a line names the program or the call. */
export function isNamedIn(line: string, { process, call }: Refusal): boolean {
  return line.includes(process) || line.includes(call);
}

/**
 * Whether a line of a log is about a refusal: it has the error's words, names no other path, and names the program or the call, or at
 * least no other program.
 */
export function isAbout(line: string, refusal: Refusal): boolean {
  if (!speaksOf(line, refusal.error)) return false;
  const path = causeOf(line)?.path;
  const own = refusal.texts.flatMap((text) => (text?.startsWith("/") ? [withoutSlash(text)] : []));
  if (path !== undefined && own.length > 0 && !own.includes(withoutSlash(path))) return false;
  return isNamedIn(line, refusal) || !/^[\w./-]*[a-z][\w./-]*: /.test(line);
}

/** A program may print a path without the slash at its end. */
function withoutSlash(path: string): string {
  return path.replace(/\/$/, "");
}

/** The lines that report a fault. After a mere warning a program goes on. */
export function faultsOf(log: string): readonly string[] {
  return errorLines(log).filter((line) => !/\bwarn(?:ing)?\b/i.test(line));
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

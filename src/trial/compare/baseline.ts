import type { ExpectedAnswer } from "../checks.ts";
import type { TrialRun } from "../run.ts";
import type { Expectation, Phase } from "./expected.ts";
import { type Likeness, likenessOf } from "./likeness.ts";

/** How the workload behaves untouched, from two runs. */
export interface Baseline {
  readonly expected: ReadonlyMap<string, Expectation>;
  /** The logs of both runs, by service. */
  readonly logs: ReadonlyMap<string, readonly string[]>;
  /** Whether a declared health check ran. */
  readonly hasHealth: boolean;
  readonly answers: Readonly<Record<Phase, ReadonlyMap<string, ExpectedAnswer>>>;
  readonly seesListens: boolean;
  readonly seesFiles: boolean;
  /** Services with a scheduler in them: each run spans its next minute. */
  readonly scheduled: readonly string[];
  /** Milliseconds until it worked, of the slower run. */
  readonly readyAfter: number;
}

/** What is the same in both runs: only that can be asked of a hardened one. */
export function baselineOf(one: TrialRun, other: TrialRun): Baseline {
  const names = [...one.services.keys()].filter((name) => other.services.has(name));
  const pairs = names.flatMap((name) => {
    const [a, b] = [one.services.get(name), other.services.get(name)];
    return a && b ? [{ name, a, b }] : [];
  });
  return {
    expected: new Map(
      pairs.map(({ name, a, b }) => [
        name,
        {
          listens: a.listens.filter((port) => b.listens.includes(port)),
          ends: !a.state.running && !b.state.running,
          restarts: Math.max(a.state.restarts, b.state.restarts),
          files: { first: common("first", a, b), again: common("again", a, b) },
          contents: { first: alike("first", a, b), again: alike("again", a, b) },
          stop:
            a.stop && b.stop
              ? { exitCodes: [a.stop.exitCode, b.stop.exitCode], took: Math.max(a.stop.took, b.stop.took) }
              : undefined,
          reload: a.reload === undefined || b.reload === undefined ? undefined : Math.max(a.reload, b.reload),
        },
      ]),
    ),
    answers: { first: answersOf("first", one, other), again: answersOf("again", one, other) },
    logs: new Map(pairs.map(({ name, a, b }) => [name, [a.log, b.log]])),
    hasHealth: pairs.some(({ a }) => a.hasHealth),
    seesListens: pairs.some(({ a }) => a.listens.length > 0),
    seesFiles: pairs.some(({ a }) => (a.files.again?.size ?? 0) > 0),
    scheduled: pairs.flatMap(({ name, a }) => (a.hasScheduler ? [name] : [])),
    readyAfter: Math.max(one.readyAfter, other.readyAfter),
  };
}

type Files = TrialRun["services"] extends ReadonlyMap<string, infer S> ? S : never;

/** The paths that both have, with whether both have content there. */
function common(phase: Phase, a: Files, b: Files): ReadonlyMap<string, boolean> {
  const other = b.files[phase];
  return new Map(
    [...(a.files[phase] ?? [])].flatMap(([path, size]) =>
      other?.has(path) ? [[path, (size ?? 0) > 0 && (other.get(path) ?? 0) > 0] as const] : [],
    ),
  );
}

/**
 * What is in the files that both have. One that is not the image's counts only where it is the same in both runs, before and after
 * the restart: then it is no log, and no counter.
 */
function alike(phase: Phase, a: Files, b: Files): ReadonlyMap<string, Likeness> {
  const [own, other] = [a.contents[phase], b.contents[phase]];
  return new Map(
    [...(own ?? [])].flatMap(([path, given]) => {
      const twin = other?.get(path);
      if (!twin) return [];
      const all = [a.contents.first, b.contents.first, a.contents.again, b.contents.again];
      const digests = new Set(all.map((contents) => contents?.get(path)?.digest));
      const isSame = digests.size === 1;
      return isSame || given.ofImage ? [[path, likenessOf([given, twin])] as const] : [];
    }),
  );
}

function answersOf(phase: Phase, one: TrialRun, other: TrialRun): ReadonlyMap<string, ExpectedAnswer> {
  return new Map(
    [...one.answers[phase]].map(([check, own]) => {
      const all = [...own, ...(other.answers[phase].get(check) ?? [])];
      const statuses = [...new Set(all.map(({ status }) => status))];
      return [check, { statuses, body: likenessOf(all.map(({ body }) => body)) }];
    }),
  );
}

/** Why two untouched runs are no ground to judge a hardened one by, and whose fault it is where one service's is. */
export interface Unsteady {
  /** A clause. */
  readonly reason: string;
  readonly service: string | undefined;
}

/** Undefined where they are a ground to judge by. */
export function unsteady(one: TrialRun, other: TrialRun): Unsteady | undefined {
  const failures = [one.failure, other.failure].filter((each) => each !== undefined);
  const [first] = failures;
  const more = first?.isFinal === false ? "; --start-timeout gives it more time" : "";
  const service = first?.service;
  if (first && failures.length === 2)
    return { reason: `it does not run untouched: ${first.reason}${more}`, service };
  if (first) {
    const reason = `it is not steady: one of two untouched runs failed: ${first.reason}${more}`;
    return { reason, service };
  }
  for (const [name, { state }] of one.services) {
    const twin = other.services.get(name)?.state;
    if (twin && twin.running !== state.running) {
      return { reason: `it is not steady: ${name} ended in one of two untouched runs`, service: name };
    }
  }
  return undefined;
}

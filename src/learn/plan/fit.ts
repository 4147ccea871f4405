import { dirname } from "node:path";
import type { Cause, CauseKind } from "../../trial/compare/cause.ts";
import { isScratch } from "../../trial/written.ts";

/** What may be given to a service again after a run that failed. */
export interface Grants {
  readonly service: string;
  readonly hasUser: boolean;
  readonly capabilities: readonly string[];
  /** What it has today: no more is ever given. */
  readonly before: readonly string[];
  /** Folders that a run made writable. */
  readonly scratch: readonly string[];
  /** The controls of its steps. */
  readonly controls: readonly string[];
}

/** What to change before the next run. */
export type PlanChange =
  | { readonly kind: "capabilities"; readonly service: string; readonly add: readonly string[] }
  | { readonly kind: "user"; readonly service: string }
  /** A tmpfs at this folder. */
  | { readonly kind: "scratch"; readonly service: string; readonly path: string }
  /** Without the step of this control. */
  | { readonly kind: "step"; readonly service: string; readonly control: string };

/** A file that is not open to root without it (capabilities(7)). */
const opensFiles = "DAC_OVERRIDE";

/** Failures that no capability and no user helps. */
const helpless: ReadonlySet<CauseKind | undefined> = new Set([
  "readOnly",
  "limit",
  "unreachable",
  "otherContent",
]);

/**
 * What a failed run asks for: a folder to write into, the step that a refusal names, the capability that its logs name, else the old user, else every capability of the service that
 * failed. Undefined where nothing is left to give. Pure.
 */
export function changeAfter(
  causes: readonly (Cause & { readonly service: string })[],
  culprit: string | undefined,
  all: readonly Grants[],
): PlanChange | undefined {
  const [first] = causes;
  const failing = all.find(({ service }) => service === first?.service);
  if (first && failing && helpless.has(first.kind)) {
    // The trace shows no path of a call that is made too often; most that a program writes without a word is below /tmp.
    const folder = first.path === undefined ? "/tmp" : dirname(first.path);
    if (first.kind === "readOnly" && isScratch(folder) && !failing.scratch.includes(folder)) {
      return { kind: "scratch", service: failing.service, path: folder };
    }
    const control = first.suspects.find((each) => failing.controls.includes(each));
    if (control !== undefined) return { kind: "step", service: failing.service, control };
  }
  const order = all.toSorted((a, b) => Number(b.service === culprit) - Number(a.service === culprit));
  for (const cause of causes) {
    const own = all.find(({ service }) => service === cause.service);
    const name = cause.capability ?? (cause.kind === "denied" ? opensFiles : undefined);
    if (!own || own.hasUser || name === undefined) continue;
    const isNew = own.before.includes(name) && !own.capabilities.includes(name);
    if (isNew) return { kind: "capabilities", service: own.service, add: [name] };
  }
  const asOther = order.find(({ hasUser }) => hasUser);
  if (asOther) return { kind: "user", service: asOther.service };
  for (const { service, capabilities, before } of order) {
    const add = before.filter((name) => !capabilities.includes(name));
    if (add.length > 0) return { kind: "capabilities", service, add };
  }
  return undefined;
}

/** What a run with some members showed. */
interface Without {
  readonly works: boolean;
  /** Why it does not. */
  readonly reason: string | undefined;
}

interface Minimal<M> {
  /** Each with what fails without it. */
  readonly needed: ReadonlyMap<M, string>;
  readonly runs: number;
}

/**
 * A smallest set with which it works: without any one of its members it fails. All members together are known to work, and a
 * member more never hurts. Each is left out by itself first, several runs at a time.
 */
export async function minimalSet<M>(
  members: readonly M[],
  run: (kept: readonly M[]) => Promise<Without>,
  atOnce: number,
): Promise<Minimal<M>> {
  let runs = 0;
  const attempt = async (kept: readonly M[]): Promise<Without> => {
    runs += 1;
    return await run(kept);
  };
  const alone = await inParallel(members, atOnce, async (member) => ({
    member,
    ...(await attempt(members.filter((each) => each !== member))),
  }));
  const needed = new Map<M, string>();
  for (const { member, works, reason } of alone)
    if (!works) needed.set(member, reason ?? "it fails without it");
  const spare = members.filter((member) => !needed.has(member));
  if (spare.length < 2) return { needed, runs };
  const least = await attempt([...needed.keys()]);
  if (least.works) return { needed, runs };
  // One of several does: the first that can go goes.
  let kept = [...members];
  for (const member of spare) {
    const rest = kept.filter((each) => each !== member);
    const tried = await attempt(rest);
    if (tried.works) kept = rest;
    else needed.set(member, tried.reason ?? "it fails without it");
  }
  return { needed, runs };
}

/** Maps with at most so many at work. */
async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}

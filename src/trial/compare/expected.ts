import type { CheckFailure } from "../checks.ts";
import { type ContainerState, listensOf } from "../state.ts";
import type { WrittenFiles } from "../written.ts";
import { differenceFrom, type Given, type Likeness } from "./likeness.ts";

/** What a service did when it ran untouched, so that a run waits for the same. */
export interface Expectation {
  readonly listens: readonly string[];
  /** It ends by itself with status 0. */
  readonly ends: boolean;
  readonly restarts: number;
  /** Files that it has at the end of each phase. */
  readonly files: Readonly<Record<Phase, ReadonlyMap<string, boolean>>>;
  /** What is in files of the image that it changed. */
  readonly contents: Readonly<Record<Phase, ReadonlyMap<string, Likeness>>>;
  /** How it ended when it was stopped; undefined where it ends by itself. */
  readonly stop: { readonly exitCodes: readonly number[]; readonly took: number } | undefined;
  /** Milliseconds that a reload took; undefined where it is not asked for one. */
  readonly reload: number | undefined;
}

export type Phase = "first" | "again";

/** A file that the untouched runs had and this one has not, or has empty. */
export function lacking(expected: ReadonlyMap<string, boolean>, files: WrittenFiles) {
  for (const [path, hasContent] of expected) {
    if (!files.has(path)) return { path, how: "is not there", isOtherContent: false };
    if (hasContent && files.get(path) === 0) return { path, how: "is empty", isOtherContent: false };
  }
  return undefined;
}

/** A file that has another content than in the untouched runs. What it is may be secret. */
export function otherwise(likenesses: ReadonlyMap<string, Likeness>, given: ReadonlyMap<string, Given>) {
  for (const [path, likeness] of likenesses) {
    const content = given.get(path);
    if (content && differenceFrom(likeness, content) !== undefined)
      return { path, how: "has other content than untouched", isOtherContent: true };
  }
  return undefined;
}

/** On a busy machine everything takes longer. Milliseconds. */
export function slowerThan(took: number): number {
  return took * 3 + 4_000;
}

export function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

export function hasEnded(states: ReadonlyMap<string, ContainerState>, name: string): boolean {
  const state = states.get(name);
  return state !== undefined && !state.running && !state.restarting;
}

/** What is not, or not yet, as it should be. */
export function lookAt(
  states: ReadonlyMap<string, ContainerState>,
  {
    services,
    expected,
  }: { readonly services: readonly string[]; readonly expected: ReadonlyMap<string, Expectation> },
): CheckFailure | undefined {
  let waiting: CheckFailure | undefined;
  for (const name of services) {
    const state = states.get(name);
    const fail = (kind: CheckFailure["kind"], reason: string, isFinal: boolean): CheckFailure => ({
      kind,
      service: name,
      reason: `${name} ${reason}`,
      isFinal,
    });
    if (!state) return fail("restart", "has no container", false);
    const known = expected.get(name);
    if (state.error !== "")
      return { ...fail("restart", `cannot start: ${state.error}`, true), byEngine: true };
    if (state.restarts > (known?.restarts ?? 3))
      return fail("restart", `keeps restarting${statusOf(state)}`, true);
    const isOver = !state.running && !state.restarting;
    if (isOver && state.exitCode !== 0) return fail("restart", `ended${statusOf(state)}`, true);
    if (isOver && known && !known.ends) return fail("restart", `ended${statusOf(state)}`, true);
    if (state.health === "unhealthy") return fail("health", "is unhealthy", true);
    if (state.restarting) waiting ??= fail("restart", "is restarting", false);
    if (known?.ends && !isOver) waiting ??= fail("restart", "does not end, as it did untouched", false);
    if (state.running && state.health === "starting")
      waiting ??= fail("health", "did not become healthy", false);
    const missing = state.running ? known?.listens.filter((port) => !listensOf(state).includes(port)) : [];
    if (missing && missing.length > 0)
      waiting ??= fail("listens", `does not listen on ${missing.join(", ")}`, false);
  }
  return waiting;
}

function statusOf({ exitCode, oomKilled }: ContainerState): string {
  return oomKilled ? ", killed for lack of memory" : ` with status ${exitCode}`;
}

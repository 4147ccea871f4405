import type { Cause } from "../change.ts";

/**
 * What is to be looked at next. Ten thousand events of one container are one entry: memory goes with what there is to look at,
 * not with what is told of it.
 */
export interface Pending {
  /** Read everything again. */
  full: Cause | undefined;
  sweep: boolean;
  /** Containers to be read, with the first event that asked for it. */
  readonly containers: Map<string, Cause>;
  readonly gone: Map<string, Cause>;
  /** Execs to be read, by id. */
  readonly execs: Map<string, PendingExec>;
  readonly endedExecs: Map<string, { readonly container: string; readonly cause: Cause }>;
  /** Containers whose kernel state to read again. */
  readonly again: Map<string, PendingLook>;
}

export interface PendingExec {
  readonly container: string;
  /** Once its process is known, the cause names it. */
  readonly cause: (process: string | undefined) => Cause;
}

export interface PendingLook {
  readonly cause: Cause;
  readonly attempt: number;
}

export function nothingPending(): Pending {
  return {
    full: undefined,
    sweep: false,
    containers: new Map(),
    gone: new Map(),
    execs: new Map(),
    endedExecs: new Map(),
    again: new Map(),
  };
}

/** The first cause stands: a start that follows a creation tells nothing that the creation did not. */
export function add<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value);
}

/** Takes the entries that may be worked on now out of the map. */
export function takeOut<T>(
  map: Map<string, T>,
  may: (key: string, value: T) => boolean = () => true,
): readonly (readonly [string, T])[] {
  const taken = [...map].filter(([key, value]) => may(key, value));
  for (const [key] of taken) map.delete(key);
  return taken;
}

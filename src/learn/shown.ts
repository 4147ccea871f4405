/**
 * What trials showed a service to need. With --merge it holds for later runs, too, which may not use what needed it: a week of
 * runs adds up, and none of them takes away what another one needed.
 */
export interface ShownNeeds {
  /** Capabilities, each with what failed without it. */
  readonly needed: ReadonlyMap<string, string>;
  /** Why it cannot start as the user that it switches to; undefined where no run showed that. */
  readonly whyNotUser: string | undefined;
  /** Steps that broke it, by key. */
  readonly broken: ReadonlyMap<string, Breakage>;
}

interface Breakage {
  readonly reason: string;
  readonly evidence: readonly string[];
}

export const nothingShown: ShownNeeds = { needed: new Map(), whyNotUser: undefined, broken: new Map() };

/** Everything that either showed. Of two reasons the first one stays. */
export function mergeShown(one: ShownNeeds, other: ShownNeeds): ShownNeeds {
  return {
    needed: new Map([...other.needed, ...one.needed]),
    whyNotUser: one.whyNotUser ?? other.whyNotUser,
    broken: new Map([...other.broken, ...one.broken]),
  };
}

export function sayEarlier(reason: string): string {
  return `in an earlier run: ${reason}`;
}

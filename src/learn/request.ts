import type { Result } from "../base/result.ts";
import type { TrialSource } from "../fix/verify/source.ts";
import type { Planned } from "../fix/write-plans.ts";
import type { Observation } from "./observe/observe.ts";

/** Where the profiles of a workload go. */
export interface ProfilePlace {
  /** The folder that their relative paths begin in. */
  readonly folder: string;
  /** The path of a profile, as the hardened text names it: `seccomp/web.json`. */
  readonly pathOf: (kind: "seccomp" | "apparmor", service: string) => string;
  /** What its AppArmor profile is called on this machine. */
  readonly appArmorName: (service: string) => string;
}

export interface LearnMemory {
  /** Merges what was seen of a service with what earlier runs saw, and keeps that. */
  readonly merge: (
    plan: Planned,
    seen: Observation,
  ) => Result<{ readonly seen: Observation; readonly shown: ShownNeeds }>;
  /** Keeps what its trials showed. */
  readonly keep: (plan: Planned, shown: ShownNeeds) => Result<void>;
}

/** One project to learn from. */
export interface LearnRequest {
  /** With the steps that fix would make of what learn does not find out itself. */
  readonly plans: readonly Planned[];
  readonly sourceOf: (plans: readonly Planned[]) => TrialSource;
  /** Milliseconds that the untouched workload, and the result, are watched. */
  readonly watchFor: number | undefined;
  readonly hostCpus: number | undefined;
  /** Whether limits of disks are wanted, which name devices of this host. */
  readonly limitsDisks: boolean;
  /** What earlier runs found; undefined without --merge. */
  readonly memory: LearnMemory | undefined;
  readonly profiles: ProfilePlace;
  /** Controls that are left as they are. */
  readonly skip: readonly string[];
}

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

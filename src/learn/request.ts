import type { Result } from "../base/result.ts";
import type { TrialSource } from "../fix/verify/source.ts";
import type { Planned } from "../fix/write-plans.ts";
import type { Observation } from "./observe/observe.ts";
import type { ShownNeeds } from "./shown.ts";

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

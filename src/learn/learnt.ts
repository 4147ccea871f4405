import type { Step } from "../fix/plan/step.ts";
import type { Checked } from "../fix/verify/verify.ts";
import type { Planned } from "../fix/write-plans.ts";
import type { LearntAppArmor } from "./apparmor/learnt.ts";
import type { Observation } from "./observe/observe.ts";
import type { ProcessUser } from "./observe/users.ts";
import type { ProfilePlace } from "./request.ts";

/** A step that does not hold, with why. */
export interface BrokenStep {
  readonly step: Step;
  readonly reason: string;
  readonly evidence: readonly string[];
}

export interface LearntSeccomp {
  /** As the hardened text names it. */
  readonly path: string;
  readonly text: string;
  /** The calls that it was seen to make. */
  readonly names: readonly string[];
  /** Calls that it tried, and that were refused without harm. */
  readonly refused: readonly string[];
  /** How many calls it does not allow of those that Docker's own profile of today allows. */
  readonly narrower: number;
  /** The socket families that it allows, by number; undefined where all that no advisory asks to close. */
  readonly families: readonly number[] | undefined;
  /** What it allows and Docker's own stops: empty, unless the workload had another profile. */
  readonly wider: readonly string[];
}

export interface VolumeMount {
  readonly name: string;
  readonly target: string;
}

/** What was learnt of one service. */
export interface Learnt {
  /** With the steps that hold: exactly they were verified together. */
  readonly plan: Planned;
  /** Why nothing was learnt; undefined where something was. */
  readonly failure: string | undefined;
  /** Whether that is because it does not run untouched, or not twice the same. */
  readonly isUnsteady: boolean;
  readonly check: Checked;
  readonly seen: Observation | undefined;
  /** Whether something used it while it was watched, beside its checks. */
  readonly isLoaded: boolean;
  /** Why the kernel was not traced; undefined where it was. */
  readonly untraced: string | undefined;
  readonly capabilities: {
    /** What it has today. */
    readonly before: readonly string[];
    /** Each with what failed in the run without it. */
    readonly needed: ReadonlyMap<string, string>;
  };
  readonly user: {
    /** Whom it could start as; undefined where it ends as whom it starts as. */
    readonly candidate: ProcessUser | undefined;
    /** Why it cannot; undefined where it can. */
    readonly reason: string | undefined;
  };
  /** The profile that its steps name; undefined where there is none. */
  readonly seccomp: LearntSeccomp | undefined;
  /** Undefined where it was not seen what it writes, or nobody wants one. */
  readonly apparmor: LearntAppArmor | undefined;
  /** Named volumes for folders with data, and whether it works with them and a read-only root. */
  readonly volumes:
    | {
        readonly mounts: readonly VolumeMount[];
        readonly works: boolean;
        readonly reason: string | undefined;
      }
    | undefined;
  readonly broken: readonly BrokenStep[];
  readonly profiles: ProfilePlace;
  readonly starts: number;
  readonly seconds: number;
}

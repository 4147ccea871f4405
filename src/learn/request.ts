import type { Result } from "../base/result.ts";
import type { TrialSource } from "../fix/verify/source.ts";
import type { Planned } from "../fix/write-plans.ts";
import type { Observation } from "./observe/observe.ts";

/** One project to learn from. */
export interface LearnRequest {
  /** With the steps that fix would make of what learn does not find out itself. */
  readonly plans: readonly Planned[];
  readonly sourceOf: (plans: readonly Planned[]) => TrialSource;
  /** Milliseconds that the untouched workload, and the result, are watched. */
  readonly watchFor: number | undefined;
  readonly hostCpus: number | undefined;
  /** Merges what was seen of a service with what earlier runs saw, and keeps that; undefined without --merge. */
  readonly merge: ((plan: Planned, seen: Observation) => Result<Observation>) | undefined;
  /** Controls that are left as they are. */
  readonly skip: readonly string[];
}

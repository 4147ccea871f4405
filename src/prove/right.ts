import type { Result } from "../base/result.ts";
import type { Capability } from "../model/container/capability.ts";
import { verdict } from "./experiment/verdict.ts";
import { tryWays, type Ways, type WayTried } from "./experiment/ways.ts";
import { type About, type Measurement, measurement, type Probe, type ProbeTarget } from "./probe.ts";

/**
 * A right that a process may have, and every equivalent way to use it. It is held where all of them fail.
 */
export interface Right extends Omit<About, "looser"> {
  /** The capability that it needs. */
  readonly needs?: Capability;
  /** Every way, or the ways that depend on what is there: `attempt` tries them. */
  readonly ways:
    | Ways
    | ((
        target: ProbeTarget,
        attempt: (ways: Ways) => Promise<Result<readonly WayTried[]>>,
      ) => Promise<Result<readonly WayTried[]>>);
  /** Errors that the layers which may hold it give, beside EPERM, and SIGSYS and ENOSYS of a seccomp filter. */
  readonly refusals?: readonly string[];
}

/** Errors of a missing capability and of a seccomp filter. */
const filtered = ["EPERM", "SIGSYS", "ENOSYS"];

export function right(given: Right): Probe & Measurement<readonly WayTried[]> {
  const { ways, needs, refusals = [], ...about } = given;
  return measurement({
    ...about,
    looser: "open",
    experiment(target) {
      const attempt = (all: Ways) => tryWays(target, all, needs);
      return typeof ways === "function" ? ways(target, attempt) : attempt(ways);
    },
    judge: ({ subject, control }) =>
      verdict(subject, control, {
        refusals: [...filtered, ...refusals],
        looser: "a privileged container of the same image",
      }),
  });
}

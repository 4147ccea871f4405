/**
 * What an experiment in the kernel says of a control. `held`: it was tried, it failed as it should, and the same
 * experiment succeeds in a looser container. `notHeld`: it succeeded. `inconclusive`: nothing can be said. `notTried`:
 * not held by configuration, and too dangerous to try.
 */
export const outcomes = ["held", "notHeld", "inconclusive", "notTried"] as const;
export type Outcome = (typeof outcomes)[number];

export interface Proved {
  readonly probe: string;
  readonly control: string;
  readonly outcome: Outcome;
  /** One sentence: what was tried and what the kernel answered. Never holds a secret. */
  readonly evidence: string;
}

/** Everything that was tried on one subject. */
export interface Proof {
  /** The subject's id: `container:web`, `image:web:1`, `compose.yaml#web`. */
  readonly subject: string;
  /** `twin`: in a throw-away container like it. `inPlace`: in itself. */
  readonly where: "twin" | "inPlace";
  readonly probes: readonly Proved[];
  /** Probes that have nothing to try on this subject: it has no tmpfs, it mounts nothing read-only. */
  readonly notApplicable: readonly {
    readonly probe: string;
    readonly control: string;
    readonly reason: string;
  }[];
}

/**
 * What an experiment in the kernel says of a control. `held`: it was tried, it failed as it should, and the same
 * experiment succeeds in a looser container. `notHeld`: it succeeded. `inconclusive`: nothing can be said.
 */
export const outcomes = ["held", "notHeld", "inconclusive"] as const;
export type Outcome = (typeof outcomes)[number];

export interface Proved {
  readonly probe: string;
  readonly control: string;
  readonly outcome: Outcome;
  /** One sentence: what was tried and what the kernel answered. Never holds a secret. */
  readonly evidence: string;
  /**
   * Of what held in a twin: the controls that hold it, each of them alone where they are several. Empty where that could
   * not be shown.
   */
  readonly by?: readonly string[];
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
  /** Where the running container is not what its configuration says, whatever its twin shows. */
  readonly deviations?: readonly Deviation[];
}

export interface Deviation {
  /** The controls that do not hold for it. */
  readonly controls: readonly string[];
  /** One clause: `memory: the Engine says 32 MiB, the kernel says no limit`. */
  readonly message: string;
}

/** A probe that held in an earlier proof of a container and does not hold in the latest. Times are ISO 8601, UTC. */
export interface LostProof {
  readonly probe: string;
  readonly control: string;
  /** What the probe tries, as in `it can TRIES`. */
  readonly tries: string;
  readonly evidence: string;
  /** When it held last. */
  readonly held: string;
  /** When it did not hold first. */
  readonly lost: string;
}

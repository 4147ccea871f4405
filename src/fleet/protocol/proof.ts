import type { JobEnded } from "./job.ts";

/** What came of one proof that `--prove` made. It is the result of a prove job, which the host gave to itself. */
export interface ProofTold extends Pick<JobEnded, "trouble" | "probes"> {
  readonly container: string;
  /** When it ended, by the host's clock. Milliseconds since 1970. */
  readonly time: number;
}

/** A batch of proofs, with a number that is larger than that of each batch before. */
export interface NumberedProofs {
  readonly number: number;
  readonly proofs: readonly ProofTold[];
}

/** Proofs of one report. */
export const mostProofs = 20;

import type { JobEnded } from "../jobs/job.ts";

/** What came of one proof that `--prove` made. It is the result of a prove job, which the host gave to itself. */
export interface ProofTold extends Pick<JobEnded, "trouble" | "probes"> {
  readonly container: string;
  /** When it ended, by the host's clock. Milliseconds since 1970. */
  readonly time: number;
}

/** Proofs of one report. */
export const mostProofs = 20;

import * as z from "zod/mini";
import { type JobKind, jobKinds } from "../../watch/job-kinds.ts";

/** A job as the host gets it. */
export const jobSchema = z.object({
  id: z.int().check(z.minimum(1)),
  kind: z.enum(jobKinds),
  container: z.string().check(z.maxLength(300)),
  /** How long learn watches; of the others null. */
  seconds: z.nullable(z.int()),
});
export type Job = Readonly<z.infer<typeof jobSchema>>;

/** What a probe showed. */
export interface JobProbe {
  readonly probe: string;
  readonly control: string;
  readonly outcome: "held" | "notHeld" | "inconclusive";
  readonly evidence: string;
  /** What it tried. */
  readonly tries: string;
}

/** What became of a job. */
export interface JobEnded {
  readonly id: number;
  /** Why it failed; null if it gave a result. */
  readonly trouble: string | null;
  /** Of prove. */
  readonly probes: readonly JobProbe[] | null;
  /** Of the others: their reports, as a terminal shows them. */
  readonly report: string | null;
}

/** What a host says of its jobs. */
export interface JobsTold {
  /** The number of the one that is under way. */
  readonly now: number | null;
  readonly ended?: JobEnded | undefined;
}

export const jobLimits = {
  /** Characters. */
  evidence: 2_000,
  report: 60_000,
  trouble: 500,
  probes: 200,
  /** Seconds. */
  leastLearn: 10,
  longestLearn: 3_600,
} as const;

/** Jobs on this host: one at a time. */
export interface HostJobs {
  /** What may be started. */
  readonly allowed: readonly JobKind[];
  told(): JobsTold;
  /** Begins a job, unless it has it already. */
  take(job: Job): void;
  /** What became of it is kept elsewhere. */
  kept(id: number): void;
  /** Ends what is under way. */
  close(): Promise<void>;
}

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

import type { Finding } from "../../audit/finding.ts";
import type { Labels } from "../../base/labels.ts";
import type { Change } from "../../watch/change.ts";
import type { JobKind } from "../../watch/job-kinds.ts";
import type { Accepted } from "./acceptance.ts";
import type { GuardsTold } from "./guards.ts";
import type { Job, JobsTold, NumberedProofs } from "./job.ts";
import type { Portrait } from "./portrait.ts";

// What a host tells `bulkhead serve`, and what that answers. Changes have numbers that follow on one another, so that what is
// sent twice is applied once; where some are missing, what is open is told as a whole. Times are milliseconds since 1970.

/** The version of this protocol. A host and a server of two versions do not exchange reports; both say so. */
export const protocolVersion = 1;

export const enrolPath = "/api/v1/ingest/enrol";
export const reportPath = "/api/v1/ingest/report";

export interface EnrolRequest {
  /** The SHA-256 of the host's key, in hexadecimal: the key itself stays on the host until it is used. */
  readonly key: string;
  readonly host: HostNow;
}

export interface HostNow {
  readonly name: string;
  readonly engine: string;
  readonly version: string;
  readonly connected: boolean;
  /** By which teams see the host. */
  readonly labels?: Labels | undefined;
  /** What operators may start there. Left out: nothing. */
  readonly allows?: readonly JobKind[] | undefined;
  /** Left out while the Engine was not read. */
  readonly containers?: readonly ContainerNow[] | undefined;
}

export interface ContainerNow {
  readonly name: string;
  readonly image?: string | undefined;
  readonly project?: string | undefined;
  readonly running: boolean;
}

export interface ReportRequest {
  /** The host's clock when this was sent. */
  readonly sent: number;
  readonly host?: HostNow | undefined;
  /** The number of the first change. */
  readonly first: number;
  readonly changes: readonly Change[];
  /** All that is open, and the number that stands for it. */
  readonly whole?: { readonly number: number; readonly open: readonly Finding[] } | undefined;
  /** Newer words of what is open. */
  readonly details: readonly Finding[];
  /** The name of the list of acceptances that the host has, "" for none. Left out: it takes none. */
  readonly accepted?: string | undefined;
  /** What the host is set to, where that was read anew. */
  readonly portrait?: Portrait | undefined;
  /** What the guards there enforce and decided. Its number is larger than that of what was told before: it is counted once. */
  readonly guards?: (GuardsTold & { readonly number: number }) | undefined;
  /** Of a host that allows any: what is under way, and what came of the last one. */
  readonly jobs?: JobsTold | undefined;
  /** What `--prove` showed, oldest first. Its number is larger than that of what was told before: it is kept once. */
  readonly proofs?: NumberedProofs | undefined;
}

export interface ReportAnswer {
  /** The number up to which all is kept. */
  readonly last: number;
  /** What is open has to be told as a whole: something is missing. */
  readonly wantsWhole: boolean;
  /** The server's clock. */
  readonly now: number;
  /** What is accepted, where that is another list than the host has. */
  readonly accepted?: Accepted | undefined;
  readonly protocol: number;
  /** What the host is to do; told again until the host says that it has it. */
  readonly job?: Job | undefined;
}

/** Bytes of a report. */
export const largestReport = 32 * 1024 * 1024;
/** Changes of one report. */
export const mostChanges = 500;
/** Findings that are told as a whole. */
export const mostOpen = 50_000;

import * as z from "zod/mini";
import type { BenchmarkOutcome } from "../../audit/benchmark/benchmark.ts";
import type { Finding } from "../../audit/finding.ts";
import type { Labels } from "../../base/labels.ts";
import { exempts, isDate } from "../../model/exemption.ts";
import { type Change, subjectKey } from "../../watch/change.ts";
import type { JobKind } from "../../watch/job-kinds.ts";
import type { GuardsTold } from "./guards.ts";
import type { Job, JobsTold, NumberedProofs } from "./job.ts";

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

/**
 * What `bulkhead serve` tells a host of an acceptance, spelled as an ignore of bulkhead.yaml. It covers a finding of one subject,
 * or of the containers of an image or a Compose project.
 */
const acceptance = z.object({
  control: z.string().check(z.minLength(1), z.maxLength(100)),
  subject: z.optional(z.string().check(z.maxLength(500))),
  image: z.optional(z.string().check(z.maxLength(500))),
  project: z.optional(z.string().check(z.maxLength(500))),
  reason: z.string().check(z.minLength(1), z.maxLength(1_000)),
  /** The last day, YYYY-MM-DD in UTC. */
  until: z.string().check(z.refine(isDate)),
});

export type HostAcceptance = Readonly<z.infer<typeof acceptance>>;

/** Acceptances that one host takes. */
export const mostAcceptances = 5_000;

export const acceptedSchema = z.object({
  /** Names this list: another one is sent where the host has another name. */
  revision: z.string().check(z.regex(/^[\w-]{1,64}$/)),
  ignores: z.array(acceptance).check(z.maxLength(mostAcceptances)),
});

export type Accepted = Readonly<z.infer<typeof acceptedSchema>>;

/** The first of the acceptances that covers the finding; `container` is the one that the finding is about, if it is known. */
export function acceptanceOf(
  acceptances: readonly HostAcceptance[],
  finding: Pick<Finding, "control" | "subject">,
  container: { readonly image?: string | undefined; readonly project?: string | undefined } | undefined,
): HostAcceptance | undefined {
  const names = [subjectKey(finding.subject)];
  const scoped = { control: finding.control, names, ...container };
  return acceptances.find(({ control, subject, image, project }) => {
    // An acceptance that names nothing would cover the whole host: serve makes none.
    if ((subject ?? image ?? project) === undefined) return false;
    return exempts({ control, subject: subject && subjectKey(subject), image, project })(scoped);
  });
}

/** What a host is set to and how it meets the CIS Docker Benchmark: read now and then, for the page of the host. */
export interface Portrait {
  /** Milliseconds since 1970, by the host's clock. */
  readonly taken: number;
  readonly settings: readonly HostSetting[];
  readonly benchmark: {
    /** `cis-1.6`. What each number asks for is known to who shows it. */
    readonly id: string;
    readonly results: readonly PortraitResult[];
  };
}

export const settingGroups = ["daemon", "kernel"] as const;

export interface HostSetting {
  readonly group: (typeof settingGroups)[number];
  /** As in daemon.json where that has it: `live-restore`. */
  readonly name: string;
  /** Null if it is not known. */
  readonly value: string | null;
  /** Where it was read, or why it is not known. */
  readonly from: string;
}

export interface PortraitResult {
  /** `2.15`. */
  readonly number: string;
  readonly outcome: BenchmarkOutcome;
  readonly evidence: readonly { readonly subject: string; readonly message: string }[];
  /** How much evidence was left out. */
  readonly more: number;
  readonly remedy: string | null;
}

/** What a portrait may hold at most: ten thousand hosts send one an hour. */
export const portraitLimits = { settings: 200, results: 300, evidence: 3, text: 1_000 } as const;

export function shortened(text: string): string {
  return text.length > portraitLimits.text ? `${text.slice(0, portraitLimits.text - 1)}…` : text;
}

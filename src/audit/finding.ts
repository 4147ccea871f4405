import type { RemedyKind } from "../controls/control.ts";
import type { Suppression } from "../model/exemption.ts";
import type { Gap } from "../model/gap.ts";
import type { Level } from "../model/level.ts";
import type { FileOrigin, Origin } from "../model/origin.ts";
import type { Proof } from "../model/proof.ts";
import type { Severity } from "../model/severity.ts";
import type { Since } from "../model/since.ts";
import type { Source, SubjectKind } from "../model/subject.ts";
import type { VerdictName } from "../model/verdict.ts";
import type { BenchmarkResult } from "./benchmark/benchmark.ts";

/**
 * The result of an audit, as every reporter gets it. `subjects`, `findings`, `gaps` and `summary` are printed
 * as they are by `--format json`; their shapes are a public interface.
 */
export interface Report {
  readonly tool: { readonly name: "bulkhead"; readonly version: string };
  readonly subjects: readonly ReportedSubject[];
  /** Worst first. `pass` is counted in the summary and not listed. */
  readonly findings: readonly Finding[];
  readonly gaps: readonly Gap[];
  /** Gaps that an ignore of `not-read` or the baseline accepts: they do not change the exit status. */
  readonly acceptedGaps?: readonly AcceptedGap[];
  readonly summary: Summary;
  /** Fingerprints that the baseline holds and this audit did not find again; undefined without a baseline. */
  readonly fixed: readonly BaselineEntry[] | undefined;
  /** What the audit looked at, for a reader: `12 Compose files`, `the Engine at unix:///var/run/docker.sock`. */
  readonly looked: readonly string[];
  /** The files of each input that was read, and the env files beside them. */
  readonly files?: { readonly inputs: readonly (readonly string[])[]; readonly beside: readonly string[] };
  /** The worst severity that makes the exit status 1. */
  readonly failOn: Severity | "none";
  /** Every recommendation of the benchmark that was asked for (`audit --benchmark`). */
  readonly benchmark?: BenchmarkResult | undefined;
  /** What experiments in the kernel showed of its containers (`audit --prove`); undefined where none was made. */
  readonly proofs?: readonly Proof[] | undefined;
}

export interface AcceptedGap {
  readonly gap: Gap;
  readonly suppressed: Suppression;
}

export interface ReportedEngine {
  readonly isPodman: boolean;
  readonly isRootless: boolean;
}

export interface ReportedSubject {
  readonly id: string;
  readonly kind: SubjectKind;
  readonly name: string;
  readonly source: Source;
  readonly location: FileOrigin | null;
  /** The image of a container, where it is known. */
  readonly image?: string | undefined;
  /** Of what runs: its Engine, as far as commands for it differ. */
  readonly engine?: ReportedEngine | undefined;
  /** Verdicts of this subject, every control counted. */
  readonly verdicts: Readonly<Record<string, VerdictName>>;
}

export interface Finding {
  readonly control: string;
  /** `pass` in a watch's note, which opens nothing (a limit that was loosened and still is one); an audit has none. */
  readonly verdict: VerdictName;
  readonly severity: Severity;
  readonly subject: string;
  readonly message: string;
  readonly level: Level;
  readonly locations: readonly Origin[];
  readonly fix: Fix | null;
  readonly suppressed: Suppression | null;
  readonly fingerprint: string;
  /** Against the baseline, where there is one. */
  readonly baseline: "new" | "unchanged" | null;
  /** What each level says, where more than one was seen: `memory unlimited`. */
  readonly views: readonly {
    readonly level: Level;
    readonly verdict: VerdictName;
    readonly observed: string | null;
  }[];
  /** When each of its problems came about, by its evidence, where a watch saw that. Its message says the worst one's. */
  readonly since?: Readonly<Record<string, Since>> | undefined;
}

export interface Fix {
  readonly kind: RemedyKind;
  readonly summary: string;
  /** In the subject's own syntax, where a patch can be spelled: `read_only: true`. */
  readonly snippet: string | null;
  /** What could stop working and how to tell. */
  readonly breaks: string | null;
}

export interface BaselineEntry {
  readonly fingerprint: string;
  readonly control: string;
  readonly subject: string;
}

export interface Summary {
  readonly pass: number;
  readonly fail: number;
  readonly unknown: number;
  readonly notApplicable: number;
  readonly suppressed: number;
  readonly bySeverity: Readonly<Partial<Record<Severity, number>>>;
}

import { isPodman } from "../controls/engine/docker-only.ts";
import { formats } from "../formats/formats.ts";
import { valueOr } from "../model/fact.ts";
import type { Gap } from "../model/gap.ts";
import { compareSeverity, isAtLeast, type Severity } from "../model/severity.ts";
import type { Subject } from "../model/subject.ts";
import { compareWithBaseline } from "./baseline.ts";
import type { Benchmark } from "./benchmark/benchmark.ts";
import { type ControlResult, evaluate, type Rules } from "./evaluate.ts";
import type { BaselineEntry, Finding, Report, ReportedEngine, ReportedSubject } from "./finding.ts";
import type { DiskFiles } from "./inputs/disk-files.ts";
import type { Input } from "./inputs/inputs.ts";
import type { Live } from "./live/live.ts";
import { spellRemedy } from "./spell.ts";
import { summarise } from "./summary.ts";
import { type Progress, type Survey, type SurveyRequest, survey } from "./survey.ts";
import { splitByBaseline } from "./unread.ts";

export interface AuditRequest extends SurveyRequest {
  /** Findings below it are left out of the report. */
  readonly minimum: Severity;
  readonly failOn: Severity | "none";
  readonly baseline: readonly BaselineEntry[] | undefined;
  readonly version: string;
  /** Makes remedies what `bulkhead fix` writes, knowing everything that was read. */
  readonly settling?: ((seen: Survey) => Rules["settle"]) | undefined;
  /** The benchmark to judge as well, if one was asked for. */
  readonly benchmark?: Benchmark | undefined;
}

export interface Audit extends Pick<Survey, "secrets" | "secretValues" | "warnings"> {
  readonly report: Report;
}

/** Reads everything that was asked for, judges it by every control, and gathers the findings. */
export async function audit(request: AuditRequest, io: DiskFiles, progress: Progress): Promise<Audit> {
  const surveyed = await survey(request, spellRemedy, io, progress);
  const { subjects, inputs, live, gaps, secrets, secretValues } = surveyed;
  const rules: Rules = { ...surveyed.rules, settle: request.settling?.(surveyed) };
  const judged: { readonly subject: Subject; readonly results: readonly ControlResult[] }[] = [];
  for (const [index, { subject, context }] of subjects.entries()) {
    judged.push({ subject, results: evaluate(subject, context, rules) });
    if (index % 64 === 63) await progress(`${index + 1} of ${subjects.length} subjects`);
  }
  const known = splitByBaseline(gaps, request.baseline ?? []);
  const report = assemble(request, mergeRootUserFindings(judged), known.open, looked(inputs, live));
  const acceptedGaps = [...surveyed.acceptedGaps, ...known.accepted];
  const benchmark =
    request.benchmark &&
    (await import("./benchmark/judge.ts")).judgeBenchmark(request.benchmark, subjects, rules);
  // An ignore may be there for the benchmark alone.
  const warnings = [...surveyed.warnings, ...surveyed.idleIgnores()];
  return {
    report: { ...report, benchmark, acceptedGaps, files: filesRead(inputs, io) },
    secrets,
    secretValues,
    warnings,
  };
}

function assemble(
  request: AuditRequest,
  judged: readonly { readonly subject: Subject; readonly results: readonly ControlResult[] }[],
  gaps: readonly Gap[],
  lookedAt: readonly string[],
): Report {
  const all = judged.flatMap(({ results }) => results.flatMap((result) => result.finding ?? []));
  const compared = request.baseline ? compareWithBaseline(all, request.baseline) : undefined;
  const findings = (compared?.findings ?? all)
    .filter((finding) => isAtLeast(finding.severity, request.minimum))
    .toSorted(worstFirst);
  const engine = engineOf(judged.map(({ subject }) => subject));
  const passes = judged.flatMap(({ results }) => results).filter((result) => result.verdict === "pass");
  return {
    tool: { name: "bulkhead", version: request.version },
    subjects: judged.map(({ subject, results }) => reported(subject, results, engine)),
    findings,
    gaps,
    summary: summarise(passes.length, findings),
    fixed: compared?.fixed,
    looked: lookedAt,
    failOn: request.failOn,
  };
}

const verdictOrder = ["fail", "unknown", "notApplicable"];

function worstFirst(a: Finding, b: Finding): number {
  return (
    verdictOrder.indexOf(a.verdict) - verdictOrder.indexOf(b.verdict) ||
    compareSeverity(b.severity, a.severity)
  );
}

function reported(
  subject: Subject,
  results: readonly ControlResult[],
  engine: ReportedEngine | undefined,
): ReportedSubject {
  const { id, kind, name, source, location } = subject;
  const verdicts = Object.fromEntries(results.map((result) => [result.control, result.verdict]));
  return {
    ...{ id, kind, name, source, location: location ?? null, image: imageOf(subject), verdicts },
    ...(isLive(subject) && { engine }),
  };
}

function isLive({ source }: Subject): boolean {
  return source === "engine-api" || source === "kernel";
}

/** The Engine that was asked. */
function engineOf(subjects: readonly Subject[]): ReportedEngine | undefined {
  const found = subjects.find((each) => each.kind === "engine" && isLive(each));
  const view = found?.kind === "engine" ? found.views.at(-1) : undefined;
  return view && { isPodman: isPodman(view), isRootless: valueOr(view.rootless, false) };
}

function imageOf(subject: Subject): string | undefined {
  if (subject.kind !== "container") return undefined;
  const images = subject.views.flatMap(({ image }) => (image.state === "set" ? [image.value] : []));
  return images[0];
}

/** Each input's files, and what was read beside them: env files, profiles, a Dockerfile of a build. */
function filesRead(inputs: readonly Input[], io: DiskFiles): NonNullable<Report["files"]> {
  const named = new Set(inputs.flatMap(({ files }) => files));
  const beside = io.texts().map(([file]) => file);
  return {
    inputs: inputs.map(({ files }) => files).filter((files) => files.some(io.exists)),
    beside: beside.filter((file) => !named.has(file) && /(?:^|[/.])env(?:\.|$)|\.env$/.test(file)),
  };
}

function looked(inputs: readonly Input[], live: Live | undefined): readonly string[] {
  const counts = new Map<Input["format"], number>();
  for (const { format } of inputs) counts.set(format, (counts.get(format) ?? 0) + 1);
  const files = [...counts].map(([name, count]) => `${count} ${formats[name].nouns[count === 1 ? 0 : 1]}`);
  return [...files, ...(live?.looked ?? [])];
}

/**
 * Where a Dockerfile sets no user, its image and each container that is built from it fail alike, and at one line. The image
 * has the finding; the containers point to it.
 */
function mergeRootUserFindings<S extends { readonly results: readonly ControlResult[] }>(
  judged: readonly S[],
): readonly S[] {
  const images = new Map<string, Finding>();
  for (const { finding } of judged.flatMap(({ results }) => results)) {
    if (finding?.control !== "image-root-user" || finding.verdict !== "fail" || finding.suppressed) continue;
    for (const place of placesOf(finding)) images.set(place, finding);
  }
  if (images.size === 0) return judged;
  return judged.map((each) => ({ ...each, results: each.results.map((result) => pointing(result, images)) }));
}

function pointing(result: ControlResult, images: ReadonlyMap<string, Finding>): ControlResult {
  const { finding } = result;
  if (finding?.control !== "root-user" || finding.verdict !== "fail" || finding.suppressed) return result;
  const [place, ...others] = placesOf(finding);
  const image = place === undefined || others.length > 0 ? undefined : images.get(place);
  if (!image || !isAtLeast(image.severity, finding.severity)) return result;
  const message = `its image starts as root: see image-root-user of ${image.subject}`;
  return {
    ...result,
    verdict: "notApplicable",
    finding: { ...finding, verdict: "notApplicable", message, fix: null },
  };
}

function placesOf({ locations }: Finding): readonly string[] {
  return [...new Set(locations.map((origin) => JSON.stringify(origin)))];
}

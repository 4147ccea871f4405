import type { Finding, Report, ReportedSubject } from "../audit/finding.ts";
import { exitStatus } from "../audit/summary.ts";
import { cisNumbers } from "../controls/taxonomies.ts";
import type { Suppression } from "../model/exemption.ts";
import type { Severity } from "../model/severity.ts";
import type { ControlInfo, ReportContext } from "./context.ts";
import { artifactLocation, fileLocation, regionOf, resultLocations } from "./sarif/locations.ts";
import { relationshipsOf, taxonomies, taxonomyOf } from "./sarif/taxa.ts";
import { sentence } from "./words.ts";

/**
 * SARIF 2.1.0 (OASIS), as code scanning takes it: a rule and a result for each failure, a notification for
 * each gap. With --verbose also what was judged otherwise: `unknown` is of kind `open`, so that no viewer counts it as passed.
 */
export function sarif(report: Report, context: ReportContext): string {
  const told = context.verbose
    ? report.findings
    : report.findings.filter((finding) => finding.verdict === "fail");
  const results = told.slice(0, mostResults);
  const ids = new Set([
    ...(context.allControls ?? []).map(({ id }) => id),
    ...(context.verbose ? report.subjects.flatMap((subject) => Object.keys(subject.verdicts)) : []),
    ...results.map((finding) => finding.control),
    ...(report.fixed ?? []).map((entry) => entry.control),
  ]);
  const rules = [...ids].sort();
  const ruleIndex = new Map(rules.map((id, index) => [id, index]));
  const known: RunIndex = {
    ruleIndex,
    subjects: new Map(report.subjects.map((subject) => [subject.id, subject])),
    anySuppressed: results.some((finding) => finding.suppressed),
  };
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            // An informationUri must be absolute (SARIF 2.1.0, toolComponent), and the project has no address yet.
            name: report.tool.name,
            version: report.tool.version,
            semanticVersion: report.tool.version,
            supportedTaxonomies: taxonomies.map(({ name }, index) => ({ name, index })),
            rules: rules.map((id) => ruleOf(id, context.controls(id))),
          },
        },
        invocations: [
          {
            executionSuccessful: report.gaps.length === 0,
            exitCode: exitStatus(report),
            endTimeUtc: context.now.toISOString(),
            toolExecutionNotifications: report.gaps.map((gap) => ({
              descriptor: { id: "gap" },
              level: "error",
              message: { text: sentence(gap.reason) },
              ...(gap.location || gap.file !== undefined
                ? { locations: [fileLocation(gap.location ?? { file: gap.file ?? "" })] }
                : {}),
              ...(gap.subject === undefined ? {} : { properties: { subject: gap.subject } }),
            })),
          },
        ],
        taxonomies: taxonomies.map((each) => taxonomyOf(each, ids, context)),
        originalUriBaseIds: {
          "%SRCROOT%": { description: { text: "The folder in which bulkhead ran." } },
        },
        columnKind: "utf16CodeUnits",
        results: [
          ...results.map((finding) => resultOf(finding, known, context)),
          ...absentResults(report, ruleIndex),
        ],
        properties: { summary: report.summary, failOn: report.failOn },
      },
    ],
  };
  return `${JSON.stringify(log)}\n`;
}

/** Code scanning takes no more results in a run; the findings come worst first. */
const mostResults = 25_000;

const kinds = { pass: "pass", fail: "fail", unknown: "open", notApplicable: "notApplicable" } as const;

interface RunIndex {
  readonly ruleIndex: ReadonlyMap<string, number>;
  readonly subjects: ReadonlyMap<string, ReportedSubject>;
  readonly anySuppressed: boolean;
}

function resultOf(finding: Finding, known: RunIndex, context: ReportContext): object {
  const subject = known.subjects.get(finding.subject);
  const name = subject?.name ?? finding.subject;
  const { fix, suppressed } = finding;
  return {
    ruleId: finding.control,
    ruleIndex: known.ruleIndex.get(finding.control) ?? -1,
    kind: kinds[finding.verdict],
    level: finding.verdict === "fail" ? sarifLevel(finding.severity) : "none",
    message: { text: `${name}: ${sentence(finding.message)}${fix ? ` Fix: ${sentence(fix.summary)}` : ""}` },
    ...resultLocations(finding, subject),
    partialFingerprints: fingerprintsOf(finding.fingerprint),
    ...suppressionsOf(suppressed, known.anySuppressed),
    ...fixesOf(finding, context),
    ...(finding.baseline === null ? {} : { baselineState: finding.baseline }),
    properties: {
      severity: finding.severity,
      verdict: finding.verdict,
      subject: finding.subject,
      level: finding.level,
      row: context.controls(finding.control)?.row ?? null,
      ...(finding.views.length > 1 ? { views: finding.views } : {}),
      ...(fix?.snippet ? { snippet: fix.snippet } : {}),
    },
  };
}

/** Edits that mend the finding alone, by line and column of the file as it was read. */
function fixesOf({ control, subject, fix }: Finding, { edits }: ReportContext): object {
  const made = edits?.(control, subject) ?? [];
  if (!fix || made.length === 0) return {};
  const files = [...new Set(made.map(({ at }) => at.file))];
  const artifactChanges = files.map((file) => ({
    artifactLocation: artifactLocation(file),
    replacements: made
      .filter(({ at }) => at.file === file)
      .map(({ at, text }) => ({ deletedRegion: regionOf(at), insertedContent: { text } })),
  }));
  return { fixes: [{ description: { text: sentence(fix.summary) }, artifactChanges }] };
}

/** The second is the one that code scanning follows an alert by; without it, it would take the text of the line. */
function fingerprintsOf(fingerprint: string): object {
  return { "bulkhead/v1": fingerprint, primaryLocationLineHash: `${fingerprint}:1` };
}

/** Where one result says whether it is suppressed, all of them must (SARIF 3.27.23). */
function suppressionsOf(suppressed: Suppression | null, anySuppressed: boolean): object {
  if (!suppressed) return anySuppressed ? { suppressions: [] } : {};
  const { kind, reason, until } = suppressed;
  return {
    suppressions: [
      {
        kind: kind === "comment" ? "inSource" : "external",
        status: "accepted",
        justification: reason,
        ...(until === null ? {} : { properties: { until } }),
      },
    ],
  };
}

/** What the baseline holds and this audit did not find again. */
function absentResults(report: Report, ruleIndex: ReadonlyMap<string, number>): readonly object[] {
  return (report.fixed ?? []).map(({ control, subject, fingerprint }) => ({
    ruleId: control,
    ruleIndex: ruleIndex.get(control) ?? -1,
    kind: "pass",
    level: "none",
    message: { text: `${subject}: no longer found.` },
    baselineState: "absent",
    partialFingerprints: fingerprintsOf(fingerprint),
  }));
}

const levels: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
  info: "note",
};

// Code scanning sorts security results by a CVSS-like number: over 9 is critical, over 7 high, over 4 medium.
const scores: Readonly<Record<Severity, string>> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.5",
  low: "2.5",
  info: "0.5",
};

export function sarifLevel(severity: Severity): "error" | "warning" | "note" {
  return levels[severity];
}

/** A control as a SARIF reportingDescriptor. One that the registry does not know has its id alone. */
export function ruleOf(id: string, control: ControlInfo | undefined): object {
  if (!control) return { id };
  return {
    id,
    name: pascalCase(id),
    shortDescription: { text: `${control.title}.` },
    fullDescription: { text: control.why },
    ...(control.references[0] === undefined ? {} : { helpUri: control.references[0] }),
    help: { text: helpText(control), markdown: helpMarkdown(control) },
    defaultConfiguration: { level: levels[control.severity] },
    ...relationshipsOf(control),
    properties: {
      "security-severity": scores[control.severity],
      precision: "high",
      tags: tagsOf(control),
      severity: control.severity,
      row: control.row ?? null,
      cis: control.cis,
    },
  };
}

/** Code scanning takes no more of them. */
const mostTags = 10;

function tagsOf(control: ControlInfo): readonly string[] {
  return [
    "security",
    "docker",
    ...(control.row === undefined ? [] : [`focus-area-${control.row}`]),
    ...control.cwe.map((number) => `external/cwe/cwe-${number}`),
    ...control.cis.map((number) => `cis-docker-${number}`),
  ].slice(0, mostTags);
}

function helpText(control: ControlInfo): string {
  const references = control.references.map((reference) => `  ${reference}`).join("\n");
  return `${control.title}.\n\n${control.why}\n\nReferences:\n${references}`;
}

function helpMarkdown(control: ControlInfo): string {
  const cis = control.cis.length > 0 ? `\n\n${cisNumbers(control.cis)}.` : "";
  const references = control.references.map((reference) => `- <${reference}>`).join("\n");
  return `**${control.title}.**\n\n${control.why}${cis}\n\n${references}\n\nOffline: \`bulkhead explain ${control.id}\``;
}

function pascalCase(id: string): string {
  return id.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}

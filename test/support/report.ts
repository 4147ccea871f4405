import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Finding, Report, ReportedSubject } from "../../src/audit/finding.ts";
import { summarise } from "../../src/audit/summary.ts";
import type { FileOrigin } from "../../src/model/origin.ts";
import { severities } from "../../src/model/severity.ts";
import type { VerdictName } from "../../src/model/verdict.ts";
import type { ControlInfo, ReportContext } from "../../src/report/context.ts";

const fixtures = new URL("../../src/report/fixtures/", import.meta.url);

export const fixtureControls: readonly ControlInfo[] = JSON.parse(
  readFileSync(new URL("controls.json", fixtures), "utf8"),
);

/** The folders of fixtures, each with a `report.json`, and the source files it speaks of as `NAME.txt`. */
export const fixtureNames: readonly string[] = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

export interface Fixture {
  readonly report: Report;
  readonly context: ReportContext;
}

export function readFixture(name: string, more: Partial<ReportContext> = {}): Fixture {
  const folder = new URL(`${name}/`, fixtures);
  const secrets = new URL("secrets.json", folder);
  return {
    report: JSON.parse(readFileSync(new URL("report.json", folder), "utf8")),
    context: testContext({
      sourceLine(file, line) {
        const flat = new URL(`${encodeURIComponent(file.replaceAll("/", "_"))}.txt`, folder);
        const path = existsSync(flat) ? flat : new URL("source.txt", folder);
        return existsSync(path) ? readFileSync(path, "utf8").split("\n")[line - 1] : undefined;
      },
      secrets: existsSync(secrets) ? JSON.parse(readFileSync(secrets, "utf8")) : [],
      ...more,
    }),
  };
}

/** A context that knows the controls of the fixtures, and sees no file. */
export function testContext(more: Partial<ReportContext> = {}): ReportContext {
  return {
    sourceLine: () => undefined,
    secrets: [],
    colour: false,
    width: 80,
    verbose: false,
    quiet: false,
    controls: (id) => fixtureControls.find((control) => control.id === id),
    now: new Date("2026-11-25T12:00:00Z"),
    ...more,
  };
}

/** The place of a single line's part. */
export function at(file: string, line: number, startColumn: number, endColumn: number): FileOrigin {
  return { file, startLine: line, startColumn, endLine: line, endColumn };
}

export function finding(given: Partial<Finding> & Pick<Finding, "control" | "subject">): Finding {
  return {
    verdict: "fail",
    severity: fixtureControls.find(({ id }) => id === given.control)?.severity ?? "medium",
    message: "does something: with a consequence",
    level: "declared",
    locations: [],
    fix: null,
    suppressed: null,
    fingerprint: "0123456789abcdef",
    baseline: null,
    views: [],
    ...given,
  };
}

/** A report of these subjects and findings, counted as the audit counts. */
export function reportOf(
  subjects: readonly Pick<ReportedSubject, "id" | "name">[],
  findings: readonly Finding[],
  more: Partial<Report> = {},
): Report {
  return {
    tool: { name: "bulkhead", version: "0.1.0" },
    subjects: subjects.map(({ id, name }) => ({
      id,
      name,
      kind: "container",
      source: "compose",
      location: null,
      verdicts: verdictsOf(id, findings),
    })),
    findings,
    gaps: [],
    summary: summarise(subjects.length, findings),
    fixed: undefined,
    looked: ["a test"],
    failOn: "high",
    ...more,
  };
}

function verdictsOf(subject: string, findings: readonly Finding[]): Record<string, VerdictName> {
  const own = findings.filter((one) => one.subject === subject);
  return Object.fromEntries([
    ["privileged", "pass"],
    ...own.map((one) => [one.control, one.verdict] as const),
  ]);
}

/** A large audit: `subjects` Compose services, each with `each` findings of mixed weight. */
export function manyReport(subjects: number, each: number): Report {
  const ids = Array.from({ length: subjects }, (_, index) => ({
    id: `shop/stack-${Math.floor(index / 5)}/compose.yaml#service-${index}`,
    name: `service-${index}`,
  }));
  const findings = ids.flatMap(({ id }, index) =>
    fixtureControls
      .filter((control) => control.id !== "privileged")
      .slice(0, Math.min(each, fixtureControls.length - 1))
      .filter((_, place) => place >= index % 4 || place > 3)
      .map((control) =>
        finding({
          control: control.id,
          subject: id,
          message: `does what ${control.id} forbids: with a consequence that takes some words to say`,
          locations: [at(id.split("#")[0] ?? "", 3 + index, 5, 20)],
          fix: { kind: "behavioural", summary: "Do the other thing.", snippet: "key: value", breaks: null },
        }),
      ),
  );
  const worstFirst = severities
    .toReversed()
    .flatMap((severity) => findings.filter((one) => one.severity === severity));
  return reportOf(ids, worstFirst, { looked: [`${Math.ceil(subjects / 5)} Compose projects`] });
}

/** As `manyReport`, with something of its own in each message: no two subjects are alike. */
export function differingReport(subjects: number, each: number): Report {
  const report = manyReport(subjects, each);
  const findings = report.findings.map((one) => ({
    ...one,
    message: `${one.message} in ${one.subject.split("#")[1]}`,
  }));
  return { ...report, findings };
}

import type { Finding, Report, ReportedSubject } from "../../audit/finding.ts";
import { overThreshold } from "../../audit/summary.ts";
import { groupBy } from "../../base/group-by.ts";
import { visible } from "../../base/visible.ts";
import { isAtLeast } from "../../model/severity.ts";
import type { SubjectKind } from "../../model/subject.ts";
import type { VerdictName } from "../../model/verdict.ts";
import type { ReportContext } from "../context.ts";
import { place, sentence, whyOf } from "../words.ts";

interface TestCase {
  readonly outcome: "pass" | "failure" | "error" | "skipped";
  readonly xml: string;
}

/**
 * JUnit XML in the form that both Ant's and Jenkins' schema take: a suite for each subject, a test case for
 * each control that was judged. A failure is what the audit fails for, by --fail-on and the baseline; another finding
 * is skipped, with the reason. What is unknown is an error where its failure would count.
 */
export function junit(report: Report, context: ReportContext): string {
  const findings = groupBy(report.findings, (finding) => finding.subject);
  const outcome = outcomes(report, context);
  const suites = report.subjects.map((subject) => ({
    name: subject.id,
    cases: casesOf(subject, findings.get(subject.id) ?? [], outcome),
  }));
  const gaps = report.gaps.map((gap) =>
    testCase("gaps", gap.location ? place(gap.location) : (gap.file ?? gap.subject ?? "input"), {
      outcome: "error",
      type: "gap",
      message: sentence(gap.reason),
      body: gap.subject ?? "",
    }),
  );
  const all = gaps.length > 0 ? [...suites, { name: "gaps", cases: gaps }] : suites;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${all
    .map(({ name, cases }, id) => suiteXml(id, name, cases, context.now))
    .join("")}</testsuites>\n`;
}

function suiteXml(id: number, name: string, cases: readonly TestCase[], now: Date): string {
  const total = (outcome: TestCase["outcome"]) => cases.filter((one) => one.outcome === outcome).length;
  const attributes = {
    id: String(id),
    package: "bulkhead",
    name,
    timestamp: now.toISOString().slice(0, 19),
    hostname: "localhost",
    tests: String(cases.length),
    failures: String(total("failure")),
    errors: String(total("error")),
    skipped: String(total("skipped")),
    time: "0",
  };
  const written = Object.entries(attributes).map(([key, value]) => `${key}="${xmlAttribute(value)}"`);
  return `  <testsuite ${written.join(" ")}>\n    <properties/>\n${cases
    .map((one) => one.xml)
    .join("")}    <system-out/>\n    <system-err/>\n  </testsuite>\n`;
}

function casesOf(
  subject: ReportedSubject,
  findings: readonly Finding[],
  outcomeOf: OutcomeOf,
): readonly TestCase[] {
  const byControl = groupBy(findings, (finding) => finding.control);
  const verdicts = new Map<string, VerdictName>(Object.entries(subject.verdicts));
  for (const finding of findings) {
    if (!verdicts.has(finding.control)) verdicts.set(finding.control, finding.verdict);
  }
  return [...verdicts].map(([control, verdict]) => {
    const found = byControl.get(control) ?? [];
    const worst = found.find((finding) => !finding.suppressed) ?? found[0];
    if (!worst) return testCase(subject.id, control, bareOutcome(verdict));
    return testCase(subject.id, control, outcomeOf(worst, found, subject.kind));
  });
}

interface CaseOutcome {
  readonly outcome: TestCase["outcome"];
  readonly type: string;
  readonly message: string;
  readonly body: string;
}

function bareOutcome(verdict: VerdictName): CaseOutcome {
  const outcome = ({ pass: "pass", fail: "failure", unknown: "error", notApplicable: "skipped" } as const)[
    verdict
  ];
  return { outcome, type: verdict, message: "", body: "" };
}

type OutcomeOf = (worst: Finding, all: readonly Finding[], kind: SubjectKind) => CaseOutcome;

function outcomes(report: Report, context: ReportContext): OutcomeOf {
  const { failOn } = report;
  const failing = new Set(overThreshold(report));
  return (worst, all, kind) => {
    if (worst.verdict === "fail" && !worst.suppressed && !all.some((finding) => failing.has(finding))) {
      const why = worst.baseline === "unchanged" ? "in the baseline" : `below --fail-on ${failOn}`;
      return skipped(`${worst.severity}, ${why}`, worst);
    }
    if (worst.verdict === "unknown" && (failOn === "none" || !isAtLeast(worst.severity, failOn))) {
      return skipped("unknown", worst);
    }
    return outcomeOf(worst, all, kind, context);
  };
}

function skipped(reason: string, { message }: Finding): CaseOutcome {
  return { outcome: "skipped", type: "skipped", message: `${reason}: ${sentence(message)}`, body: "" };
}

function outcomeOf(
  worst: Finding,
  all: readonly Finding[],
  kind: SubjectKind,
  context: ReportContext,
): CaseOutcome {
  if (worst.suppressed) {
    const { reason, until } = worst.suppressed;
    const message = `suppressed: ${reason}${until === null ? "" : ` (until ${until})`}`;
    return { outcome: "skipped", type: "suppressed", message, body: sentence(worst.message) };
  }
  const message = sentence(worst.message);
  if (worst.verdict === "notApplicable")
    return { outcome: "skipped", type: "notApplicable", message, body: "" };
  const why = whyOf(context.controls(worst.control), kind);
  const lines = [
    ...all.map((finding) => `${finding.severity}: ${sentence(finding.message)}`),
    ...all.flatMap((finding) => finding.locations.map((origin) => `at ${place(origin)}`)),
    ...(why ? [`why: ${why}`] : []),
    ...(worst.fix ? [`fix: ${worst.fix.summary}`, ...(worst.fix.snippet?.split("\n") ?? [])] : []),
  ];
  return {
    outcome: worst.verdict === "unknown" ? "error" : "failure",
    type: worst.verdict === "unknown" ? "unknown" : worst.severity,
    message,
    body: lines.join("\n"),
  };
}

function testCase(classname: string, name: string, { outcome, type, message, body }: CaseOutcome): TestCase {
  const head = `    <testcase classname="${xmlAttribute(classname)}" name="${xmlAttribute(name)}" time="0"`;
  if (outcome === "pass") return { outcome, xml: `${head}/>\n` };
  const inner =
    outcome === "skipped"
      ? `<skipped message="${xmlAttribute(message)}"/>`
      : `<${outcome} message="${xmlAttribute(message)}" type="${xmlAttribute(type)}">${xmlText(body)}</${outcome}>`;
  return { outcome, xml: `${head}>\n      ${inner}\n    </testcase>\n` };
}

// What is left after control characters and lone surrogates are spelled out, and XML 1.0 forbids all the same.
const forbidden = /[\ufffe\uffff]/g;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Text for an XML element; its line breaks stay. */
function xmlText(text: string): string {
  return text.split("\n").map(xmlAttribute).join("\n");
}

/** Text for an attribute in double quotes; a line break is spelled `\n`. */
function xmlAttribute(text: string): string {
  return visible(text)
    .replace(forbidden, "")
    .replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

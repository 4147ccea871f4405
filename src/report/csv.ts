import type { BenchmarkResult, RecommendationResult } from "../audit/benchmark/benchmark.ts";
import type { Report } from "../audit/finding.ts";
import { isFileOrigin } from "../model/origin.ts";
import { sayEvidence } from "./benchmark/words.ts";
import type { ReportContext } from "./context.ts";
import { cell } from "./csv-cell.ts";
import { place, sentence } from "./words.ts";

const columns = [
  "severity",
  "verdict",
  "control",
  "subject",
  "file",
  "line",
  "place",
  "message",
  "fix",
  "suppressed",
  "baseline",
  "fingerprint",
] as const;

/**
 * A row for each finding, as RFC 4180 writes them; unknown ones and those that do not apply have rows too. Where a benchmark
 * was asked for, a row for each of its recommendations instead.
 */
export function csv(report: Report, _context: ReportContext): string {
  if (report.benchmark) return benchmarkCsv(report.benchmark);
  const rows = report.findings.map((finding): Readonly<Record<(typeof columns)[number], string>> => {
    const file = finding.locations.find(isFileOrigin);
    const [first] = finding.locations;
    return {
      severity: finding.severity,
      verdict: finding.verdict,
      control: finding.control,
      subject: finding.subject,
      file: file?.file ?? "",
      line: file ? String(file.startLine) : "",
      place: first ? place(first) : "",
      message: sentence(finding.message),
      fix: finding.fix?.summary ?? "",
      suppressed: finding.suppressed ? finding.suppressed.reason || "yes" : "",
      baseline: finding.baseline ?? "",
      fingerprint: finding.fingerprint,
    };
  });
  const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(","));
  return `${[columns.join(","), ...lines].join("\r\n")}\r\n`;
}

const benchmarkColumns = "number,section,result,recommendation,level,scored,controls,evidence,remedy";

/** A row for each recommendation. */
function benchmarkCsv({ sections }: BenchmarkResult): string {
  const rows = sections.flatMap(({ title, results }) => results.map((each) => rowOf(title, each)));
  return `${[benchmarkColumns, ...rows.map((row) => row.map(cell).join(","))].join("\r\n")}\r\n`;
}

function rowOf(section: string, result: RecommendationResult): readonly string[] {
  const { number, outcome, title, level, scored, controls, evidence, more, remedy } = result;
  const seen = evidence.map((one) => `${one.subject}: ${sayEvidence(one)}`);
  return [
    number,
    section,
    outcome,
    title,
    String(level),
    scored ? "yes" : "no",
    controls.join(" "),
    [...seen, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"),
    remedy ?? "",
  ];
}

import type { BenchmarkResult } from "../../audit/benchmark/benchmark.ts";
import type { Finding, Report } from "../../audit/finding.ts";
import { coverer, mask } from "../../model/credentials/mask.ts";
import type { Suppression } from "../../model/exemption.ts";
import { type Span, secretSpans } from "./spans.ts";

export { mask };

/**
 * A sentence with the credentials taken out that it should never have held. In a sentence a colon is
 * punctuation (`sets DB_PASSWORD: anyone who …`), so only `NAME=value`, URLs and known tokens are masked.
 */
export function redactSentence(text: string): string {
  return cover(text, secretSpans(text, { colon: false }));
}

/** Source text, or a reason that may quote it. */
export function redactSource(text: string): string {
  return cover(text, secretSpans(text, { colon: true }));
}

/**
 * The report as it may leave the machine: every free text with what looks like a credential masked. Controls and
 * readers keep secrets out by themselves; this is the last door.
 */
export function redactReport(report: Report, values: readonly string[] = []): Report {
  const cover = coverer(values);
  // A hundred containers say the same things a hundred times.
  const sentence = remembered((text) => redactSentence(cover(text)));
  const source = remembered((text) => redactSource(cover(text)));
  return {
    ...report,
    findings: report.findings.map((finding) => redactFinding(finding, sentence, source)),
    gaps: report.gaps.map((gap) => ({ ...gap, reason: source(gap.reason) })),
    looked: report.looked.map(sentence),
    ...(report.benchmark && { benchmark: redactBenchmark(report.benchmark, sentence) }),
    ...(report.proofs && {
      proofs: report.proofs.map((proof) => ({
        ...proof,
        probes: proof.probes.map((each) => ({ ...each, evidence: sentence(each.evidence) })),
        ...(proof.deviations && {
          deviations: proof.deviations.map((each) => ({ ...each, message: sentence(each.message) })),
        }),
      })),
    }),
  };
}

type Redact = (text: string) => string;

function redactBenchmark(result: BenchmarkResult, sentence: Redact): BenchmarkResult {
  return {
    ...result,
    sections: result.sections.map((section) => ({
      ...section,
      results: section.results.map((each) => ({
        ...each,
        evidence: each.evidence.map((one) => ({
          ...one,
          message: sentence(one.message),
          suppressed: redactSuppression(one.suppressed, sentence),
        })),
      })),
    })),
  };
}

/** The same, of which each text is worked out once. */
export function remembered(redact: Redact): Redact {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const redacted = redact(text);
    known.set(text, redacted);
    return redacted;
  };
}

/** A finding as it may leave the machine. */
export function redactFinding(
  finding: Finding,
  sentence: Redact = redactSentence,
  source: Redact = redactSource,
): Finding {
  const { fix, suppressed } = finding;
  return {
    ...finding,
    message: sentence(finding.message),
    fix: fix && {
      kind: fix.kind,
      summary: sentence(fix.summary),
      snippet: fix.snippet === null ? null : fix.snippet.split("\n").map(source).join("\n"),
      breaks: fix.breaks === null ? null : sentence(fix.breaks),
    },
    suppressed: redactSuppression(suppressed, sentence),
    views: finding.views.map((view) => ({
      ...view,
      observed: view.observed === null ? null : sentence(view.observed),
    })),
  };
}

function redactSuppression(suppressed: Suppression | null, sentence: Redact): Suppression | null {
  return suppressed && { ...suppressed, reason: sentence(suppressed.reason) };
}

function cover(text: string, spans: readonly Span[]): string {
  let covered = "";
  let from = 0;
  for (const { start, end } of spans) {
    covered += text.slice(from, start) + mask;
    from = end;
  }
  return covered + text.slice(from);
}

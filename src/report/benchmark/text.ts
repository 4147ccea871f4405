import type { BenchmarkResult, RecommendationResult } from "../../audit/benchmark/benchmark.ts";
import { padEnd, wrap } from "../../base/width.ts";
import type { Gap } from "../../model/gap.ts";
import type { ReportContext } from "../context.ts";
import { type Style, styleOf } from "../text/style.ts";
import { outcomeStates, outcomeWords, sayEvidence, sayTotals } from "./words.ts";

const widest = 120;
const numberWidth = 8;
const outcomeWidth = 15;

/** Every recommendation on a line, with evidence and remedy where something is to be done; all evidence with `verbose`. */
export function benchmarkLines(
  { title, sections, totals }: BenchmarkResult,
  gaps: readonly Gap[],
  context: Pick<ReportContext, "colour" | "width" | "verbose" | "quiet">,
): readonly string[] {
  const style = styleOf(context.colour);
  const width = Math.min(widest, Math.max(60, context.width));
  const printer: Printer = { style, width, verbose: context.verbose, quiet: context.quiet };
  return [
    "",
    style.bold(title),
    ...sections.flatMap((section) => [
      "",
      `${style.bold(`${section.number} ${section.title}`)}  ${style.dim(sayTotals(section.totals))}`,
      ...section.results.flatMap((each) => resultLines(each, printer)),
    ]),
    "",
    ...gaps.flatMap(({ reason }) => wrap(`Not read: ${reason}`, width)),
    `${style.bold(`${sections.flatMap(({ results }) => results).length} recommendations:`)} ${sayTotals(totals)}`,
    ...(context.verbose || context.quiet
      ? []
      : [
          style.dim(
            "-v shows the evidence of all; --format json, csv or html for tools and for handing around.",
          ),
        ]),
  ];
}

interface Printer {
  readonly style: Style;
  readonly width: number;
  readonly verbose: boolean;
  readonly quiet: boolean;
}

function resultLines(result: RecommendationResult, printer: Printer): readonly string[] {
  const { style, width, verbose, quiet } = printer;
  const { number, outcome, title, level, scored, evidence, more, remedy } = result;
  const word = style.state(outcomeStates[outcome], padEnd(outcomeWords[outcome], outcomeWidth));
  const marks = style.dim(`L${level}${scored ? "" : ", not scored"}`);
  const head = `  ${padEnd(number, numberWidth)}${word}${title}  ${marks}`;
  const wantsMore = verbose || (outcome !== "pass" && outcome !== "notApplicable");
  if (quiet || !wantsMore) return [head];
  const indent = " ".repeat(2 + numberWidth);
  const groups = grouped(evidence).filter(({ message }) => message !== "");
  const shown = verbose ? groups : groups.slice(0, 3);
  const hidden = groups.length - shown.length;
  const paragraph = (text: string) => wrap(text, width - indent.length).map((line) => `${indent}${line}`);
  return [
    head,
    ...shown.flatMap(({ subjects, message }) => paragraph(`${sayWho(subjects, more)}${message}`)),
    ...(hidden > 0 ? [`${indent}${style.dim(`and ${hidden} more`)}`] : []),
    ...(remedy === null ? [] : paragraph(`→ ${remedy}`)),
  ];
}

interface Group {
  readonly message: string;
  readonly subjects: readonly string[];
}

/** What is said of several subjects alike is said once. A process's name and number make no difference. */
function grouped(evidence: RecommendationResult["evidence"]): readonly Group[] {
  const groups = new Map<string, { message: string; subjects: string[] }>();
  for (const { subject, ...seen } of evidence) {
    const message = sayEvidence(seen);
    const key = message.replace(/^\S+ \(\d+\)(?:, \S+ \(\d+\))*(?: and \d+ more)? /, "");
    const group = groups.get(key);
    if (group) {
      group.subjects.push(subject);
      group.message = key;
    } else groups.set(key, { message, subjects: [subject] });
  }
  return [...groups.values()];
}

const mostNames = 3;

function sayWho(subjects: readonly string[], more: number): string {
  if (subjects.length === 1 && subjects[0] === "engine") return "";
  const names = subjects.slice(0, mostNames).join(", ");
  const others = subjects.length > mostNames ? subjects.length - mostNames + more : 0;
  return others > 0 ? `${names} and ${others} more: ` : `${names}: `;
}

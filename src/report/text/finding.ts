import type { Finding } from "../../audit/finding.ts";
import { type FileOrigin, isFileOrigin } from "../../model/origin.ts";
import type { ReportContext } from "../context.ts";
import type { Excerpt } from "../excerpt.ts";
import { visible } from "../visible.ts";
import { displayWidth, padEnd, padStart, truncate, wrap } from "../width.ts";
import { firstSentence, headOf, place, sentence, viewsLine } from "../words.ts";
import type { Style } from "./style.ts";

/** What the parts of the text report share. */
export interface TextPrinter {
  readonly context: ReportContext;
  readonly style: Style;
  readonly width: number;
  readonly excerpt: (origin: FileOrigin, width: number) => Excerpt | undefined;
  /** Controls whose reason was already given: it is said once. */
  readonly explained: Set<string>;
}

/** Where the text of a finding begins; severities and labels stand left of it. */
const textColumn = 12;
const placesShown = 4;

/** One finding at full length: message, source lines with a marker, why, fix. */
export function findingLines(printer: TextPrinter, finding: Finding): readonly string[] {
  return [
    ...titleLines(printer, finding),
    ...body(printer, visible(sentence(finding.message)), (line) => line),
    ...placeLines(printer, finding),
    ...viewLines(printer, finding),
    ...whyLines(printer, finding),
    ...fixLines(printer, finding),
  ];
}

function titleLines({ style, width }: TextPrinter, finding: Finding): readonly string[] {
  const { severity, control, baseline, locations } = finding;
  const left = `  ${padEnd(severity, textColumn - 2)}${visible(control)}${baseline === "new" ? "  new" : ""}`;
  const painted = `  ${style.severity(severity, padEnd(severity, textColumn - 2))}${style.bold(visible(control))}${
    baseline === "new" ? style.severity(severity, "  new") : ""
  }`;
  const first = locations[0];
  if (!first) return [painted];
  const where = visible(place(first));
  const room = width - displayWidth(left) - displayWidth(where);
  if (room >= 2) return [painted + " ".repeat(room) + style.dim(where)];
  const indent = " ".repeat(textColumn);
  return [painted, ...wrap(where, width - textColumn).map((line) => indent + style.dim(line))];
}

function placeLines(printer: TextPrinter, finding: Finding): readonly string[] {
  const { style, context } = printer;
  const [, ...others] = finding.locations;
  const shown = context.verbose ? finding.locations : finding.locations.slice(0, placesShown);
  const hidden = finding.locations.length - shown.length;
  const lines = shown.flatMap((location) => {
    const isFirst = location === finding.locations[0];
    const excerpt = isFileOrigin(location) ? excerptLines(printer, location, finding.severity) : [];
    const isElsewhere = !isFileOrigin(location) || excerpt.length === 0 || !sameFile(finding, location);
    const named = isFirst || !isElsewhere ? [] : body(printer, visible(place(location)), style.dim);
    return [...named, ...excerpt];
  });
  if (others.length === 0 || hidden <= 0) return lines;
  return [...lines, ...body(printer, `and ${hidden} more places`, style.dim)];
}

function sameFile(finding: Finding, location: FileOrigin): boolean {
  const first = finding.locations[0];
  return first !== undefined && isFileOrigin(first) && first.file === location.file;
}

/** The source line behind its number, and a marker under the value. */
export function excerptLines(
  { style, width, excerpt }: TextPrinter,
  location: FileOrigin,
  severity: Finding["severity"],
): readonly string[] {
  const cut = excerpt(location, width - textColumn - 2);
  if (!cut || cut.before + cut.marked + cut.after === "") return [];
  const gutter = padStart(String(cut.line), textColumn - 1);
  const under = "^".repeat(Math.max(1, displayWidth(cut.marked)));
  const { before, marked, after } = cut;
  return [
    `${style.dim(`${gutter} │`)} ${before}${marked && style.severity(severity, marked)}${after}`,
    `${style.dim(`${" ".repeat(textColumn)}│`)} ${" ".repeat(displayWidth(before))}${style.severity(severity, under)}`,
  ];
}

function viewLines(printer: TextPrinter, finding: Finding): readonly string[] {
  const views = viewsLine(finding);
  return views === undefined ? [] : labelled(printer, "seen", visible(views));
}

function whyLines(printer: TextPrinter, finding: Finding): readonly string[] {
  const control = printer.context.controls(finding.control);
  if (!control || printer.explained.has(finding.control)) return [];
  printer.explained.add(finding.control);
  return labelled(printer, "why", printer.context.verbose ? control.why : firstSentence(control.why));
}

function fixLines(printer: TextPrinter, finding: Finding): readonly string[] {
  const { fix } = finding;
  if (!fix) return [];
  const { style, context } = printer;
  const risky = fix.kind === "behavioural" && !context.verbose ? " (May change what it can do.)" : "";
  const lines = labelled(printer, "fix", visible(sentence(fix.summary)) + risky);
  const indent = " ".repeat(textColumn + 2);
  const snippet = (fix.snippet ?? "")
    .split("\n")
    .filter((line, at, all) => line !== "" || at < all.length - 1);
  const code = snippet.map((line) => indent + style.code(visible(line).trimEnd()));
  const breaks = context.verbose && fix.breaks ? labelled(printer, "mind", visible(fix.breaks)) : [];
  return [...lines, ...code.filter((line) => line.trim() !== ""), ...breaks];
}

function labelled({ style, width }: TextPrinter, label: string, text: string): readonly string[] {
  const indent = " ".repeat(textColumn);
  const [first = "", ...rest] = wrap(text, width - textColumn);
  return [`${style.dim(padStart(label, textColumn - 2))}  ${first}`, ...rest.map((line) => indent + line)];
}

function body({ width }: TextPrinter, text: string, paint: (text: string) => string): readonly string[] {
  const indent = " ".repeat(textColumn);
  return wrap(text, width - textColumn).map((line) => indent + paint(line));
}

/** Findings as one line each, for what weighs little. */
export function compactLines({ style, width }: TextPrinter, findings: readonly Finding[]): readonly string[] {
  const idWidth = Math.min(24, Math.max(...findings.map(({ control }) => displayWidth(visible(control)))));
  return findings.map((finding) => {
    const first = finding.locations[0];
    const line = first && isFileOrigin(first) ? ` (line ${first.startLine})` : "";
    const id = padEnd(visible(finding.control), idWidth);
    const room = width - textColumn - displayWidth(id) - 2 - line.length;
    const head = truncate(visible(sentence(headOf(finding.message))), Math.max(16, room));
    const severity = style.severity(finding.severity, padEnd(finding.severity, textColumn - 2));
    return `  ${severity}${id}  ${style.dim(head + line)}`;
  });
}

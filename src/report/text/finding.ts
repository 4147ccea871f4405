import type { Finding, Fix, ReportedSubject } from "../../audit/finding.ts";
import { isEqual } from "../../base/equal.ts";
import { visible } from "../../base/visible.ts";
import { displayWidth, padEnd, padStart, wrap } from "../../base/width.ts";
import { type FileOrigin, isFileOrigin, type Origin } from "../../model/origin.ts";
import type { ReportContext } from "../context.ts";
import type { Excerpt } from "../excerpt.ts";
import { isSubjectItself } from "../groups/tally.ts";
import { count, firstSentence, place, sentence, viewsLine, whyOf } from "../words.ts";
import type { Style } from "./style.ts";

/** What the parts of the text report share. */
export interface TextPrinter {
  readonly context: ReportContext;
  readonly style: Style;
  readonly width: number;
  readonly excerpt: (origin: FileOrigin, width: number) => Excerpt | undefined;
  /** Reasons that were already given: each is said once. */
  readonly explained: Set<string>;
}

/** Where the text of a finding begins; severities and labels stand left of it. */
export const textColumn = 12;
const placesShown = 4;

/** One finding at full length: message, source lines with a marker, why, fix. */
export function findingLines(
  printer: TextPrinter,
  finding: Finding,
  subject: ReportedSubject,
  previous: Finding | undefined,
): readonly string[] {
  return [
    ...titleLines(printer, finding, subject),
    ...body(printer, visible(sentence(finding.message)), (line) => line),
    ...(samePlaces(finding, previous) ? [] : placeLines(printer, finding, subject)),
    ...viewLines(printer, finding),
    ...whyLines(printer, finding, subject),
    ...fixLines(printer, finding),
  ];
}

/** Several controls may speak of one line; it is shown once. */
function samePlaces(finding: Finding, previous: Finding | undefined): boolean {
  return previous !== undefined && isEqual(finding.locations, previous.locations);
}

function titleLines(
  { style, width }: TextPrinter,
  finding: Finding,
  subject: ReportedSubject,
): readonly string[] {
  const { severity, baseline } = finding;
  const label = padEnd(severity, textColumn - 2);
  const id = visible(finding.control);
  const fresh = baseline === "new" ? "  new" : "";
  const title = `  ${style.severity(severity, label)}${style.bold(id)}${style.severity(severity, fresh)}`;
  const first = finding.locations[0];
  if (!first || isSubjectItself(first, subject)) return [title];
  const room = width - 2 - displayWidth(label + id + fresh) - 2;
  const full = visible(place(first));
  const isHere = isFileOrigin(first) && first.file === subject.location?.file;
  const where = displayWidth(full) > room && isHere ? `line ${first.startLine}` : full;
  if (displayWidth(where) <= room) return [`${title}  ${style.dim(padStart(where, room))}`];
  return [title, ...body({ width }, where, style.dim)];
}

function placeLines(printer: TextPrinter, finding: Finding, subject: ReportedSubject): readonly string[] {
  const places = finding.locations.filter((location) => !isSubjectItself(location, subject));
  const shown = printer.context.verbose ? places : places.slice(0, placesShown);
  const lines = shown.flatMap((location, index) => {
    const excerpt = isFileOrigin(location) ? excerptLines(printer, location, finding.severity) : [];
    const isNamed = index === 0 || (excerpt.length > 0 && sameFile(location, places[0]));
    return [...(isNamed ? [] : body(printer, visible(place(location)), printer.style.dim)), ...excerpt];
  });
  const hidden = places.length - shown.length;
  if (hidden === 0) return lines;
  return [...lines, ...body(printer, `and ${count(hidden, "more place")}`, printer.style.dim)];
}

function sameFile(location: Origin, first: Origin | undefined): boolean {
  return first !== undefined && isFileOrigin(first) && isFileOrigin(location) && first.file === location.file;
}

/** The source line behind its number, and a marker under the value; where that is all of the line, only if asked for. */
export function excerptLines(
  { style, width, excerpt }: TextPrinter,
  location: FileOrigin,
  severity: Finding["severity"],
  marker: "always" | "where needed" = "always",
): readonly string[] {
  const cut = excerpt(location, width - textColumn - 2);
  if (!cut || cut.before + cut.marked + cut.after === "") return [];
  const gutter = padStart(String(cut.line), textColumn - 1);
  const under = "^".repeat(Math.max(1, displayWidth(cut.marked)));
  const { before, marked, after } = cut;
  const isWholeValue = marked !== "" && after === "" && /^\s*(?:- |[\w.-]+: )?$/.test(before);
  const line = `${style.dim(`${gutter} │`)} ${before}${marked && style.severity(severity, marked)}${after}`;
  if (marker === "where needed" && isWholeValue) return [line];
  return [
    line,
    `${style.dim(`${" ".repeat(textColumn)}│`)} ${" ".repeat(displayWidth(before))}${style.severity(severity, under)}`,
  ];
}

export function viewLines(printer: TextPrinter, finding: Finding): readonly string[] {
  const views = viewsLine(finding);
  return views === undefined ? [] : labelled(printer, "seen", visible(views));
}

function whyLines(printer: TextPrinter, finding: Finding, { kind }: ReportedSubject): readonly string[] {
  const why = whyOf(printer.context.controls(finding.control), kind);
  if (why === undefined || printer.explained.has(why)) return [];
  printer.explained.add(why);
  const { style, context } = printer;
  return labelled(printer, "why", context.verbose ? why : firstSentence(why), style.dim);
}

const cautions = {
  safe: "",
  behavioural: "(try it first)",
  decision: "(your decision)",
  manual: "",
} as const;

export function fixLines(printer: TextPrinter, finding: Pick<Finding, "fix">): readonly string[] {
  const { fix } = finding;
  if (!fix) return [];
  const { style, context, width } = printer;
  const code = (fix.snippet ?? "")
    .split("\n")
    .map((line) => visible(line).trimEnd())
    .filter((line) => line !== "");
  const snippet = code.map((line) => " ".repeat(textColumn + 2) + style.code(line));
  const caution = context.verbose ? "" : cautions[fix.kind];
  const beside = textColumn + 2 + displayWidth(code.at(-1) ?? "") + 2 + caution.length;
  const last = snippet.at(-1);
  const summary = visible(sentence(fix.summary));
  if (caution === "" || last === undefined || beside > width) {
    return [...labelled(printer, "fix", `${summary} ${caution}`), ...snippet, ...breaksLines(printer, fix)];
  }
  return [...labelled(printer, "fix", summary), ...snippet.slice(0, -1), `${last}  ${style.dim(caution)}`];
}

function breaksLines(printer: TextPrinter, fix: Fix): readonly string[] {
  return printer.context.verbose && fix.breaks ? labelled(printer, "mind", visible(fix.breaks)) : [];
}

export function labelled(
  { style, width }: TextPrinter,
  label: string,
  text: string,
  paint = (line: string) => line,
): readonly string[] {
  const indent = " ".repeat(textColumn);
  const [first = "", ...rest] = wrap(text, proseWidth(width));
  return [
    `${style.dim(padStart(label, textColumn - 2))}  ${paint(first)}`,
    ...rest.map((line) => indent + paint(line)),
  ];
}

export function body(
  { width }: Pick<TextPrinter, "width">,
  text: string,
  paint: (text: string) => string,
): readonly string[] {
  const indent = " ".repeat(textColumn);
  return wrap(text, proseWidth(width)).map((line) => indent + paint(line));
}

/** Sentences stay narrow enough to read, however wide the terminal is; source lines take it all. */
function proseWidth(width: number): number {
  return Math.min(88, width - textColumn);
}

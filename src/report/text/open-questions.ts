import type { Finding, Report } from "../../audit/finding.ts";
import type { Gap } from "../../model/gap.ts";
import { groupBy } from "../group-by.ts";
import type { SubjectFindings } from "../tally.ts";
import { visible } from "../visible.ts";
import { padEnd, wrap } from "../width.ts";
import { count, place, sentence } from "../words.ts";
import { excerptLines, type TextPrinter } from "./finding.ts";

const namesShown = 6;

/** What could not be told: unknown verdicts, and inputs that could not be read. Never a pass. */
export function openQuestionLines(
  printer: TextPrinter,
  report: Report,
  groups: readonly SubjectFindings[],
): readonly string[] {
  return [
    ...unknownLines(printer, groups),
    ...gapLines(printer, report.gaps),
    ...suppressedLines(printer, groups),
    ...fixedLines(printer, report),
  ];
}

function heading({ style, width }: TextPrinter, title: string, about: string): readonly string[] {
  if (title.length + 2 + about.length <= width) return ["", `${style.bold(title)}  ${style.dim(about)}`];
  return ["", style.bold(title), ...wrap(about, width - 2).map((line) => `  ${style.dim(line)}`)];
}

/** One entry for each reason, with the controls and the subjects that share it. */
function unknownLines(printer: TextPrinter, groups: readonly SubjectFindings[]): readonly string[] {
  const entries = groups.flatMap(({ subject, unknown }) =>
    unknown.map((finding) => ({ name: subject.name, finding })),
  );
  if (entries.length === 0) return [];
  const lines = [...groupBy(entries, ({ finding }) => finding.message)].flatMap(([message, same]) => {
    const places = [...new Set(same.flatMap(({ finding }) => finding.locations.slice(0, 1).map(place)))];
    const where = places.length === 1 ? ` (${visible(places[0] ?? "")})` : "";
    const controls = listNames(printer, [...new Set(same.map(({ finding }) => finding.control))]);
    const names = listNames(printer, [...new Set(same.map(({ name }) => name))]);
    return [
      ...entry(printer, "?", visible(sentence(message)) + where),
      ...wrap(`${controls} of ${names}`, printer.width - 4).map((line) => `    ${printer.style.dim(line)}`),
    ];
  });
  const about = `${count(entries.length, "check")} could not be evaluated, and none of them counts as passed`;
  return [...heading(printer, "Unknown", about), ...lines];
}

function listNames({ context }: TextPrinter, names: readonly string[]): string {
  const shown = context.verbose ? names : names.slice(0, namesShown);
  const more = names.length - shown.length;
  return shown.map(visible).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function entry({ style, width }: TextPrinter, sign: "?" | "!" | "~", text: string): readonly string[] {
  const [first = "", ...rest] = wrap(text, width - 4);
  return [
    `  ${style.state(sign === "~" ? "accepted" : "unknown", sign)} ${first}`,
    ...rest.map((line) => `    ${line}`),
  ];
}

function gapLines(printer: TextPrinter, gaps: readonly Gap[]): readonly string[] {
  if (gaps.length === 0) return [];
  const lines = gaps.flatMap((gap) => {
    const at = gap.location ? place(gap.location) : (gap.file ?? gap.subject ?? "");
    const about = gap.subject && gap.subject !== at ? ` (${visible(gap.subject)})` : "";
    const text = `${at === "" ? "" : `${visible(at)}: `}${visible(gap.reason)}${about}`;
    return [
      ...entry(printer, "!", text),
      ...(gap.location ? excerptLines(printer, gap.location, "medium") : []),
    ];
  });
  return [...heading(printer, "Not read", `${count(gaps.length, "gap")} in this audit`), ...lines];
}

function suppressedLines(printer: TextPrinter, groups: readonly SubjectFindings[]): readonly string[] {
  const entries = groups.flatMap(({ subject, suppressed }) =>
    suppressed.map((finding) => ({ name: subject.name, finding })),
  );
  if (entries.length === 0 || !printer.context.verbose) return [];
  const lines = entries.flatMap(({ name, finding }) =>
    entry(printer, "~", `${visible(finding.control)} of ${visible(name)}: ${suppressionOf(finding)}`),
  );
  return [
    ...heading(printer, "Suppressed", `${count(entries.length, "finding")} accepted for now`),
    ...lines,
  ];
}

function suppressionOf({ suppressed }: Finding): string {
  if (!suppressed) return "";
  const until = suppressed.until === null ? "" : `, until ${visible(suppressed.until)}`;
  return `${visible(suppressed.reason) || "no reason given"} (by ${suppressed.kind}${until})`;
}

function fixedLines(printer: TextPrinter, report: Report): readonly string[] {
  const fixed = report.fixed ?? [];
  if (fixed.length === 0) return [];
  const { style, context, width } = printer;
  const shown = context.verbose ? fixed : fixed.slice(0, 10);
  const idWidth = Math.max(...shown.map(({ control }) => visible(control).length));
  const lines = shown.flatMap(({ control, subject }) => {
    const [first = "", ...rest] = wrap(
      `${padEnd(visible(control), idWidth)} in ${visible(subject)}`,
      width - 4,
    );
    return [`  ${style.state("pass", "✓")} ${first}`, ...rest.map((line) => `    ${line}`)];
  });
  const more = fixed.length - shown.length;
  return [
    ...heading(printer, "Fixed", `${count(fixed.length, "finding")} of the baseline gone`),
    ...lines,
    ...(more > 0 ? [style.dim(`    and ${more} more`)] : []),
  ];
}

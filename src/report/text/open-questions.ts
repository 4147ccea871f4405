import type { AcceptedGap, Finding, Report, ReportedSubject } from "../../audit/finding.ts";
import { groupBy } from "../../base/group-by.ts";
import { visible } from "../../base/visible.ts";
import { padEnd, wrap } from "../../base/width.ts";
import type { Gap } from "../../model/gap.ts";
import { isSubjectItself, type SubjectFindings } from "../groups/tally.ts";
import { count, listNames, place, sentence, shorten } from "../words.ts";
import { excerptLines, type TextPrinter } from "./finding.ts";

const namesShown = 6;
const reasonsShown = 8;

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
    ...acceptedGapLines(printer, report.acceptedGaps ?? []),
    ...fixedLines(printer, report),
  ];
}

function heading({ style, width }: TextPrinter, title: string, about: string): readonly string[] {
  if (title.length + 2 + about.length <= width) return ["", `${style.bold(title)}  ${style.dim(about)}`];
  return ["", style.bold(title), ...wrap(about, width - 2).map((line) => `  ${style.dim(line)}`)];
}

interface OpenQuestion {
  readonly subject: ReportedSubject;
  readonly finding: Finding;
}

/** One entry for each reason, with the controls and the subjects that share it; what concerns most comes first. */
function unknownLines(printer: TextPrinter, groups: readonly SubjectFindings[]): readonly string[] {
  const { style, context } = printer;
  const entries = groups.flatMap(({ subject, unknown }) => unknown.map((finding) => ({ subject, finding })));
  if (entries.length === 0) return [];
  const reasons = [...groupBy(entries, reasonOf(context.verbose))].toSorted(
    ([, a], [, b]) => b.length - a.length,
  );
  const shown = context.verbose ? reasons : reasons.slice(0, reasonsShown);
  const lines = shown.flatMap(([message, same]) => reasonLines(printer, message, same));
  const about = `${count(entries.length, "check")} could not be evaluated, and none of them counts as passed`;
  const hidden = reasons.length - shown.length;
  const more = hidden === 0 ? [] : [style.dim(`    and ${count(hidden, "more reason")}  (-v shows them)`)];
  return [...heading(printer, "Unknown", about), ...lines, ...more];
}

/** What a file leaves to the Engine's defaults is one reason, and so is one thing that is not known of several images. */
function reasonOf(verbose: boolean): (question: OpenQuestion) => string {
  return ({ finding: { control, message } }) => {
    if (verbose) return message;
    return engineDefaults.has(control) && /not known here\.?$/.test(message)
      ? "the Engine's defaults are not known here: bulkhead audit engine, or its daemon.json beside these files, says"
      : message.replace(/\bthe image (?!was\b)\S+/, "its image");
  };
}

const engineDefaults: ReadonlySet<string> = new Set(["storage-limit", "log-limit"]);

function reasonLines(
  printer: TextPrinter,
  message: string,
  same: readonly OpenQuestion[],
): readonly string[] {
  const { context } = printer;
  const most = context.verbose ? same.length : namesShown;
  const controls = listNames([...new Set(same.map(({ finding }) => visible(finding.control)))], most);
  const names = listNames([...new Set(same.map(({ subject }) => visible(subject.name)))], most);
  const text = visible(sentence(message)) + onlyPlace(same);
  return entry(printer, "?", `${text} [${controls} of ${names}]`);
}

/** The place, where all of them speak of one. */
function onlyPlace(entries: readonly OpenQuestion[]): string {
  const places = entries.flatMap(({ subject, finding }) =>
    finding.locations.slice(0, 1).filter((origin) => !isSubjectItself(origin, subject)),
  );
  const [first, ...others] = new Set(places.map(place));
  return first !== undefined && others.length === 0 ? ` (${visible(first)})` : "";
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
    const text = `${at === "" ? "" : `${visible(at)}: `}${visible(gap.reason)}${about} [not-read]`;
    return [
      ...entry(printer, "!", text),
      ...(gap.location ? excerptLines(printer, gap.location, "medium") : []),
    ];
  });
  return [...heading(printer, "Not read", `${count(gaps.length, "gap")} in this audit`), ...lines];
}

function acceptedGapLines(printer: TextPrinter, accepted: readonly AcceptedGap[]): readonly string[] {
  if (accepted.length === 0) return [];
  const lines = accepted.flatMap(({ gap, suppressed }) => {
    const { reason, by } = suppressionOf(suppressed);
    const at = gap.location ? place(gap.location) : (gap.file ?? gap.subject ?? "");
    return entry(
      printer,
      "~",
      `not-read at ${visible(at)}: ${visible(gap.reason)}. Accepted: ${reason} ${by}`,
    );
  });
  return [...heading(printer, "Not read, and accepted", count(accepted.length, "gap")), ...lines];
}

/** One line for each rule and control: who is silenced, why, and by which comment or configuration. */
function suppressedLines(printer: TextPrinter, groups: readonly SubjectFindings[]): readonly string[] {
  const entries = groups.flatMap(({ subject, suppressed }) =>
    suppressed.map((finding) => ({ name: subject.name, finding })),
  );
  if (entries.length === 0) return [];
  const { context, style, width } = printer;
  const rules = [
    ...groupBy(entries, ({ finding }) => JSON.stringify([finding.control, finding.suppressed])).values(),
  ];
  const shown = context.verbose ? rules : rules.slice(0, suppressedShown);
  const lines = shown.flatMap((same) => {
    const names = listNames([...new Set(same.map(({ name }) => visible(name)))], namesShown);
    const [first] = same;
    const { reason, by } = suppressionOf(first?.finding.suppressed ?? null);
    const head = `${visible(first?.finding.control ?? "")} of ${names}: `;
    const room = Math.max(24, width - 4 - head.length - by.length - 1);
    return entry(printer, "~", `${head}${context.verbose ? reason : shorten(reason, room)} ${by}`);
  });
  const hidden = rules.length - shown.length;
  return [
    ...heading(printer, "Suppressed", `${count(entries.length, "finding")} accepted for now`),
    ...lines,
    ...(hidden > 0 ? [style.dim(`    and ${hidden} more  (-v shows them)`)] : []),
  ];
}

const suppressedShown = 20;

function suppressionOf(suppressed: Finding["suppressed"]): { readonly reason: string; readonly by: string } {
  if (!suppressed) return { reason: "", by: "" };
  const until = suppressed.until === null ? "" : `, until ${visible(suppressed.until)}`;
  const by = suppressed.at === undefined ? `by ${suppressed.kind}` : visible(suppressed.at);
  return { reason: visible(suppressed.reason) || "no reason given", by: `(${by}${until})` };
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

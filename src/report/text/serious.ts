import type { ReportedSubject } from "../../audit/finding.ts";
import { visible } from "../../base/visible.ts";
import { displayWidth, padEnd, padStart } from "../../base/width.ts";
import { isFileOrigin, type Origin } from "../../model/origin.ts";
import { nounOf } from "../groups/groups.ts";
import { type SeriousEntry, seriousEntries, type Told } from "../groups/serious.ts";
import { isSubjectItself, type SubjectFindings } from "../groups/tally.ts";
import { count, listNames, nameOf, place, sentence, sentenceAbout } from "../words.ts";
import { body, excerptLines, fixLines, type TextPrinter, textColumn, viewLines } from "./finding.ts";

const namesShown = 6;
const placesShown = 3;

/** Critical and high findings in full, worst first. A line, a fix and a snippet are said once. */
export function seriousLines(printer: TextPrinter, groups: readonly SubjectFindings[]): readonly string[] {
  const shown: Printed = { places: new Set(), fixes: new Set(), snippets: new Set() };
  return seriousEntries(groups).flatMap((entry) => ["", ...entryLines(printer, entry, shown)]);
}

/** What was already shown. */
interface Printed {
  readonly places: Set<string>;
  readonly fixes: Set<string>;
  readonly snippets: Set<string>;
}

function entryLines(printer: TextPrinter, entry: SeriousEntry, known: Printed): readonly string[] {
  return [
    ...entry.messages.flatMap((each) => messageLines(printer, entry, each)),
    ...evidenceLines(printer, entry, known),
    ...(entry.all.length === 1 ? entry.all.flatMap(({ finding }) => viewLines(printer, finding)) : []),
    ...adviceLines(printer, entry, known),
  ];
}

/** The severity, who it is, and what: `proxy mounts /var/run/docker.sock: a process in it can …`. */
function messageLines(
  printer: TextPrinter,
  entry: SeriousEntry,
  { finding, subject }: Told,
): readonly string[] {
  const { style } = printer;
  const alike = entry.messages.length > 1 ? [subject] : entry.all.map((one) => one.subject);
  const message = visible(finding.message);
  const text =
    alike.length === 1
      ? sentenceAbout(visible(nameOf(subject)), message)
      : `${whoOf(alike)}: ${sentence(message)}`;
  const [first = "", ...rest] = body(printer, text, (line) => line);
  const label = style.severity(finding.severity, padEnd(finding.severity, textColumn - 2));
  return [`  ${label}${style.bold(first.trimStart())}`, ...rest.map((line) => style.bold(line))];
}

function whoOf(subjects: readonly ReportedSubject[]): string {
  const names = [...new Set(subjects.map((subject) => visible(nameOf(subject))))];
  const [one = "", several = ""] = subjects[0] ? nounOf(subjects[0]) : [];
  const many = names.length < subjects.length ? ` (${count(subjects.length, one, several)})` : "";
  return `${listNames(names, namesShown)}${many}`;
}

/** The control and the places on one line, then the source lines that were not shown before. */
function evidenceLines(printer: TextPrinter, entry: SeriousEntry, known: Printed): readonly string[] {
  const { style, width } = printer;
  const ids = [...new Set(entry.all.map(({ finding }) => visible(finding.control)))].join(", ");
  const fresh = entry.all.some(({ finding }) => finding.baseline === "new") ? " (new)" : "";
  const places = placesOf(entry);
  const shown = places.slice(0, placesShown);
  const excerpts = shown.flatMap((origin) => {
    const name = visible(place(origin));
    if (known.places.has(name) || !isFileOrigin(origin)) return [];
    known.places.add(name);
    return excerptLines(printer, origin, entry.severity, "where needed");
  });
  const hidden = places.length - shown.length;
  const more = hidden > 0 ? ` and ${count(hidden, "more place")}` : "";
  const where = `${placeNames(shown).map(visible).join(", ")}${more}`;
  const fits = displayWidth(`${ids}${fresh}  ${where}`) <= Math.min(88, width - textColumn);
  return [
    ...(fits
      ? [" ".repeat(textColumn) + style.dim(`${ids}${fresh}  ${where}`)]
      : [...body(printer, ids + fresh, style.dim), ...body(printer, where, style.dim)]),
    ...excerpts,
  ];
}

/** The places in words; of a file that was just named, the line and column alone. */
function placeNames(places: readonly Origin[]): readonly string[] {
  return places.map((origin, index) => {
    const before = places[index - 1];
    const isSame = before && isFileOrigin(before) && isFileOrigin(origin) && before.file === origin.file;
    return isSame ? `${origin.startLine}:${origin.startColumn}` : place(origin);
  });
}

function placesOf({ all }: SeriousEntry): readonly Origin[] {
  const places = all.flatMap(({ finding, subject }) => {
    const apart = finding.locations.filter((origin) => !isSubjectItself(origin, subject));
    return apart.length > 0 ? apart : subject.location ? [subject.location] : [];
  });
  return [...new Map(places.map((origin) => [place(origin), origin])).values()];
}

function adviceLines(printer: TextPrinter, { all }: SeriousEntry, known: Printed): readonly string[] {
  const [first] = all;
  const fix = first?.finding.fix;
  if (!first || !fix) return [];
  const fresh = (fix.snippet?.split("\n") ?? []).filter((line) => {
    const key = `${first.subject.id}\n${line}`;
    const isFresh = !known.snippets.has(key);
    known.snippets.add(key);
    return isFresh;
  });
  const snippet = fresh.length > 0 ? fresh.join("\n") : null;
  const isKnown = known.fixes.has(fix.summary);
  known.fixes.add(fix.summary);
  if (isKnown && snippet === null) return [];
  const [only = "", ...others] = snippet?.split("\n") ?? [];
  const beside = textColumn + displayWidth(visible(only)) + 2 + "(as above)".length;
  if (isKnown && others.length === 0 && beside <= printer.width) {
    const label = printer.style.dim(padStart("fix", textColumn - 2));
    return [`${label}  ${printer.style.code(visible(only))}  ${printer.style.dim("(as above)")}`];
  }
  const summary = isKnown ? "as above" : fix.summary;
  return fixLines(printer, { fix: { ...fix, summary, snippet } });
}

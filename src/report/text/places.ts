import { groupBy } from "../../base/group-by.ts";
import { visible } from "../../base/visible.ts";
import { isFileOrigin, type Origin } from "../../model/origin.ts";
import { type ControlGroup, nameIn, type SubjectClass } from "../groups/groups.ts";
import { isSubjectItself } from "../groups/tally.ts";
import { place } from "../words.ts";
import { body, excerptLines, type TextPrinter } from "./finding.ts";

const linesShown = 12;
const quotesShown = 2;

interface Standing {
  readonly name: string;
  readonly origin: Origin;
  /** False for the head of the subject, where something absent would be. */
  readonly isOwn: boolean;
}

/** Where each finding of a group stands: its first own place, or the head of its subject. */
function standings(subjects: SubjectClass, { findings }: ControlGroup): readonly Standing[] {
  return findings.flatMap((finding) => {
    const subject = subjects.subjects.find((each) => each.subject.id === finding.subject)?.subject;
    const own = finding.locations.find((origin) => !isSubjectItself(origin, subject));
    const origin = own ?? finding.locations[0] ?? subject?.location;
    return origin ? [{ name: nameIn(subjects, finding.subject), origin, isOwn: own !== undefined }] : [];
  });
}

/** `lines 3, 14`, `compose.yaml:3, 14; other.yaml:7`: the place of each finding, in one text. */
function placesInWords(subjects: SubjectClass, found: readonly Origin[]): string {
  const unique = [...new Map(found.map((origin) => [lineOf(origin), origin])).values()].toSorted(byLine);
  const shown = unique.slice(0, linesShown);
  const more = unique.length > linesShown ? ` and ${unique.length - linesShown} more` : "";
  const files = new Set(subjects.subjects.map(({ subject }) => subject.location?.file));
  const byFile = [...groupBy(shown, (origin) => (isFileOrigin(origin) ? origin.file : undefined))];
  const parts = byFile.map(([file, origins]) => {
    const lines = origins.map((origin) => (isFileOrigin(origin) ? origin.startLine : place(origin)));
    if (file === undefined) return visible(lines.join(", "));
    const noun = unique.length === 1 ? "line" : "lines";
    const isOnly = files.size === 1 && files.has(file);
    return isOnly ? `${noun} ${lines.join(", ")}` : `${visible(file)}:${lines.join(", ")}`;
  });
  return `${parts.join("; ")}${more}`;
}

/** As one meets them, reading a file down. */
function byLine(one: Origin, other: Origin): number {
  if (!isFileOrigin(one) || !isFileOrigin(other) || one.file !== other.file) return 0;
  return one.startLine - other.startLine;
}

function lineOf(origin: Origin): string {
  return isFileOrigin(origin) ? `${origin.file}:${origin.startLine}` : place(origin);
}

/** The heads of the subjects that a group fails in: `lines 2, 10`. */
export function headPlaces(subjects: SubjectClass, group: ControlGroup): string {
  const heads = group.findings.flatMap(({ subject: id }) => {
    const location = subjects.subjects.find(({ subject }) => subject.id === id)?.subject.location;
    return location ? [location] : [];
  });
  return heads.length === 0 ? "" : placesInWords(subjects, heads);
}

/** Where a group's findings stand, if not at the heads of their subjects: `lines 3, 14`. */
export function ownPlaces(subjects: SubjectClass, group: ControlGroup): string {
  const own = standings(subjects, group).filter(({ isOwn }) => isOwn);
  return own.length === 0
    ? ""
    : placesInWords(
        subjects,
        own.map(({ origin }) => origin),
      );
}

/** Below a group's message: the first source lines that it is about, and the places of the others. */
export function quoteLines(
  printer: TextPrinter,
  subjects: SubjectClass,
  group: ControlGroup,
): readonly string[] {
  const own = standings(subjects, group).filter(({ isOwn }) => isOwn);
  const origins = [...new Map(own.map(({ origin }) => [place(origin), origin])).values()];
  const quoted = origins.slice(0, quotesShown).map((origin) => ({
    origin,
    lines: isFileOrigin(origin) ? excerptLines(printer, origin, group.severity, "where needed") : [],
  }));
  const files = new Set(subjects.subjects.map(({ subject }) => subject.location?.file));
  const rest = [
    ...quoted.filter(({ lines }) => lines.length === 0).map(({ origin }) => origin),
    ...origins.slice(quotesShown),
  ];
  const named = ({ origin, lines }: (typeof quoted)[number]) =>
    lines.length === 0 || files.size === 1
      ? lines
      : [...body(printer, visible(place(origin)), printer.style.dim), ...lines];
  const also =
    rest.length === 0
      ? []
      : body(
          printer,
          `${quoted.some(({ lines }) => lines.length > 0) ? "and " : ""}${placesInWords(subjects, rest)}`,
          printer.style.dim,
        );
  return [...quoted.flatMap(named), ...also];
}

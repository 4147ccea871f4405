import { dirname, relative, resolve } from "node:path";
import { didYouMean } from "../base/suggest.ts";
import { findControl } from "../controls/registry.ts";
import { wordsOf } from "../formats/formats.ts";
import { isDate, isInForce, type Scope, type Suppression } from "../model/exemption.ts";
import { type Gap, gap } from "../model/gap.ts";
import { type FileOrigin, isFileOrigin, type Origin } from "../model/origin.ts";
import type { Subject } from "../model/subject.ts";
import type { Problem } from "../model/verdict.ts";

/** An exemption of a comment or of bulkhead.yaml. */
export interface Ignore extends Scope {
  readonly suppression: Suppression;
  /** Where it is written. A rule of the configuration has only its file. */
  readonly at: { readonly file?: string | undefined; readonly location?: FileOrigin | undefined };
  /** A pattern of files that a rule of the configuration is limited to, as written there. */
  readonly file?: string | undefined;
  /** Whether it covers a problem of its control. */
  readonly matches: (where: IgnoredPlace) => boolean;
  /** Whether a rule of the configuration may be about the subject, whatever the control. */
  readonly isAbout?: (subject: Subject) => boolean;
}

/** The id of a gap, in the place of a control's: what could not be read is accepted by it. */
export const notRead = "not-read";

/** Where a problem stands. */
export interface IgnoredPlace {
  readonly control: string;
  readonly subject: Subject;
  readonly origins: readonly Origin[];
}

/** The first rule that covers the problem today. */
export function ignoreOf(
  ignores: readonly Ignore[],
  control: string,
  subject: Subject,
  { origins }: Pick<Problem, "origins">,
  today: string,
): Suppression | undefined {
  const where = { control, subject, origins };
  return ignores.find(({ suppression, matches }) => isInForce(suppression, today) && matches(where))
    ?.suppression;
}

/**
 * Ignores written as comments:
 * `# bulkhead-ignore CONTROL[,CONTROL…] [until=YYYY-MM-DD] -- reason`, in whichever comment the file's
 * syntax has. Behind a value it speaks of that line; alone on its line, of the next line that is no comment; inside or
 * just above a subject's definition, also of what is absent there. A command that goes on over several lines has no
 * room for comments in between: one above it, or behind its end, speaks of all of it.
 */
export function commentIgnores(
  file: string,
  text: string,
): { ignores: readonly Ignore[]; complaints: readonly Complaint[] } {
  if (!text.includes(marker)) return { ignores: [], complaints: [] };
  const lines = text.split("\n");
  const ignores: Ignore[] = [];
  const complaints: Complaint[] = [];
  for (const [index, line] of lines.entries()) {
    const found = commentPattern.exec(line);
    if (!found) continue;
    const location = wholeLine(file, index + 1, line, found.index);
    const parsed = parseComment(found[2] ?? "");
    if (typeof parsed === "string") {
      complaints.push({ reason: parsed, location });
      continue;
    }
    for (const id of parsed.controls.filter(
      (each) => each !== "*" && each !== notRead && !findControl(each),
    )) {
      complaints.push({
        reason: `there is no control ${id} to ignore; bulkhead controls lists them`,
        location,
      });
    }
    const alone = line.slice(0, found.index).trim() === "";
    const instruction = withoutComments.exec(line)?.[1];
    if (instruction !== undefined && found[1] === "#") {
      const reason = `behind ${instruction} this is not a comment in a Dockerfile: give it a line above`;
      complaints.push({ reason, location });
      continue;
    }
    const next = alone ? nextLine(lines, index) : index + 1;
    // Deeper than what comes next, it closes the block above.
    const closes =
      alone &&
      /\.ya?ml$/i.test(file) &&
      (next === index + 1 || indentOf(line) > indentOf(lines[next - 1] ?? ""));
    const where = closes
      ? { written: lastContent(lines, index), target: index + 1 }
      : { written: index + 1, target: next };
    for (const control of parsed.controls) {
      ignores.push({
        control,
        suppression: { ...parsed.suppression, at: `${file}:${index + 1}` },
        at: { location },
        matches: (place) =>
          (control === "*" || control === place.control) && isAt(place, file, where.written, where.target),
      });
    }
  }
  return { ignores, complaints };
}

/** A comment that looks like an ignore and cannot be taken as one. */
export interface Complaint {
  readonly reason: string;
  readonly location: FileOrigin;
}

const marker = "bulkhead-ignore";
const commentPattern = /(#|\/\/|<!--|;)\s*bulkhead-ignore\b:?\s*(.*?)\s*(?:-->)?\s*$/;

/** Instructions that take a # on their line for a word: RUN, CMD, ENTRYPOINT and HEALTHCHECK hand it to a shell. */
const withoutComments = /^\s*(FROM|ARG|ENV|COPY|ADD|USER|EXPOSE|LABEL|VOLUME|WORKDIR|STOPSIGNAL|SHELL)\s/;

function parseComment(
  words: string,
): { readonly controls: readonly string[]; readonly suppression: Suppression } | string {
  const [head = "", ...tail] = words.split(/(?:^|\s+)--\s+/);
  const reason = tail.join(" -- ").trim();
  const until = /\buntil=(\S+)/.exec(head)?.[1] ?? null;
  const controls = head
    .replace(/\buntil=\S+/, "")
    .split(/[\s,]+/)
    .filter(Boolean);
  if (controls.length === 0)
    return "an ignore names the control it silences: bulkhead-ignore CONTROL -- reason";
  if (reason === "") return `the ignore of ${controls.join(", ")} gives no reason: write it behind “ -- ”`;
  if (until !== null && !isDate(until)) return `until=${until} is not a date: YYYY-MM-DD is expected`;
  return { controls, suppression: { kind: "comment", reason, until } };
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** The last line above that holds more than a comment. */
function lastContent(lines: readonly string[], index: number): number {
  return lines.findLastIndex((line, at) => at < index && !/^\s*(?:#.*)?$/.test(line)) + 1;
}

/** In Markdown a comment stands above the fence, and speaks of what is in it. */
function nextLine(lines: readonly string[], index: number): number {
  const next = lines.findIndex(
    (line, at) => at > index && !/^\s*(?:#.*|\/\/.*|<!--.*|;.*|```.*|~~~.*)?$/.test(line),
  );
  return next < 0 ? index + 1 : next + 1;
}

/** Whether a comment, written on one line about another, is about a problem there. */
function isAt({ subject, origins }: IgnoredPlace, file: string, written: number, target: number): boolean {
  const inFile = origins.filter(isFileOrigin).filter((origin) => origin.file === file);
  const { location } = subject;
  if (inFile.length > 0) {
    const isWhole =
      wordsOf(subject.source).isOneCommand === true &&
      location?.file === file &&
      (target === location.startLine || target === location.endLine);
    return isWhole || inFile.some((origin) => origin.startLine <= target && target <= origin.endLine);
  }
  if (origins.length > 0 || !location || location.file !== file) return false;
  const inside = location.startLine <= written && written <= location.endLine;
  return inside || target === location.startLine;
}

function wholeLine(file: string, line: number, text: string, from: number): FileOrigin {
  return {
    file,
    startLine: line,
    startColumn: from + 1,
    endLine: line,
    endColumn: text.trimEnd().length + 1,
  };
}

/** The same ignores, which remember whether they silenced something. */
export function remembering(ignores: readonly Ignore[]): {
  readonly ignores: readonly Ignore[];
  readonly used: ReadonlySet<Ignore["at"]>;
} {
  const used = new Set<Ignore["at"]>();
  const watched = ignores.map(
    (ignore): Ignore => ({
      ...ignore,
      matches(where) {
        const matched = ignore.matches(where);
        if (matched) used.add(ignore.at);
        return matched;
      },
    }),
  );
  return { ignores: watched, used };
}

/** What was looked at, as far as it says whether an ignore had a chance. */
interface Looked {
  /** The controls that were judged. */
  readonly controls: ReadonlySet<string>;
  /** Every folder that was walked. */
  readonly folders: readonly string[];
  /** Whether an Engine was read, whose subjects a rule of the configuration may mean. */
  readonly live: boolean;
  readonly subjects: readonly Subject[];
  /** Today, YYYY-MM-DD. */
  readonly today: string;
}

/** Ignores that have expired, and those that silence nothing: each is dead weight, or hides a mistake. */
export function idleIgnores(
  ignores: readonly Ignore[],
  used: ReadonlySet<Ignore["at"]>,
  looked: Looked,
): readonly Gap[] {
  return ignores.flatMap((ignore) => {
    const { control, suppression, at } = ignore;
    if (!isInForce(suppression, looked.today)) {
      return [gap(`the ignore of ${control} expired on ${suppression.until}: its findings count again`, at)];
    }
    if (used.has(at) || !hadItsChance(ignore, looked)) return [];
    const { subject, file, image, project } = ignore;
    const names = [...new Set(looked.subjects.map(({ name }) => name))];
    const isUnknown = subject !== undefined && !looked.subjects.some((each) => ignore.isAbout?.(each));
    if (isUnknown) {
      const meant = didYouMean(subject, names);
      return [gap(`the ignore of ${control} names ${subject}, but nothing here has that name${meant}`, at)];
    }
    const about = [subject, file, image, project].filter((word) => word !== undefined).join(", ");
    const what = about === "" ? control : `${control} for ${about}`;
    return [gap(`the ignore of ${what} matches no finding: remove it or correct it`, at)];
  });
}

/**
 * A rule of the configuration may mean what was not looked at: it is idle where the whole folder of bulkhead.yaml was
 * walked, or where it names what was looked at (or nearly so).
 */
function hadItsChance(ignore: Ignore, { controls, folders, live, subjects }: Looked): boolean {
  const { control, at, subject, image, project } = ignore;
  if (control !== "*" && !controls.has(control)) return false;
  if (at.location) return true;
  if (!live && (image ?? project) !== undefined) return false;
  const base = dirname(resolve(at.file ?? "."));
  if (folders.some((folder) => !relative(resolve(folder), base).startsWith(".."))) return true;
  if (subject === undefined) return false;
  const names = subjects.map(({ name }) => name);
  return subjects.some((each) => ignore.isAbout?.(each)) || (!live && didYouMean(subject, names) !== "");
}

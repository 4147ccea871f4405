import { isAbsolute, relative, sep } from "node:path";
import { structuredPatch } from "diff";
import { visible } from "../base/visible.ts";
import type { Span } from "../formats/values/positions.ts";
import { coverer } from "../model/credentials/mask.ts";
import { mask, redactSource, remembered } from "../report/secrets/redact.ts";
import type { ChangedText } from "./changed-texts.ts";

/** Lines around a change, as git shows them. */
const context = 3;

/**
 * A unified diff that `git apply` and `patch -p1` take, from the folder that the paths are relative to. Every byte is the
 * file's own: the values of environment variables stand in it.
 */
export function patchOf(
  text: Pick<ChangedText, "file" | "before" | "after" | "support">,
  folder: string,
): string {
  return printed(text, text.before, text.after, folder).join("");
}

/** The same for a person to read: secrets masked, what cannot be seen spelled out, lines marked for `paint`. */
export function shownDiff(
  text: ChangedText,
  folder: string,
  paint: Painter,
  shown = readable,
  values: readonly string[] = [],
): string {
  const cover = coverer(values);
  const before = masked(text.before, text.secretsBefore);
  const after = masked(text.after, text.secretsAfter);
  return printed(text, before, after, folder)
    .map((line, index) => {
      const end = line.endsWith("\r\n") ? "\r\n" : "\n";
      return `${paint(kindOf(line, index), shown(cover(line.slice(0, -end.length))))}\n`;
    })
    .join("");
}

/** The same of each. */
export function shownDiffs(
  texts: readonly ChangedText[],
  folder: string,
  paint: Painter,
  values: readonly string[] = [],
): readonly string[] {
  // The same lines are added to a hundred files.
  const shown = remembered(readable);
  return texts.map((text) => shownDiff(text, folder, paint, shown, values));
}

export type LineKind = "file" | "hunk" | "added" | "removed" | "same";
export type Painter = (kind: LineKind, line: string) => string;

function kindOf(line: string, index: number): LineKind {
  if (index < 2) return "file";
  if (line.startsWith("@@")) return "hunk";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "same";
}

/** Tabs stay, since indentation is what many a diff is about. */
function readable(line: string): string {
  return redactSource(line).split("\t").map(visible).join("\t");
}

function printed(
  { file, support }: Pick<ChangedText, "file" | "support">,
  before: string,
  after: string,
  folder: string,
): readonly string[] {
  const path = pathIn(file, folder);
  const part = changedPart(before, after);
  const { hunks } = structuredPatch(file, file, part.before, part.after, undefined, undefined, { context });
  if (hunks.length === 0) return [];
  return [
    support?.isNew ? "--- /dev/null\n" : `--- ${headed(`a/${path}`)}\n`,
    `+++ ${headed(`b/${path}`)}\n`,
    ...hunks.flatMap((hunk) => [
      `@@ -${range(part.line + hunk.oldStart, hunk.oldLines)} +${range(part.line + hunk.newStart, hunk.newLines)} @@\n`,
      ...hunk.lines.map((line) => `${line}\n`),
    ]),
  ];
}

/** From the first change to the last with the lines around them, and how many lines stand before that. */
function changedPart(
  before: string,
  after: string,
): { readonly before: string; readonly after: string; readonly line: number } {
  const shorter = Math.min(before.length, after.length);
  let first = 0;
  while (first < shorter && before[first] === after[first]) first += 1;
  let last = 0;
  while (last < shorter - first && before.at(-1 - last) === after.at(-1 - last)) last += 1;
  let start = startOfLine(before, first);
  for (let lines = 0; lines < context; lines += 1) start = startOfLine(before, start - 1);
  let end = before.length - last;
  for (let lines = 0; lines <= context && end < before.length; lines += 1) {
    const feed = before.indexOf("\n", end);
    end = feed === -1 ? before.length : feed + 1;
  }
  return {
    before: before.slice(start, end),
    after: after.slice(start, end + after.length - before.length),
    line: before.slice(0, start).split("\n").length - 1,
  };
}

function startOfLine(text: string, offset: number): number {
  return offset <= 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

function range(start: number, lines: number): string {
  return lines === 1 ? `${start}` : `${start},${lines}`;
}

/** git takes paths below the folder it runs in; another's is given from the root. */
function pathIn(file: string, folder: string): string {
  const below = isAbsolute(file) ? relative(folder, file) : file;
  const path = below.startsWith("..") ? file : below;
  return path
    .split(sep)
    .join("/")
    .replace(/^\.?\/+/, "");
}

/** A name with blanks ends with a tab, one with stranger characters is quoted as C does (git's core.quotePath). */
function headed(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be quoted
  if (/[\x00-\x1f"\\]/.test(path)) return `"${path.replace(/[\x00-\x1f"\\]/g, quoted)}"`;
  return path.includes(" ") ? `${path}\t` : path;
}

function quoted(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  return `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
}

/** Each line's part of a secret is masked for itself, so that lines keep their numbers. */
function masked(text: string, spans: readonly Span[]): string {
  let from = 0;
  let shown = "";
  for (const { start, end } of spans) {
    if (start < from) continue;
    const secret = text.slice(start, end);
    shown += text.slice(from, start) + secret.replace(/\S[^\r\n]*/g, mask);
    from = end;
  }
  return shown + text.slice(from);
}

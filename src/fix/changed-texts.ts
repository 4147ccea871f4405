import { resolve } from "node:path";
import type { DiskFiles } from "../audit/inputs/disk-files.ts";
import { ok } from "../base/result.ts";
import type { Span } from "../formats/values/positions.ts";
import type { FileOrigin } from "../model/origin.ts";
import { applyEdits, type Edit } from "../model/writing.ts";

/** How a file is written that need not exist yet. */
export interface Support {
  readonly isNew: boolean;
  /** The mode of a new file. */
  readonly mode: number;
}

/** A text as it was read and as it is to be. */
export interface ChangedText {
  /** As it was given. */
  readonly file: string;
  readonly before: string;
  readonly after: string;
  readonly edits: number;
  /** Of a file that is written for another one's sake (`.env`), before that; else undefined. */
  readonly support?: Support;
  /** What must not be shown of either, by offset, sorted. */
  readonly secretsBefore: readonly Span[];
  readonly secretsAfter: readonly Span[];
}

/** The texts that were changed so far, over those that were read. */
export interface ChangedTexts {
  /** Reads a changed text where there is one. */
  readonly io: DiskFiles;
  readonly isChanged: (file: string) => boolean;
  readonly make: (edits: readonly Edit[]) => void;
  /** Adds lines to a file, or makes it. `secrets` are parts of the lines that are not to be shown. */
  readonly append: (
    file: string,
    lines: string,
    options: { readonly mode: number; readonly secrets: readonly string[] },
  ) => void;
  readonly list: () => readonly ChangedText[];
}

export function changedTexts(io: DiskFiles, secrets: readonly FileOrigin[]): ChangedTexts {
  const changed = new Map<string, ChangedText>();
  const secretsOf = grouped(secrets);
  const read: DiskFiles["read"] = (path) => {
    const known = changed.get(resolve(path));
    return known ? ok(known.after) : io.read(path);
  };
  return {
    io: { ...io, read, exists: (path) => changed.has(resolve(path)) || io.exists(path) },
    isChanged: (file) => changed.has(resolve(file)),
    make(edits) {
      for (const [file, own] of grouped(edits)) {
        const text = read(file);
        if (!text.ok) continue;
        const known = changed.get(resolve(file)) ?? unchanged(file, text.value, secretsOf.get(file) ?? []);
        changed.set(resolve(file), edited(known, own));
      }
    },
    append(file, lines, { mode, secrets: own }) {
      const isNew = !io.exists(file);
      const text = isNew ? ok("") : read(file);
      if (!text.ok) return;
      const known = changed.get(resolve(file)) ?? unchanged(file, text.value, secretsOf.get(file) ?? []);
      const { length } = known.after;
      const start = known.after === "" || known.after.endsWith("\n") ? "" : "\n";
      const next = edited(known, [{ file, start: length, end: length, text: start + lines }]);
      const spans = own.flatMap((secret) =>
        placesOf(secret, lines).map((place) => ({
          start: length + start.length + place.start,
          end: length + start.length + place.end,
        })),
      );
      const secretsAfter = [...next.secretsAfter, ...spans].toSorted((a, b) => a.start - b.start);
      changed.set(resolve(file), { ...next, support: { isNew, mode }, secretsAfter });
    },
    list: () => [...changed.values()].filter(({ before, after }) => before !== after),
  };
}

function grouped<T extends { readonly file: string }>(all: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const files = new Map<string, T[]>();
  for (const each of all) {
    const own = files.get(each.file);
    if (own) own.push(each);
    else files.set(each.file, [each]);
  }
  return files;
}

function unchanged(file: string, text: string, own: readonly FileOrigin[]): ChangedText {
  const starts = own.length === 0 ? [] : lineStarts(text);
  const offset = (line: number, column: number) =>
    Math.min(text.length, (starts[line - 1] ?? text.length) + column - 1);
  const spans = own
    .map((secret) => ({
      start: offset(secret.startLine, secret.startColumn),
      end: offset(secret.endLine, secret.endColumn),
    }))
    .filter(({ start, end }) => end > start)
    .toSorted((a, b) => a.start - b.start);
  return { file, before: text, after: text, edits: 0, secretsBefore: spans, secretsAfter: spans };
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function edited(text: ChangedText, edits: readonly Edit[]): ChangedText {
  const sorted = edits.toSorted((a, b) => a.start - b.start);
  const secrets = text.secretsAfter.map((span) => text.after.slice(span.start, span.end));
  return {
    ...text,
    after: applyEdits(text.after, edits),
    edits: text.edits + edits.length,
    secretsAfter: [...moved(text.secretsAfter, sorted), ...repeated(new Set(secrets), sorted, text)].toSorted(
      (a, b) => a.start - b.start,
    ),
  };
}

/** Where the spans are after the edits; one that an edit touches is covered as far as it stays. */
function moved(spans: readonly Span[], edits: readonly Edit[]): readonly Span[] {
  let next = 0;
  let shift = 0;
  const found: Span[] = [];
  for (const { start, end } of spans) {
    for (let edit = edits[next]; edit && edit.end <= start; edit = edits[++next]) {
      shift += edit.text.length - (edit.end - edit.start);
    }
    const touching = edits[next];
    if (!touching || touching.start >= end) found.push({ start: start + shift, end: end + shift });
    else if (touching.start > start) found.push({ start: start + shift, end: touching.start + shift });
  }
  return found;
}

/** Shorter ones stand by chance in what is written. */
const shortestSecret = 4;

/**
 * The places where an edit writes a secret anew: a list that is written out again. A value that the file shows elsewhere, as
 * `image: postgres:17` shows the password `postgres`, is only masked beside the name of a secret, where it is shown.
 */
function repeated(
  secrets: ReadonlySet<string>,
  edits: readonly Edit[],
  { before, secretsBefore }: ChangedText,
): readonly Span[] {
  let others: string | undefined;
  const isHidden = (secret: string) => {
    others ??= without(before, secretsBefore);
    return !others.includes(secret);
  };
  let shift = 0;
  return edits.flatMap(({ start, end, text }) => {
    const at = start + shift;
    shift += text.length - (end - start);
    return [...secrets]
      .filter((secret) => secret.length >= shortestSecret && text.includes(secret) && isHidden(secret))
      .flatMap((secret) => placesOf(secret, text))
      .map((place) => ({ start: at + place.start, end: at + place.end }));
  });
}

/** The text with a line end in the place of each span. */
function without(text: string, spans: readonly Span[]): string {
  let from = 0;
  const kept = spans.map(({ start, end }) => {
    const part = text.slice(from, Math.max(from, start));
    from = Math.max(from, end);
    return part;
  });
  return [...kept, text.slice(from)].join("\n");
}

function placesOf(word: string, text: string): readonly Span[] {
  const places: Span[] = [];
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + word.length)) {
    places.push({ start: at, end: at + word.length });
  }
  return places;
}

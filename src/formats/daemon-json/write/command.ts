import { failed, ok, type Result } from "../../../base/result.ts";
import type { FactList } from "../../../model/fact.ts";
import { isFileOrigin, type Origin } from "../../../model/origin.ts";
import type { EnginePatch } from "../../../model/patch.ts";
import type { Edit } from "../../../model/writing.ts";
import { locator, type Span } from "../../values/positions.ts";
import { optionOfKey } from "../options.ts";
import {
  type Start,
  sourceOf,
  startOf,
  type TextFile,
  type UnitSource,
  type UnitSurroundings,
} from "../unit.ts";
import type { Word } from "../words.ts";
import { spellFlagValue } from "./keys.ts";

/** The command of a unit that runs dockerd, as something to change. */
export interface CommandLine {
  /** Where it stands: `docker.service:9`. */
  readonly place: string;
  /** Whether it gives the option. */
  readonly gives: (key: string) => boolean;
  /** The edits for a patch of an option that it gives. */
  readonly edits: (key: string, patch: EnginePatch) => Result<readonly Edit[]>;
  /** The edits that add what the patch brings, as a flag at the end. */
  readonly add: (key: string, patch: EnginePatch) => Result<readonly Edit[]>;
}

/** Undefined where the unit runs no dockerd. */
export function commandLineOf(
  main: TextFile,
  { dropIns = [], io }: UnitSurroundings,
): CommandLine | undefined {
  const spans = new Map<Origin, Span>();
  const sources = [main, ...dropIns].map((file) => recorded(file, spans));
  const start = startOf(sources, io);
  if (!start) return undefined;
  const line: Line = { ...start, spanOf: (origin) => spanIn(start, spans.get(origin), origin) };
  const { file, startLine } = start.source.locate(start.value);
  return {
    place: `${file}:${startLine}`,
    gives: (key) => start.flags.given.has(key),
    edits: (key, patch) => editsOf(line, key, patch),
    add: (key, patch) => (patch.op === "replace" ? added(line, key, patch.with) : failed(byHand)),
  };
}

/** A file whose places are remembered as offsets. */
function recorded(given: TextFile, spans: Map<Origin, Span>): UnitSource {
  const locate = locator(given.file, given.text);
  return sourceOf(given, (span) => {
    const origin = locate(span);
    spans.set(origin, span);
    return origin;
  });
}

const byHand = "change it by hand";

interface Line extends Start {
  /** Where something stands in the command itself; undefined for what a variable or another file brings. */
  readonly spanOf: (origin: Origin) => Span | undefined;
}

function spanIn({ source, value }: Start, span: Span | undefined, origin: Origin): Span | undefined {
  const isHere = isFileOrigin(origin) && origin.file === source.file;
  return span && isHere && span.start >= value.start && span.end <= value.end ? span : undefined;
}

/** A flag as it is given, with its value. */
interface Given {
  readonly item: FactList<string>[number];
  /** `--host`, `-H`. */
  readonly flag: string;
  /** The flag and its value. */
  readonly whole: Span;
  /** The value, if it is a separate word. */
  readonly value: Span | undefined;
  /** The end of the word before, from where on nothing but blanks stands. */
  readonly after: number;
}

function givenOf(line: Line, key: string): Result<readonly Given[]> {
  const found: Given[] = [];
  for (const item of line.flags.given.get(key)?.items ?? []) {
    const [origin] = item.origins;
    const given = origin && givenAt(line, item, origin);
    if (!given) {
      const place = origin && isFileOrigin(origin) ? ` at ${origin.file}:${origin.startLine}` : "";
      return failed(`a variable or a shell command brings it${place}: change it there`);
    }
    found.push(given);
  }
  return ok(found);
}

function givenAt(line: Line, item: Given["item"], origin: Origin): Given | undefined {
  const { words, spanOf } = line;
  const place = spanOf(origin);
  if (!place) return undefined;
  const index = words.findIndex((word) => isIn(place, spanOf(word.origin)));
  const [before, word] = [words[index - 1], words[index]];
  const span = word && spanOf(word.origin);
  if (!word || !span) return undefined;
  const isInline = word.origin !== origin || isFlag(word);
  if (isInline && isFlag(word)) {
    const [flag = ""] = word.text.split("=", 1);
    return { item, flag, whole: span, value: undefined, after: endBefore(line, index) ?? span.start };
  }
  const start = before && isFlag(before) ? spanOf(before.origin) : undefined;
  if (!before || !start || item.state !== "set" || item.value !== word.text) return undefined;
  return {
    item,
    flag: before.text,
    whole: { start: start.start, end: span.end },
    value: span,
    after: endBefore(line, index - 1) ?? start.start,
  };
}

function isFlag({ text }: Word): boolean {
  return /^-\w|^--\w/.test(text);
}

function isIn({ start, end }: Span, whole: Span | undefined): boolean {
  return whole !== undefined && whole.start <= start && end <= whole.end;
}

function endBefore({ words, spanOf }: Line, index: number): number | undefined {
  const word = words[index - 1];
  return word && spanOf(word.origin)?.end;
}

function editsOf(line: Line, key: string, patch: EnginePatch): Result<readonly Edit[]> {
  const found = givenOf(line, key);
  if (!found.ok) return found;
  const given = found.value;
  if (patch.op === "set") {
    const [last] = given.slice(-1);
    return last ? replaced(line, last, patch.value) : failed(byHand);
  }
  if (patch.op === "unset") return removed(line, given);
  if (patch.op === "add") return added(line, key, patch.value, given.at(-1));
  const meant = given.filter(({ item }) => item.state === "set" && isMeant(item.value, patch.value));
  if (meant.length === 0) return failed("where it is given is not known: change it by hand");
  if (patch.op === "remove") return removed(line, meant);
  const [first, ...more] = meant;
  const rest = removed(line, more);
  const change = first && replaced(line, first, patch.with);
  if (!change?.ok || !rest.ok) return change?.ok === false ? change : rest;
  return ok([...change.value, ...rest.value]);
}

/** `:2375` is `tcp://:2375` to dockerd. */
function isMeant(text: string, value: unknown): boolean {
  const wanted = spellFlagValue(value);
  return wanted !== undefined && (text.trim() === wanted || `tcp://${text.trim()}` === wanted);
}

function replaced(
  line: Line,
  { flag, whole, value: separate }: Given,
  value: unknown,
): Result<readonly Edit[]> {
  const text = spellFlagValue(value);
  if (text === undefined) return failed("it would need quotes: write it by hand");
  if (separate) return edit(line, separate, text);
  // A short flag and its value in one word, and several short flags in one, are spelled out.
  const long = flag.startsWith("--") ? flag : undefined;
  return long === undefined ? failed(byHand) : edit(line, whole, text === "true" ? long : `${long}=${text}`);
}

function removed(line: Line, given: readonly Given[]): Result<readonly Edit[]> {
  const edits: Edit[] = [];
  for (const { flag, whole, value, after } of given) {
    if (!flag.startsWith("--") && !value) return failed(byHand);
    const between = line.source.text.slice(after, whole.start);
    if (!/^(?:[ \t]|\\\r?\n)*$/.test(between))
      return failed("a comment stands beside it: take it out by hand");
    edits.push({ file: line.source.file, start: after, end: whole.end, text: "" });
  }
  return ok(edits);
}

/** Behind the one that is given last, spelled like that; else at the end of the command. */
function added(line: Line, key: string, value: unknown, last?: Given): Result<readonly Edit[]> {
  const text = spellFlagValue(value);
  const flag = last?.flag ?? `--${optionOfKey(key)?.flag ?? ""}`;
  if (text === undefined || flag === "--") return failed("write it by hand");
  const end = last?.whole.end ?? endBefore(line, line.words.length);
  if (end === undefined) return failed(byHand);
  const isApart = last ? last.value !== undefined : false;
  return edit(line, { start: end, end }, ` ${flag}${isApart ? " " : "="}${text}`);
}

function edit({ source }: Line, { start, end }: Span, text: string): Result<readonly Edit[]> {
  return ok([{ file: source.file, start, end, text }]);
}

import { set, unresolved } from "../../../model/fact.ts";
import { gap } from "../../../model/gap.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import { locator } from "../../values/positions.ts";
import { fileIn } from "../folder.ts";
import { hole, placesOf, sourceOf, textOf, type Word, wordFrom } from "../word.ts";
import { addItem, addValue, type LineFacts, notKnown, originOf } from "./line-facts.ts";

/**
 * `-e NAME=VALUE`, or `-e NAME` to pass the variable through. A value that is not known is no literal: undefined,
 * save for a URL whose credentials are written out (`https://me:word@$HOST`).
 */
export function readVariable(
  lineFacts: LineFacts,
  word: Word,
  passed: (name: string) => Word | undefined,
): void {
  const equals = word.text.indexOf("=");
  const name = equals < 0 ? word.text : word.text.slice(0, equals);
  if (name.includes(hole)) {
    if (equals >= 0) hide(lineFacts, wordFrom(word, equals + 1));
    addItem(lineFacts, "environment", notKnown(lineFacts, word));
    return;
  }
  if (name === "") {
    lineFacts.gaps.push(gap("an environment variable has no name", { location: originOf(lineFacts, word) }));
    return;
  }
  const value = equals < 0 ? passed(name) : wordFrom(word, equals + 1);
  if (value) hide(lineFacts, value);
  addValue(lineFacts, "environment", { name, value: value && literal(value) }, word);
}

function literal(value: Word): string | undefined {
  const known = textOf(value);
  if (known !== undefined) return known;
  return /^[a-z][a-z\d+.-]*:\/\/[^\0/@]*:[^\0/@]+@/i.test(value.text) ? sourceOf(value) : undefined;
}

function hide(lineFacts: LineFacts, value: Word): void {
  for (const range of placesOf(value)) {
    if (range.end > range.start) lineFacts.secrets.push(lineFacts.around.locate(range));
  }
}

/** `--env-file`: lines of `NAME=VALUE` or `NAME`, `#` for comments, no quoting (docker/cli: pkg/kvfile). */
export function readVariableFile(lineFacts: LineFacts, word: Word): void {
  for (const line of fileLines(lineFacts, word, "environment")) {
    const name = line.equals < 0 ? line.text : line.text.slice(0, line.equals);
    const value = line.equals < 0 ? undefined : line.text.slice(line.equals + 1);
    if (value) lineFacts.secrets.push(line.origin(line.equals + 1, line.text.length));
    addItem(lineFacts, "environment", set({ name, value }, line.origin(0, line.text.length)));
  }
}

/** `--label-file`, in the same shape. */
export function readLabelFile(lineFacts: LineFacts, word: Word): void {
  for (const line of fileLines(lineFacts, word, "labels")) {
    // Docker leaves out what has no value.
    if (line.equals < 0) continue;
    const name = line.text.slice(0, line.equals);
    const value = line.text.slice(line.equals + 1);
    addItem(lineFacts, "labels", set({ name, value }, line.origin(0, line.text.length)));
  }
}

interface FileLine {
  readonly text: string;
  readonly equals: number;
  readonly origin: (start: number, end: number) => FileOrigin;
}

function fileLines(lineFacts: LineFacts, word: Word, field: "environment" | "labels"): readonly FileLine[] {
  const path = textOf(word);
  if (path === undefined) {
    addItem(lineFacts, field, notKnown(lineFacts, word));
    return [];
  }
  const file = fileIn(lineFacts.around.folder, path);
  const read = lineFacts.around.io.read(file);
  if (!read.ok) {
    addItem(lineFacts, field, unresolved(`the file ${path} could not be read`, originOf(lineFacts, word)));
    return [];
  }
  const locate = locator(file, read.value);
  const found: FileLine[] = [];
  for (const match of read.value.matchAll(/^[^\S\r\n]*([^\r\n]*)/gm)) {
    const text = match[1] ?? "";
    const clean = text.replace(/^\uFEFF/, "");
    if (clean === "" || clean.startsWith("#") || clean.startsWith("=")) continue;
    const start = match.index + match[0].length - clean.length;
    found.push({
      text: clean,
      equals: clean.indexOf("="),
      origin: (from, to) => locate({ start: start + from, end: start + to }),
    });
  }
  return found;
}

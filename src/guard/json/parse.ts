import { failed, type Result } from "../../base/result.ts";
import type { JsonValue } from "./value.ts";

export interface JsonLimits {
  /** Bytes of the whole document. */
  readonly maxBytes: number;
  /** Objects and arrays that stand in each other. Go's decoder stops at 10,000. */
  readonly maxDepth: number;
  /** Items of one array, or members of one object. The whole document may have sixteen times as many values. */
  readonly maxItems: number;
}

export const defaultJsonLimits: JsonLimits = { maxBytes: 4 * 1024 * 1024, maxDepth: 64, maxItems: 256 };

/** So that lists within lists cannot multiply: a create request that sets every field has some 200 values. */
const valuesPerItem = 16;

/** Escapes and characters beyond the BMP of one document: each is read by itself. A seccomp profile in a string has some 6,000. */
const mostEscapes = 65_536;

/** Digits and signs of a number. */
const longestNumber = 64;

/**
 * Reads one JSON document (RFC 8259), and refuses whatever two readers might read in two ways: bytes that are not UTF-8,
 * a byte order mark, half a surrogate pair, a name that stands twice, anything behind the document. Never throws; the
 * reason names an offset in UTF-16 units, and nothing of what stands there.
 *
 * @see https://pkg.go.dev/encoding/json what the Engine reads with
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits = defaultJsonLimits): Result<JsonValue> {
  if (bytes.byteLength > limits.maxBytes)
    return failed(`the body has ${bytes.byteLength} bytes, and ${limits.maxBytes} are read at most`);
  const text = decode(bytes);
  if (text === undefined) return failed("the body is not UTF-8");
  const { maxDepth, maxItems } = limits;
  const scanner: Scanner = { text, at: 0, depth: 0, values: 0, escapes: 0, maxDepth, maxItems };
  try {
    skipSpace(scanner);
    const value = readValue(scanner);
    skipSpace(scanner);
    if (scanner.at < text.length) refuse(scanner, "something stands behind the document");
    return { ok: true, value };
  } catch (error) {
    if (error instanceof Refusal) return failed(error.message);
    throw error;
  }
}

interface Scanner {
  readonly text: string;
  readonly maxDepth: number;
  readonly maxItems: number;
  at: number;
  depth: number;
  /** Values read so far. */
  values: number;
  /** Escapes and surrogate pairs read so far. */
  escapes: number;
}

/** Leaves the recursion; never leaves this file. */
class Refusal extends Error {}

function refuse(scanner: Scanner, what: string): never {
  throw new Refusal(`the body is no JSON that two readers read alike: ${what}, at offset ${scanner.at}`);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function skipSpace(scanner: Scanner): void {
  for (;;) {
    const code = scanner.text.charCodeAt(scanner.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    scanner.at += 1;
  }
}

function readValue(scanner: Scanner): JsonValue {
  scanner.values += 1;
  if (scanner.values > scanner.maxItems * valuesPerItem)
    throw new Refusal(
      `the body has more than ${scanner.maxItems * valuesPerItem} values (policy: body.maxItems)`,
    );
  switch (scanner.text[scanner.at]) {
    case "{":
      return readObject(scanner);
    case "[":
      return readArray(scanner);
    case '"':
      return readString(scanner);
    case "t":
      return readWord(scanner, "true", true);
    case "f":
      return readWord(scanner, "false", false);
    case "n":
      return readWord(scanner, "null", null);
    default:
      return readNumber(scanner);
  }
}

function readWord<T>(scanner: Scanner, word: string, value: T): T {
  if (!scanner.text.startsWith(word, scanner.at)) refuse(scanner, "no value stands here");
  scanner.at += word.length;
  return value;
}

const numberForm = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function readNumber(scanner: Scanner): JsonValue {
  numberForm.lastIndex = scanner.at;
  const text = numberForm.exec(scanner.text)?.[0];
  if (text === undefined) return refuse(scanner, "no value stands here");
  if (text.length > longestNumber) refuse(scanner, "a number is too long");
  scanner.at += text.length;
  return { kind: "number", text };
}

function enter(scanner: Scanner): void {
  scanner.depth += 1;
  if (scanner.depth > scanner.maxDepth) refuse(scanner, `it is more than ${scanner.maxDepth} levels deep`);
  scanner.at += 1;
  skipSpace(scanner);
}

function leave(scanner: Scanner): void {
  scanner.depth -= 1;
  scanner.at += 1;
}

/** Whether another item follows; else the closing bracket was taken. */
function goesOn(scanner: Scanner, close: "}" | "]"): boolean {
  skipSpace(scanner);
  const next = scanner.text[scanner.at];
  if (next === close) {
    leave(scanner);
    return false;
  }
  if (next !== ",") refuse(scanner, `a comma or ${close} is missing`);
  scanner.at += 1;
  skipSpace(scanner);
  return true;
}

function checkCount({ maxItems }: Scanner, count: number): void {
  if (count === maxItems)
    throw new Refusal(`a list or map in the body has more than ${maxItems} items (policy: body.maxItems)`);
}

function readArray(scanner: Scanner): JsonValue {
  const items: JsonValue[] = [];
  enter(scanner);
  if (scanner.text[scanner.at] === "]") {
    leave(scanner);
    return { kind: "array", items };
  }
  do {
    checkCount(scanner, items.length);
    items.push(readValue(scanner));
  } while (goesOn(scanner, "]"));
  return { kind: "array", items };
}

function readObject(scanner: Scanner): JsonValue {
  const members = new Map<string, JsonValue>();
  enter(scanner);
  if (scanner.text[scanner.at] === "}") {
    leave(scanner);
    return { kind: "object", members };
  }
  do {
    if (scanner.text[scanner.at] !== '"') refuse(scanner, "a name is missing");
    checkCount(scanner, members.size);
    const name = readString(scanner);
    if (members.has(name)) refuse(scanner, "a name stands twice in one object");
    skipSpace(scanner);
    if (scanner.text[scanner.at] !== ":") refuse(scanner, "a colon is missing");
    scanner.at += 1;
    skipSpace(scanner);
    members.set(name, readValue(scanner));
  } while (goesOn(scanner, "}"));
  return { kind: "object", members };
}

/** What needs no second look: no quote, no escape, no control character, no surrogate. */
const plainRun = /[\u0020\u0021\u0023-\u005b\u005d-\ud7ff\ue000-\uffff]*/y;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

function readString(scanner: Scanner): string {
  scanner.at += 1;
  let value = "";
  for (;;) {
    plainRun.lastIndex = scanner.at;
    const run = plainRun.exec(scanner.text)?.[0] ?? "";
    value += run;
    scanner.at += run.length;
    const next = scanner.text[scanner.at];
    if (next === '"') {
      scanner.at += 1;
      return value;
    }
    scanner.escapes += 1;
    if (scanner.escapes > mostEscapes) throw new Refusal(`the body has more than ${mostEscapes} escapes`);
    if (next === "\\") value += readEscape(scanner);
    else value += readPair(scanner);
  }
}

/** A surrogate pair that stands in the text itself: decoded UTF-8 holds no halves. */
function readPair(scanner: Scanner): string {
  const pair = scanner.text.slice(scanner.at, scanner.at + 2);
  if (!/^[\ud800-\udbff][\udc00-\udfff]$/.test(pair))
    refuse(scanner, "a string has a control character, or no end");
  scanner.at += 2;
  return pair;
}

function readEscape(scanner: Scanner): string {
  const letter = scanner.text[scanner.at + 1] ?? "";
  if (letter === "u") return readUnicode(scanner);
  const plain = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
  if (plain === undefined) return refuse(scanner, "a string has an escape that JSON does not know");
  scanner.at += 2;
  return plain;
}

const loneUnit = /\\u([0-9a-fA-F]{4})/y;

function readUnit(scanner: Scanner): number {
  loneUnit.lastIndex = scanner.at;
  const digits = loneUnit.exec(scanner.text)?.[1];
  if (digits === undefined) return refuse(scanner, "a \\u escape is not whole");
  scanner.at += 6;
  return Number.parseInt(digits, 16);
}

/** Go puts U+FFFD for half a pair; JavaScript keeps it: so it is refused. */
function readUnicode(scanner: Scanner): string {
  const first = readUnit(scanner);
  if (first < 0xd800 || first > 0xdfff) return String.fromCharCode(first);
  if (first > 0xdbff) return refuse(scanner, "half a surrogate pair is escaped");
  const second = readUnit(scanner);
  if (second < 0xdc00 || second > 0xdfff) return refuse(scanner, "half a surrogate pair is escaped");
  return String.fromCharCode(first, second);
}

import { failed, ok, type Result } from "../../base/result.ts";
import { quote } from "../json/quote.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";
import { type Aside, drop, emptyAside } from "./aside.ts";
import { foldName } from "./fold.ts";
import { anyText, aPath, type Shape, type TextLimit } from "./shape.ts";

/**
 * Checks a document against what the Engine decodes it into, and gives it back as plain values: objects, arrays,
 * strings, booleans, numbers and null. What Go's decoder would make of the printed result is exactly what stands in it:
 * no name that is matched by folding, none that is dropped, no number that loses digits.
 *
 * Three things are made one: a `strings` is always a list, `filters` always have the form of maps, and what no Engine
 * reads is left out: a member that is `ignored`, and one that no Engine knows, which `aside` names. Null stays where it
 * means "not set". Maps inherit nothing, so that a key named `__proto__` or `constructor` is a key.
 *
 * The reason of a refusal names the place (`HostConfig.Memory`), never a value.
 *
 * @see https://pkg.go.dev/encoding/json#Unmarshal
 */
export function checkShape(value: JsonValue, shape: Shape, aside: Aside = emptyAside()): Result<unknown> {
  try {
    return ok(read(value, shape, undefined, aside));
  } catch (error) {
    if (error instanceof Mismatch) return failed(error.message);
    throw error;
  }
}

/** Leaves the recursion; never leaves this file. */
class Mismatch extends Error {}

/** Where the reader stands, put into words only when something is wrong there. */
interface DocumentPath {
  readonly parent: DocumentPath | undefined;
  readonly key: string | number;
}

function refuse(place: DocumentPath | undefined, what: string): never {
  throw new Mismatch(`${place === undefined ? "the document" : nameOf(place)} ${what}`);
}

function nameOf(place: DocumentPath): string {
  const own = typeof place.key === "number" ? `[${place.key}]` : shown(place.key);
  if (place.parent === undefined) return own;
  return `${nameOf(place.parent)}${typeof place.key === "number" ? "" : "."}${own}`;
}

/** A name of the client's own may hold anything. */
function shown(name: string): string {
  return /^[A-Za-z][A-Za-z0-9]{0,40}$/.test(name) ? name : quote(name, 40);
}

function read(value: JsonValue, shape: Shape, place: DocumentPath | undefined, aside: Aside): unknown {
  // null leaves what Go has there as it is: "not set", for every kind but those that an item of a list may not be
  if (value === null) return null;
  switch (shape.kind) {
    case "string":
    case "nullable":
      return readText(value, shape, place, aside);
    case "bool":
      return typeof value === "boolean" ? value : refuse(place, "is neither true nor false");
    case "int":
      return readInt(value, shape, place, aside);
    case "float":
      return readFloat(value, place);
    case "bytes":
      return readBytes(value, place);
    case "strings":
      return typeof value === "string"
        ? [readText(value, shape, place, aside)]
        : readList(value, { ...shape, kind: "string" }, place, aside);
    case "list":
      return readList(value, shape.items, place, aside);
    case "array":
      return readArray(value, shape, place, aside);
    case "map":
      return readMap(value, shape, place, aside);
    case "filters":
      return readFilters(value, place, aside);
    case "empty":
      return isObject(value) && value.members.size === 0 ? {} : refuse(place, "is not an empty object");
    case "struct":
      return readStruct(value, shape, place, aside);
    case "ignored":
      return undefined;
  }
}

/** Of all names and paths of a document together: 256 binds of 250 characters each, which no real request has. */
const mostNamed = 65_536;

function readText(
  value: JsonValue,
  { most, slashes }: TextLimit,
  place: DocumentPath | undefined,
  aside: Aside,
): string {
  if (typeof value !== "string") return refuse(place, "is not a string");
  if (value.length > most) refuse(place, `is ${value.length} characters; the limit is ${most}`);
  if (most === anyText.most) return value;
  aside.named += value.length;
  if (aside.named > mostNamed)
    refuse(place, `is one name or path too many: together they have more than ${mostNamed} characters`);
  if (slashes !== undefined && value.length > slashes && value.split("/", slashes + 2).length > slashes + 1)
    refuse(place, `has more than ${slashes} slashes`);
  return value;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && value.kind === "object";
}

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const uint64 = { min: 0n, max: 2n ** 64n - 1n };

function readInt(
  value: JsonValue,
  { min, max }: Extract<Shape, { kind: "int" }>,
  place: DocumentPath | undefined,
  aside: Aside,
): number {
  if (typeof value !== "object" || value === null || value.kind !== "number")
    return refuse(place, "is not a number");
  if (!/^-?[0-9]+$/.test(value.text))
    refuse(place, "is not written as a whole number, as the Engine reads it");
  // Go's ParseUint knows no sign at all
  if (min === 0 && value.text.startsWith("-")) refuse(place, "is below 0");
  const number = Number(value.text);
  if (number >= min && number <= max) return number + 0;
  if (max !== Number.MAX_SAFE_INTEGER) return refuse(place, `is not between ${min} and ${max}`);
  return readWide(value.text, min === 0 ? uint64 : int64, place, aside);
}

/** Two numbers that JavaScript rounds to one could not be told apart when they are written. */
function readWide(
  text: string,
  { min, max }: typeof int64,
  place: DocumentPath | undefined,
  aside: Aside,
): number {
  if (text.length > 20) return refuse(place, `is not between ${min} and ${max}`);
  const exact = BigInt(text);
  if (exact < min || exact > max) return refuse(place, `is not between ${min} and ${max}`);
  const rounded = Number(exact);
  const other = aside.exact.get(rounded);
  if (other !== undefined && other !== String(exact))
    return refuse(place, "is too close to another number of the document to distinguish them");
  aside.exact.set(rounded, String(exact));
  return rounded;
}

function readFloat(value: JsonValue, place: DocumentPath | undefined): number {
  if (typeof value !== "object" || value === null || value.kind !== "number")
    return refuse(place, "is not a number");
  const number = Number(value.text);
  return Number.isFinite(number) ? number + 0 : refuse(place, "is too large a number");
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Go's decoder skips line breaks and bits that lie over; here the text is the one that the bytes have. */
function readBytes(value: JsonValue, place: DocumentPath | undefined): string {
  if (typeof value !== "string" || !base64.test(value)) return refuse(place, "is not base64 with padding");
  if (Buffer.from(value, "base64").toString("base64") !== value)
    refuse(place, "is not base64 with padding: bits lie over");
  return value;
}

function readList(value: JsonValue, items: Shape, place: DocumentPath | undefined, aside: Aside): unknown[] {
  if (typeof value !== "object" || value === null || value.kind !== "array")
    return refuse(place, "is not a list");
  return value.items.map((item, index) => {
    const at = { parent: place, key: index };
    // Go makes "" or a struct of zeros of it, or a nil that no code of the Engine looks for
    if (item === null) refuse(at, "is null");
    return read(item, items, at, aside);
  });
}

function readArray(
  value: JsonValue,
  shape: Extract<Shape, { kind: "array" }>,
  place: DocumentPath | undefined,
  aside: Aside,
): unknown[] {
  const items = readList(value, shape.items, place, aside);
  return items.length === shape.length ? items : refuse(place, `has not ${shape.length} items`);
}

/**
 * An object that inherits nothing, not even a meaning of `__proto__`. V8 keeps what Object.create(null) makes in a table,
 * and reads that slowly.
 */
class Names<T> {
  [name: string]: T;
}
Object.setPrototypeOf(Names.prototype, null);
Reflect.deleteProperty(Names.prototype, "constructor");

const scalars: ReadonlySet<Shape["kind"]> = new Set(["string", "bool", "int", "float", "bytes"]);

function readMap(
  value: JsonValue,
  { values, names }: Extract<Shape, { kind: "map" }>,
  place: DocumentPath | undefined,
  aside: Aside,
): Record<string, unknown> {
  if (!isObject(value)) return refuse(place, "is not an object");
  const map = new Names<unknown>();
  for (const [key, item] of value.members) {
    const at = { parent: place, key };
    readText(key, names, at, aside);
    if (item === null && scalars.has(values.kind)) refuse(at, "is null");
    map[key] = read(item, values, at, aside);
  }
  return map;
}

const filterTerm = { kind: "string", ...aPath } as const;

/**
 * A value that is false would count as there for some filters of the Engine and as missing for others.
 *
 * @see https://github.com/moby/moby/blob/v28.5.2/api/types/filters/parse.go
 */
function readFilters(
  value: JsonValue,
  place: DocumentPath | undefined,
  aside: Aside,
): Record<string, Record<string, true>> {
  if (!isObject(value)) return refuse(place, "is not an object");
  const map = new Names<Record<string, true>>();
  let form: "list" | "map" | undefined;
  for (const [key, terms] of value.members) {
    const at = { parent: place, key };
    const found = new Names<true>();
    const own = isObject(terms) ? "map" : "list";
    if (form !== undefined && own !== form) refuse(at, "has the other form of filters than those before it");
    form = own;
    if (isObject(terms)) {
      for (const [term, set] of terms.members)
        found[readText(term, filterTerm, at, aside)] =
          set === true || refuse({ parent: at, key: term }, "is not true");
    } else {
      for (const term of readList(terms, filterTerm, at, aside)) found[term as string] = true;
    }
    map[key] = found;
  }
  return map;
}

function readStruct(
  value: JsonValue,
  shape: Extract<Shape, { kind: "struct" }>,
  place: DocumentPath | undefined,
  aside: Aside,
): Record<string, unknown> {
  if (!isObject(value)) return refuse(place, "is not an object");
  const struct: Record<string, unknown> = {};
  const fields = fieldsOf(shape);
  for (const [key, item] of value.members) {
    const at = { parent: place, key };
    const field = fields.get(key) ?? aliasOf(key, value, shape);
    if (field === undefined) {
      dropUnknown(key, item, shape, at, aside);
      continue;
    }
    const [name, own] = field;
    if (own.kind !== "ignored") struct[name] = read(item, own, at, aside);
  }
  return struct;
}

type Field = readonly [name: string, shape: Shape];

/** Go reads a name by folding; where both spellings are there, the later one would win. */
function aliasOf(
  key: string,
  { members }: JsonObject,
  { aliases = {}, fields }: Extract<Shape, { kind: "struct" }>,
): Field | undefined {
  const name = Object.hasOwn(aliases, key) ? aliases[key] : undefined;
  const field = name === undefined ? undefined : fields[name];
  return name === undefined || field === undefined || members.has(name) ? undefined : [name, field];
}

const fieldsByName = new WeakMap<Shape, ReadonlyMap<string, Field>>();

/**
 * The fields of a struct by name, each with the name as it stands here: V8 knows that text already, where the client's
 * would have to be looked up among all texts for each object.
 */
function fieldsOf(shape: Extract<Shape, { kind: "struct" }>): ReadonlyMap<string, Field> {
  const known = fieldsByName.get(shape);
  if (known) return known;
  const fields = new Map(Object.entries(shape.fields).map((field) => [field[0], field]));
  fieldsByName.set(shape, fields);
  return fields;
}

/**
 * No Engine reads a name that it does not know, and the request is built without it. One that some Engine reads is refused,
 * unless it says nothing: dockerode's run sends an empty list of VolumesFrom there.
 */
function dropUnknown(
  key: string,
  item: JsonValue,
  shape: Extract<Shape, { kind: "struct" }>,
  place: DocumentPath,
  aside: Aside,
): void {
  const known = foldedNames(shape).get(foldName(key));
  const isClosed = known !== undefined && !Object.hasOwn(shape.fields, known);
  if (known === undefined || (isClosed && saysNothing(known, item))) {
    drop(aside, nameOf(place));
    return;
  }
  if (!isClosed) refuse(place, `would be read as ${known}, which is written otherwise`);
  refuse(place, "is read there by some Engines: it belongs into HostConfig");
}

/** An empty list of paths is one that masks nothing. */
const saysMuchByNothing: ReadonlySet<string> = new Set(["MaskedPaths", "ReadonlyPaths"]);

function saysNothing(name: string, value: JsonValue): boolean {
  if (value === null || value === "") return true;
  if (typeof value !== "object" || saysMuchByNothing.has(name)) return false;
  if (value.kind === "array") return value.items.length === 0;
  return value.kind === "object" && value.members.size === 0;
}

const folded = new WeakMap<Shape, ReadonlyMap<string, string>>();

function foldedNames(shape: Extract<Shape, { kind: "struct" }>): ReadonlyMap<string, string> {
  const cached = folded.get(shape);
  if (cached !== undefined) return cached;
  const all = [...(shape.closed ?? []), ...Object.keys(shape.fields)];
  const names = new Map(all.map((name) => [foldName(name), name]));
  folded.set(shape, names);
  return names;
}

import { failed, ok, type Result } from "../../base/result.ts";
import { quote } from "../json/quote.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";
import { foldName } from "./fold.ts";
import type { Shape } from "./shape.ts";

/**
 * Checks a document against what the Engine decodes it into, and gives it back as plain values: objects, arrays,
 * strings, booleans, numbers and null. What Go's decoder would make of the printed result is exactly what stands in it:
 * no name that is matched by folding, none that is dropped, no number that loses digits.
 *
 * Three things are made one: a `strings` is always a list, `filters` always have the form of maps, and what no Engine
 * reads (`ignored`) is left out. Null stays where it means "not set". Maps inherit nothing, so that a key named
 * `__proto__` or `constructor` is a key.
 *
 * The reason of a refusal names the place (`HostConfig.Memory`), never a value.
 *
 * @see https://pkg.go.dev/encoding/json#Unmarshal
 */
export function checkShape(value: JsonValue, shape: Shape): Result<unknown> {
  try {
    return ok(read(value, shape, undefined));
  } catch (error) {
    if (error instanceof Mismatch) return failed(error.message);
    throw error;
  }
}

/** Leaves the recursion; never leaves this file. */
class Mismatch extends Error {}

/** Where the reader stands, put into words only when something is wrong there. */
interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
}

function refuse(place: Place | undefined, what: string): never {
  throw new Mismatch(`${place === undefined ? "the document" : nameOf(place)} ${what}`);
}

function nameOf(place: Place): string {
  const own = typeof place.key === "number" ? `[${place.key}]` : shown(place.key);
  if (place.parent === undefined) return own;
  return `${nameOf(place.parent)}${typeof place.key === "number" ? "" : "."}${own}`;
}

/** A name of the client's own may hold anything. */
function shown(name: string): string {
  return /^[A-Za-z][A-Za-z0-9]{0,40}$/.test(name) ? name : quote(name, 40);
}

function read(value: JsonValue, shape: Shape, place: Place | undefined): unknown {
  // null leaves what Go has there as it is: "not set", for every kind but those that an item of a list may not be
  if (value === null) return null;
  switch (shape.kind) {
    case "string":
    case "nullable":
      return typeof value === "string" ? value : refuse(place, "is no string");
    case "bool":
      return typeof value === "boolean" ? value : refuse(place, "is neither true nor false");
    case "int":
      return readInt(value, shape.min, shape.max, place);
    case "float":
      return readFloat(value, place);
    case "bytes":
      return readBytes(value, place);
    case "strings":
      return typeof value === "string" ? [value] : readList(value, stringItem, place);
    case "list":
      return readList(value, shape.items, place);
    case "array":
      return readArray(value, shape, place);
    case "map":
      return readMap(value, shape.values, place);
    case "filters":
      return readFilters(value, place);
    case "empty":
      return isObject(value) && value.members.size === 0 ? {} : refuse(place, "is no empty object");
    case "struct":
      return readStruct(value, shape, place);
    case "ignored":
      return undefined;
  }
}

const stringItem: Shape = { kind: "string" };

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && value.kind === "object";
}

function readInt(value: JsonValue, min: number, max: number, place: Place | undefined): number {
  if (typeof value !== "object" || value === null || value.kind !== "number")
    return refuse(place, "is no number");
  if (!/^-?[0-9]+$/.test(value.text))
    refuse(place, "is not written as a whole number, as the Engine reads it");
  // Go's ParseUint knows no sign at all
  if (min === 0 && value.text.startsWith("-")) refuse(place, "is below 0");
  const number = Number(value.text);
  if (number < min || number > max) refuse(place, `is not between ${min} and ${max}`);
  return number + 0;
}

function readFloat(value: JsonValue, place: Place | undefined): number {
  if (typeof value !== "object" || value === null || value.kind !== "number")
    return refuse(place, "is no number");
  const number = Number(value.text);
  return Number.isFinite(number) ? number + 0 : refuse(place, "is too large a number");
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Go's decoder skips line breaks and bits that lie over; here the text is the one that the bytes have. */
function readBytes(value: JsonValue, place: Place | undefined): string {
  if (typeof value !== "string" || !base64.test(value)) return refuse(place, "is no base64 with padding");
  if (Buffer.from(value, "base64").toString("base64") !== value)
    refuse(place, "is no base64 with padding: bits lie over");
  return value;
}

function readList(value: JsonValue, items: Shape, place: Place | undefined): unknown[] {
  if (typeof value !== "object" || value === null || value.kind !== "array")
    return refuse(place, "is no list");
  return value.items.map((item, index) => {
    const at = { parent: place, key: index };
    // Go makes "" or a struct of zeros of it, or a nil that no code of the Engine looks for
    if (item === null) refuse(at, "is null");
    return read(item, items, at);
  });
}

function readArray(
  value: JsonValue,
  shape: Extract<Shape, { kind: "array" }>,
  place: Place | undefined,
): unknown[] {
  const items = readList(value, shape.items, place);
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

function readMap(value: JsonValue, values: Shape, place: Place | undefined): Record<string, unknown> {
  if (!isObject(value)) return refuse(place, "is no object");
  const map = new Names<unknown>();
  for (const [key, item] of value.members) {
    const at = { parent: place, key };
    if (item === null && scalars.has(values.kind)) refuse(at, "is null");
    map[key] = read(item, values, at);
  }
  return map;
}

/**
 * A value that is false would count as there for some filters of the Engine and as missing for others.
 *
 * @see https://github.com/moby/moby/blob/v28.5.2/api/types/filters/parse.go
 */
function readFilters(value: JsonValue, place: Place | undefined): Record<string, Record<string, true>> {
  if (!isObject(value)) return refuse(place, "is no object");
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
        found[term] = set === true || refuse({ parent: at, key: term }, "is not true");
    } else {
      for (const term of readList(terms, stringItem, at)) found[term as string] = true;
    }
    map[key] = found;
  }
  return map;
}

function readStruct(
  value: JsonValue,
  shape: Extract<Shape, { kind: "struct" }>,
  place: Place | undefined,
): Record<string, unknown> {
  if (!isObject(value)) return refuse(place, "is no object");
  const struct: Record<string, unknown> = {};
  const fields = fieldsOf(shape);
  for (const [key, item] of value.members) {
    const at = { parent: place, key };
    const field = fields.get(key);
    if (field === undefined) return refuseName(key, shape, at);
    const [name, own] = field;
    if (own.kind !== "ignored") struct[name] = read(item, own, at);
  }
  return struct;
}

const fieldsByName = new WeakMap<Shape, ReadonlyMap<string, readonly [name: string, shape: Shape]>>();

/**
 * The fields of a struct by name, each with the name as it stands here: V8 knows that text already, where the client's
 * would have to be looked up among all texts for each object.
 */
function fieldsOf(
  shape: Extract<Shape, { kind: "struct" }>,
): ReadonlyMap<string, readonly [name: string, shape: Shape]> {
  const known = fieldsByName.get(shape);
  if (known) return known;
  const fields = new Map(Object.entries(shape.fields).map((field) => [field[0], field]));
  fieldsByName.set(shape, fields);
  return fields;
}

function refuseName(key: string, shape: Extract<Shape, { kind: "struct" }>, place: Place): never {
  const known = foldedNames(shape).get(foldName(key));
  if (known === undefined) return refuse(place, "is no name that the Engine API 1.41 to 1.54 knows there");
  return refuse(place, `would be read as ${known}, which is written otherwise`);
}

const folded = new WeakMap<Shape, ReadonlyMap<string, string>>();

function foldedNames(shape: Extract<Shape, { kind: "struct" }>): ReadonlyMap<string, string> {
  const cached = folded.get(shape);
  if (cached !== undefined) return cached;
  const names = new Map(Object.keys(shape.fields).map((name) => [foldName(name), name]));
  folded.set(shape, names);
  return names;
}

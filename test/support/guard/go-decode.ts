import { foldName } from "../../../src/guard/shapes/fold.ts";
import type { Shape } from "../../../src/guard/shapes/shape.ts";
import { type GoValue, readGoJson } from "./go-json.ts";
import { normalise } from "./normal-form.ts";

/**
 * A model of Go's encoding/json, by which every Engine reads: the last of two names wins and is merged into the first,
 * names match by folding, unknown ones are dropped, null leaves things alone, slices are filled over what was in them.
 * `fixtures/go-decoding.json` holds what the real one makes of the same texts.
 *
 * Gives the normal form of what was decoded, or undefined where Go reports an error.
 *
 * @see https://cs.opensource.google/go/go/+/refs/tags/go1.24.4:src/encoding/json/decode.go
 */
export function goDecode(bytes: Uint8Array, shape: Shape): { readonly value: unknown } | undefined {
  const read = readGoJson(bytes);
  if (read === undefined) return undefined;
  try {
    const slot: Slot = { value: zero(shape) };
    decode(read, shape, slot);
    return { value: normalise(plain(slot.value, shape), shape) };
  } catch (error) {
    if (error instanceof GoError) return undefined;
    throw error;
  }
}

class GoError extends Error {}

interface Slot {
  value: unknown;
}

/** A slice keeps what lies between its length and its capacity, and finds it again when it grows. */
class Slice {
  readonly slots: Slot[] = [];
  length = 0;
}

function zero(shape: Shape): unknown {
  switch (shape.kind) {
    case "string":
      return "";
    case "bool":
      return false;
    case "int":
    case "float":
      return 0;
    case "array":
      return Array.from({ length: shape.length }, (): Slot => ({ value: zero(shape.items) }));
    case "struct":
      return new Map<string, Slot>();
    case "empty":
      return {};
    default:
      return null;
  }
}

function decode(json: GoValue, shape: Shape, slot: Slot): void {
  if (shape.kind === "strings") {
    decodeStrings(json, slot);
    return;
  }
  if (json === null) {
    // "no effect" but on pointers, maps and slices
    if (["nullable", "bytes", "list", "map"].includes(shape.kind)) slot.value = null;
    return;
  }
  switch (shape.kind) {
    case "string":
    case "nullable":
      if (typeof json !== "string") throw new GoError("type");
      slot.value = json;
      return;
    case "bool":
      if (typeof json !== "boolean") throw new GoError("type");
      slot.value = json;
      return;
    case "int":
      decodeInt(json, shape, slot);
      return;
    case "float":
      if (typeof json !== "object" || json.kind !== "number") throw new GoError("type");
      if (!Number.isFinite(Number(json.text))) throw new GoError("range");
      slot.value = Number(json.text);
      return;
    case "bytes":
      decodeBytes(json, slot);
      return;
    case "list":
      decodeList(json, shape.items, slot);
      return;
    case "array":
      decodeArray(json, shape, slot);
      return;
    case "map":
      decodeMap(json, shape.values, slot);
      return;
    case "empty":
      if (typeof json !== "object" || json.kind !== "object") throw new GoError("type");
      return;
    case "struct":
      decodeStruct(json, shape, slot);
      return;
    case "filters":
    case "ignored":
      return;
  }
}

/** strslice.StrSlice: a list, or one string. */
function decodeStrings(json: GoValue, slot: Slot): void {
  if (json === null) {
    slot.value = null;
    return;
  }
  if (typeof json === "string") {
    const only = new Slice();
    only.slots.push({ value: json });
    only.length = 1;
    slot.value = only;
    return;
  }
  const fresh: Slot = { value: null };
  decodeList(json, { kind: "string", most: 512 }, fresh);
  slot.value = fresh.value;
}

function decodeInt(json: GoValue, shape: Extract<Shape, { kind: "int" }>, slot: Slot): void {
  if (json === null || typeof json !== "object" || json.kind !== "number") throw new GoError("type");
  const form = shape.min === 0 ? /^[0-9]+$/ : /^-?[0-9]+$/;
  if (!form.test(json.text)) throw new GoError("no integer");
  const value = BigInt(json.text);
  const [min, max] =
    shape.max === Number.MAX_SAFE_INTEGER
      ? shape.min === 0
        ? [0n, (1n << 64n) - 1n]
        : [-(1n << 63n), (1n << 63n) - 1n]
      : [BigInt(shape.min), BigInt(shape.max)];
  if (value < min || value > max) throw new GoError("overflow");
  slot.value = Number(value);
}

function decodeBytes(json: GoValue, slot: Slot): void {
  if (json !== null && typeof json === "object" && json.kind === "array") {
    const fresh: Slot = { value: null };
    decodeList(json, { kind: "int", min: 0, max: 255 }, fresh);
    const slice = fresh.value as Slice;
    slot.value = Buffer.from(slice.slots.slice(0, slice.length).map((item) => Number(item.value))).toString(
      "base64",
    );
    return;
  }
  if (typeof json !== "string") throw new GoError("type");
  const text = json.replace(/[\r\n]/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    throw new GoError("base64");
  slot.value = Buffer.from(text, "base64").toString("base64");
}

function decodeList(json: GoValue, items: Shape, slot: Slot): void {
  if (json === null || typeof json !== "object" || json.kind !== "array") throw new GoError("type");
  const slice = slot.value instanceof Slice ? slot.value : new Slice();
  for (const [index, item] of json.items.entries()) {
    const at = slice.slots[index] ?? { value: zero(items) };
    slice.slots[index] = at;
    decode(item, items, at);
  }
  // an empty list makes a slice of its own
  slot.value = json.items.length === 0 ? new Slice() : slice;
  slice.length = json.items.length;
}

function decodeArray(json: GoValue, shape: Extract<Shape, { kind: "array" }>, slot: Slot): void {
  if (json === null || typeof json !== "object" || json.kind !== "array") throw new GoError("type");
  const slots = slot.value as Slot[];
  for (const [index, at] of slots.entries()) {
    const item = json.items[index];
    if (item === undefined) at.value = zero(shape.items);
    else decode(item, shape.items, at);
  }
}

function decodeMap(json: GoValue, values: Shape, slot: Slot): void {
  if (json === null || typeof json !== "object" || json.kind !== "object") throw new GoError("type");
  const map = slot.value instanceof Map ? (slot.value as Map<string, Slot>) : new Map<string, Slot>();
  slot.value = map;
  for (const [key, item] of json.members) {
    // the value of a struct is a pointer in every map of the Engine's
    const pointer = values.kind === "struct" && item === null;
    const fresh: Slot = { value: pointer ? null : zero(values) };
    if (!pointer) decode(item, values, fresh);
    map.set(key, fresh);
  }
}

function decodeStruct(json: GoValue, shape: Extract<Shape, { kind: "struct" }>, slot: Slot): void {
  if (json === null || typeof json !== "object" || json.kind !== "object") throw new GoError("type");
  const struct = slot.value instanceof Map ? (slot.value as Map<string, Slot>) : new Map<string, Slot>();
  slot.value = struct;
  const names = Object.keys(shape.fields).filter((name) => shape.fields[name]?.kind !== "ignored");
  for (const [key, item] of json.members) {
    const name = names.includes(key) ? key : names.find((candidate) => foldName(candidate) === goFold(key));
    const field = name === undefined ? undefined : shape.fields[name];
    if (name === undefined || field === undefined) continue;
    const at = struct.get(name) ?? { value: zero(field) };
    struct.set(name, at);
    decode(item, field, at);
  }
}

/** By Unicode's simple folding as JavaScript's own regular expressions have it, so that foldName is not its own witness. */
function goFold(key: string): string {
  return [...key]
    .map((character) => {
      for (const letter of "abcdefghijklmnopqrstuvwxyz")
        if (new RegExp(`^${letter}$`, "iu").test(character)) return letter;
      return character;
    })
    .join("");
}

/** Slots and slices as arrays and objects. */
function plain(value: unknown, shape: Shape): unknown {
  if (value === null) return null;
  if (value instanceof Slice) {
    const items: Shape = shape.kind === "list" ? shape.items : { kind: "string", most: 512 };
    return value.slots.slice(0, value.length).map((slot) => plain(slot.value, items));
  }
  if (shape.kind === "array") return (value as Slot[]).map((slot) => plain(slot.value, shape.items));
  if (!(value instanceof Map)) return value;
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, slot] of value as Map<string, Slot>) {
    const inner =
      shape.kind === "map" ? shape.values : shape.kind === "struct" ? shape.fields[key] : undefined;
    if (inner !== undefined) object[key] = plain(slot.value, inner);
  }
  return object;
}

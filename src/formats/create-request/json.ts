import { isRecord } from "../../base/json.ts";
import type { NameValue } from "../../model/container-values.ts";
import { type Fact, type FactList, set, type UnresolvedFact, unresolved, unset } from "../../model/fact.ts";

/**
 * A place in a JSON document. `problem` says why the value here is not known (its parent is not an object, or
 * its key is written twice): every fact read from it is unresolved.
 */
export interface JsonNode {
  /** Undefined where nothing stands; null counts as nothing everywhere, as in Go's decoder. */
  readonly value: unknown;
  /** RFC 6901. */
  readonly pointer: string;
  readonly name: string;
  readonly problem: string | undefined;
}

/** The document, or a part of a greater one that stands at `pointer`. */
export function documentAt(value: unknown, pointer: string): JsonNode {
  return {
    value,
    pointer,
    name: pointer.slice(pointer.lastIndexOf("/") + 1) || "the document",
    problem: undefined,
  };
}

/**
 * A member of an object. The Engine decodes with Go's encoding/json, which takes keys in any case (and by Unicode's
 * folding), so `privileged` is `Privileged`.
 */
export function field(parent: JsonNode, name: string): JsonNode {
  const { value, problem } = parent;
  if (problem !== undefined || isNothing(value)) return nothingAt(parent, name, problem);
  if (!isRecord(value)) return nothingAt(parent, name, `${parent.name} is not an object`);
  const keys = keysLike(value, name);
  const [key] = keys;
  if (key === undefined) return nothingAt(parent, name, undefined);
  if (keys.length > 1)
    return nothingAt(parent, name, `${name} is written ${keys.length} times in different case`);
  return { value: value[key], pointer: pointerTo(parent, key), name, problem: undefined };
}

function nothingAt(parent: JsonNode, name: string, problem: string | undefined): JsonNode {
  return { value: undefined, pointer: pointerTo(parent, name), name, problem };
}

function pointerTo({ pointer }: JsonNode, key: string): string {
  return `${pointer}/${escapePointer(key)}`;
}

/** A quick test whether `field` finds a value or a problem under the name. */
export function membersOf({ value, problem }: JsonNode): (name: string) => boolean {
  if (problem !== undefined || (!isNothing(value) && !isRecord(value))) return () => true;
  if (isNothing(value)) return () => false;
  const names = keysOf(value);
  return (name) => names.has(fold(name));
}

/** A member some steps down. */
export function path(parent: JsonNode, ...names: readonly string[]): JsonNode {
  return names.reduce(field, parent);
}

export function stringFact(node: JsonNode): Fact<string> {
  return scalar(node, "a string", (value) => (typeof value === "string" ? value : undefined), "");
}

/** An integer; 0 is unset, as everywhere in the Engine API, unless `keepZero`. */
export function integerFact(node: JsonNode, options: { readonly keepZero?: boolean } = {}): Fact<number> {
  const zero = options.keepZero ? undefined : 0;
  return scalar(
    node,
    "an integer",
    (value) => (Number.isSafeInteger(value) ? Number(value) : undefined),
    zero,
  );
}

/** Both `true` and `false` are set: an inspect document says either, and a finding can then point at it. */
export function booleanFact(node: JsonNode): Fact<boolean> {
  return scalar(node, "a boolean", (value) => (typeof value === "boolean" ? value : undefined), undefined);
}

function scalar<T>(
  node: JsonNode,
  kind: string,
  read: (value: unknown) => T | undefined,
  zero: T | undefined,
): Fact<T> {
  if (node.problem !== undefined) return broken(node, node.problem);
  if (isNothing(node.value)) return unset;
  const value = read(node.value);
  if (value === undefined) return broken(node, `${node.name} is not ${kind}`);
  return value === zero || Object.is(value, -0) ? unset : set(value, { pointer: node.pointer });
}

/** Reads each item of an array; a reader that gives undefined leaves its item out. */
export function listFact<T>(
  node: JsonNode,
  readItem: (item: JsonNode) => FactList<T>[number] | undefined,
): FactList<T> {
  if (node.problem !== undefined) return [broken(node, node.problem)];
  if (isNothing(node.value)) return [];
  if (!Array.isArray(node.value)) return [broken(node, `${node.name} is not an array`)];
  return node.value.flatMap((value: unknown, index) => {
    const item = {
      value,
      pointer: `${node.pointer}/${index}`,
      name: `an item of ${node.name}`,
      problem: undefined,
    };
    return readItem(item) ?? [];
  });
}

/** Reads each member of an object whose keys are data (labels, ports, options). */
export function entriesFact<T>(
  node: JsonNode,
  readEntry: (key: string, value: JsonNode) => FactList<T>,
): FactList<T> {
  if (node.problem !== undefined) return [broken(node, node.problem)];
  if (isNothing(node.value)) return [];
  if (!isRecord(node.value)) return [broken(node, `${node.name} is not an object`)];
  return Object.entries(node.value).flatMap(([key, value]) =>
    readEntry(key, {
      value,
      pointer: `${node.pointer}/${escapePointer(key)}`,
      name: `an entry of ${node.name}`,
      problem: undefined,
    }),
  );
}

export function stringList(node: JsonNode): FactList<string> {
  return listFact(node, stringItem);
}

/** A string in a list; null is Go's empty string and says nothing. */
function stringItem(item: JsonNode): FactList<string>[number] | undefined {
  const fact = stringFact(item);
  return fact.state === "unset" ? undefined : fact;
}

/** `unresolved`, pointing here. Reasons never hold the value itself. */
export function broken(node: JsonNode, reason: string): UnresolvedFact {
  return unresolved(reason, { pointer: node.pointer });
}

export function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

export function escapePointer(key: string): string {
  // Hardly any key needs it, and a request is asked for hundreds.
  return /[~/]/.test(key) ? key.replaceAll("~", "~0").replaceAll("/", "~1") : key;
}

/** The key that a member stands under, as written; of several ways of writing it the name itself, or the first. */
export function keyIn(value: Readonly<Record<string, unknown>>, name: string): string | undefined {
  if (Object.hasOwn(value, name)) return name;
  const wanted = fold(name);
  const known = folded.get(value);
  return known ? known.get(wanted)?.[0] : Object.keys(value).find((key) => fold(key) === wanted);
}

/** The keys of an object that mean this name. */
function keysLike(value: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const wanted = fold(name);
  const known = folded.get(value);
  if (known) return known.get(wanted) ?? [];
  const keys = Object.keys(value);
  if (keys.length > fewKeys) return keysOf(value).get(wanted) ?? [];
  return keys.filter((key) => fold(key) === wanted);
}

/** So many are gone through faster than a map of them is made. */
const fewKeys = 12;

const folded = new WeakMap<object, ReadonlyMap<string, readonly string[]>>();

/** The keys of an object by their folded form, worked out once: a HostConfig is asked for some sixty. */
function keysOf(value: Readonly<Record<string, unknown>>): ReadonlyMap<string, readonly string[]> {
  const known = folded.get(value);
  if (known) return known;
  const keys = new Map<string, readonly string[]>();
  for (const key of Object.keys(value)) {
    const name = fold(key);
    const others = keys.get(name);
    keys.set(name, others ? [...others, key] : [key]);
  }
  folded.set(value, keys);
  return keys;
}

/** Up and down again, so that U+017F (ſ) meets s and U+212A (the Kelvin sign) meets k, as they do in Go. */
function fold(key: string): string {
  const known = folds.get(key);
  if (known !== undefined) return known;
  const made = key.toUpperCase().toLowerCase();
  // The names of the API are a few hundred; a client's own (labels) need not be kept.
  if (folds.size < 1024 && key.length < 32) folds.set(key, made);
  return made;
}

const folds = new Map<string, string>();

/** An object of strings: labels, sysctls, options. */
export function nameValues(node: JsonNode): FactList<NameValue> {
  return entriesFact(node, (name, entry) => {
    if (isNothing(entry.value)) return [set({ name, value: "" }, { pointer: entry.pointer })];
    if (typeof entry.value !== "string") return [broken(entry, `${entry.name} is not a string`)];
    return [set({ name, value: entry.value }, { pointer: entry.pointer })];
  });
}

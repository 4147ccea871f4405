import { isEqual } from "../../../base/equal.ts";
import { isRecord, type JsonObject } from "../../../base/json.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import { type FactList, setItems } from "../../../model/fact.ts";
import { isNothing, keyIn } from "../json.ts";

/** A patch of a list with items of one type. */
export type ItemPatch<T> =
  | { readonly op: "add" | "remove"; readonly value: T }
  | { readonly op: "replace"; readonly value: T; readonly with: T };

/** A place where items of a list stand: each an element of an array, or a member of an object. */
export interface ListMember<T> {
  readonly path: readonly string[];
  readonly shape: "array" | "object";
  /** Reads an array or object of this member. */
  readonly read: (whole: unknown) => FactList<T>;
  /** What says the item, or undefined where nothing here can; `old` is what it takes the place of. */
  readonly spell: (item: T, old: Entry | undefined) => Entry | undefined;
  /** What is left of an entry that says more than the item; undefined where nothing is. */
  readonly without?: (entry: Entry, item: T) => Entry | undefined;
}

export interface Entry {
  /** Of a member; elements have none. */
  readonly key: string;
  readonly value: unknown;
}

/** Makes a patch of a list whose items stand on one or several listMembers; what is new goes to the first that takes it. */
export function patchMembers<T>(
  document: unknown,
  listMembers: readonly ListMember<T>[],
  patch: ItemPatch<T>,
): Result<unknown> {
  if (patch.op === "add") return addItem(document, listMembers, patch.value);
  let homeless = false;
  let changed: Result<unknown> = ok(document);
  for (const member of listMembers) {
    if (!changed.ok) return changed;
    changed = updateMember(changed.value, member, (entries) =>
      entries.flatMap((entry) => {
        if (!says(member, entry, patch.value)) return [entry];
        const replaced = patch.op === "replace" ? spelled(member, patch.with, entry) : undefined;
        if (patch.op === "replace" && !replaced) homeless = true;
        const rest = member.without?.(entry, patch.value);
        return [rest, replaced].filter((each) => each !== undefined);
      }),
    );
  }
  return changed.ok && patch.op === "replace" && homeless
    ? addItem(changed.value, listMembers, patch.with)
    : changed;
}

function addItem<T>(document: unknown, listMembers: readonly ListMember<T>[], item: T): Result<unknown> {
  const place = placeOf(listMembers, (member) => spelled(member, item, undefined));
  return place ? updateMember(document, place.member, (before) => [...before, place.entry]) : unsayable;
}

const unsayable = failed("the Engine API has no way to say it");

/**
 * Adds several items at once, each to the first member that has a word for it. Whether that is read as the item is left to
 * the caller, who reads the whole again.
 */
export function addItems<T>(
  document: unknown,
  listMembers: readonly ListMember<T>[],
  items: readonly T[],
): Result<unknown> {
  const added = new Map<ListMember<T>, Entry[]>();
  for (const item of items) {
    const place = placeOf(listMembers, (member) => member.spell(item, undefined));
    if (!place) return unsayable;
    added.set(place.member, [...(added.get(place.member) ?? []), place.entry]);
  }
  let changed: Result<unknown> = ok(document);
  for (const [member, entries] of added) {
    if (!changed.ok) break;
    changed = updateMember(changed.value, member, (before) => [...before, ...entries]);
  }
  return changed;
}

/** The first member that has a word for an item, with that word. */
function placeOf<T>(
  listMembers: readonly ListMember<T>[],
  spell: (member: ListMember<T>) => Entry | undefined,
): { readonly member: ListMember<T>; readonly entry: Entry } | undefined {
  for (const member of listMembers) {
    const entry = spell(member);
    if (entry) return { member, entry };
  }
  return undefined;
}

function updateMember<T>(
  document: unknown,
  { path, shape }: ListMember<T>,
  change: (entries: readonly Entry[]) => readonly Entry[],
): Result<unknown> {
  return update(document, path, (whole) => {
    const before = entriesOf(shape, whole);
    if (!before) return failed(`${path.at(-1)} is not an ${shape}`);
    const after = change(before);
    if (after.length === before.length && after.every((entry, index) => entry === before[index]))
      return ok(whole);
    if (shape === "array") return ok(after.map(({ value }) => value));
    const keys = new Set(after.map(({ key }) => key));
    if (keys.size < after.length) return failed(`${path.at(-1)} has an entry of that name already`);
    return ok(Object.fromEntries(after.map(({ key, value }) => [key, value])));
  });
}

function entriesOf(shape: "array" | "object", whole: unknown): readonly Entry[] | undefined {
  if (whole === undefined) return [];
  if (shape === "array") {
    return Array.isArray(whole) ? whole.map((value: unknown) => ({ key: "", value })) : undefined;
  }
  return isRecord(whole) ? Object.entries(whole).map(([key, value]) => ({ key, value })) : undefined;
}

/** Undefined if it would not be read as the item. */
function spelled<T>(member: ListMember<T>, item: T, old: Entry | undefined): Entry | undefined {
  const entry = member.spell(item, old);
  return entry && says(member, entry, item) ? entry : undefined;
}

function says<T>({ shape, read }: ListMember<T>, { key, value }: Entry, item: T): boolean {
  const facts = read(shape === "array" ? [value] : { [key]: value });
  return setItems(facts).some((fact) => isEqual(fact.value, item));
}

/** The object with the member changed in its place, or added at the end; undefined takes it out. */
export function withMember(object: JsonObject, name: string, value: unknown): JsonObject {
  const key = keyIn(object, name) ?? name;
  if (value === undefined) {
    return Object.fromEntries(Object.entries(object).filter(([each]) => each !== key));
  }
  return { ...object, [key]: value };
}

/** The same with several members. */
export function withMembers(object: JsonObject, members: JsonObject): JsonObject {
  return Object.entries(members).reduce((made, [name, value]) => withMember(made, name, value), object);
}

/**
 * The document with what stands at the path changed: `change` is given undefined where nothing does, and gives undefined
 * for what is to be taken out. Objects on the way are made where something is put into them.
 */
export function update(
  document: unknown,
  path: readonly string[],
  change: (value: unknown) => Result<unknown>,
): Result<unknown> {
  const [name, ...rest] = path;
  if (name === undefined) return change(isNothing(document) ? undefined : document);
  if (!isNothing(document) && !isRecord(document))
    return failed("the member that would hold it is not an object");
  const object = document ?? {};
  const key = keyIn(object, name);
  const old = key === undefined ? undefined : object[key];
  const made = update(old, rest, change);
  if (!made.ok || made.value === old || (made.value === undefined && isNothing(old))) {
    return made.ok ? ok(document ?? undefined) : made;
  }
  return ok(withMember(object, name, made.value));
}

/** The document with a value at the path. */
export function put(document: unknown, path: readonly string[], value: unknown): Result<unknown> {
  return update(document, path, () => ok(value));
}

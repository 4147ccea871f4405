import { isRecord, type JsonObject } from "../../../base/json.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import { isNothing, keyIn } from "../json.ts";

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

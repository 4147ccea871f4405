import { isEqual } from "../base/equal.ts";
import { isRecord } from "../base/json.ts";
import type { View } from "./subject.ts";

/** Whether two views say the same. Where they say it does not count, nor the order of lists, nor why a fact is unresolved. */
export function saysSame<V extends View>(one: V, other: V): boolean {
  return Object.keys(other).every((field) => isSaidAlike(Reflect.get(one, field), Reflect.get(other, field)));
}

/** The same for one field: a fact or a list of facts. */
export function isSaidAlike(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!Array.isArray(one) || !Array.isArray(other)) return isSameFact(one, other);
  if (one.length !== other.length) return false;
  if (one.every((item, index) => isSameFact(item, other[index]))) return true;
  const left: unknown[] = [...other];
  return one.every((item) => {
    const at = left.findIndex((each) => isSameFact(item, each));
    if (at === -1) return false;
    left.splice(at, 1);
    return true;
  });
}

function isSameFact(one: unknown, other: unknown): boolean {
  if (!isRecord(one) || !isRecord(other)) return one === other;
  return one.state === other.state && (one.state !== "set" || isEqual(one.value, other.value));
}

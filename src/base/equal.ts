/**
 * Whether two values are the same by what they contain: texts, numbers, lists, records, sets and maps. The order of a record's
 * keys does not count, and a key with the value undefined equals a missing key. One object is not compared with itself: most
 * of two readings of one container is shared.
 */
export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, index) => isEqual(item, other[index]));
  }
  if (one instanceof Set || other instanceof Set) {
    if (!(one instanceof Set) || !(other instanceof Set) || one.size !== other.size) return false;
    for (const item of one) if (!other.has(item)) return false;
    return true;
  }
  if (one instanceof Map || other instanceof Map) {
    if (!(one instanceof Map) || !(other instanceof Map) || one.size !== other.size) return false;
    for (const [key, item] of one) if (!other.has(key) || !isEqual(item, other.get(key))) return false;
    return true;
  }
  for (const key of Object.keys(one)) {
    if (!isEqual(Reflect.get(one, key), Object.hasOwn(other, key) ? Reflect.get(other, key) : undefined)) {
      return false;
    }
  }
  return Object.keys(other).every((key) => Object.hasOwn(one, key) || Reflect.get(other, key) === undefined);
}

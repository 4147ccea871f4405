import type { Shape } from "../../../src/guard/shapes/shape.ts";

/**
 * A decoded document in the form in which Go's and ours are compared: a struct without its members that are zero ("", 0,
 * false, null, a struct of zeros), which Go does not tell from those that are not there; everything else as it is.
 */
export function normalise(value: unknown, shape: Shape): unknown {
  switch (shape.kind) {
    case "string":
      return value ?? "";
    case "bool":
      return value ?? false;
    case "int":
    case "float":
      return value ?? 0;
    case "list":
      return Array.isArray(value) ? value.map((item) => normalise(item, shape.items)) : null;
    case "array": {
      const items: unknown[] = Array.isArray(value)
        ? value
        : Array.from({ length: shape.length }, () => null);
      return items.map((item) => normalise(item, shape.items));
    }
    case "map":
      return value === null || value === undefined ? null : normaliseMap(value, shape.values);
    case "empty":
      return {};
    case "struct":
      return normaliseStruct(value, shape);
    default:
      return value ?? null;
  }
}

function normaliseMap(value: object, values: Shape): Record<string, unknown> {
  const map: Record<string, unknown> = Object.create(null);
  for (const [key, item] of Object.entries(value))
    map[key] = values.kind === "struct" && item === null ? null : normalise(item, values);
  return map;
}

function normaliseStruct(value: unknown, shape: Extract<Shape, { kind: "struct" }>): Record<string, unknown> {
  const struct: Record<string, unknown> = {};
  const given = (value ?? {}) as Record<string, unknown>;
  for (const [name, field] of Object.entries(shape.fields)) {
    if (field.kind === "ignored" || !Object.hasOwn(given, name)) continue;
    const normal = normalise(given[name], field);
    if (!isZero(normal, field)) struct[name] = normal;
  }
  return struct;
}

function isZero(normal: unknown, shape: Shape): boolean {
  if (shape.kind === "array")
    return Array.isArray(normal) && normal.every((item) => isZero(item, shape.items));
  if (shape.kind === "struct" || shape.kind === "empty") return Object.keys(normal as object).length === 0;
  if (shape.kind === "bytes" || shape.kind === "nullable") return normal === null;
  return normal === null || normal === "" || normal === 0 || normal === false;
}

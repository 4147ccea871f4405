import type { JsonValue } from "./value.ts";

/** Prints a document without spaces, members in their order and numbers as they were written. */
export function printJson(value: JsonValue): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (value.kind === "number") return value.text;
  if (value.kind === "array") return `[${value.items.map(printJson).join(",")}]`;
  const members = [...value.members].map(([name, item]) => `${JSON.stringify(name)}:${printJson(item)}`);
  return `{${members.join(",")}}`;
}

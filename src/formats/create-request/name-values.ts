import type { NameValue } from "../../model/container-values.ts";
import { type FactList, set } from "../../model/fact.ts";
import { broken, entriesFact, isNothing, type JsonNode } from "./json.ts";

/** An object of strings: labels, sysctls, options. */
export function nameValues(node: JsonNode): FactList<NameValue> {
  return entriesFact(node, (name, entry) => {
    if (isNothing(entry.value)) return [set({ name, value: "" }, { pointer: entry.pointer })];
    if (typeof entry.value !== "string") return [broken(entry, `${entry.name} is not a string`)];
    return [set({ name, value: entry.value }, { pointer: entry.pointer })];
  });
}

import { type NamespaceMode, parseNamespaceMode } from "../../model/container/namespace.ts";
import { type Fact, unset } from "../../model/fact.ts";
import type { ScalarRow } from "../../model/facts/row.ts";
import { withoutSilent } from "../../model/facts/table.ts";
import { booleanFact, broken, integerFact, type JsonNode, stringFact } from "./json.ts";

/** The value under a key. Most zeros say nothing in the Engine's API. */
export function scalarFact(node: JsonNode, row: ScalarRow): Fact<unknown> {
  switch (row.kind) {
    case "text":
      return stringFact(node);
    case "switch":
      return booleanFact(node);
    case "namespace":
      return namespaceMode(node, "other");
    case "bytes":
    case "cpus":
    case "microseconds":
    case "integer":
      return withoutSilent(integerFact(node, { keepZero: row.zero !== "unset" }), row);
    default:
      return broken(node, `${node.name} has no key of its own`);
  }
}

export function namespaceMode(node: JsonNode, kind: "network" | "other"): Fact<NamespaceMode> {
  const text = stringFact(node);
  if (text.state !== "set") return text;
  const mode = parseNamespaceMode(text.value, kind);
  return mode ? { ...text, value: mode } : unset;
}

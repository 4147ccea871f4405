import { itemsOf, type Node, type ScalarNode } from "../../yaml/node.ts";
import { resolvePlain } from "../../yaml/scalar.ts";
import { escapeDollars, inQuotes } from "./token.ts";
import { leaf, type Tree } from "./tree.ts";

/** A copy of the node with each scalar as its author wrote it: for values from an alias, a merge key or another file. */
export function copyOf(node: Node): Tree {
  if (node.kind === "scalar") return leaf(scalarToken(node));
  if (node.kind === "list") return { kind: "list", items: itemsOf(node).map(copyOf) };
  return {
    kind: "map",
    entries: [...node.entries]
      .filter(([, entry]) => entry.value.tag !== "reset")
      .map(([key, entry]) => ({ key, value: copyOf(entry.value) })),
  };
}

function scalarToken(node: ScalarNode): string {
  const written = node.place.source.text.slice(node.place.start, node.place.end);
  if (node.value === null) return /^(?:|~|null|Null|NULL)$/.test(written) ? written : "";
  if (written.includes("\n") || /^[|>]/.test(written)) {
    return inQuotes(written.includes("$") ? node.authored : escapeDollars(node.text), "double");
  }
  const isQuoted = /^['"]/.test(written);
  const isOther = typeof node.value === "string" && typeof resolvePlain(written).value !== "string";
  return !isQuoted && isOther ? inQuotes(written, "double") : written;
}

import type { PathProtection } from "../../model/container-values.ts";
import { type Fact, firstOpen, set, setItems, unresolved, unset } from "../../model/fact.ts";
import { maskedByDocker, readOnlyByDocker } from "../../model/host/protected-paths.ts";
import { field, isNothing, type JsonNode, stringList } from "./json.ts";

/**
 * `MaskedPaths` and `ReadonlyPaths`: null or absent is Docker's own list, `[]` is none, which is how
 * `--security-opt systempaths=unconfined` travels.
 */
export function readPathProtection(hostConfig: JsonNode): Fact<PathProtection> {
  const masked = readPaths(field(hostConfig, "MaskedPaths"));
  const readonly = readPaths(field(hostConfig, "ReadonlyPaths"));
  if (masked.state === "unresolved") return masked;
  if (readonly.state === "unresolved") return readonly;
  if (masked.state === "unset" && readonly.state === "unset") return unset;
  const origins = [masked, readonly].flatMap((fact) => (fact.state === "set" ? fact.origins : []));
  const maskedPaths = masked.state === "set" ? masked.value : maskedByDocker;
  const readonlyPaths = readonly.state === "set" ? readonly.value : readOnlyByDocker;
  if (maskedPaths.length === 0 && readonlyPaths.length === 0) return set({ mode: "unconfined" }, ...origins);
  return set({ mode: "paths", masked: maskedPaths, readonly: readonlyPaths }, ...origins);
}

function readPaths(node: JsonNode): Fact<readonly string[]> {
  if (node.problem === undefined && isNothing(node.value)) return unset;
  const items = stringList(node);
  const wrong = firstOpen(items);
  if (wrong) return unresolved(wrong.reason, ...wrong.origins);
  return set(
    setItems(items).map((item) => item.value),
    { pointer: node.pointer },
  );
}

import type { EnginePatch } from "../../model/patch.ts";
import { scalarKeys as keys } from "./write/keys.ts";

/** The member of daemon.json that makes the patch; what is to go is said in words. */
export function spellDaemonPatch(patch: EnginePatch): string {
  if (patch.op === "set") return `"${keys[patch.field] ?? patch.field}": ${JSON.stringify(patch.value)}`;
  if (patch.op === "unset") return `leave out "${keys[patch.field] ?? patch.field}"`;
  if (patch.op === "remove") return `leave out ${spellItem(patch.field, patch.value)}`;
  if (patch.op === "replace")
    return `${spellItem(patch.field, patch.with)}   instead of ${spellItem(patch.field, patch.value)}`;
  return spellItem(patch.field, patch.value);
}

type Item = Exclude<EnginePatch, { readonly op: "set" | "unset" }>;

function spellItem(field: Item["field"], value: Item["value"]): string {
  if (typeof value === "string") {
    return field === "insecureRegistries"
      ? `"insecure-registries": ["${value}"]`
      : `"authorization-plugins": ["${value}"]`;
  }
  if ("address" in value) return `"hosts": ["${value.address}"]`;
  if ("soft" in value) {
    const limit = `{ "Name": "${value.name}", "Hard": ${value.hard}, "Soft": ${value.soft} }`;
    return `"default-ulimits": { "${value.name}": ${limit} }`;
  }
  if ("path" in value) return `the socket ${value.path}`;
  return field === "logOptions"
    ? `"log-opts": { "${value.name}": "${value.value}" }`
    : `"storage-opts": ["${value.name}=${value.value}"]`;
}

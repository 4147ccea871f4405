import type { NameValue, Ulimit } from "../../../model/container-values.ts";
import type { EngineLists, EngineScalars, ListenAddress } from "../../../model/engine.ts";
import type { EnginePatch } from "../../../model/patch.ts";
import { listKeys, scalarKeys } from "./keys.ts";

/** The key of the option that says the field; undefined where none does. */
export function keyOfField(field: EnginePatch["field"]): string | undefined {
  return scalarKeys[field as keyof EngineScalars] ?? listKeys[field as keyof EngineLists]?.key;
}

/** A value as a flag of dockerd takes it; undefined where it would need quotes. */
export function spellFlagValue(value: unknown): string | undefined {
  const text = spelled(value);
  return /^[\w./:=@,+[\]-]+$/.test(text) ? text : undefined;
}

function spelled(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const item = value as ListenAddress | NameValue | Ulimit;
  if ("address" in item) return item.address;
  return "soft" in item ? `${item.name}=${item.soft}:${item.hard}` : `${item.name}=${item.value}`;
}

import type { ImagePatch } from "../../model/patch.ts";

/** The instruction that makes the patch, or undefined where none alone can. */
export function spellDockerfilePatch(patch: ImagePatch): string | undefined {
  if (patch.op === "set" && patch.field === "user") return `USER ${patch.value}`;
  if (patch.op === "set" && patch.field === "healthcheck") return "HEALTHCHECK CMD …";
  if (patch.op === "replace" && patch.field === "references") return `FROM ${patch.with}`;
  return undefined;
}

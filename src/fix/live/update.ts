import { flagsOfScalar } from "../../formats/run-command/write/flag-texts.ts";
import { isUpdatable, keyOf, type ScalarFact, scalarFacts } from "../../model/facts/table.ts";
import type { ContainerPatch } from "../../model/patch.ts";

/** Whether `docker update` can make it. */
export function isLive(patch: ContainerPatch): boolean {
  return patch.op === "set" && isUpdatable(patch.field);
}

/**
 * The body of `POST /containers/ID/update`. A memory limit brings its swap along where none is set, since the Engine
 * refuses one above the other: twice the memory in all, as for a new container.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerUpdate
 */
export function updateOf(
  patches: readonly ContainerPatch[],
  before: { readonly memorySwap: number },
): Readonly<Record<string, number | string>> {
  const body: Record<string, number | string> = {};
  for (const patch of patches) {
    if (patch.op !== "set" || !isUpdatable(patch.field)) continue;
    body[memberOf(patch.field)] = patch.value as number | string;
  }
  const { Memory: memory } = body;
  if (typeof memory === "number" && body.MemorySwap === undefined && before.memorySwap === 0) {
    body.MemorySwap = 2 * memory;
  }
  return body;
}

/** An update is a HostConfig without its name. */
function memberOf(field: ScalarFact): string {
  return keyOf(field, "api")?.replace("HostConfig.", "") ?? field;
}

/** The same for a person's hands: `docker update --pids-limit 100 web`. */
export function updateWords(
  body: Readonly<Record<string, number | string>>,
  name: string,
): readonly string[] {
  const flags = scalarFacts.filter(isUpdatable).flatMap((field) => {
    const value = body[memberOf(field)];
    const spelled = value === undefined ? undefined : flagsOfScalar(field, value as never);
    return spelled?.ok ? spelled.value.flatMap((flag) => [`--${flag.name}`, flag.value ?? ""]) : [];
  });
  return ["docker", "update", ...flags, name];
}

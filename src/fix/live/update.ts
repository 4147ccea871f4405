import { writeBytes } from "../../formats/values/spell.ts";
import type { ContainerPatch } from "../../model/patch.ts";

/** What the Engine changes of a container that runs, by the fact it is of (docker update). */
const members = {
  nanoCpus: ["NanoCpus", "--cpus"],
  cpuQuota: ["CpuQuota", "--cpu-quota"],
  cpuPeriod: ["CpuPeriod", "--cpu-period"],
  cpuShares: ["CpuShares", "--cpu-shares"],
  cpusetCpus: ["CpusetCpus", "--cpuset-cpus"],
  memory: ["Memory", "--memory"],
  memorySwap: ["MemorySwap", "--memory-swap"],
  memoryReservation: ["MemoryReservation", "--memory-reservation"],
  pidsLimit: ["PidsLimit", "--pids-limit"],
  blkioWeight: ["BlkioWeight", "--blkio-weight"],
} as const;

/** Whether `docker update` can make it. */
export function isLive(patch: ContainerPatch): boolean {
  return patch.op === "set" && patch.field in members;
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
    if (patch.op !== "set" || !(patch.field in members)) continue;
    const [name] = members[patch.field as keyof typeof members];
    body[name] = patch.value as number | string;
  }
  const { Memory: memory } = body;
  if (typeof memory === "number" && body.MemorySwap === undefined && before.memorySwap === 0) {
    body.MemorySwap = 2 * memory;
  }
  return body;
}

/** The same for a person's hands: `docker update --pids-limit 100 web`. */
export function updateWords(
  body: Readonly<Record<string, number | string>>,
  name: string,
): readonly string[] {
  const flags = Object.values(members).flatMap(([member, flag]) => {
    const value = body[member];
    if (value === undefined) return [];
    return [flag, wordOf(member, value)];
  });
  return ["docker", "update", ...flags, name];
}

function wordOf(member: string, value: number | string): string {
  if (typeof value === "string") return value;
  if (member === "NanoCpus") return String(value / 1e9);
  return member.startsWith("Memory") ? writeBytes(value) : String(value);
}

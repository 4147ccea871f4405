import { wildcard } from "../base/wildcard.ts";
import type { Config } from "../config/config.ts";
import type { Limits } from "../fix/plan/limits.ts";
import { parseBytes } from "../formats/values/bytes.ts";

/** What `bulkhead run` adds to a container. */
export interface RunPolicy {
  /** Controls to hold to, known or not what the workload needs; undefined for the defaults, where that counts. */
  readonly harden: readonly string[] | undefined;
  readonly limits: Limits;
  /** Images that nothing is added to; `*` stands for any characters. */
  readonly exempt: readonly string[];
  /** Whether what the user says gives way, too. */
  readonly override: boolean;
}

/** What is held to where nobody says: what can break nothing, and limits where somebody says how much. */
export const defaultHardening = [
  "no-new-privileges",
  "capabilities-drop",
  "pids-limit",
  "memory-limit",
  "cpu-limit",
] as const;

/** The policy that bulkhead.yaml says: its limits for `run` come before those for fix and run alike. */
export function policyOf({ run, fix }: Pick<Config, "run" | "fix">): RunPolicy {
  const said = { ...fix?.limits, ...run?.limits };
  const bytes = said.memory === undefined ? undefined : parseBytes(said.memory);
  return {
    harden: run?.harden,
    limits: {
      ...(bytes !== undefined && { memory: { value: bytes, source: "bulkhead.yaml" } }),
      ...(said.cpus !== undefined && { cpus: { value: said.cpus, source: "bulkhead.yaml" } }),
      ...(said.pids !== undefined && { pids: { value: said.pids, source: "bulkhead.yaml" } }),
    },
    exempt: run?.exempt ?? [],
    override: run?.override ?? false,
  };
}

/** Whether a pattern of `exempt` means the image. */
export function isExempt(image: string, { exempt }: Pick<RunPolicy, "exempt">): boolean {
  return exempt.some((pattern) => wildcard(pattern)(image));
}

import { wildcard } from "../base/wildcard.ts";
import type { Config } from "../config/config.ts";
import type { Limit, Limits } from "../fix/plan/limits.ts";
import { defaultPids } from "../fix/plan/safe-defaults.ts";
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

/** What is held to where nobody says. Limits of memory and CPU only where somebody says how much. */
export const defaultHardening = [
  "no-new-privileges",
  "capabilities-drop",
  "read-only-rootfs",
  "pids-limit",
  "memory-limit",
  "cpu-limit",
] as const;

const pidsByDefault: Limit = { value: defaultPids, source: "the default of bulkhead run" };

/** The policy that bulkhead.yaml says: its limits for `run` come before those for fix and run alike. */
export function policyOf({ run, fix }: Pick<Config, "run" | "fix">): RunPolicy {
  const said = { ...fix?.limits, ...run?.limits };
  const bytes = said.memory === undefined ? undefined : parseBytes(said.memory);
  return {
    harden: run?.harden,
    limits: {
      ...(bytes !== undefined && { memory: { value: bytes, source: "bulkhead.yaml" } }),
      ...(said.cpus !== undefined && { cpus: { value: said.cpus, source: "bulkhead.yaml" } }),
      pids: said.pids === undefined ? pidsByDefault : { value: said.pids, source: "bulkhead.yaml" },
    },
    exempt: run?.exempt ?? [],
    override: run?.override ?? false,
  };
}

/** Whether a pattern of `exempt` means the image. */
export function isExempt(image: string, { exempt }: Pick<RunPolicy, "exempt">): boolean {
  return exempt.some((pattern) => wildcard(pattern)(image));
}

import type { Config } from "../../config/config.ts";
import type { Limit, Limits } from "../../fix/plan/limits.ts";
import { parseBytes } from "../../formats/values/bytes.ts";
import type { FixOptions } from "./options.ts";

/** The limits that somebody says: a flag before bulkhead.yaml. */
export function limitsOf(
  options: Pick<FixOptions, "memory" | "cpus" | "pidsLimit">,
  { fix }: Pick<Config, "fix">,
): Limits {
  const said = fix?.limits ?? {};
  const memory =
    limit(options.memory, "--memory") ??
    limit(said.memory === undefined ? undefined : parseBytes(said.memory), file);
  const cpus = limit(options.cpus, "--cpus") ?? limit(said.cpus, file);
  const pids = limit(options.pidsLimit, "--pids-limit") ?? limit(said.pids, file);
  return { ...(memory && { memory }), ...(cpus && { cpus }), ...(pids && { pids }) };
}

const file = "bulkhead.yaml";

function limit(value: number | undefined, source: string): Limit | undefined {
  return value === undefined ? undefined : { value, source };
}

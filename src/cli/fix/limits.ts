import type { Config } from "../../config/config.ts";
import { limitSettings } from "../../controls/cgroups/limits.ts";
import { type Limit, type Limits, limitNames } from "../../fix/plan/limits.ts";
import type { SubjectPlan } from "../../fix/plan/step.ts";
import { parseBytes } from "../../formats/values/bytes.ts";
import type { LimitsInVain } from "../common/limits-in-vain.ts";
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

/** The flags of limits that no step of a plan is about, each with why, as a sentence. */
export function unusedLimits(
  options: Parameters<typeof limitsOf>[0] & Partial<Pick<FixOptions, "only" | "skip">>,
  plans: readonly Pick<SubjectPlan, "steps" | "open">[],
  vain: LimitsInVain | undefined,
): readonly string[] {
  const given = limitsOf(options, {});
  const used = new Set(
    plans.flatMap(({ steps, open }) => [...steps, ...open].flatMap((step) => step.controls)),
  );
  return limitNames.flatMap((name) => {
    const { control = "", flag, noun } = limitSettings[name];
    if (given[name] === undefined || used.has(control)) return [];
    const { only = [], skip = [] } = options;
    const isLeftOut = (only.length > 0 && !only.includes(control)) || skip.includes(control);
    if (isLeftOut) return [`${flag} changes nothing: --only or --skip leaves ${control} out`];
    const why = vain?.names.includes(name)
      ? `the Engine here sets no ${noun} limits, since ${vain.why} (engine-limits)`
      : `no finding of ${control} is left to fix here`;
    return [`${flag} changes nothing: ${why}`];
  });
}

const file = "bulkhead.yaml";

function limit(value: number | undefined, source: string): Limit | undefined {
  return value === undefined ? undefined : { value, source };
}

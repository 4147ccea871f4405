import { type LimitSetting, limitSettings } from "../../../controls/cgroups/limits.ts";
import type { Container } from "../../../model/container.ts";
import type { Maxima, Policy } from "../../policy/policy.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";

const unlimited = Number.POSITIVE_INFINITY;

const units: Readonly<Record<LimitSetting, string>> = { memory: "", cpus: " CPUs", pids: " processes" };

/** What of the final container exceeds the policy's maxima; for an update only what exceeds it by more than `before` did. */
export function checkMaxima(view: Container, policy: Policy, before?: Container): readonly Reason[] {
  return (Object.keys(limitSettings) as readonly (keyof Maxima)[]).flatMap((name) => {
    const { noun, flag, amountIn: of, ...limit } = limitSettings[name];
    const say = (amount: number) => (name === "memory" ? limit.say(amount) : `${amount}${units[name]}`);
    const most = policy.maxima?.[name];
    if (most === undefined) return [];
    const amount = of(view);
    if (amount !== undefined && amount <= most) return [];
    if (before && (amount ?? unlimited) <= (of(before) ?? unlimited)) return [];
    const asked = amount === undefined ? `has no ${noun} limit` : `asks for ${say(amount)}`;
    return against(
      policy,
      "guard-limit",
      `${asked}, and the policy allows at most ${say(most)} (limits.${name}.max): set ${flag} to that or less`,
    );
  });
}

import { type LimitSetting, lacksLimits, limitSettings } from "../../../controls/cgroups/limits.ts";
import type { Container } from "../../../model/container.ts";
import type { Engine } from "../../../model/engine.ts";
import type { Maxima, Policy } from "../../policy/policy.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";

const unlimited = Number.POSITIVE_INFINITY;

const units: Readonly<Record<LimitSetting, string>> = { memory: "", cpus: " CPUs", pids: " processes" };

/** What the final container is compared with. */
interface Beside {
  /** Before an update: only what exceeds a maximum by more than this did counts. */
  readonly before?: Container;
  /** Before it was hardened: a smaller limit of the guard's own does not hide what the request asks for. */
  readonly asked?: Container;
  /** Undefined where its tasks run on others. */
  readonly engine?: Engine | undefined;
}

/**
 * The limits of the final container, and those that were asked for, which exceed the policy's maxima. A limit that the Engine
 * cannot set is missed in no container: it forgets what a client asks for.
 */
export function checkMaxima(
  view: Container,
  policy: Policy,
  { before, asked, engine }: Beside,
): readonly Reason[] {
  return (Object.keys(limitSettings) as readonly (keyof Maxima)[]).flatMap((name) => {
    const { noun, flag, field, amountIn: of, ...limit } = limitSettings[name];
    const say = (amount: number) => (name === "memory" ? limit.say(amount) : `${amount}${units[name]}`);
    const most = policy.maxima?.[name];
    if (most === undefined) return [];
    const wanted = asked && of(asked);
    const amount = wanted !== undefined && wanted > most ? wanted : of(view);
    if (amount === undefined ? lacksLimits(engine, [field]) : amount <= most) return [];
    if (before && (amount ?? unlimited) <= (of(before) ?? unlimited)) return [];
    const has = amount === undefined ? `has no ${noun} limit` : `asks for ${say(amount)}`;
    return against(
      policy,
      "guard-limit",
      `${has}, and the policy allows at most ${say(most)} (limits.${name}.max): set ${flag} to that or less`,
    );
  });
}

import { round, sayBytes } from "../../controls/cgroups/amounts.ts";
import { cpuCap } from "../../controls/cgroups/cpu-cap.ts";
import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";
import type { LimitChange } from "../change.ts";

/** What `docker update` can change of a container, with the control that judges it. An amount of 0 or below is no limit. */
const limits: readonly {
  readonly field: string;
  readonly control: string;
  readonly amountIn: (container: Container) => number;
  readonly say: (amount: number) => string;
}[] = [
  {
    field: "memory",
    control: "memory-limit",
    amountIn: ({ memory }) => valueOr(memory, 0),
    say: sayBytes,
  },
  {
    field: "memory-swap",
    control: "memory-swap-limit",
    amountIn: ({ memorySwap }) => valueOr(memorySwap, 0),
    say: sayBytes,
  },
  {
    field: "pids-limit",
    control: "pids-limit",
    amountIn: ({ pidsLimit }) => valueOr(pidsLimit, 0),
    say: String,
  },
  {
    field: "cpus",
    control: "cpu-limit",
    amountIn: (container) => cpuCap(container) ?? 0,
    say: (cpus) => `${round(cpus)}`,
  },
];

/** The fields of a difference that `docker update` can bring about. */
export const limitFields: ReadonlySet<string> = new Set(limits.map(({ field }) => field));

/** What the Engine says of these, to be compared with what it said before. */
export function limitsOf({
  memory,
  memorySwap,
  pidsLimit,
  nanoCpus,
  cpuQuota,
  cpuPeriod,
}: Container): string {
  const facts = [memory, memorySwap, pidsLimit, nanoCpus, cpuQuota, cpuPeriod];
  return facts.map((fact) => valueOr(fact, "")).join(" ");
}

/** Which limits are others than before. */
export function changedLimits(before: Container, after: Container): readonly LimitChange[] {
  return limits.flatMap(({ field, amountIn, say }) => {
    const [was, is] = [amountIn(before), amountIn(after)].map((amount) => (amount > 0 ? say(amount) : none));
    return was === undefined || is === undefined || was === is ? [] : [{ field, before: was, after: is }];
  });
}

const none = "no limit";

/** A limit that is higher than before, and still one, with the control that judges it. */
export interface Loosened extends LimitChange {
  readonly control: string;
}

/** Which limits are higher than before and still limits. */
export function loosenedLimits(before: Container, after: Container): readonly Loosened[] {
  return changedLimits(before, after).flatMap((change): readonly Loosened[] => {
    const limit = limits.find(({ field }) => field === change.field);
    const was = limit?.amountIn(before) ?? 0;
    return limit && was > 0 && limit.amountIn(after) > was ? [{ ...change, control: limit.control }] : [];
  });
}

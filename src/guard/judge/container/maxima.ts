import { sayBytes } from "../../../controls/cgroups/amounts.ts";
import { cpuCap } from "../../../controls/cgroups/cpu-cap.ts";
import type { Container } from "../../../model/container.ts";
import { valueOr } from "../../../model/fact.ts";
import type { Maxima, Policy } from "../../policy/policy.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";

const unlimited = Number.POSITIVE_INFINITY;

interface Measure {
  readonly name: keyof Maxima;
  readonly noun: string;
  readonly flag: string;
  /** Undefined where nothing bounds it. */
  readonly of: (view: Container) => number | undefined;
  readonly say: (amount: number) => string;
}

const measures: readonly Measure[] = [
  {
    name: "memory",
    noun: "memory",
    flag: "--memory",
    of: ({ memory }) => positive(valueOr(memory, 0)),
    say: sayBytes,
  },
  { name: "cpus", noun: "CPU", flag: "--cpus", of: cpuCap, say: (amount) => `${amount} CPUs` },
  {
    name: "pids",
    noun: "process",
    flag: "--pids-limit",
    of: ({ pidsLimit }) => positive(valueOr(pidsLimit, 0)),
    say: (amount) => `${amount} processes`,
  },
];

/** What of the final container exceeds the policy's maxima; for an update only what exceeds it by more than `before` did. */
export function checkMaxima(view: Container, policy: Policy, before?: Container): readonly Reason[] {
  return measures.flatMap(({ name, noun, flag, of, say }) => {
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

function positive(amount: number): number | undefined {
  return amount > 0 ? amount : undefined;
}

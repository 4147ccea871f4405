import { cpuCap } from "../../model/container/cpu-cap.ts";
import type { Container } from "../../model/container.ts";
import { amountIn, rowOf, type ScalarFact, scalarFacts } from "../../model/facts/table.ts";
import { round, sayBytes } from "./amounts.ts";

/** A limit as people name it. Most are one fact of the table; the CPUs are several facts together. */
export interface Limit {
  /** Docker's name of it: `memory`, `pids-limit`. */
  readonly field: string;
  /** The facts that it is made of. */
  readonly facts: readonly ScalarFact[];
  /** The control that judges what `docker update` changes of it; undefined where it cannot change it. */
  readonly control: string | undefined;
  /** Undefined where nothing bounds it. */
  readonly amountIn: (container: Container) => number | undefined;
  readonly say: (amount: number) => string;
}

/** The limits that the kernel shows beside the Engine, so that both can be compared. */
export const limits: readonly Limit[] = [
  ...scalarFacts.flatMap((fact): readonly Limit[] => {
    const { drift, update, kind } = rowOf(fact);
    const isNamed = drift !== false && drift !== "by code";
    if (!isNamed) return [];
    return [
      {
        field: drift,
        facts: [fact],
        control: update === false ? undefined : update,
        amountIn: (container) => amountIn(container, fact),
        say: kind === "bytes" ? sayBytes : String,
      },
    ];
  }),
  {
    field: "cpus",
    facts: ["nanoCpus", "cpuQuota", "cpuPeriod"],
    control: "cpu-limit",
    amountIn: cpuCap,
    say: (cpus) => `${round(cpus)}`,
  },
];

/** The limits that depend on the workload, by their names in bulkhead.yaml (`fix.limits`, `limits` of a policy). */
export const limitSettings = {
  memory: { ...limitOf("memory"), noun: "memory", flag: "--memory", example: "512m" },
  cpus: { ...limitOf("cpus"), noun: "CPU", flag: "--cpus", example: "1" },
  pids: { ...limitOf("pids-limit"), noun: "process", flag: "--pids-limit", example: "200" },
} as const;

export type LimitSetting = keyof typeof limitSettings;

function limitOf(field: "memory" | "cpus" | "pids-limit"): Limit {
  const limit = limits.find((each) => each.field === field);
  if (!limit) throw new Error(`no limit is called ${field}`);
  return limit;
}

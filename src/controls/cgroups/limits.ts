import { cpuCap } from "../../model/container/cpu-cap.ts";
import type { Container } from "../../model/container.ts";
import type { Engine } from "../../model/engine.ts";
import { valueOr } from "../../model/fact.ts";
import { amountIn, rowOf, type ScalarFact, scalarFacts } from "../../model/facts/table.ts";
import { notApplicable, type Verdict } from "../../model/verdict.ts";
import type { Context } from "../control.ts";
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

/**
 * A check of what bounds a container, for an Engine that cannot set that bound: to ask each container for it would be of no use, and
 * `engine-limits` says it once.
 */
export function whereInForce(
  fields: readonly string[],
  check: (container: Container, context: Context) => Verdict,
): (container: Container, context: Context) => Verdict {
  return (container, context) => {
    const verdict = check(container, context);
    if (verdict.verdict !== "fail" || !lacksLimits(context.engine, fields)) return verdict;
    return notApplicable("this Engine sets no such limit here: engine-limits says why");
  };
}

/** Whether the Engine cannot set one of these limits, as Docker names them. */
export function lacksLimits(engine: Engine | undefined, fields: readonly string[]): boolean {
  const missing = engine ? valueOr(engine.limitsNotInForce, []) : [];
  return fields.some((field) => missing.includes(field));
}

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

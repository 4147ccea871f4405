import { round, sayBytes } from "../../controls/cgroups/amounts.ts";
import { cpuCap } from "../../controls/cgroups/cpu-cap.ts";
import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";
import type { LimitChange } from "../change.ts";

/** The fields of a difference that `docker update` can bring about. */
export const limitFields: ReadonlySet<string> = new Set(["memory", "memory-swap", "pids-limit", "cpus"]);

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
  const was = inWords(before);
  return Object.entries(inWords(after)).flatMap(([field, now]) => {
    const then = was[field] ?? none;
    return then === now ? [] : [{ field, before: then, after: now }];
  });
}

const none = "no limit";

function inWords(container: Container): Readonly<Record<string, string>> {
  const { memory, memorySwap, pidsLimit } = container;
  const amount = (value: number, say: (value: number) => string) => (value > 0 ? say(value) : none);
  const cpus = cpuCap(container);
  return {
    memory: amount(valueOr(memory, 0), sayBytes),
    "memory-swap": amount(valueOr(memorySwap, 0), sayBytes),
    "pids-limit": amount(valueOr(pidsLimit, 0), String),
    cpus: cpus === undefined ? none : `${round(cpus)}`,
  };
}

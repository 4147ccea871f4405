import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";

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

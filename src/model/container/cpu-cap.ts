import type { Container } from "../container.ts";
import { amountIn } from "../facts/table.ts";

/** The period that Docker takes where none is given, microseconds. */
export const defaultPeriod = 100_000;

/** How many CPUs the container may use at most, by `--cpus` or a quota; undefined where nothing caps it. */
export function cpuCap(container: Container): number | undefined {
  const cpus = amountIn(container, "nanoCpus");
  if (cpus !== undefined) return cpus / 1e9;
  const quota = amountIn(container, "cpuQuota");
  return quota === undefined ? undefined : quota / (amountIn(container, "cpuPeriod") ?? defaultPeriod);
}

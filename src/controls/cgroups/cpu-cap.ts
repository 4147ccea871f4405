import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";

/** The period that Docker takes where none is given, microseconds. */
export const defaultPeriod = 100_000;

/** How many CPUs the container may use at most, by `--cpus` or a quota; undefined where nothing caps it. */
export function cpuCap({ nanoCpus, cpuQuota, cpuPeriod }: Container): number | undefined {
  const cpus = valueOr(nanoCpus, 0);
  if (cpus > 0) return cpus / 1e9;
  const quota = valueOr(cpuQuota, 0);
  if (quota <= 0) return undefined;
  const period = valueOr(cpuPeriod, 0);
  return quota / (period > 0 ? period : defaultPeriod);
}

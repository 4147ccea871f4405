import type { Container } from "../model/container.ts";
import { set, unresolved } from "../model/fact.ts";
import type { CgroupTree, Hierarchy } from "./cgroup-tree.ts";

interface Bandwidth {
  /** Microseconds of CPU in each period; infinity where there is no cap. */
  readonly quota: number;
  readonly period: number;
}

type BandwidthFacts = Pick<Container, "cpuQuota" | "cpuPeriod">;

/** cpu.cfs_quota_us and cpu.cfs_period_us: https://docs.kernel.org/scheduler/sched-bwc.html */
export function cpuBandwidthV1(tree: CgroupTree, where: Hierarchy): BandwidthFacts {
  return tightestBandwidth(tree, where, "cpu.cfs_quota_us", (level, quota) => {
    const period = tree.read(`${level}/cpu.cfs_period_us`);
    return parseBandwidth(
      `${quota.trim() === "-1" ? "max" : quota.trim()} ${period.ok ? period.value.trim() : ""}`,
    );
  });
}

/** cpu.max: `50000 100000`, `max 100000`. */
export function cpuBandwidthV2(tree: CgroupTree, where: Hierarchy): BandwidthFacts {
  return tightestBandwidth(tree, where, "cpu.max", (_, text) => parseBandwidth(text));
}

/** Parses `QUOTA PERIOD` with `max` for no cap; undefined for anything else. */
export function parseBandwidth(text: string): Bandwidth | undefined {
  const match = /^(max|\d{1,16}) (\d{1,16})$/.exec(text.trim());
  if (!match || Number(match[2]) === 0) return undefined;
  const quota = match[1] === "max" ? Number.POSITIVE_INFINITY : Number(match[1]);
  return { quota, period: Number(match[2]) };
}

/** The smallest share of a period on the way to the root; quota 0 where nobody caps. */
function tightestBandwidth(
  tree: CgroupTree,
  where: Hierarchy,
  name: string,
  parse: (level: string, text: string) => Bandwidth | undefined,
): BandwidthFacts {
  let best: (Bandwidth & { readonly path: string }) | undefined;
  for (const level of where.levels) {
    const path = `${level}/${name}`;
    const read = tree.read(path);
    if (!read.ok && read.failure !== "denied") continue;
    const bandwidth = read.ok ? parse(level, read.value) : undefined;
    if (!bandwidth) {
      const reason = read.ok ? `${path} holds something unexpected` : read.reason;
      return {
        cpuQuota: unresolved(reason, { kernel: path }),
        cpuPeriod: unresolved(reason, { kernel: path }),
      };
    }
    if (!best || bandwidth.quota / bandwidth.period < best.quota / best.period) best = { ...bandwidth, path };
  }
  const path = best?.path ?? `${where.levels[0]}/${name}`;
  const quota = best && best.quota !== Number.POSITIVE_INFINITY ? best.quota : 0;
  return {
    cpuQuota: set(quota, { kernel: path }),
    cpuPeriod: set(best?.period ?? 100_000, { kernel: path }),
  };
}

/**
 * The CPU shares that a v2 weight (1 to 10000) stands for. runc and crun turn shares into a weight by
 * `10 ^ ((l² + 125 l) / 612 - 7/34)` with l = log2(shares) (runc 1.3.2 and later, opencontainers/cgroups,
 * ConvertCPUSharesToCgroupV2Value), which takes the default 1024 to the kernel's default 100; this is its
 * inverse. Older ones map linearly and take 1024 to 39: their weight is below the default of everybody who
 * asked for nothing, and this says so (their 1024 comes out as 362).
 */
export function sharesFromWeight(weight: number): number {
  const bounded = Math.min(10_000, Math.max(1, weight));
  const exponent = Math.log10(bounded) + 7 / 34;
  const log = (Math.sqrt(125 ** 2 + 4 * 612 * exponent) - 125) / 2;
  return Math.round(2 ** log);
}

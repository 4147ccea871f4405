import type { Container } from "../../model/container.ts";
import { mapFact } from "../../model/fact.ts";
import { type LimitFile, tightest } from "./tightest.ts";
import type { CgroupTree, Hierarchy } from "./tree.ts";

interface Bandwidth {
  /** Microseconds of CPU in each period; infinity where there is no cap. */
  readonly quota: number;
  readonly period: number;
}

type BandwidthFacts = Pick<Container, "cpuQuota" | "cpuPeriod">;

/** The smallest share of a period on the way to the root; quota 0 where nobody caps. */
export function cpuBandwidth(tree: CgroupTree, where: Hierarchy): BandwidthFacts {
  const none: Bandwidth = { quota: Number.POSITIVE_INFINITY, period: 100_000 };
  const file = where.version === 1 ? v1File(tree) : { name: "cpu.max", parse: parseBandwidth };
  const fact = tightest(tree, where, file, none, ({ quota, period }) => quota / period);
  return {
    cpuQuota: mapFact(fact, ({ quota }) => (quota === Number.POSITIVE_INFINITY ? 0 : quota)),
    cpuPeriod: mapFact(fact, ({ period }) => period),
  };
}

/** v1 keeps the two numbers apart: https://docs.kernel.org/scheduler/sched-bwc.html */
function v1File(tree: CgroupTree): LimitFile<Bandwidth> {
  return {
    name: "cpu.cfs_quota_us",
    parse(text, level) {
      const period = tree.read(`${level}/cpu.cfs_period_us`);
      const quota = text.trim() === "-1" ? "max" : text.trim();
      return parseBandwidth(`${quota} ${period.ok ? period.value.trim() : ""}`);
    },
  };
}

/** Parses cpu.max: `QUOTA PERIOD` in microseconds, with `max` for no cap; undefined for anything else. */
export function parseBandwidth(text: string): Bandwidth | undefined {
  const match = /^(max|\d{1,16}) (\d{1,16})$/.exec(text.trim());
  if (!match || Number(match[2]) === 0) return undefined;
  const quota = match[1] === "max" ? Number.POSITIVE_INFINITY : Number(match[1]);
  return { quota, period: Number(match[2]) };
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

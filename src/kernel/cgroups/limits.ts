import type { Container } from "../../model/container.ts";
import { type Fact, mapFact, set, type UnresolvedFact, unresolved, unset } from "../../model/fact.ts";
import type { CgroupFile } from "../../model/facts/row.ts";
import { type KernelFile, kernelFiles } from "../../model/facts/table.ts";
import {
  type BlockFacts,
  type LimitFile,
  ownValue,
  readBlockLimits,
  tightest,
  unresolvedBlock,
} from "./limits-block.ts";
import type { CgroupMembership, CgroupTree, Hierarchy } from "./tree.ts";

/** A value at or above this is v1's way to say "none": the kernel rounds LONG_MAX down to a page. */
const v1Unlimited = 2 ** 62;

/**
 * The limits that really hold for a cgroup: for each the tightest of its own and its ancestors', with that
 * file as the origin. Conventions are Docker's (see ContainerScalars).
 *
 * Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html,
 * https://docs.kernel.org/admin-guide/cgroup-v1/index.html
 */
export function readLimits(
  tree: CgroupTree,
  membership: CgroupMembership,
  id: string,
  sysDev: string,
): LimitFacts {
  const at = (controller: string) => tree.hierarchy(membership, controller, id);
  return {
    ...memory(tree, at("memory")),
    ...cpu(tree, at("cpu")),
    cpusetCpus: cpuset(tree, at("cpuset")),
    ...readFiles(tree, at),
    ...readBlockLimits(tree, at("blkio") ?? at("io"), sysDev),
  };
}

type MemoryFacts = Pick<Container, "memory" | "memorySwap" | "oomKillDisable">;
type CpuFacts = Pick<Container, "cpuQuota" | "cpuPeriod" | "cpuShares">;

/** The facts that are one file of a cgroup. */
export type KernelFiles = Pick<Container, KernelFile>;

/** Every fact that a cgroup tells. */
export type LimitFacts = MemoryFacts & CpuFacts & BlockFacts & KernelFiles & Pick<Container, "cpusetCpus">;

/** The limits of a cgroup that could not be read. */
export function unresolvedLimits(fact: UnresolvedFact): LimitFacts {
  return {
    ...unresolvedMemory(fact),
    ...unresolvedCpu(fact),
    ...unresolvedBlock(fact),
    ...filesAs(() => fact),
    cpusetCpus: fact,
  };
}

function unresolvedMemory(fact: UnresolvedFact): MemoryFacts {
  return { memory: fact, memorySwap: fact, oomKillDisable: fact };
}

function unresolvedCpu(fact: UnresolvedFact): CpuFacts {
  return { cpuQuota: fact, cpuPeriod: fact, cpuShares: fact };
}

function filesAs(read: (file: CgroupFile) => Fact<number>): KernelFiles {
  return Object.fromEntries(
    kernelFiles.map(({ field, file }) => [field, read(file)]),
  ) as unknown as KernelFiles;
}

/** By the table of facts. */
function readFiles(tree: CgroupTree, at: (controller: string) => Hierarchy | undefined): KernelFiles {
  return filesAs(({ controller, v1, v2, holds }) => {
    const where = at(controller);
    if (!where) return noController(controller);
    const name = where.version === 1 ? v1 : v2;
    if (name === undefined) return unset;
    const fact =
      holds === "tightest"
        ? smallest(tree, where, name, unlimited)
        : ownValue(tree, where, { name, parse: (text) => amount(text) ?? integer(text) });
    return mapFact(fact, noneIsZero);
  });
}

function noController(name: string): UnresolvedFact {
  return unresolved(`no ${name} cgroup of it is visible here`);
}

function memory(tree: CgroupTree, where: Hierarchy | undefined): MemoryFacts {
  if (!where) return unresolvedMemory(noController("memory"));
  const v1 = where.version === 1;
  const limit = smallest(tree, where, v1 ? "memory.limit_in_bytes" : "memory.max", unlimited);
  const memory = mapFact(limit, noneIsZero);
  const oom: Fact<string> = v1
    ? ownValue(tree, where, { name: "memory.oom_control", parse: (text) => text })
    : unset;
  return {
    memory,
    memorySwap: v1 ? swapV1(tree, where) : swapV2(tree, where, limit),
    oomKillDisable: mapFact(oom, (text) => /^oom_kill_disable 1$/m.test(text)),
  };
}

/** Without swap accounting the file is missing everywhere, and then nothing can be told. */
function swapV1(tree: CgroupTree, where: Hierarchy): Fact<number> {
  const limit = smallest(tree, where, "memory.memsw.limit_in_bytes", undefined);
  return mapFact(limit, (value) => (value === unlimited ? -1 : value));
}

/** v2 limits swap by itself; Docker's number is memory and swap together. */
function swapV2(tree: CgroupTree, where: Hierarchy, memoryLimit: Fact<number>): Fact<number> {
  const limit = smallest(tree, where, "memory.swap.max", undefined);
  if (limit.state !== "set") return limit;
  if (limit.value === unlimited) return { ...limit, value: -1 };
  if (memoryLimit.state !== "set" || memoryLimit.value === unlimited) return unset;
  return { ...limit, value: memoryLimit.value + limit.value };
}

function cpu(tree: CgroupTree, where: Hierarchy | undefined): CpuFacts {
  if (!where) return unresolvedCpu(noController("cpu"));
  const shares =
    where.version === 1
      ? ownValue(tree, where, { name: "cpu.shares", parse: integer })
      : mapFact(ownValue(tree, where, { name: "cpu.weight", parse: integer }), sharesFromWeight);
  return { ...cpuBandwidth(tree, where), cpuShares: shares };
}

/** The CPUs that the cgroup may use, where they are fewer than the machine's. */
function cpuset(tree: CgroupTree, where: Hierarchy | undefined): Fact<string> {
  if (!where) return noController("cpuset");
  const names =
    where.version === 1 ? ["cpuset.effective_cpus", "cpuset.cpus"] : ["cpuset.cpus.effective", "cpuset.cpus"];
  for (const level of where.levels) {
    for (const name of names) {
      const read = tree.read(`${level}/${name}`);
      if (!read.ok && read.failure === "denied")
        return unresolved(read.reason, { kernel: `${level}/${name}` });
      if (!read.ok || read.value.trim() === "") continue;
      const own = read.value.trim();
      const root = tree.read(`${where.levels.at(-1)}/${name}`);
      if (root.ok && root.value.trim() === own) return unset;
      return set(own, { kernel: `${level}/${name}` });
    }
  }
  return unset;
}

const unlimited = Number.POSITIVE_INFINITY;

function smallest(tree: CgroupTree, where: Hierarchy, name: string, none: number | undefined): Fact<number> {
  return tightest(tree, where, { name, parse: amount }, none, (value) => value);
}

function noneIsZero(value: number): number {
  return value === unlimited ? 0 : value;
}

/** A number, or infinity for `max` and v1's largest; undefined for anything else. */
function amount(text: string): number | undefined {
  const word = text.trim();
  if (word === "max") return unlimited;
  if (!/^\d{1,20}$/.test(word)) return undefined;
  const value = Number(word);
  return value >= v1Unlimited ? unlimited : value;
}

function integer(text: string): number | undefined {
  const word = text.trim();
  return /^-?\d{1,20}$/.test(word) ? Number(word) : undefined;
}

interface Bandwidth {
  /** Microseconds of CPU in each period; infinity where there is no cap. */
  readonly quota: number;
  readonly period: number;
}

type BandwidthFacts = Pick<Container, "cpuQuota" | "cpuPeriod">;

/** The smallest share of a period on the way to the root; quota 0 where nobody caps. */
function cpuBandwidth(tree: CgroupTree, where: Hierarchy): BandwidthFacts {
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

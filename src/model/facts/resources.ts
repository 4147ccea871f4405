import { byCode, fixedAtCreation, noSwarmOption, notEveryTerraform, type ScalarRow, said } from "./row.ts";

/** `docker update` changes it, and a control judges it. */
const updatable = (control: string, drift: string | false = false) => ({ update: control, drift }) as const;

/** Not said, 0 and a negative number are all no limit. */
const limit = { zero: "unset", negative: "refused", tighter: "lower" } as const;
/** A weight: it restricts only where others want the same. */
const weight = { zero: "unset", negative: "refused", tighter: undefined } as const;

/**
 * What a container may use (https://docs.docker.com/engine/containers/resource_constraints/). `docker update`:
 * https://docs.docker.com/reference/cli/docker/container/update/.
 */
export const resources = {
  nanoCpus: {
    ...said({ kind: "cpus", since: 27, ...limit }),
    ...said({
      compose: "cpus",
      deploy: "limits.cpus",
      run: "cpus",
      swarm: "limit-cpu",
      api: "HostConfig.NanoCpus",
    }),
    // The kernel keeps it as cpuQuota and cpuPeriod.
    ...said({ ansible: "cpus", terraform: "cpus", quadlet: "PodmanArgs", kernel: "default" }),
    ...updatable("cpu-limit", byCode),
  },
  /** Microseconds, as the quota of it. */
  cpuPeriod: {
    ...said({ kind: "integer", since: 19, ...weight }),
    ...said({ compose: "cpu_period", run: "cpu-period", swarm: "default", api: "HostConfig.CpuPeriod" }),
    ...said({ ansible: "cpu_period", terraform: "cpu_period", quadlet: "PodmanArgs", kernel: byCode }),
    ...updatable("cpu-limit", byCode),
  },
  cpuQuota: {
    ...said({ kind: "integer", since: 19, zero: "unset", negative: "unlimited", tighter: "lower" }),
    ...said({ compose: "cpu_quota", run: "cpu-quota", swarm: "default", api: "HostConfig.CpuQuota" }),
    ...said({ ansible: "cpu_quota", terraform: "cpu_quota", quadlet: "PodmanArgs", kernel: byCode }),
    ...updatable("cpu-limit", byCode),
  },
  cpuShares: {
    ...said({ kind: "integer", since: 8, ...weight }),
    ...said({
      compose: "cpu_shares",
      run: "cpu-shares",
      short: "c",
      swarm: "default",
      api: "HostConfig.CpuShares",
    }),
    ...said({ ansible: "cpu_shares", terraform: "cpu_shares", quadlet: "PodmanArgs", kernel: byCode }),
    ...updatable("cpu-limit"),
  },
  /** `0-3`, `0,2`. */
  cpusetCpus: {
    kind: "text",
    since: 18,
    ...said({ compose: "cpuset", run: "cpuset-cpus", swarm: "default", api: "HostConfig.CpusetCpus" }),
    ...said({ ansible: "cpuset_cpus", terraform: "cpu_set", quadlet: "PodmanArgs", kernel: byCode }),
    ...updatable("cpu-limit"),
  },
  memory: {
    ...said({ kind: "bytes", since: 0, ...limit }),
    ...said({
      compose: "mem_limit",
      deploy: "limits.memory",
      run: "memory",
      short: "m",
      swarm: "limit-memory",
    }),
    ...said({
      api: "HostConfig.Memory",
      ansible: "memory",
      terraform: "memory",
      quadlet: "Memory",
      kernel: byCode,
    }),
    ...updatable("memory-limit", "memory"),
  },
  /** Memory and swap together. */
  memorySwap: {
    ...said({ kind: "bytes", since: 0, zero: "unset", negative: "unlimited", tighter: "lower" }),
    ...said({ compose: "memswap_limit", run: "memory-swap", swarm: "default", api: "HostConfig.MemorySwap" }),
    ...said({ ansible: byCode, terraform: "memory_swap", quadlet: "PodmanArgs", kernel: byCode }),
    ...updatable("memory-swap-limit", "memory-swap"),
  },
  memoryReservation: {
    ...said({ kind: "bytes", since: 21, ...weight }),
    ...said({ compose: "mem_reservation", deploy: "reservations.memory", run: "memory-reservation" }),
    // In a swarm a reservation places the task; its container gets none.
    ...said({ swarm: "default", api: "HostConfig.MemoryReservation" }),
    ...said({ ansible: "memory_reservation", terraform: "memory_reservation", quadlet: "PodmanArgs" }),
    kernel: { controller: "memory", v1: "memory.soft_limit_in_bytes", v2: "memory.low", holds: "own" },
    ...updatable("memory-limit"),
  },
  /** 0 to 100: how readily the kernel swaps its pages out. -1 is not set. */
  memorySwappiness: {
    ...said({ kind: "integer", since: 20, zero: "amount", negative: "unset", tighter: "lower" }),
    ...said({ compose: "mem_swappiness", run: "memory-swappiness", swarm: "default" }),
    ...said({ api: "HostConfig.MemorySwappiness", ansible: "memory_swappiness", terraform: "default" }),
    quadlet: "PodmanArgs",
    kernel: { controller: "memory", v1: "memory.swappiness", v2: undefined, holds: "own" },
    ...{ update: false, drift: "memory-swappiness" },
  },
  oomKillDisable: {
    kind: "switch",
    since: 19,
    ...said({ compose: "oom_kill_disable", run: "oom-kill-disable", swarm: "default" }),
    ...said({
      api: "HostConfig.OomKillDisable",
      ansible: "oom_killer",
      terraform: "default",
      quadlet: "PodmanArgs",
    }),
    kernel: byCode,
    ...said({ update: false, drift: byCode }),
  },
  /** -1000 to 1000; below 0 the kernel kills others first. */
  oomScoreAdj: {
    ...said({ kind: "integer", since: 22, zero: "unset", negative: "amount", tighter: undefined }),
    ...said({ compose: "oom_score_adj", run: "oom-score-adj", swarm: "oom-score-adj" }),
    ...said({
      api: "HostConfig.OomScoreAdj",
      ansible: "oom_score_adj",
      terraform: "default",
      quadlet: "PodmanArgs",
    }),
    kernel: byCode,
    ...fixedAtCreation,
  },
  /** Microseconds of each period in which it may run before everything else. */
  cpuRealtimeRuntime: {
    ...said({ kind: "microseconds", since: 25, zero: "unset", negative: "amount", tighter: "lower" }),
    ...said({ compose: "cpu_rt_runtime", run: "cpu-rt-runtime", swarm: "default" }),
    ...said({
      api: "HostConfig.CpuRealtimeRuntime",
      ansible: "default",
      terraform: "default",
      quadlet: "PodmanArgs",
    }),
    // Only v1 with CONFIG_RT_GROUP_SCHED has it (https://docs.kernel.org/scheduler/sched-rt-group.html).
    kernel: { controller: "cpu", v1: "cpu.rt_runtime_us", v2: undefined, holds: "own" },
    ...fixedAtCreation,
  },
  /** In an update, too, 0 takes the limit away. */
  pidsLimit: {
    ...said({ kind: "integer", since: 23, zero: "unlimited", negative: "unlimited", tighter: "lower" }),
    ...said({ compose: "pids_limit", deploy: "limits.pids", run: "pids-limit", swarm: "limit-pids" }),
    ...said({ api: "HostConfig.PidsLimit", ansible: "pids_limit", quadlet: "PidsLimit" }),
    terraform: { key: "pids_limit", ...notEveryTerraform },
    kernel: { controller: "pids", v1: "pids.max", v2: "pids.max", holds: "tightest" },
    ...updatable("pids-limit", "pids-limit"),
  },
  /** 10 to 1000. */
  blkioWeight: {
    ...said({ kind: "integer", since: 19, ...weight }),
    ...said({
      compose: "blkio_config.weight",
      run: "blkio-weight",
      swarm: noSwarmOption,
      api: "HostConfig.BlkioWeight",
    }),
    ...said({ ansible: "blkio_weight", terraform: notEveryTerraform, quadlet: "PodmanArgs", kernel: byCode }),
    ...updatable("io-limit"),
  },
  cgroupParent: {
    kind: "text",
    since: 18,
    ...said({
      compose: "cgroup_parent",
      run: "cgroup-parent",
      swarm: "default",
      api: "HostConfig.CgroupParent",
    }),
    ...said({ ansible: "cgroup_parent", terraform: "cgroup_parent", quadlet: "PodmanArgs", kernel: byCode }),
    ...fixedAtCreation,
  },
} as const satisfies Readonly<Record<string, ScalarRow>>;

import { describe, expect, it } from "vitest";
import { type Container, container } from "../../model/container.ts";
import { cgroupV2, id, v1Host } from "../testing/hosts.ts";
import { layHost } from "../testing/recorded-host.ts";
import { readLimits } from "./limits.ts";
import { openCgroupTree, parseCgroup } from "./tree.ts";

const scope = `/system.slice/docker-${id}.scope`;
const mebi = 1024 ** 2;

function limitsOf(cgroup: Readonly<Record<string, string>>, membership: string): Container {
  const at = layHost({ processes: [], cgroup });
  const limits = readLimits(openCgroupTree(at.cgroup), parseCgroup(membership), id, "/nowhere");
  return relative(container("effective", limits), at.cgroup);
}

/** Origins without the temporary folder. */
function relative<T>(value: T, folder: string): T {
  return JSON.parse(JSON.stringify(value).replaceAll(folder, "/sys/fs/cgroup"));
}

const v2 = (own: Readonly<Record<string, string>>, slice: Readonly<Record<string, string>> = {}) =>
  limitsOf(cgroupV2(own, slice), `0::${scope}\n`);

const v1 = (files: Readonly<Record<string, string>> = {}) => {
  const host = v1Host(files);
  return limitsOf(host.cgroup, host.processes[1]?.cgroup ?? "");
};

const fact = (value: unknown, kernel: string) => ({ state: "set", value, origins: [{ kernel }] });

describe("limits on cgroup v2", () => {
  it("says none in Docker's way", () => {
    expect(v2({})).toMatchObject({
      memory: { value: 0 },
      memorySwap: { value: -1 },
      memoryReservation: { value: 0 },
      oomKillDisable: { state: "unset" },
      pidsLimit: { value: 0 },
      cpuQuota: { value: 0 },
      cpuShares: { value: 1024 },
      cpusetCpus: { state: "unset" },
      blkioWeight: { value: 0 },
      blkioDeviceLimits: [],
    });
  });

  it("reads the container's own, swap together with memory", () => {
    const limits = v2({
      "memory.max": `${128 * mebi}\n`,
      "memory.swap.max": `${64 * mebi}\n`,
      "memory.low": `${32 * mebi}\n`,
      "pids.max": "200\n",
      "cpu.max": "50000 100000\n",
      "cpu.weight": "50\n",
      "cpuset.cpus.effective": "0-1\n",
      "io.weight": "default 505\n",
      "io.max": "8:16 rbps=1048576 wbps=max riops=max wiops=100\n",
    });
    expect(limits.memory).toEqual(fact(128 * mebi, `/sys/fs/cgroup${scope}/memory.max`));
    expect(limits.memorySwap).toEqual(fact(192 * mebi, `/sys/fs/cgroup${scope}/memory.swap.max`));
    expect(limits.memoryReservation).toMatchObject({ value: 32 * mebi });
    expect(limits.pidsLimit).toEqual(fact(200, `/sys/fs/cgroup${scope}/pids.max`));
    expect(limits.cpuQuota).toEqual(fact(50_000, `/sys/fs/cgroup${scope}/cpu.max`));
    expect(limits.cpuPeriod).toMatchObject({ value: 100_000 });
    expect(limits.cpuShares).toMatchObject({ value: 421 });
    expect(limits.cpusetCpus).toMatchObject({ value: "0-1" });
    // 10 + 504 * 990 / 9999: runc's conversion backwards.
    expect(limits.blkioWeight).toMatchObject({ value: 60 });
    expect(limits.blkioDeviceLimits).toMatchObject([
      { value: { kind: "read-bps", path: "8:16", rate: mebi } },
      { value: { kind: "write-iops", path: "8:16", rate: 100 } },
    ]);
  });

  it("takes an ancestor's limit where that is tighter, and names its file", () => {
    const limits = v2(
      { "memory.max": `${512 * mebi}\n`, "cpu.max": "100000 100000\n" },
      { "memory.max": `${256 * mebi}\n`, "pids.max": "50\n", "cpu.max": "20000 50000\n" },
    );
    expect(limits.memory).toEqual(fact(256 * mebi, "/sys/fs/cgroup/system.slice/memory.max"));
    expect(limits.pidsLimit).toEqual(fact(50, "/sys/fs/cgroup/system.slice/pids.max"));
    expect(limits.cpuQuota).toEqual(fact(20_000, "/sys/fs/cgroup/system.slice/cpu.max"));
    expect(limits.cpuPeriod).toMatchObject({ value: 50_000 });
  });

  it("counts no swap limit without a memory limit, and no swap without accounting", () => {
    expect(v2({ "memory.swap.max": "0\n" }).memorySwap).toEqual({ state: "unset" });
    const { [`system.slice/docker-${id}.scope/memory.swap.max`]: _, ...own } = cgroupV2();
    const { "system.slice/memory.swap.max": __, ...files } = own;
    expect(limitsOf(files, `0::${scope}\n`).memorySwap).toEqual({ state: "unset" });
  });

  it("uses the limits of the container's cgroup, not of one that its first process made below", () => {
    const files = { ...cgroupV2({ "pids.max": "100\n" }), [`${scope}/init.scope/pids.max`]: "7\n" };
    expect(limitsOf(files, `0::${scope}/init.scope\n`).pidsLimit).toMatchObject({ value: 100 });
  });

  // crun 1.21, podman run --memory 64m: systemd's unit of the scope has MemorySwapMax=128M, crun's own cgroup 64M.
  it.each([
    ["on the host", `0::${scope}/container\n`],
    ["from inside a cgroup namespace", `0::/../docker-${id}.scope/container\n`],
  ])("reads crun's own cgroup in the scope that it asks systemd for, %s", (_, membership) => {
    const files = {
      ...cgroupV2({
        "memory.max": `${64 * mebi}\n`,
        "memory.swap.max": `${128 * mebi}\n`,
        "pids.max": "50\n",
      }),
      [`${scope}/cgroup.procs`]: "",
      [`${scope}/container/memory.max`]: `${64 * mebi}\n`,
      [`${scope}/container/memory.swap.max`]: `${64 * mebi}\n`,
      [`${scope}/container/pids.max`]: "max\n",
    };
    const limits = limitsOf(files, membership);
    expect(limits.memorySwap).toEqual(fact(128 * mebi, `/sys/fs/cgroup${scope}/container/memory.swap.max`));
    expect(limits.pidsLimit).toMatchObject({ value: 50 });
  });

  it.each([
    ["a process beside it", { [`${scope}/cgroup.procs`]: "812\n" }],
    ["a cgroup beside it", { [`${scope}/cgroup.procs`]: "", [`${scope}/free/memory.max`]: "max\n" }],
  ])("takes none for crun's that the workload made: with %s", (_, beside) => {
    const files = {
      ...cgroupV2({ "memory.max": "max\n", "pids.max": "max\n" }),
      [`${scope}/container/memory.max`]: `${64 * mebi}\n`,
      [`${scope}/container/pids.max`]: "50\n",
      ...beside,
    };
    expect(limitsOf(files, `0::${scope}/container\n`)).toMatchObject({
      memory: { value: 0 },
      pidsLimit: { value: 0 },
    });
  });

  it("finds the cgroup in the host's tree from inside a cgroup namespace", () => {
    const limits = limitsOf(cgroupV2({ "pids.max": "100\n" }), `0::/../docker-${id}.scope\n`);
    expect(limits.pidsLimit).toEqual(fact(100, `/sys/fs/cgroup${scope}/pids.max`));
  });

  it("cannot tell where the cgroup is not visible, or a file holds junk", () => {
    expect(limitsOf({}, `0::${scope}\n`)).toMatchObject({
      memory: { state: "unresolved" },
      pidsLimit: { state: "unresolved" },
      cpuQuota: { state: "unresolved" },
    });
    expect(v2({ "memory.max": "lots\n" }).memory).toMatchObject({ state: "unresolved" });
    expect(v2({ "cpu.max": "lots\n" }).cpuQuota).toMatchObject({ state: "unresolved" });
  });

  it("has no limit where the controller is off for the cgroup and its ancestors", () => {
    const files = { [`${scope}/cgroup.procs`]: "1\n" };
    const limits = limitsOf(files, `0::${scope}\n`);
    expect(limits).toMatchObject({ memory: { value: 0 }, pidsLimit: { value: 0 }, cpuQuota: { value: 0 } });
  });
});

describe("limits on cgroup v1", () => {
  const own = (controller: string) => `${controller}/docker/${id}`;

  it("says none in Docker's way: the kernel writes a huge number", () => {
    expect(v1()).toMatchObject({
      memory: { value: 0 },
      memorySwap: { value: -1 },
      memoryReservation: { value: 0 },
      oomKillDisable: { value: false },
      pidsLimit: { value: 0 },
      cpuQuota: { value: 0 },
      cpuShares: { value: 1024 },
      cpusetCpus: { state: "unset" },
      blkioWeight: { value: 0 },
    });
  });

  it("reads the container's own", () => {
    const limits = v1({
      [`${own("memory")}/memory.limit_in_bytes`]: `${64 * mebi}\n`,
      [`${own("memory")}/memory.memsw.limit_in_bytes`]: `${128 * mebi}\n`,
      [`${own("memory")}/memory.oom_control`]: "oom_kill_disable 1\nunder_oom 0\n",
      [`${own("cpu")}/cpu.cfs_quota_us`]: "50000\n",
      [`${own("cpu")}/cpu.shares`]: "768\n",
      [`${own("cpuset")}/cpuset.cpus`]: "0\n",
      [`${own("pids")}/pids.max`]: "50\n",
      [`${own("blkio")}/blkio.bfq.weight`]: "300\n",
      [`${own("blkio")}/blkio.throttle.read_iops_device`]: "254:0 120\n",
    });
    expect(limits.memory).toEqual(fact(64 * mebi, `/sys/fs/cgroup/${own("memory")}/memory.limit_in_bytes`));
    expect(limits).toMatchObject({
      memorySwap: { value: 128 * mebi },
      oomKillDisable: { value: true },
      cpuQuota: { value: 50_000 },
      cpuPeriod: { value: 100_000 },
      cpuShares: { value: 768 },
      cpusetCpus: { value: "0" },
      pidsLimit: { value: 50 },
      blkioWeight: { value: 300 },
      blkioDeviceLimits: [{ value: { kind: "read-iops", path: "254:0", rate: 120 } }],
    });
  });

  it("takes an ancestor's limit", () => {
    const limits = v1({ "pids/docker/pids.max": "30\n", "memory/docker/memory.limit_in_bytes": `${mebi}\n` });
    expect(limits.pidsLimit).toEqual(fact(30, "/sys/fs/cgroup/pids/docker/pids.max"));
    expect(limits.memory).toMatchObject({ value: mebi });
  });

  it("has no memsw without swap accounting", () => {
    const { cgroup, processes } = v1Host();
    const { [`${own("memory")}/memory.memsw.limit_in_bytes`]: _, ...files } = cgroup;
    expect(limitsOf(files, processes[1]?.cgroup ?? "").memorySwap).toEqual({ state: "unset" });
  });

  it("follows controllers that share a hierarchy", () => {
    const limits = limitsOf(
      {
        [`cpu,cpuacct/docker/${id}/cpu.cfs_quota_us`]: "10000\n",
        [`cpu,cpuacct/docker/${id}/cpu.cfs_period_us`]: "100000\n",
      },
      `4:cpu,cpuacct:/docker/${id}\n`,
    );
    expect(limits.cpuQuota).toMatchObject({ value: 10_000 });
  });
});

describe("limits on the hybrid layout", () => {
  it("reads v1's controllers in theirs, and one that only v2 has in `unified`", () => {
    const limits = limitsOf(
      {
        [`memory/docker/${id}/memory.limit_in_bytes`]: `${mebi}\n`,
        [`unified/docker/${id}/pids.max`]: "20\n",
      },
      `4:memory:/docker/${id}\n1:name=systemd:/docker/${id}\n0::/docker/${id}\n`,
    );
    expect(limits.memory).toMatchObject({ value: mebi });
    expect(limits.pidsLimit).toEqual(fact(20, `/sys/fs/cgroup/unified/docker/${id}/pids.max`));
  });
});

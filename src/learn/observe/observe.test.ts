import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { testFolder } from "../../../test/support/test-folder.ts";
import { limitsFrom } from "../plan/steps.ts";
import { watchNetwork } from "./observe.ts";
import { usageOf, watchDisks, watchPeaks } from "./usage.ts";
import { endsAs } from "./users.ts";

function files(texts: Readonly<Record<string, string>>): string {
  const folder = testFolder();
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe("usageOf", () => {
  it("reads cgroup v1, without page cache that is not in use", () => {
    const folder = files({
      "proc/7/cgroup":
        "5:memory:/docker/a\n4:cpu,cpuacct:/docker/a\n3:pids:/docker/a\n2:blkio:/docker/a\n0::/\n",
      "cg/memory/docker/a/memory.usage_in_bytes": "1000\n",
      "cg/memory/docker/a/memory.max_usage_in_bytes": "1500\n",
      "cg/memory/docker/a/memory.stat": "cache 5\ntotal_inactive_file 300\n",
      "cg/pids/docker/a/pids.current": "4\n",
      "cg/cpuacct/docker/a/cpuacct.usage": "2500000000\n",
      "cg/blkio/docker/a/blkio.throttle.io_service_bytes_recursive":
        "8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:16 Read 1\n8:16 Write 2\nTotal 63\n",
    });
    expect(usageOf({ pid: 7, id: "a" }, join(folder, "proc"), join(folder, "cg"))).toEqual({
      ...{ memory: 700, memoryPeak: 1500, pids: 4, pidsPeak: undefined, cpuSeconds: 2.5 },
      disks: [
        { device: "8:0", readBytes: 10, writtenBytes: 20 },
        { device: "8:16", readBytes: 1, writtenBytes: 2 },
      ],
    });
  });

  it("reads cgroup v2, with the kernel's own peaks", () => {
    const folder = files({
      "proc/7/cgroup": "0::/system.slice/docker-a.scope\n",
      "cg/system.slice/docker-a.scope/memory.current": "1000\n",
      "cg/system.slice/docker-a.scope/memory.peak": "1500\n",
      "cg/system.slice/docker-a.scope/memory.stat": "anon 5\ninactive_file 300\n",
      "cg/system.slice/docker-a.scope/pids.current": "4\n",
      "cg/system.slice/docker-a.scope/pids.peak": "9\n",
      "cg/system.slice/docker-a.scope/cpu.stat": "usage_usec 2500000\n",
      "cg/system.slice/docker-a.scope/io.stat": "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2\n",
    });
    expect(usageOf({ pid: 7, id: "a" }, join(folder, "proc"), join(folder, "cg"))).toEqual({
      ...{ memory: 700, memoryPeak: 1500, pids: 4, pidsPeak: 9, cpuSeconds: 2.5 },
      disks: [
        { device: "8:0", readBytes: 10, writtenBytes: 20 },
        { device: "8:16", readBytes: 1, writtenBytes: 2 },
      ],
    });
  });

  it.each([
    ["v1", "5:memory:/user\n4:cpu,cpuacct:/user\n3:pids:/user\n2:blkio:/user\n1:name=systemd:/docker/a\n"],
    ["v2", "0::/user.slice/user-1000.slice\n"],
  ])("takes nothing of a cgroup that is not the container's own (%s)", (_, cgroup) => {
    const counted = {
      "memory.usage_in_bytes": "1000\n",
      "pids.current": "4\n",
      "memory.current": "1000\n",
      "cpuacct.usage": "5\n",
    };
    const places = ["cg/memory/user", "cg/pids/user", "cg/cpuacct/user", "cg/user.slice/user-1000.slice"];
    const folder = files({
      "proc/7/cgroup": cgroup,
      ...Object.fromEntries(
        places.flatMap((place) => Object.entries(counted).map(([name, text]) => [`${place}/${name}`, text])),
      ),
    });
    const usage = usageOf({ pid: 7, id: "a".repeat(64) }, join(folder, "proc"), join(folder, "cg"));
    expect(Object.values(usage).filter((value) => value !== undefined)).toEqual([]);
  });

  it("knows nothing of a process that is gone", () => {
    expect(usageOf({ pid: 7, id: "a" }, "/nowhere", "/nowhere").memory).toBeUndefined();
  });
});

describe("watchPeaks", () => {
  it("keeps the most of each, and starts the CPU's time anew with a new process", () => {
    const base = { memoryPeak: undefined, pidsPeak: undefined, disks: undefined };
    const uses = [
      { ...base, memory: 5, pids: 2, cpuSeconds: 1 },
      { ...base, memory: 9, pids: 1, cpuSeconds: 1.5 },
      { ...base, memory: 1, pids: 1, cpuSeconds: 0 },
      { ...base, memory: 1, pids: 3, cpuSeconds: 0.1 },
    ];
    let at = 0;
    const watch = watchPeaks(
      () => uses[at] ?? { ...base, memory: 0, pids: 0, cpuSeconds: 0 },
      () => at * 1000,
    );
    for (const pid of [7, 7, 8, 8]) {
      watch.sample({ pid, id: "a" });
      at += 1;
    }
    // No kernel's peak of the processes.
    expect(watch.peaks()).toEqual({ memory: 9, pids: 3, pidsSampled: true, cpus: 0.5, disks: [] });
  });
});

describe("watchDisks", () => {
  it("keeps the highest rates of each disk, and leaves out disks without a device node", () => {
    const watch = watchDisks((device) => (device === "8:0" ? "/dev/sda" : undefined));
    const at = (readBytes: number, writtenBytes: number) => [
      { device: "8:0", readBytes, writtenBytes },
      { device: "0:42", readBytes: 9, writtenBytes: 9 },
    ];
    watch.sample({ now: at(1000, 500), before: undefined, seconds: 0 });
    watch.sample({ now: at(1000, 700), before: at(1000, 500), seconds: 0.5 });
    watch.sample({ now: at(1010, 710), before: at(1000, 700), seconds: 1 });
    // A new container counts from zero.
    watch.sample({ now: at(3, 4), before: undefined, seconds: 0 });
    expect(watch.peaks()).toEqual([
      { path: "/dev/sda", readBytes: 1010, writtenBytes: 710, readRate: 10, writeRate: 400 },
    ]);
  });

  it("counts a disk that was not used before from zero", () => {
    const watch = watchDisks(() => "/dev/sda");
    watch.sample({
      now: [{ device: "8:0", readBytes: 0, writtenBytes: 100 }],
      before: [],
      seconds: 1,
    });
    expect(watch.peaks()).toMatchObject([{ writeRate: 100 }]);
  });
});

describe("limitsFrom", () => {
  it("limits each disk and direction that was used, with head room and a floor", () => {
    const mebibyte = 1024 ** 2;
    const peaks = { memory: undefined, pids: undefined, cpus: undefined };
    const disk = { path: "/dev/sda", readBytes: 0, writtenBytes: 9, readRate: 0, writeRate: 10.2 * mebibyte };
    expect(limitsFrom({ ...peaks, disks: [disk] }, undefined).disks).toEqual([
      { kind: "write-bps", path: "/dev/sda", rate: 21 * mebibyte },
    ]);
    const slow = { ...disk, readBytes: 1, writtenBytes: 0, writeRate: 0, readRate: 1 };
    expect(limitsFrom({ ...peaks, disks: [slow] }, undefined).disks).toEqual([
      { kind: "read-bps", path: "/dev/sda", rate: 16 * mebibyte },
    ]);
  });
});

describe("endsAs", () => {
  const user = (uid: number) => ({ uid, gid: uid });
  it.each([
    ["its first process", { main: user(999), others: [] }, 999],
    ["its workers, where they are of one mind", { main: user(0), others: [user(0), user(33)] }, 33],
    ["nobody, where they are not", { main: user(0), others: [user(33), user(34)] }, undefined],
    ["nobody, where all are root", { main: user(0), others: [user(0)] }, undefined],
  ])("is %s", (_, users, uid) => {
    expect(endsAs(users)?.uid).toBe(uid);
  });
});

describe("watchNetwork", () => {
  it("tells whom it called from who called it, and the loopback from the network", () => {
    const head = "  sl  local_address rem_address   st\n";
    const folder = files({
      "7/net/tcp": `${head}   0: 00000000:0050 00000000:0000 0A\n   1: 020011AC:0050 030011AC:9C40 01\n   2: 020011AC:9C41 050011AC:1538 01\n   3: 0100007F:9C42 0100007F:1538 01\n`,
      "7/net/dev":
        "Inter-|\n face |\n    lo: 900 1 0 0 0 0 0 0 900 1 0 0 0 0 0 0\n  eth0: 5 1 0 0 0 0 0 0 77 1 0 0 0 0 0 0\n",
    });
    const watch = watchNetwork(folder);
    watch.sample(7);
    expect(watch.network()).toEqual({ peers: ["172.17.0.5:5432"], sentBytes: 77 });
  });
});

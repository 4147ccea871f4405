import { describe, expect, test } from "vitest";
import { failed, ok } from "../../../base/result.ts";
import { type Container, container } from "../../../model/container.ts";
import { set } from "../../../model/fact.ts";
import { mount } from "../../../model/mount.ts";
import type { Before, Ended, Probe, ProbeTarget } from "../../probe.ts";
import { errno, type FakeKernel, fakeTarget, plainFacts } from "../../testing/fake-kernel.ts";
import { burnCpu } from "./burn-cpu.ts";
import { fillTmpfs } from "./fill-tmpfs.ts";
import { forkUntilLimit } from "./fork-until-limit.ts";
import { ioPastLimit } from "./io-past-limit.ts";
import { memoryPastLimit } from "./memory-past-limit.ts";

interface Side extends Partial<ProbeTarget> {
  readonly kernel: FakeKernel;
}

async function proved(probe: Probe, view: Partial<Container>, here: Side, there?: Side): Promise<Before> {
  const facts = { ...plainFacts, view: container("configured", view) };
  const target = ({ kernel, ...more }: Side, role: ProbeTarget["role"]) =>
    fakeTarget(kernel, { facts, role, ...more });
  const looser = async () => (there ? ok(target(there, "looser")) : failed("no"));
  return probe.before?.(facts) ?? (await probe.prove(target(here, "subject"), looser)).judgement;
}

const mebibyte = 1024 ** 2;

describe("processes", () => {
  /** A kernel that starts so many, and gives an error then. */
  const starting = (most: number, error: number = -11): FakeKernel => {
    let started = 0;
    return {
      answer({ name }) {
        if (name !== "clone") return undefined;
        started += 1;
        return started > most ? error : 5_000 + started;
      },
    };
  };
  const limited = { pidsLimit: set(20) };
  const free: Side = { kernel: starting(Number.POSITIVE_INFINITY) };

  test("are held where the limit refuses one, and none is refused without", async () => {
    const judgement = await proved(forkUntilLimit, limited, { kernel: starting(18) }, free);
    expect(judgement, judgement.evidence).toMatchObject({ outcome: "held" });
    expect(judgement.evidence).toMatch(/^after 18 processes comes EAGAIN; without a limit 21 start$/);
  });

  test("are not held past the limit, nor where there is none", async () => {
    const past = await proved(forkUntilLimit, limited, free, free);
    expect(past).toMatchObject({
      outcome: "notHeld",
      evidence: "it started 21 processes, past its limit of 20",
    });
    const none = await proved(forkUntilLimit, {}, free, free);
    expect(none).toMatchObject({
      outcome: "notHeld",
      evidence: "it started 257 processes and nothing stopped it",
    });
  });

  test("show nothing by another error, by the host's limit, or where all are refused", async () => {
    const cases: readonly (readonly [Side, Side | undefined])[] = [
      [{ kernel: starting(18, errno.EPERM) }, free],
      [{ kernel: starting(18), cgroupFile: () => "max 0\n" }, free],
      [{ kernel: starting(18) }, { kernel: starting(19) }],
      [{ kernel: starting(18) }, undefined],
    ];
    for (const [here, there] of cases)
      expect(await proved(forkUntilLimit, limited, here, there)).toMatchObject({ outcome: "inconclusive" });
    const counted = await proved(
      forkUntilLimit,
      limited,
      { kernel: starting(18), cgroupFile: () => "max 3\n" },
      free,
    );
    expect(counted.evidence).toContain("(pids.events: max 3)");
  });

  test("are not started where the limit is beyond what a proof may", async () => {
    expect(await proved(forkUntilLimit, { pidsLimit: set(1_025) }, free, free)).toMatchObject({
      outcome: "inconclusive",
    });
    expect(await proved(forkUntilLimit, { pidsLimit: set(1_024) }, free, free)).toMatchObject({
      outcome: "notHeld",
    });
  });
});

describe("a tmpfs", () => {
  const asked: number[] = [];
  /** A file system that has room for so many bytes. */
  const room = (bytes: number, opened = 7): Side => ({
    kernel: {
      answer({ name, given }) {
        if (name === "openat") return opened;
        if (name !== "fallocate") return undefined;
        asked.push(Number(given[3]));
        return Number(given[3]) > bytes ? -28 : 0;
      },
    },
  });
  const tmpfs = (size: number | undefined, target = "/tmp") =>
    set(
      mount({
        type: "tmpfs",
        source: undefined,
        target,
        readOnly: false,
        ...(size !== undefined && { tmpfs: { size, mode: undefined, exec: false, suid: false, dev: false } }),
      }),
    );
  const small = { mounts: [tmpfs(8 * mebibyte)] };

  test("is held at its size, one page further", async () => {
    asked.length = 0;
    const judgement = await proved(fillTmpfs, small, room(8 * mebibyte), room(Number.POSITIVE_INFINITY));
    expect(judgement, judgement.evidence).toMatchObject({ outcome: "held" });
    expect(asked).toEqual([8 * mebibyte + 4096, 8 * mebibyte + 4096]);
  });

  test("is not held where it takes more, nor without a size, which is not tried", async () => {
    expect(await proved(fillTmpfs, small, room(9 * mebibyte))).toMatchObject({ outcome: "notHeld" });
    asked.length = 0;
    const endless = await proved(fillTmpfs, { mounts: [tmpfs(undefined)] }, room(0));
    expect(endless).toMatchObject({ outcome: "notHeld" });
    expect(endless.evidence).toContain("it was not filled");
    expect(asked).toEqual([]);
  });

  test("is not filled where that takes more of the memory than a proof may", async () => {
    for (const view of [{ mounts: [tmpfs(129 * mebibyte)] }, { ...small, memory: set(15 * mebibyte) }]) {
      const judgement = await proved(fillTmpfs, view, room(0), room(Number.POSITIVE_INFINITY));
      expect(judgement).toMatchObject({ outcome: "inconclusive" });
      expect(judgement.evidence).toContain("too much to fill it for a proof");
    }
    const enough = { ...small, memory: set(16 * mebibyte) };
    expect(await proved(fillTmpfs, enough, room(0), room(Number.POSITIVE_INFINITY))).toMatchObject({
      outcome: "held",
    });
  });

  test("that cannot be written to shows nothing", async () => {
    const judgement = await proved(fillTmpfs, small, room(0, errno.EACCES), room(Number.POSITIVE_INFINITY));
    expect(judgement).toMatchObject({ outcome: "inconclusive" });
    expect(judgement.evidence).toContain("nothing can be written there (EACCES)");
  });
});

describe("memory", () => {
  const had: Side = { kernel: { answer: ({ name }) => (name === "mmap" ? 2 ** 40 : undefined) } };
  const killed = (ended: Partial<Ended>): Side => ({
    kernel: {},
    sacrifice: async () => ok({ oomKilled: false, exitCode: 0, finished: true, ...ended }),
  });
  const limited = { memory: set(64 * mebibyte), memorySwap: set(64 * mebibyte) };

  test("is held where the kernel kills who takes more", async () => {
    const judgement = await proved(
      memoryPastLimit,
      limited,
      killed({ oomKilled: true, finished: false }),
      had,
    );
    expect(judgement, judgement.evidence).toMatchObject({ outcome: "held" });
    // The limit, and sixteen more.
    expect(judgement.evidence).toContain("taking 80 MiB it was killed");
  });

  test("is taken beyond the swap as well: Docker gives as much of it", async () => {
    const swap = { memory: set(64 * mebibyte) };
    const judgement = await proved(memoryPastLimit, swap, killed({ oomKilled: true, finished: false }), had);
    expect(judgement.evidence).toContain("taking 144 MiB");
    expect(await proved(memoryPastLimit, { ...limited, memorySwap: set(-1) }, had, had)).toMatchObject({
      outcome: "inconclusive",
    });
  });

  test("is not held where it was had, with a limit and without", async () => {
    expect(await proved(memoryPastLimit, limited, killed({}), had)).toMatchObject({ outcome: "notHeld" });
    const none = await proved(memoryPastLimit, {}, had, had);
    expect(none).toMatchObject({ outcome: "notHeld" });
    expect(none.evidence).toContain("it has no limit: it took 32 MiB");
  });

  test("shows nothing by another end, or where nobody gets it", async () => {
    const other = await proved(memoryPastLimit, limited, killed({ finished: false, exitCode: 1 }), had);
    expect(other).toMatchObject({
      outcome: "inconclusive",
      evidence: "taking 80 MiB: it ended with status 1",
    });
    const full: Side = { kernel: { answer: ({ name }) => (name === "mmap" ? -12 : undefined) } };
    const nobody = await proved(memoryPastLimit, limited, killed({ oomKilled: true, finished: false }), full);
    expect(nobody).toMatchObject({ outcome: "inconclusive" });
    expect(nobody.evidence).toContain("ENOMEM");
  });
});

describe("the CPU", () => {
  /** The Engine's figures before and after: throttled periods, and nanoseconds. */
  function counting(throttled: number, cpus = 0, may = 2): Side {
    let asked = 0;
    return {
      kernel: {
        answer({ name, given }) {
          if (name !== "sched_getaffinity" || !Buffer.isBuffer(given[2])) return undefined;
          given[2].writeUInt8(2 ** may - 1);
          return 8;
        },
      },
      async stats() {
        asked += 1;
        const after = asked % 2 === 0;
        return ok({
          cpu_stats: {
            throttling_data: { throttled_periods: after ? 5 + throttled : 5 },
            // More than any time that the test takes.
            cpu_usage: { total_usage: after ? cpus * 1e15 : 0 },
          },
        });
      },
    };
  }
  const half = { nanoCpus: set(500_000_000) };

  test("is held where it is throttled, and nobody is without a limit", async () => {
    const judgement = await proved(burnCpu, half, counting(4), counting(0));
    expect(judgement, judgement.evidence).toMatchObject({ outcome: "held" });
    expect(judgement.evidence).toContain("nr_throttled grows by 4");
    expect(await proved(burnCpu, half, counting(4), counting(1))).toMatchObject({ outcome: "inconclusive" });
  });

  test("is not held where it had more than its limit, and not known where the host had no more to give", async () => {
    expect(await proved(burnCpu, half, counting(0, 1), counting(0))).toMatchObject({ outcome: "notHeld" });
    expect(await proved(burnCpu, half, counting(0, 0), counting(0))).toMatchObject({
      outcome: "inconclusive",
    });
  });

  test("is not held by a limit of all CPUs, nor without one", async () => {
    const all = await proved(burnCpu, { nanoCpus: set(2_000_000_000) }, counting(0), counting(0));
    expect(all).toMatchObject({
      outcome: "notHeld",
      evidence: "its limit of 2 CPUs is no less than the host has (2)",
    });
    expect(await proved(burnCpu, {}, counting(0), counting(0))).toMatchObject({ outcome: "notHeld" });
    expect(await proved(burnCpu, { cpuShares: set(512) }, counting(0), counting(0))).toMatchObject({
      outcome: "inconclusive",
    });
  });

  test("is held on fewer CPUs than the host has, where others may run on more", async () => {
    expect(await proved(burnCpu, {}, counting(0, 0, 1), counting(0, 0, 2))).toMatchObject({
      outcome: "held",
    });
    expect(await proved(burnCpu, {}, counting(0, 0, 1), counting(0, 0, 1))).toMatchObject({
      outcome: "inconclusive",
    });
  });

  test("a quota of a period counts as well", async () => {
    const quota = { cpuQuota: set(25_000), cpuPeriod: set(50_000) };
    expect((await proved(burnCpu, quota, counting(3), counting(0))).outcome).toBe("held");
    expect(
      (await proved(burnCpu, { cpuQuota: set(50_000) }, counting(0, 0), counting(0))).evidence,
    ).toContain("its limit of 0.5 CPUs");
  });
});

describe("the disk", () => {
  const partitions = " 8 0 100 sda\n 8 1 90 sda1\n";
  /** A disk on which each operation takes so many milliseconds, with the file that is used on this partition. */
  function disk(each: number, minor = 1, error = 0): Side {
    let now = 0;
    return {
      kernel: {
        files: { "/proc/partitions": partitions },
        answer({ name, given, text }) {
          if (name === "statx" && Buffer.isBuffer(given[4])) {
            given[4].writeUInt32LE(8, 136);
            given[4].writeUInt32LE(minor, 140);
            return 0;
          }
          if (name === "openat") return text(1) === "/proc/partitions" ? undefined : 7;
          if (name === "clock_gettime" && Buffer.isBuffer(given[1])) {
            given[1].writeBigInt64LE(BigInt(Math.floor(now / 1_000)), 0);
            given[1].writeBigInt64LE(BigInt(Math.round((now % 1_000) * 1e6)), 8);
            return 0;
          }
          if (name !== "pread64" && name !== "pwrite64") return undefined;
          now += each;
          return error === 0 ? Number(given[2]) : error;
        },
      },
    };
  }
  const limit = (kind: string, rate: number, path = "/dev/sda") => ({
    blkioDeviceLimits: [set({ kind, path, rate } as never)],
  });
  const slow = limit("write-iops", 10);

  test("is held where the limit makes it wait, and it is fast without", async () => {
    // Twelve operations at ten a second.
    const judgement = await proved(ioPastLimit, slow, disk(100), disk(1));
    expect(judgement, judgement.evidence).toMatchObject({ outcome: "held" });
    expect(judgement.evidence).toContain("12 writes of 4 KiB take 1200 ms; without a limit 12 ms");
  });

  test("is not held where it is faster than its limit, on the limited disk", async () => {
    expect(await proved(ioPastLimit, slow, disk(1), disk(1))).toMatchObject({ outcome: "notHeld" });
    expect(
      await proved(ioPastLimit, limit("read-bps", 1_000_000, "/dev/sdb"), disk(1), disk(1)),
    ).toMatchObject({
      outcome: "inconclusive",
    });
  });

  test("shows nothing where it fails, is slow for everybody, or the limit is too high", async () => {
    expect(await proved(ioPastLimit, slow, disk(100, 1, -5), disk(1))).toMatchObject({
      outcome: "inconclusive",
    });
    expect(await proved(ioPastLimit, slow, disk(100), disk(100))).toMatchObject({ outcome: "inconclusive" });
    expect(await proved(ioPastLimit, slow, disk(100))).toMatchObject({ outcome: "inconclusive" });
    for (const high of [limit("read-iops", 3_000), limit("write-bps", 2 ** 30)])
      expect(await proved(ioPastLimit, high, disk(1), disk(1))).toMatchObject({
        ...{ outcome: "inconclusive", evidence: "its limits are too high to be reached in a proof" },
      });
  });

  test("is not held without a limit; a weight shows nothing", async () => {
    expect(await proved(ioPastLimit, {}, disk(1))).toMatchObject({ outcome: "notHeld" });
    expect(await proved(ioPastLimit, { blkioWeight: set(100) }, disk(1))).toMatchObject({
      outcome: "inconclusive",
    });
  });
});

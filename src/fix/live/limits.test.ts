import { expect, it } from "vitest";
import { limitsFrom, peaksFromStats } from "./observe.ts";
import { updateOf, updateWords } from "./plan-live.ts";

const mebibyte = 1024 ** 2;

const hour = 3_600_000;
const started = { State: { StartedAt: new Date(0).toISOString() } };
const stats = {
  memory_stats: { usage: 5 * mebibyte, max_usage: 131 * mebibyte, stats: { inactive_file: mebibyte } },
  pids_stats: { current: 80 },
};

it("takes twice the peak, never what is used at the moment", () => {
  const peaks = peaksFromStats(stats, started, 48 * hour);
  expect(peaks).toEqual({ memory: 131 * mebibyte, pids: undefined, age: 48 * hour });
  expect(limitsFrom(peaks)).toEqual({
    memory: { value: 272 * mebibyte, source: "twice its peak (131 MiB since it started 2 d ago)" },
  });
  expect(limitsFrom({ ...peaks, pids: 80 }).pids).toMatchObject({ value: 160 });
});

it("only tells the peak of a container that has not run for an hour", () => {
  const { memory, pids } = limitsFrom({ memory: 131 * mebibyte, pids: 3, age: hour / 2 });
  expect(memory?.onlyTold).toBe(
    "Its peak is 131 MiB, but it started only 30 min ago: if you know that it needs no more, set twice that with --memory 272m.",
  );
  expect(pids).toBeUndefined();
});

it("invents nothing where nothing was seen", () => {
  expect(limitsFrom(peaksFromStats({}, {}, 48 * hour))).toEqual({});
  expect(limitsFrom(peaksFromStats("junk", "junk", 48 * hour))).toEqual({});
  expect(limitsFrom(peaksFromStats({ memory_stats: { usage: 5 } }, started, 48 * hour))).toEqual({});
});

it("brings the swap along with a memory limit, unless it is set already", () => {
  const memory = { op: "set", field: "memory", value: 64 * mebibyte } as const;
  expect(updateOf([memory], { memorySwap: 0 })).toEqual({
    Memory: 64 * mebibyte,
    MemorySwap: 128 * mebibyte,
  });
  expect(updateOf([memory], { memorySwap: -1 })).toEqual({ Memory: 64 * mebibyte });
  const cpus = { op: "set", field: "nanoCpus", value: 5e8 } as const;
  expect(updateWords(updateOf([cpus], { memorySwap: 0 }), "web")).toEqual([
    "docker",
    "update",
    "--cpus",
    "0.5",
    "web",
  ]);
  const both = updateOf([memory], { memorySwap: 0 });
  expect(updateWords(both, "web").join(" ")).toBe("docker update --memory 64m --memory-swap 128m web");
  expect(updateWords({ Memory: 1000, MemorySwap: -1 }, "web").join(" ")).toBe(
    "docker update --memory 1000 --memory-swap -1 web",
  );
});

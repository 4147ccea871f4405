import { expect, it } from "vitest";
import { limitsFrom, useFromStats } from "./observe.ts";
import { updateOf, updateWords } from "./update.ts";

const mebibyte = 1024 ** 2;

const stats = {
  memory_stats: { usage: 110 * mebibyte, stats: { inactive_file: 10 * mebibyte } },
  pids_stats: { current: 80 },
  cpu_stats: { cpu_usage: { total_usage: 3e9 }, system_cpu_usage: 20e9, online_cpus: 4 },
  precpu_stats: { cpu_usage: { total_usage: 2e9 }, system_cpu_usage: 16e9 },
};

it("takes twice the use, page cache left out", () => {
  const use = useFromStats(stats);
  expect(use).toMatchObject({ memory: 100 * mebibyte, pids: 80, cpus: 1 });
  expect(limitsFrom(use, 4)).toMatchObject({
    memory: { value: 208 * mebibyte, source: "its observed use (now 100 MiB)" },
    pids: { value: 160 },
    cpus: { value: 2 },
  });
  expect(limitsFrom(use, 2).cpus).toBeUndefined();
});

it("invents nothing where nothing was seen", () => {
  expect(limitsFrom(useFromStats({}), 4)).toEqual({});
  expect(limitsFrom(useFromStats("junk"), undefined)).toEqual({});
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

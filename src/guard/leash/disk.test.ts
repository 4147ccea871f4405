import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answer } from "../../engine/client.ts";
import type { Judged } from "../judge/judge.ts";
import { ownerLabel } from "../policy/layer.ts";
import { routeOf } from "../routes/table.ts";
import { type DiskMeter, measureDisk } from "./disk.ts";

const mega = 1024 ** 2;

/** An Engine whose lists take `takes` milliseconds, and in which the leash's one volume grows. */
function measured(takes: number) {
  const engine = { looks: 0, stored: 0, reason: "", takes };
  const get = async (path: string): Promise<Answer> => {
    if (!path.startsWith("/system/df")) return { ok: true, value: [] };
    engine.looks += 1;
    const { stored, reason } = engine;
    await new Promise((resolve) => setTimeout(resolve, engine.takes));
    if (reason !== "") return { ok: false, reason, kind: "refused" };
    const volume = { Labels: { [ownerLabel]: "one-1" }, UsageData: { Size: stored } };
    return { ok: true, value: { Volumes: [volume] } };
  };
  const stopped: string[] = [];
  const disk = measureDisk({ get }, "one-1", 10 * mega, (why) => void stopped.push(why));
  const starts = () => {
    const judged = { route: routeOf("container-start"), verdict: "allow", request: { query: new Map() } };
    disk.note(judged as unknown as Judged);
  };
  return { engine, disk, stopped, starts };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a command that never rests does not put off a look that is due", async () => {
  const { engine, disk, starts } = measured(50);
  engine.stored = 11 * mega;
  for (let index = 0; index < 100; index += 1) {
    starts();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(engine.looks).toBeGreaterThan(5);
  expect(await answered(disk)).toMatch(/^the leash stores 11 ?MiB of 10 ?MiB/i);
});

test("what changes during a look is seen soon behind it, and not before the Engine had its rest", async () => {
  const { engine, disk, starts } = measured(100);
  engine.stored = 0;
  await vi.advanceTimersByTimeAsync(50);
  engine.stored = 11 * mega;
  starts();
  await vi.advanceTimersByTimeAsync(1_900);
  expect([engine.looks, await disk.full()]).toEqual([1, undefined]);
  await vi.advanceTimersByTimeAsync(400);
  expect([engine.looks, await disk.full()]).toEqual([2, expect.stringContaining("remove images")]);
});

test("without a change it looks every ten seconds, and far above the budget it stops the containers", async () => {
  const { engine, stopped } = measured(0);
  await vi.advanceTimersByTimeAsync(1_000);
  engine.stored = 13 * mega;
  expect(stopped).toEqual([]);
  await vi.advanceTimersByTimeAsync(9_500);
  expect([engine.looks, stopped.length]).toEqual([2, 1]);
});

/** What `full` answers while time passes. */
async function answered(disk: DiskMeter, milliseconds = 1_000): Promise<string | undefined> {
  const answer = disk.full();
  await vi.advanceTimersByTimeAsync(milliseconds);
  return answer;
}

test("a look that fails takes back nothing that an earlier one measured", async () => {
  const { engine, disk } = measured(0);
  engine.stored = 11 * mega;
  await vi.advanceTimersByTimeAsync(10_500);
  engine.reason = "the Engine is busy";
  expect(await answered(disk)).toMatch(/stores 11/);
});

test("looks that go on failing let nothing more be stored, until one succeeds", async () => {
  const { engine, disk } = measured(0);
  engine.reason = "the Engine is busy";
  await vi.advanceTimersByTimeAsync(12_000);
  expect(await answered(disk)).toBe("how much the leash stores is not known: the Engine is busy");
  engine.reason = "";
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await disk.full()).toBeUndefined();
});

test("who asks after looks that failed gets an answer as soon as the Engine answers, however long those took", async () => {
  const { engine, disk } = measured(0);
  await vi.advanceTimersByTimeAsync(100);
  Object.assign(engine, { reason: "the Engine is gone", takes: 3_000 });
  await vi.advanceTimersByTimeAsync(140_000);
  const { looks } = engine;
  expect(looks).toBe(4);
  Object.assign(engine, { reason: "", takes: 50 });
  expect(await answered(disk)).toBeUndefined();
  expect(engine.looks).toBe(looks + 1);
});

test("a look that began while the Engine did not answer is followed by one that begins with the question", async () => {
  const { engine, disk } = measured(0);
  await vi.advanceTimersByTimeAsync(100);
  Object.assign(engine, { reason: "the Engine is gone", takes: 500 });
  await vi.advanceTimersByTimeAsync(10_000);
  Object.assign(engine, { takes: 30_000 });
  const before = Array.from({ length: 3 }, () => disk.full());
  await vi.advanceTimersByTimeAsync(100);
  const { looks } = engine;
  Object.assign(engine, { reason: "", takes: 50 });
  const asked = Array.from({ length: 10 }, () => disk.full());
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await Promise.all([...before, ...asked])).toEqual(Array(13).fill(undefined));
  expect(engine.looks - looks).toBeLessThan(10);
});

test("many that ask share one look, and a good one is used again for a while", async () => {
  const { engine, disk } = measured(100);
  engine.stored = 11 * mega;
  await vi.advanceTimersByTimeAsync(11_000);
  const { looks } = engine;
  const asked = Promise.all(Array.from({ length: 50 }, () => disk.full()));
  await vi.advanceTimersByTimeAsync(200);
  expect(new Set(await asked)).toEqual(new Set([expect.stringContaining("stores 11")]));
  expect(engine.looks).toBe(looks + 1);
  engine.stored = 0;
  expect(await disk.full()).toContain("stores 11");
  await vi.advanceTimersByTimeAsync(600);
  expect(await answered(disk)).toBeUndefined();
});

test("while there is room, who asks waits for no look", async () => {
  const { engine, disk } = measured(0);
  await vi.advanceTimersByTimeAsync(5_000);
  const { looks } = engine;
  expect(await disk.full()).toBeUndefined();
  expect(engine.looks).toBe(looks);
});

test("a meter that is closed looks no more, also where somebody asked", async () => {
  const { engine, disk } = measured(0);
  engine.reason = "the Engine is gone";
  await vi.advanceTimersByTimeAsync(11_000);
  disk.close();
  await answered(disk);
  const { looks } = engine;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(engine.looks).toBe(looks);
});

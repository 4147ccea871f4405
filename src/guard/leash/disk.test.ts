import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answer } from "../../engine/client.ts";
import type { Judged } from "../judge/judge.ts";
import { ownerLabel } from "../policy/layer.ts";
import { routeOf } from "../routes/table.ts";
import { measureDisk } from "./disk.ts";

const mega = 1024 ** 2;

/** An Engine whose lists take `takes` milliseconds, and in which the leash's one volume grows. */
function measured(takes: number) {
  const engine = { looks: 0, stored: 0, reason: "" };
  const get = async (path: string): Promise<Answer> => {
    if (!path.startsWith("/system/df")) return { ok: true, value: [] };
    engine.looks += 1;
    const { stored, reason } = engine;
    await new Promise((resolve) => setTimeout(resolve, takes));
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
  expect(disk.full()).toMatch(/^the leash stores 11 ?MiB of 10 ?MiB/i);
});

test("what changes during a look is seen soon behind it, and not before the Engine had its rest", async () => {
  const { engine, disk, starts } = measured(100);
  engine.stored = 0;
  await vi.advanceTimersByTimeAsync(50);
  engine.stored = 11 * mega;
  starts();
  await vi.advanceTimersByTimeAsync(1_900);
  expect([engine.looks, disk.full()]).toEqual([1, undefined]);
  await vi.advanceTimersByTimeAsync(400);
  expect([engine.looks, disk.full()]).toEqual([2, expect.stringContaining("remove images")]);
});

test("without a change it looks every ten seconds, and far above the budget it stops the containers", async () => {
  const { engine, stopped } = measured(0);
  await vi.advanceTimersByTimeAsync(1_000);
  engine.stored = 13 * mega;
  expect(stopped).toEqual([]);
  await vi.advanceTimersByTimeAsync(9_500);
  expect([engine.looks, stopped.length]).toEqual([2, 1]);
});

test("a look that fails takes back nothing that an earlier one measured", async () => {
  const { engine, disk } = measured(0);
  engine.stored = 11 * mega;
  await vi.advanceTimersByTimeAsync(10_500);
  engine.reason = "the Engine is busy";
  await vi.advanceTimersByTimeAsync(10_000);
  expect(disk.full()).toMatch(/stores 11/);
});

test("looks that go on failing let nothing more be stored, until one succeeds", async () => {
  const { engine, disk } = measured(0);
  engine.reason = "the Engine is busy";
  await vi.advanceTimersByTimeAsync(10_100);
  expect([engine.looks, disk.full()]).toEqual([2, undefined]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(disk.full()).toBe("how much the leash stores is not known: the Engine is busy");
  engine.reason = "";
  await vi.advanceTimersByTimeAsync(1_000);
  expect(disk.full()).toBeUndefined();
});

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { Portrait } from "../../protocol/report.ts";
import { openPortraits } from "./portraits.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pauses = { soon: 10, usual: 1_000 };

function opened(take: () => Promise<Result<Portrait>>) {
  const said: string[] = [];
  const taken: number[] = [];
  const portraits = openPortraits({
    take,
    taken: (portrait) => taken.push(portrait.taken),
    say: (text) => said.push(text),
    pauses,
  });
  return { portraits, said, taken };
}

function counting() {
  let count = 0;
  return async () => {
    count += 1;
    return ok({ taken: count, settings: [], benchmark: { id: "cis-1.6", results: [] } });
  };
}

it("takes one soon after the watch is ready, then each hour, and one soon after the Engine changed", async () => {
  const { portraits, taken } = opened(counting());
  await vi.advanceTimersByTimeAsync(5_000);
  expect(taken).toEqual([]);
  portraits.ready();
  await vi.advanceTimersByTimeAsync(10);
  expect(taken).toEqual([1]);
  await vi.advanceTimersByTimeAsync(1_200);
  expect(taken).toEqual([1, 2]);
  portraits.changes([changeOf("opened", findingOf("privileged", { subject: "container:web" }))]);
  await vi.advanceTimersByTimeAsync(20);
  expect(taken).toEqual([1, 2]);
  portraits.changes([changeOf("opened", findingOf("live-restore", { subject: "engine" }))]);
  await vi.advanceTimersByTimeAsync(20);
  expect(taken).toEqual([1, 2, 3]);
  expect(portraits.latest()?.taken).toBe(3);
  await portraits.close();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(taken).toEqual([1, 2, 3]);
});

it("says once why there is none, and tries again", async () => {
  let turn = 0;
  const take = counting();
  const { portraits, said, taken } = opened(async () => {
    turn += 1;
    if (turn === 2) throw new Error("a bug");
    return turn < 4 ? failed("the Engine is away") : await take();
  });
  portraits.ready();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(said).toEqual(["the settings of this host could not be read: the Engine is away"]);
  expect(taken.length).toBeGreaterThan(0);
  await portraits.close();
});

import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { keepPace } from "./pace.ts";

it("a host that has nothing to tell whenever it looks still says each beat that it is there", async () => {
  const beats: boolean[] = [];
  const ending = new AbortController();
  const pace = keepPace({
    pauses: { gather: 5, beat: 100, first: 5, longest: 50, end: 100 },
    // As the reporter: without news, only a beat sends a report.
    send: async (isDue) => {
      beats.push(isDue);
      return isDue;
    },
    isMore: () => false,
    ended: ending.signal,
    random: () => 0.5,
    clock: Date.now,
  });
  for (let look = 0; look < 25; look += 1) {
    pace.wake(5);
    await pause(20);
  }
  ending.abort();
  expect(beats.filter((isDue) => isDue).length).toBeGreaterThanOrEqual(2);
});

import { expect, it } from "vitest";
import { sayIntervals } from "./intervals.ts";

const all = { kernel: true, limits: true, calls: true, interval: undefined };

it.each([
  [
    all,
    "Engine events, written limits and calls of the kernel within a second; the rest of the kernel every 5 to 60 s, as often as 0.2 % of a CPU allows",
  ],
  [
    { ...all, calls: "only root can trace the kernel", interval: 2_500 },
    "Engine events and written limits within a second; the rest of the kernel every 2.5 s (no calls of the kernel: only root can trace the kernel)",
  ],
  [
    { ...all, calls: undefined, limits: false, interval: 10_000 },
    "Engine events within a second; the kernel every 10 s",
  ],
  [
    { ...all, kernel: false },
    "Engine events within a second; nothing of the kernel, which is another machine's",
  ],
])("%o", (sight, said) => {
  expect(sayIntervals(sight)).toBe(said);
});

import { expect, it } from "vitest";
import { parseDuration, spellDuration } from "./duration.ts";

it("reads durations", () => {
  expect(["500ms", "10s", "1.5m", "1h30m", "90d", "0s"].map(parseDuration)).toEqual([
    500, 10_000, 90_000, 5_400_000, 7_776_000_000, 0,
  ]);
});

it("takes nothing else", () => {
  for (const text of ["", "10", "s", "10 s", "-5s", "10sec", "1h1h", "1y", "s10", "1e3s", "∞"])
    expect(parseDuration(text)).toBeUndefined();
});

it("says them", () => {
  expect([500, 10_000, 90_000, 7_776_000_000, 0].map(spellDuration)).toEqual([
    "500 ms",
    "10 s",
    "1.5 min",
    "90 d",
    "0 ms",
  ]);
});

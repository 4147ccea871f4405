import { expect, it } from "vitest";
import { pause } from "./sweep.ts";

const usual = { interval: undefined, random: () => 0.5 };

it("sweeps take a share of one CPU, but wait neither for ever nor for a moment", () => {
  expect(pause(usual, 30)).toBeCloseTo(15_000);
  expect(pause(usual, 0)).toBe(5_000);
  expect(pause(usual, 10_000)).toBe(60_000);
});

it("an interval that is said holds, whatever a sweep costs", () => {
  expect(pause({ interval: 2_000, random: () => 0.5 }, 10_000)).toBe(2_000);
});

it("a tenth more or less by chance", () => {
  expect(pause({ interval: 1_000, random: () => 0 }, 0)).toBeCloseTo(900);
  expect(pause({ interval: 1_000, random: () => 1 }, 0)).toBeCloseTo(1_100);
});

import { expect, it } from "vitest";
import { untilOf } from "./silence.ts";

const now = Date.UTC(2027, 0, 31, 12);

it.each([
  ["4h", Date.UTC(2027, 0, 31, 16)],
  ["2027-01-31", Date.UTC(2027, 1, 1)],
  ["2027-01-31T12:00:00Z", now],
  ["2027-01-31T12:00:00+02:00", Date.UTC(2027, 0, 31, 10)],
])("%s", (text, time) => {
  expect(untilOf(text, now)).toBe(time);
});

it.each(["", "soon", "0s", "2027-02-30", "2027-01-31T12:00:00", "2027-01-31T25:00:00Z"])("not %j", (text) => {
  expect(untilOf(text, now)).toBeUndefined();
});

it("not a time that is too late for a date: nobody could show it", () => {
  expect(untilOf("9999999999d", now)).toBeUndefined();
  expect(new Date(untilOf("90000000d", now) ?? 0).toISOString()).toMatch(/^\+\d{6}-/);
});

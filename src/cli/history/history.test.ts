import { expect, it } from "vitest";
import { timeOf } from "./history.ts";

const now = Date.UTC(2027, 0, 31, 12);

it("--since takes a duration, a day and a moment", () => {
  expect(timeOf("24h", now)).toBe(now - 86_400_000);
  expect(timeOf("7d", now)).toBe(now - 7 * 86_400_000);
  expect(timeOf("2027-01-31", now)).toBe(Date.UTC(2027, 0, 31));
  expect(timeOf("2027-01-31T12:00:00Z", now)).toBe(now);
  expect(timeOf("2027-01-31T13:00:00+01:00", now)).toBe(now);
});

it("and nothing else", () => {
  for (const wrong of ["", "yesterday", "2027-02-30", "2027-01-31T25:00:00Z", "2027-01-31T12:00:00", "-1d"])
    expect(timeOf(wrong, now), wrong).toBeUndefined();
});

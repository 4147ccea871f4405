import { expect, it } from "vitest";
import { nextProof, parseProveWhen } from "./options.ts";

it.each([
  ["03:30", { kind: "daily", hour: 3, minute: 30 }],
  ["23:59", { kind: "daily", hour: 23, minute: 59 }],
  ["24h", { kind: "every", interval: 86_400_000 }],
  ["1m", { kind: "every", interval: 60_000 }],
])("%s", (text, value) => {
  expect(parseProveWhen(text)).toEqual({ ok: true, value });
});

it.each(["24:00", "3:30", "03:60", "daily", "", "59s", "-1h"])("not %s", (text) => {
  expect(parseProveWhen(text).ok).toBe(false);
});

it("a time of day is today's, or tomorrow's where it is over", () => {
  const at = (day: number, hour: number, minute: number) => new Date(2027, 0, day, hour, minute).getTime();
  const when = { kind: "daily", hour: 3, minute: 30 } as const;
  expect(nextProof(when, at(5, 1, 0), undefined)).toBe(at(5, 3, 30));
  expect(nextProof(when, at(5, 3, 30), undefined)).toBe(at(6, 3, 30));
  expect(nextProof(when, at(31, 12, 0), at(1, 0, 0))).toBe(at(32, 3, 30));
});

it("an interval counts from the last proof, and is due at once where it is over or there was none", () => {
  const when = { kind: "every", interval: 1_000 } as const;
  expect(nextProof(when, 10_000, undefined)).toBe(10_000);
  expect(nextProof(when, 10_000, 9_500)).toBe(10_500);
  expect(nextProof(when, 10_000, 2_000)).toBe(10_000);
});

import { expect, it } from "vitest";
import { timesOf, visitAfter } from "./since.tsx";

const minute = 60_000;

it("a visit ends when nobody looked at the page for half an hour", () => {
  const first = visitAfter(undefined, 0);
  expect(first).toEqual({ seen: 0, before: null });
  const same = visitAfter(visitAfter(first, 20 * minute), 45 * minute);
  expect(same).toEqual({ seen: 45 * minute, before: null });
  const next = visitAfter(same, 80 * minute);
  expect(next).toEqual({ seen: 80 * minute, before: 45 * minute });
  // Its own beginning stays while it goes on.
  expect(visitAfter(next, 100 * minute)).toEqual({ seen: 100 * minute, before: 45 * minute });
});

it("times are the same for the whole day, and a range ends with its last day", () => {
  const at = (day: number, hour = 0) => new Date(2027, 0, day, hour).getTime();
  const times = (since?: string, until?: string, lastVisit: number | null = null, hour = 9) =>
    timesOf({ since, until }, lastVisit, new Date(2027, 0, 31, hour));
  expect(times("yesterday")).toEqual({ since: at(30), before: undefined });
  expect(times("yesterday", undefined, null, 23)).toEqual(times("yesterday"));
  expect(times("visit", undefined, 5)).toEqual({ since: 5, before: undefined });
  expect(times("visit")).toEqual({ since: at(30), before: undefined });
  expect(times("2027-01-02", "2027-01-02")).toEqual({ since: at(2), before: at(3) });
  expect(times()).toEqual({ since: undefined, before: undefined });
  expect(times("<script>", "x")).toEqual({ since: undefined, before: undefined });
});

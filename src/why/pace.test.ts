import { describe, expect, it } from "vitest";
import { busiestCall } from "./pace.ts";

/** So many calls in so many seconds. */
const lines = (count: number, seconds: number) =>
  Array.from({ length: count }, (_, at) => {
    const time = (100 + (at * seconds) / count).toFixed(6);
    return `           app-4711    ( 4711) [001] .....  ${time}: sys_enter: NR 257 (1, 2)`;
  });
const counts = (count: number) =>
  new Map([
    [2, 10],
    [257, count],
  ]);

describe("calls that are left out of a trace", () => {
  it("are those of a program that makes too many", () => {
    expect(busiestCall(lines(2_000, 0.02), counts(2_000))).toBe(257);
    expect(busiestCall(lines(20_000, 0.5), counts(20_000))).toBe(257);
  });

  it("are none because a read came late", () => {
    expect(busiestCall(lines(2_000, 0.5), counts(2_000))).toBeUndefined();
    expect(busiestCall(lines(9_000, 0.5), counts(9_000))).toBeUndefined();
    expect(busiestCall(lines(300, 0.001), counts(300))).toBeUndefined();
    expect(busiestCall([], counts(0))).toBeUndefined();
  });

  it("are none where no call stands out", () => {
    expect(busiestCall(lines(2_000, 0.02), counts(40))).toBeUndefined();
  });
});

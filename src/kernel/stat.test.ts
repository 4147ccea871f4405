import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasEnded, parseStartTime } from "./stat.ts";

const stat = (name: string, state: string) =>
  `8919 (${name}) ${state} 8895 8919 8919 0 -1 4194560 257 0 0 0 0 1 0 0 20 0 1 0 131415 4562944 1 18446744073709551615`;

describe("/proc/PID/stat", () => {
  it("is read past a command that looks like fields", () => {
    expect(parseStartTime(stat("sleep", "S"))).toBe(131_415);
    expect(parseStartTime(stat("a) Z 1 (b", "S"))).toBe(131_415);
    expect(hasEnded(stat("a) Z 1 (b", "S"))).toBe(false);
    expect(hasEnded(stat("sleep", "Z"))).toBe(true);
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
        expect(parseStartTime(text)).toBeTypeOf("number");
        hasEnded(text);
      }),
    );
  });
});

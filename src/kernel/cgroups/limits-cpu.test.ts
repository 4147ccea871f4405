import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBandwidth, sharesFromWeight } from "./limits.ts";

/** Forward, as runc 1.3.2 and crun 1.23 compute it (opencontainers/cgroups, utils.go). */
function weightFromShares(shares: number): number {
  const log = Math.log2(shares);
  return Math.ceil(10 ** ((log ** 2 + 125 * log) / 612 - 7 / 34));
}

describe("sharesFromWeight", () => {
  it("takes the kernel's default to Docker's, and the ends to the ends", () => {
    expect(sharesFromWeight(100)).toBe(1024);
    expect(sharesFromWeight(1)).toBe(2);
    expect(sharesFromWeight(10_000)).toBe(262_144);
  });

  it("undoes runc's conversion within its rounding, and keeps the order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 262_144 }), (shares) => {
        const weight = weightFromShares(shares);
        expect(sharesFromWeight(weight)).toBeGreaterThanOrEqual(shares - 1);
        expect(weight === 1 || sharesFromWeight(weight - 1) <= shares).toBe(true);
      }),
    );
  });

  it("stays in range on nonsense", () => {
    expect(sharesFromWeight(0)).toBe(2);
    expect(sharesFromWeight(1e9)).toBe(262_144);
  });
});

describe("parseBandwidth", () => {
  it("reads a cap and its absence", () => {
    expect(parseBandwidth("50000 100000\n")).toEqual({ quota: 50_000, period: 100_000 });
    expect(parseBandwidth("max 100000\n")).toEqual({ quota: Number.POSITIVE_INFINITY, period: 100_000 });
  });

  it("refuses anything else, and never throws", () => {
    for (const text of ["", "max", "1 0", "-1 100000", "50000"]) expect(parseBandwidth(text)).toBeUndefined();
    fc.assert(fc.property(fc.string({ unit: "binary-ascii" }), (text) => void parseBandwidth(text)));
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isIdentity, parseIdMap, toInside, toOutside } from "./id-map.ts";

/** A rootless engine's: root is the person, the rest comes from /etc/subuid. */
const rootless = parseIdMap("         0       1000          1\n         1     100000      65536\n");

describe("uid_map", () => {
  it("maps both ways", () => {
    expect(toInside(rootless, 1000)).toBe(0);
    expect(toInside(rootless, 100_032)).toBe(33);
    expect(toOutside(rootless, 33)).toBe(100_032);
    expect(toInside(rootless, 0)).toBeUndefined();
    expect(toOutside(rootless, 70_000)).toBeUndefined();
  });

  it("tells the host's own", () => {
    expect(isIdentity(parseIdMap("         0          0 4294967295\n"))).toBe(true);
    expect(isIdentity(rootless)).toBe(false);
    expect(isIdentity([])).toBe(false);
  });

  it("undoes itself for every mapped id, and never throws", () => {
    fc.assert(
      fc.property(fc.nat(65_536), (id) => {
        const outside = toOutside(rootless, id);
        expect(outside === undefined ? undefined : toInside(rootless, outside)).toBe(id);
      }),
    );
    fc.assert(fc.property(fc.string({ unit: "binary-ascii" }), (text) => void parseIdMap(text)));
  });
});

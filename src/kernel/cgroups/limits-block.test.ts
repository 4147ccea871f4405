import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDeviceRates, parseIoMax, parseWeight } from "./limits-block.ts";

describe("block I/O limits", () => {
  it("reads v1's throttles", () => {
    expect(parseDeviceRates("read-bps", "8:0 1048576\n8:16 5\n")).toEqual([
      { kind: "read-bps", device: "8:0", rate: 1_048_576 },
      { kind: "read-bps", device: "8:16", rate: 5 },
    ]);
  });

  it("reads io.max, where max is no limit", () => {
    expect(parseIoMax("8:16 rbps=2097152 wbps=max riops=max wiops=120\n")).toEqual([
      { kind: "read-bps", device: "8:16", rate: 2_097_152 },
      { kind: "write-iops", device: "8:16", rate: 120 },
    ]);
  });

  it("reads the default weight of both versions", () => {
    expect(parseWeight("100\n")).toBe(100);
    expect(parseWeight("default 300\n8:0 200\n")).toBe(300);
    expect(parseDeviceRates("weight", "default 300\n8:0 200\n")).toEqual([
      { kind: "weight", device: "8:0", rate: 200 },
    ]);
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
        parseDeviceRates("weight", text);
        parseIoMax(text);
        parseWeight(text);
      }),
    );
  });
});

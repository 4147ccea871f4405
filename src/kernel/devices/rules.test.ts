import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { usualDevices } from "../testing/hosts.ts";
import { allowedAccess, allowsEveryDevice, isUsualRule, parseDeviceRules, spellRule } from "./devices.ts";

describe("devices.list", () => {
  it("knows Docker's usual rules", () => {
    const rules = parseDeviceRules(usualDevices);
    expect(rules).toHaveLength(12);
    expect(rules.every(isUsualRule)).toBe(true);
    expect(allowsEveryDevice(rules)).toBe(false);
  });

  it("tells what goes beyond", () => {
    const rules = parseDeviceRules(`${usualDevices}b 8:0 rw\nc 189:* rwm\n`);
    expect(rules.filter((rule) => !isUsualRule(rule)).map(spellRule)).toEqual(["b 8:0 rw", "c 189:* rwm"]);
    expect(allowsEveryDevice(parseDeviceRules("a *:* rwm\n"))).toBe(true);
  });

  it("adds up the access to one device", () => {
    const rules = parseDeviceRules(`${usualDevices}b 8:0 r\nb 8:* w\n`);
    expect(allowedAccess(rules, { type: "b", major: 8, minor: 0 })).toBe("rwm");
    expect(allowedAccess(rules, { type: "b", major: 8, minor: 16 })).toBe("wm");
    // Every node may be made, and this one not be opened.
    expect(allowedAccess(rules, { type: "c", major: 10, minor: 229 })).toBe("m");
    expect(allowedAccess([], { type: "c", major: 1, minor: 3 })).toBe("");
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary-ascii" }), (text) => void parseDeviceRules(text)));
  });
});

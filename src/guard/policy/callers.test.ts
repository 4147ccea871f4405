import { expect, test } from "vitest";
import { isAddress, isCaller, plainAddress } from "./callers.ts";

test("addresses and networks", () => {
  for (const text of ["192.0.2.7", "10.1.0.0/16", "fd00::/8", "::1"]) expect(isAddress(text)).toBe(true);
  for (const text of ["", "10.1", "10.1.0.0/33", "host", "10.0.0.0/8/8", "fd00::/129"])
    expect(isAddress(text)).toBe(false);
  expect(plainAddress("::ffff:192.0.2.7")).toBe("192.0.2.7");
  expect(plainAddress("fe80::1%eth0")).toBe("fe80::1");
});

test("callers by their address and their container's labels, both where both are named", () => {
  const caller = (address: string, labels?: Readonly<Record<string, string>>) => ({ address, labels });
  const net = { from: ["10.1.0.0/16", "fd00::/8"] };
  expect(isCaller({}, undefined)).toBe(true);
  expect(isCaller(net, undefined)).toBe(false);
  expect(isCaller(net, caller("10.1.2.3"))).toBe(true);
  expect(isCaller(net, caller("10.2.0.1"))).toBe(false);
  expect(isCaller(net, caller("fd12::1"))).toBe(true);
  const team = { fromLabels: ["team=ci", "tier=a=b"] };
  expect(isCaller(team, caller("10.1.2.3"))).toBe(false);
  expect(isCaller(team, caller("10.1.2.3", { team: "ci" }))).toBe(false);
  expect(isCaller(team, caller("10.1.2.3", { team: "ci", tier: "a=b" }))).toBe(true);
  expect(isCaller({ ...net, ...team }, caller("10.2.0.1", { team: "ci", tier: "a=b" }))).toBe(false);
});

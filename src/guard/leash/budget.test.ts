import { expect, test } from "vitest";
import { boundPorts, longLog, overBudget, readBudget, shareOf, usualBudget } from "./budget.ts";

const usual = usualBudget({ memory: 4 * 1024 ** 3, cpus: 2 });
const mega = 1024 ** 2;

test("the usual budget leaves half of the machine's memory to others", () => {
  expect(usual).toMatchObject({ memory: 2 * 1024 ** 3, cpus: 2 });
});

test.each([
  ["memory=512m", { memory: 512 * mega }],
  ["cpus=1.5, time=2h,disk=1g", { cpus: 1.5, time: 7_200_000, disk: 1024 * mega }],
  ["", {}],
])("reads %s over it", (text, changed) => {
  expect(readBudget(text, usual)).toEqual({ ok: true, value: { ...usual, ...changed } });
});

test.each([
  "memory",
  "memory=",
  "memory=-1",
  "memory=0",
  "pids=1.5",
  "time=5",
  "lunch=1",
  "__proto__=1",
  "cpus=x",
])("refuses %s", (text) => {
  expect(readBudget(text, usual).ok).toBe(false);
});

test("what is over it is said with the rest and with what would be enough", () => {
  expect(overBudget("memory", usual, 2_000 * mega, 100 * mega)).toMatch(/48 MiB of 2 GiB left.*memory=2100m/);
  expect(overBudget("ports", usual, 20, 1)).toMatch(/0 of 20 left.*ports=21/);
  expect(overBudget("ports", usual, 19, 1)).toBeUndefined();
  // A leash that is over its budget already still lets through what asks for nothing.
  expect(overBudget("ports", usual, 25, 0)).toBeUndefined();
});

test("shares leave something for the next, and never add up to more than the budget", () => {
  let used = 0;
  let count = 0;
  for (; overBudget("memory", usual, used, shareOf("memory", usual, used)) === undefined; count += 1)
    used += shareOf("memory", usual, used);
  expect(count).toBeGreaterThan(8);
  expect(used).toBeLessThanOrEqual(usual.memory);
});

test.each([
  ...["127.0.0.1", "127.9.9.9", "::1", ""].map((HostIp) => [HostIp, 0] as const),
  // Where dockerd reads no address, it publishes on every one.
  ...[
    "0.0.0.0",
    "127.0.0.300",
    "127.0.0.01",
    "127.1",
    "127.0.0.1 ",
    "::ffff:127.0.0.1",
    "localhost",
    "0",
  ].map((HostIp) => [HostIp, 1] as const),
])("a port on “%s” is refused: %i", (HostIp, count) => {
  const host = { PortBindings: { "80/tcp": [{ HostIp, HostPort: "80" }] } };
  expect(boundPorts({}, host, {}).refused).toHaveLength(count);
});

test.each([
  ["json-file", { "max-size": "10m", "max-file": "3" }, 0],
  ["json-file", { "max-size": "900g" }, 1],
  ["json-file", { "max-size": "100m", "max-file": "99999" }, 1],
  ["json-file", { "max-size": "1m", "max-file": "many" }, 1],
  ["local", { "max-file": "3" }, 0],
  ["local", { "max-file": "99999" }, 1],
  ["", { "max-file": "99999" }, 1],
  ["local", { "max-size": "1g" }, 1],
  ["local", { "max-size": "-1" }, 1],
  ["local", {}, 0],
])("a log by %s with %j is refused: %i", (Type, Config, count) => {
  expect(longLog({ LogConfig: { Type, Config } }, usual)).toHaveLength(count);
});

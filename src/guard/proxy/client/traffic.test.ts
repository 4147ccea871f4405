import { expect, it } from "vitest";
import { defaultPolicy } from "../../policy/defaults.ts";
import type { Policy } from "../../policy/policy.ts";
import { bodyBudget, countTraffic } from "./traffic.ts";

const under = (traffic: Partial<Policy["traffic"]>): Policy => ({
  ...defaultPolicy,
  traffic: { ...defaultPolicy.traffic, ...traffic },
});

it("allows as many connections and requests of each client as its policy says", () => {
  const traffic = countTraffic();
  const policy = under({ connections: 1, concurrent: 2 });
  expect(traffic.connect("ci", policy)).toBeUndefined();
  expect(traffic.connect("ci", policy)).toContain("traffic.connections");
  expect(traffic.connect("web", policy)).toBeUndefined();
  traffic.disconnect("ci");
  expect(traffic.connect("ci", policy)).toBeUndefined();
  expect([traffic.begin("ci", policy), traffic.begin("ci", policy)]).toEqual([undefined, undefined]);
  expect(traffic.begin("ci", policy)).toContain("2 requests under way");
  traffic.end("ci");
  expect(traffic.begin("ci", policy)).toBeUndefined();
});

it("refills by the second, up to the burst", () => {
  let time = 0;
  const traffic = countTraffic(() => time);
  const policy = under({ perSecond: 2, burst: 3 });
  const ask = () => {
    const reason = traffic.begin("ci", policy);
    if (reason === undefined) traffic.end("ci");
    return reason === undefined;
  };
  expect([ask(), ask(), ask(), ask()]).toEqual([true, true, true, false]);
  time = 500;
  expect([ask(), ask()]).toEqual([true, false]);
  time = 100_000;
  expect([ask(), ask(), ask(), ask()]).toEqual([true, true, true, false]);
});

it("holds no more bodies than fit, and always one", () => {
  const traffic = countTraffic();
  expect(traffic.holdBytes("ci", bodyBudget.client * 2)).toBe(true);
  expect(traffic.holdBytes("ci", 1)).toBe(false);
  traffic.releaseBytes("ci", bodyBudget.client * 2);
  expect(traffic.holdBytes("ci", bodyBudget.client)).toBe(true);
  expect(traffic.holdBytes("web", bodyBudget.client)).toBe(true);
  expect(traffic.holdBytes("third", 1)).toBe(true);
  expect(traffic.holdBytes("third", 1)).toBe(false);
  expect(traffic.loads().map(({ client }) => client)).toEqual(["ci", "web", "third"]);
});

import { expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import type { Change } from "../change.ts";
import { type GateOptions, openGate } from "./gate.ts";
import type { Silence } from "./silence.ts";

const silenced: Silence = {
  ...{ id: 1, kind: "silenced", control: "privileged", subject: "web", severity: "critical" },
  ...{ reason: "the nightly build", by: "root", since: 0, until: 1_000 },
};
const acknowledged: Silence = {
  ...silenced,
  ...{ id: 2, kind: "acknowledged", subject: "container:web", severity: "high", until: undefined },
};

function gateOf(silences: readonly Silence[], more: Partial<GateOptions> = {}) {
  const ended: string[] = [];
  const clock = { now: 0 };
  let current = silences;
  const gate = openGate({
    silences: () => current,
    end(silence, why) {
      current = current.filter((each) => each !== silence);
      ended.push(`${silence.id}: ${why}`);
    },
    move(silence, subject) {
      current = current.map((each) => (each.id === silence.id ? { ...each, subject } : each));
    },
    held: [],
    now: () => clock.now,
    ...more,
  });
  return { gate, ended, clock };
}

const privileged = findingOf("privileged");
const said = (changes: readonly Change[]) =>
  changes.map(({ change, finding }) => `${change} ${finding.control} ${finding.severity}`);

it("lets through what no silence speaks of", () => {
  const { gate } = gateOf([silenced]);
  const others = [
    changeOf("opened", findingOf("host-pid")),
    changeOf("opened", findingOf("privileged", { subject: "container:db" })),
  ];
  expect(gate.take(others)).toEqual({ told: others, held: [], released: [] });
});

it.each(["web", "container:web", "w*", "*"])("holds back what is silenced in %s", (subject) => {
  const { gate } = gateOf([{ ...silenced, subject, control: "*" }]);
  const change = changeOf("opened", privileged);
  expect(gate.take([change])).toEqual({ told: [], held: [change], released: [] });
});

it("tells what is still open when the time is over, as opened, with the time of its last change", () => {
  const { gate, clock } = gateOf([silenced]);
  gate.take([
    changeOf("opened", privileged, 1),
    changeOf("changed", findingOf("privileged", { severity: "critical" }), 2),
  ]);
  clock.now = 999;
  expect(gate.release().told).toEqual([]);
  clock.now = 1_000;
  const { told, released } = gate.release();
  expect(said(told)).toEqual(["opened privileged critical"]);
  expect(told[0]?.time).toBe(changeOf("changed", privileged, 2).time);
  expect(released).toHaveLength(1);
  expect(gate.release().told).toEqual([]);
});

it("tells the end of what was known before, and nothing of what came and went meanwhile", () => {
  const { gate, clock } = gateOf([{ ...silenced, control: "*" }]);
  gate.take([changeOf("resolved", privileged), changeOf("opened", findingOf("host-pid"))]);
  gate.take([changeOf("resolved", findingOf("host-pid"))]);
  clock.now = 1_000;
  const { told, released } = gate.release();
  expect(said(told)).toEqual(["resolved privileged high"]);
  expect(released.map(({ control }) => control)).toEqual(["privileged", "host-pid"]);
});

it("gives back what was held before a later change is told", () => {
  const { gate, clock } = gateOf([silenced]);
  gate.take([changeOf("opened", privileged)]);
  clock.now = 1_000;
  expect(said(gate.take([changeOf("resolved", privileged)]).told)).toEqual([
    "opened privileged high",
    "resolved privileged high",
  ]);
});

it("an acknowledged finding is news again when it gets worse, which ends the acknowledgement", () => {
  const { gate, ended } = gateOf([acknowledged]);
  expect(gate.take([changeOf("changed", findingOf("privileged", { severity: "low" }))]).told).toEqual([]);
  expect(ended).toEqual([]);
  const worse = changeOf("changed", findingOf("privileged", { severity: "critical" }));
  expect(gate.take([worse]).told).toEqual([worse]);
  expect(ended).toEqual(["2: it got worse"]);
});

it("the end of an acknowledged finding goes out, and ends the acknowledgement", () => {
  const { gate, ended } = gateOf([acknowledged]);
  const over = changeOf("resolved", privileged);
  expect(gate.take([over]).told).toEqual([over]);
  expect(ended).toEqual(["2: it was resolved"]);
  expect(said(gate.take([changeOf("opened", privileged)]).told)).toEqual(["opened privileged high"]);
});

it("an acknowledgement goes on where a silence is over", () => {
  const { gate, clock, ended } = gateOf([silenced, acknowledged]);
  gate.take([changeOf("changed", privileged)]);
  clock.now = 1_000;
  expect(gate.release().told).toEqual([]);
  expect(said(gate.take([changeOf("resolved", privileged)]).told)).toEqual(["resolved privileged high"]);
  expect(ended).toEqual(["2: it was resolved"]);
});

it("goes on from what an earlier watch held back", () => {
  const held = [
    { change: changeOf("opened", privileged), known: false },
    { change: changeOf("resolved", findingOf("host-pid")), known: true },
  ];
  const { gate, clock } = gateOf([{ ...silenced, control: "*" }], { held });
  expect(gate.release().told).toEqual([]);
  clock.now = 1_000;
  expect(said(gate.release().told)).toEqual(["opened privileged high", "resolved host-pid high"]);
});

it("says which silence speaks of a finding", () => {
  const { gate, clock } = gateOf([silenced]);
  expect(gate.silenceOf()(privileged)).toEqual(silenced);
  expect(gate.silenceOf()(findingOf("host-pid"))).toBeUndefined();
  clock.now = 1_000;
  expect(gate.silenceOf()(privileged)).toBeUndefined();
});

it("an acknowledgement stays with its finding when its container is renamed", () => {
  const { gate, ended } = gateOf([acknowledged]);
  const shop = { subject: "container:shop" };
  const renamed = { ...changeOf("changed", findingOf("privileged", shop)), was: "container:web" };
  // Who knows it under the name before hears the new one.
  expect(gate.take([renamed]).told).toEqual([renamed]);
  expect(gate.take([changeOf("changed", findingOf("privileged", shop))]).told).toEqual([]);
  const other = changeOf("opened", privileged);
  expect(gate.take([other]).told).toEqual([other]);
  gate.take([changeOf("resolved", findingOf("privileged", shop))]);
  expect(ended).toEqual(["2: it was resolved"]);
});

it("what nobody heard of opens by its new name alone", () => {
  const { gate } = gateOf([silenced]);
  gate.take([changeOf("opened", privileged)]);
  const change = changeOf("changed", findingOf("privileged", { subject: "container:shop" }));
  expect(gate.take([{ ...change, was: "container:web" }]).told).toEqual([{ ...change, change: "opened" }]);
});

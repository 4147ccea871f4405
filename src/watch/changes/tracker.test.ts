import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findingOf as finding } from "../../../test/support/changes.ts";
import { heard, lives, simply, toldOf } from "../../../test/support/tracked-changes.ts";
import type { Finding } from "../../audit/finding.ts";
import type { Cause } from "../change.ts";
import { openTracker, type Untimed } from "./tracker.ts";

const cause: Cause = { kind: "sweep" };
const cooldown = 10_000;

const said = (changes: readonly Untimed[]) =>
  changes.map(
    (each) => `${each.change} ${each.finding.control} ${each.finding.verdict} ${each.finding.severity}`,
  );

describe("what got worse", () => {
  it("is told at once, and once", () => {
    const tracker = openTracker(cooldown);
    expect(said(tracker.update("web", [finding("a")], cause, 1_000))).toEqual(["opened a fail high"]);
    expect(tracker.update("web", [finding("a")], cause, 1_001)).toEqual([]);
    const worse = [finding("a", { severity: "critical" })];
    expect(said(tracker.update("web", worse, cause, 1_002))).toEqual(["changed a fail critical"]);
  });

  it("tells the cause", () => {
    const [change] = openTracker(cooldown).update("web", [finding("a")], cause, 1_000);
    expect(change).toMatchObject({ cause });
  });

  it("the same finding with a value that it did not have, and none that went", () => {
    const tracker = openTracker(cooldown);
    const update = (at: number, ...values: readonly string[]) =>
      said(tracker.update("web", [finding("a")], cause, at, { valuesOf: () => values }));
    expect(update(0, "65")).toEqual(["opened a fail high"]);
    expect(update(20_000, "65")).toEqual([]);
    expect(update(20_001, "30000")).toEqual(["changed a fail high"]);
    expect(update(20_002, "30000", "x")).toEqual([]);
    expect(said(tracker.due(30_001))).toEqual(["changed a fail high"]);
    expect(update(60_000, "x")).toEqual([]);
    tracker.remember("db", finding("a"));
    expect(said(tracker.update("db", [finding("a")], cause, 0, { valuesOf: () => ["1"] }))).toEqual([]);
    expect(said(tracker.update("db", [finding("a")], cause, 20_000, { valuesOf: () => ["1"] }))).toEqual([]);
    const sees = (observed: string, message = "words") =>
      finding("a", { message, views: [{ level: "effective", verdict: "fail", observed }] });
    const restarted = (...seen: Parameters<typeof sees>) => {
      tracker.remember("app", sees("pids: 65, memory: no limit"));
      return said(tracker.update("app", [sees(...seen)], cause, 0, { valuesOf: () => ["x"] }));
    };
    expect(restarted("pids: 30000, memory: no limit")).toEqual(["changed a fail high"]);
    expect(restarted("pids: 65", "other words")).toEqual([]);
  });

  it("a failure that could not be told before", () => {
    const tracker = openTracker(cooldown);
    tracker.update("web", [finding("a", { verdict: "unknown" })], cause, 0);
    expect(said(tracker.update("web", [finding("a")], cause, 1))).toEqual(["opened a fail high"]);
  });
});

describe("what got better", () => {
  it("is told when it has stayed so for the cool-down", () => {
    const tracker = openTracker(cooldown);
    tracker.update("web", [finding("a")], cause, 0);
    expect(tracker.update("web", [], cause, 5_000)).toEqual([]);
    expect(tracker.nextDue()).toBe(15_000);
    expect(tracker.due(14_999)).toEqual([]);
    expect(said(tracker.due(15_000))).toEqual(["resolved a fail high"]);
    expect(tracker.nextDue()).toBeUndefined();
    expect(tracker.groups()).toEqual([]);
  });

  it("has the cause that brought it about, not that of a later look", () => {
    const tracker = openTracker(cooldown);
    tracker.update("web", [finding("a"), finding("b")], cause, 0);
    tracker.update("web", [], { kind: "reconnect" }, 1);
    tracker.update("web", [], cause, 2);
    expect(tracker.due(cooldown + 1).map((change) => change.cause.kind)).toEqual(["reconnect", "reconnect"]);
  });

  it("has the latest cause where it went on", () => {
    const tracker = openTracker(cooldown);
    tracker.update("web", [finding("a")], cause, 0);
    tracker.update("web", [finding("a", { severity: "low" })], { kind: "reconnect" }, 1);
    tracker.update("web", [], cause, 2);
    expect(tracker.due(cooldown + 1).map((change) => change.cause.kind)).toEqual(["sweep"]);
  });

  it("is not told where it came back meanwhile", () => {
    const tracker = openTracker(cooldown);
    tracker.update("web", [finding("a")], cause, 0);
    tracker.update("web", [], cause, 1);
    expect(tracker.update("web", [finding("a")], cause, 2)).toEqual([]);
    expect(tracker.due(1_000_000)).toEqual([]);
  });

  it("a weaker one, and one that cannot be told any more, are changes", () => {
    const tracker = openTracker(cooldown);
    tracker.update("web", [finding("a"), finding("b")], cause, 0);
    tracker.update(
      "web",
      [finding("a", { severity: "low" }), finding("b", { verdict: "unknown" })],
      cause,
      1,
    );
    expect(said(tracker.due(cooldown + 1))).toEqual(["changed a fail low", "changed b unknown high"]);
  });

  it("what cannot be told for a moment is not told at all", () => {
    const tracker = openTracker(cooldown);
    expect(tracker.update("web", [finding("a", { verdict: "unknown" })], cause, 0)).toEqual([]);
    tracker.update("web", [], cause, 1);
    expect(tracker.due(1_000_000)).toEqual([]);
    tracker.update("web", [finding("a", { verdict: "unknown" })], cause, 0);
    expect(said(tracker.due(cooldown))).toEqual(["opened a unknown high"]);
  });
});

it("other evidence is a change, at most once in a cool-down", () => {
  const tracker = openTracker(cooldown);
  const evidence = (fingerprint: string) => [finding("a", { fingerprint })];
  tracker.update("web", evidence("1"), cause, 0);
  expect(tracker.update("web", evidence("2"), cause, 1)).toEqual([]);
  expect(said(tracker.due(cooldown))).toEqual(["changed a fail high"]);
  expect(said(tracker.update("web", evidence("3"), cause, 3 * cooldown))).toEqual(["changed a fail high"]);
});

it("another level and other words are no change, and the latest is kept", () => {
  const tracker = openTracker(cooldown);
  tracker.update("web", [finding("a")], cause, 0);
  expect(tracker.update("web", [finding("a", { level: "configured", message: "other" })], cause, 1)).toEqual(
    [],
  );
  expect(tracker.open()).toMatchObject([{ level: "configured", message: "other" }]);
});

it("what was accepted, and what does not apply, is no finding", () => {
  const tracker = openTracker(cooldown);
  const suppressed = { kind: "config", reason: "the GPU driver", until: null } as const;
  const quiet = [finding("a", { suppressed }), finding("b", { verdict: "notApplicable" })];
  expect(tracker.update("web", quiet, cause, 0)).toEqual([]);
  expect(tracker.nextDue()).toBeUndefined();
});

it("goes on from what an earlier watch told", () => {
  const tracker = openTracker(cooldown);
  tracker.remember("web", finding("a"));
  tracker.remember("web", finding("b"));
  expect(tracker.groups()).toEqual(["web"]);
  expect(said(tracker.update("web", [finding("a"), finding("c")], cause, 0))).toEqual(["opened c fail high"]);
  expect(said(tracker.due(cooldown))).toEqual(["resolved b fail high"]);
});

it("takes back at once what was told of a group that is gone for good", () => {
  const tracker = openTracker(cooldown);
  tracker.remember("web", finding("a"));
  expect(said(tracker.drop("web", cause))).toEqual(["resolved a fail high"]);
  expect(tracker.open()).toEqual([]);
  expect(tracker.drop("db", cause)).toEqual([]);
});

describe("a renamed container's findings", () => {
  const named = (name: string, control = "a", more: Partial<Finding> = {}) =>
    finding(control, { ...more, subject: `container:${name}`, fingerprint: `${control} of ${name}` });
  const renaming: Cause = { kind: "reconnect" };

  it("are the same, told once with the name before", () => {
    const tracker = openTracker(cooldown);
    tracker.update("web", [named("web"), named("web", "b")], cause, 0);
    tracker.move("web", "shop");
    expect(tracker.update("web", [], renaming, 1)).toEqual([]);
    const now = [named("shop"), named("shop", "b")];
    const changes = tracker.update("shop", now, renaming, 1, { causeOf: () => cause });
    expect(changes).toEqual(
      now.map((each) => ({ change: "changed", finding: each, cause: renaming, was: "container:web" })),
    );
    expect(tracker.update("shop", now, renaming, 2)).toEqual([]);
    expect(tracker.due(3 * cooldown)).toEqual([]);
    expect(tracker.open()).toEqual(now);
    expect(tracker.groups()).toEqual(["shop"]);
  });

  it("that are gone with the new name are resolved as they were told", () => {
    const tracker = openTracker(cooldown);
    tracker.update("web", [named("web")], cause, 0);
    tracker.move("web", "shop");
    const changes = tracker.update("shop", [], renaming, 1);
    expect(changes).toEqual([{ change: "resolved", finding: named("web"), cause: renaming }]);
    expect(tracker.open()).toEqual([]);
  });

  it("keep what was told of the name already", () => {
    const tracker = openTracker(cooldown);
    tracker.update("next", [named("next"), named("next", "b")], cause, 0);
    tracker.update("web", [named("web")], cause, 0);
    tracker.update("web", [], cause, 1);
    tracker.move("next", "web");
    expect(tracker.update("next", [], cause, 2)).toEqual([]);
    const changes = tracker.update("web", [named("web"), named("web", "b")], cause, 2);
    expect(said(changes)).toEqual(["changed b fail high"]);
    expect(tracker.due(2 + cooldown)).toMatchObject([{ change: "resolved", finding: named("next") }]);
  });
});

it("law: who listens knows the state, after a quiet cool-down; and no change repeats what is known", () => {
  fc.assert(
    fc.property(lives, (steps) => {
      const { changes, open } = toldOf(steps);
      expect([...heard(changes).values()].map(simply).toSorted()).toEqual(open.map(simply).toSorted());
    }),
  );
});

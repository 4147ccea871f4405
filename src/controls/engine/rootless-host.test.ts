import { expect, test } from "vitest";
import { engine, type RootlessHost } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { bareContext } from "../control.ts";
import {
  engineLimits,
  rootlessBeside,
  rootlessLinger,
  rootlessLoopback,
  rootlessPortDriver,
  rootlessSubids,
  rootlessUserNamespaces,
} from "./rootless-host.ts";

const of = (product: string) =>
  engine("configured", {
    product: set(product),
    rootless: set(true),
    rootlessHost: set({}),
    cgroupVersion: set(1),
    limitsNotInForce: set(["memory", "pids-limit"]),
  });

test.each([rootlessLoopback, rootlessPortDriver])(
  "Podman has no rootlesskit: $id does not apply",
  (control) => {
    const verdictOf = (product: string) =>
      control.check.engine?.(of(product), bareContext("engine-api"))?.verdict;
    expect([verdictOf("docker"), verdictOf("podman")]).toEqual(["unknown", "notApplicable"]);
  },
);

test("what stands on the host counts for Podman, too", () => {
  const podman = of("podman");
  expect(rootlessSubids.check.engine?.(podman, bareContext("engine-api"))?.verdict).toBe("unknown");
  expect(engineLimits.check.engine?.(podman, bareContext("engine-api"))).toMatchObject({
    verdict: "fail",
    problems: [{ message: expect.stringContaining("it is rootless on cgroup v1") }],
  });
});

const rover = { kind: "rootless", uid: 1000, user: "rover" } as const;

test.each([
  [rootlessPortDriver, { portDriver: "builtin" }, "fail", "low", "one address for every client"],
  [rootlessPortDriver, { portDriver: "slirp4netns" }, "pass"],
  [rootlessPortDriver, { portDriver: "" }, "unknown"],
  [rootlessLoopback, { loopbackOpen: true }, "fail", "medium", "opens the host's loopback"],
  [
    rootlessLoopback,
    { loopbackOpen: true, networkDriver: "host" },
    "fail",
    "medium",
    "in the host's own network",
  ],
  [rootlessLoopback, { loopbackOpen: false }, "pass"],
  [
    rootlessSubids,
    { overlaps: ["eve has 100000 to 165535, too"] },
    "fail",
    "high",
    "(eve has 100000 to 165535, too)",
  ],
  [rootlessSubids, { overlaps: [] }, "pass"],
  [rootlessLinger, { lingers: false }, "fail", "low", "end when rover (uid 1000) logs out"],
  [rootlessLinger, { lingers: true }, "pass"],
  [rootlessLinger, {}, "notApplicable"],
  [rootlessBeside, { rootfulBeside: 7 }, "fail", "medium", "a dockerd of root (PID 7)"],
  [rootlessBeside, {}, "pass"],
  [rootlessUserNamespaces, { apparmorRestricts: false }, "fail", "low", "any program of any user"],
  [rootlessUserNamespaces, { apparmorRestricts: true }, "pass"],
  [rootlessUserNamespaces, {}, "notApplicable"],
  [
    rootlessUserNamespaces,
    { apparmorRestricts: true, cloneAllowed: false },
    "fail",
    "medium",
    "cannot start again",
  ],
] as const)("$id: %o is %s", (control, rootlessHost: RootlessHost, verdict, severity?, words?) => {
  const view = engine("configured", {
    product: set("docker"),
    rootless: set(true),
    rootOwner: set(rover),
    rootlessHost: set(rootlessHost),
  });
  const answer = control.check.engine?.(view, bareContext("engine-api"));
  expect(answer?.verdict).toBe(verdict);
  if (answer?.verdict !== "fail") return;
  const [problem] = answer.problems;
  expect(problem?.severity ?? control.severity).toBe(severity);
  expect(problem?.message).toContain(words);
});

test("a rootless Engine with a user that nobody knows says nothing of a dockerd beside it", () => {
  const view = engine("configured", { rootless: set(true), rootlessHost: set({}) });
  expect(rootlessBeside.check.engine?.(view, bareContext("engine-api"))?.verdict).toBe("unknown");
});

test.each([rootlessPortDriver, rootlessSubids, rootlessBeside])(
  "$id: an Engine of root has none",
  (control) => {
    const view = engine("configured", { rootless: set(false), rootlessHost: set({}) });
    expect(control.check.engine?.(view, bareContext("engine-api"))?.verdict).toBe("notApplicable");
  },
);

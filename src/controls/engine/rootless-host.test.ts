import { expect, test } from "vitest";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { bareContext } from "../control.ts";
import { engineLimits, rootlessLoopback, rootlessPortDriver, rootlessSubids } from "./rootless-host.ts";

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

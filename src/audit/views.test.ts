import { expect, test } from "vitest";
import { bareContext, type Control } from "../controls/control.ts";
import { readOnlyRootfs } from "../controls/mounts/read-only-rootfs.ts";
import { container } from "../model/container.ts";
import { type Fact, set, unresolved, unset } from "../model/fact.ts";
import type { ContainerSubject } from "../model/subject.ts";
import { evaluate } from "./evaluate.ts";

const kernel = { kernel: "/proc/42/mountinfo" };
const api = { pointer: "/HostConfig/ReadonlyRootfs" };

function judge(
  configured: Fact<boolean>,
  effective: Fact<boolean> | undefined,
  control: Control = readOnlyRootfs,
) {
  const subject: ContainerSubject = {
    kind: "container",
    id: "container:web",
    name: "web",
    stableId: "container:web",
    source: "engine-api",
    location: undefined,
    views: [
      container("configured", { readonlyRootfs: configured }),
      ...(effective ? [container("effective", { readonlyRootfs: effective })] : []),
    ],
  };
  const rules = { controls: [control], ignores: [], severities: {}, today: "2026-01-01", spell: () => null };
  return evaluate(subject, bareContext("engine-api"), rules)[0];
}

test("a failure is reported at the strongest level that shows it, with every place", () => {
  const judged = judge(set(false, api), set(false, kernel));
  expect(judged?.finding).toMatchObject({ verdict: "fail", level: "effective", locations: [kernel, api] });
});

test("where the kernel shows worse, the finding is effective and gives both values", () => {
  const judged = judge(set(true, api), set(false, kernel));
  expect(judged?.finding).toMatchObject({ verdict: "fail", level: "effective" });
  expect(judged?.finding?.message).toMatch(/the kernel says: writable.*the Engine says: read-only/);
});

test("where only the configuration fails, the finding stays there, unless the kernel settles it", () => {
  expect(judge(set(false, api), set(true, kernel))?.finding).toMatchObject({ level: "configured" });
  const settled: Control = { ...readOnlyRootfs, settledBy: "effective" };
  expect(judge(set(false, api), set(true, kernel), settled)).toMatchObject({ verdict: "pass" });
});

test("a configuration that did no harm may weigh less", () => {
  const relieved: Control = { ...readOnlyRootfs, severityIfHeld: "low" };
  expect(judge(set(false, api), set(true, kernel), relieved)?.finding).toMatchObject({ severity: "low" });
});

test("an unreadable kernel is unknown, not a pass; a kernel that shows it outweighs an unknown configuration", () => {
  expect(judge(set(true, api), unresolved("it is gone"))).toMatchObject({ verdict: "unknown" });
  expect(judge(unresolved("X is not set"), set(true, kernel))).toMatchObject({ verdict: "pass" });
});

test("the fingerprint does not depend on whether the kernel could be seen", () => {
  const seen = judge(unset, set(false, kernel))?.finding?.fingerprint;
  expect(judge(unset, undefined)?.finding?.fingerprint).toBe(seen);
});

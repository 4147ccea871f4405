import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mount } from "../../model/mount.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { mergeSteps } from "./merge.ts";
import type { Step } from "./step.ts";

const etc = mount({ type: "bind", source: "/etc", target: "/etc", hostPath: "/etc" });
const readOnly = { ...etc, readOnly: true };
const shared = { ...etc, propagation: "rshared" } as const;

function step(control: string, ...patches: readonly ContainerPatch[]): Step {
  return {
    kind: "behavioural",
    keys: [control],
    controls: [control],
    summary: control,
    why: "",
    breaks: [],
    patches,
  };
}

describe("each thing is changed once", () => {
  test("the same patch of two controls is made once, for both", () => {
    const patch: ContainerPatch = { op: "set", field: "privileged", value: false };
    const drop: ContainerPatch = { op: "add", field: "capDrop", value: "ALL" };
    expect(mergeSteps([step("privileged", patch), step("capabilities-drop", patch, drop)])).toMatchObject([
      { controls: ["privileged", "capabilities-drop"], patches: [patch] },
      { controls: ["capabilities-drop"], patches: [drop] },
    ]);
  });

  test("a mount that goes is not made read-only first, whichever came first", () => {
    const gone = step("docker-socket-mount", { op: "remove", field: "mounts", value: etc });
    const kept = step("read-only-volume", { op: "replace", field: "mounts", value: etc, with: readOnly });
    for (const steps of [
      [gone, kept],
      [kept, gone],
    ]) {
      expect(mergeSteps(steps)).toMatchObject([
        { controls: ["docker-socket-mount", "read-only-volume"], patches: [{ op: "remove", value: etc }] },
      ]);
    }
  });

  test("two changes of one mount become one that makes both", () => {
    const before = { ...shared, readOnly: false };
    const merged = mergeSteps([
      step("read-only-volume", {
        op: "replace",
        field: "mounts",
        value: before,
        with: { ...before, readOnly: true },
      }),
      step("mount-propagation", {
        op: "replace",
        field: "mounts",
        value: before,
        with: { ...before, propagation: "rprivate" },
      }),
    ]);
    expect(merged).toMatchObject([
      {
        controls: ["read-only-volume", "mount-propagation"],
        patches: [{ op: "replace", value: before, with: { readOnly: true, propagation: "rprivate" } }],
      },
    ]);
  });

  test("a later change of what a step has made is made in that step", () => {
    const port = { hostIp: undefined, hostPort: "80", containerPort: "80", protocol: "tcp" };
    const loopback = { ...port, hostIp: "127.0.0.1" };
    expect(
      mergeSteps([
        step("host-network", { op: "add", field: "ports", value: port }),
        step("published-port", { op: "replace", field: "ports", value: port, with: loopback }),
      ]),
    ).toMatchObject([{ patches: [{ op: "add", field: "ports", value: loopback }] }]);
  });

  test("of two wishes for one fact the worse finding's stands", () => {
    expect(
      mergeSteps([
        step("host-ipc", { op: "set", field: "ipcMode", value: { mode: "private" } }),
        step("shared-namespace", { op: "unset", field: "ipcMode" }),
      ]),
    ).toMatchObject([{ controls: ["host-ipc", "shared-namespace"], patches: [{ op: "set" }] }]);
  });

  test("advice that is the same is given once", () => {
    const advice = { ...step("a"), kind: "manual" as const, summary: "Look." };
    expect(mergeSteps([advice, { ...advice, controls: ["b"] }])).toMatchObject([{ controls: ["a", "b"] }]);
  });
});

const patches = fc.constantFrom<ContainerPatch>(
  { op: "set", field: "privileged", value: false },
  { op: "unset", field: "privileged" },
  { op: "add", field: "capDrop", value: "ALL" },
  { op: "remove", field: "mounts", value: etc },
  { op: "replace", field: "mounts", value: etc, with: readOnly },
  { op: "replace", field: "mounts", value: etc, with: shared },
  { op: "replace", field: "mounts", value: readOnly, with: { ...readOnly, propagation: "private" } },
);
const steps = fc.array(
  fc.tuple(fc.constantFrom("a", "b", "c"), fc.array(patches, { minLength: 1, maxLength: 3 })),
  { maxLength: 6 },
);

test("whatever comes: nothing is changed twice, no control is lost, and merging again changes nothing", () => {
  fc.assert(
    fc.property(steps, (given) => {
      const input = given.map(([control, own]) => step(control, ...own));
      const merged = mergeSteps(input);
      const things = merged
        .flatMap((each) => each.patches)
        .map((patch) => [patch.field, "value" in patch && patch.op !== "set" ? patch.value : ""])
        .map((thing) => JSON.stringify(thing));
      expect(new Set(things).size).toBe(things.length);
      const controls = (all: readonly Step[]) =>
        [...new Set(all.flatMap((each) => each.controls))].toSorted();
      expect(controls(merged)).toEqual(controls(input));
      expect(mergeSteps(merged)).toEqual(merged);
    }),
  );
});

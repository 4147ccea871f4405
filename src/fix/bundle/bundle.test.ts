import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import { bundlesOf, type ImageIdentity, predicateType, settingOf, statementType } from "./bundle.ts";
import { seal } from "./envelope.ts";

const id = `sha256:${"a".repeat(64)}`;
const digest = `docker.io/library/redis@sha256:${"b".repeat(64)}`;
const bare = container("declared");

const learnt = {
  verified: true,
  capabilities: { traced: true, used: ["CHOWN", "SETUID"], needed: [] },
  user: { endsAs: { uid: 999, gid: 1000 } },
  files: { scratch: [{ path: "/run" }], data: [], amongTheImages: [] },
  network: { listens: ["tcp/6379"] },
  steps: ["root-user", "capabilities-drop", "read-only-rootfs"].map((control) => ({
    controls: [control],
    outcome: "holds",
  })),
};

function bundles(said: object, setting: Parameters<typeof settingOf>[0] = bare) {
  const workload = {
    image: { reference: "redis:8", id, repoDigests: [digest] },
    ...settingOf(setting),
    learnt: said,
  };
  const statement = {
    _type: statementType,
    subject: [],
    predicateType,
    predicate: { tool: { version: "1" }, made: "2026-12-02", architecture: "x64", workloads: [workload] },
  };
  const read = bundlesOf(
    [{ name: "redis.json", text: JSON.stringify(seal(statement, undefined)) }],
    undefined,
  );
  if (!read.ok) throw new Error(read.reason);
  return read.value;
}

describe("a bundle holds for the image that it names by a digest", () => {
  const { needsOf } = bundles(learnt);
  const images: readonly (readonly [Partial<ImageIdentity> | undefined, boolean])[] = [
    [{ id, repoDigests: [] }, true],
    [{ repoDigests: [digest] }, true],
    [{ id: `sha256:${"c".repeat(64)}`, repoDigests: [] }, false],
    // A digest names content, in whichever registry, and as whichever store counts it.
    [{ repoDigests: [`redis:8@sha256:${"b".repeat(64)}`] }, true],
    [{ id: `sha256:${"b".repeat(64)}`, repoDigests: [] }, true],
    [{ repoDigests: ["redis:8"] }, false],
    [{}, false],
    [undefined, false],
  ];
  test.each(images)("%j: %s", (image, isKnown) => {
    expect(needsOf(image, bare) !== undefined).toBe(isKnown);
  });

  test("and for the user that it was started as", () => {
    const other = container("declared", { user: set("999") });
    expect(needsOf({ id }, other)).toBeUndefined();
    expect(bundles(learnt, other).needsOf({ id }, other)).toBeDefined();
  });

  test("where one of its mounts is missing it may write elsewhere", () => {
    const at = (...targets: readonly string[]) =>
      container("declared", {
        mounts: targets.map((target) => set(mount({ type: "volume", target, source: "x" }))),
      });
    const known = bundles(learnt, at("/data"));
    expect(known.needsOf({ id }, at("/data", "/etc/own"))?.writablePaths).toEqual(["/run"]);
    expect(known.needsOf({ id }, bare)?.writablePaths).toBeUndefined();
    expect(known.needsOf({ id }, bare)?.tried?.facts).not.toContain("writable");
  });

  test("and for the words that it was started with", () => {
    const other = container("declared", { command: [set("redis-server"), set("--save")] });
    expect(needsOf({ id }, other)).toBeUndefined();
    expect(bundles(learnt, other).needsOf({ id }, other)).toBeDefined();
    expect(bundles(learnt, other).needsOf({ id }, bare)).toBeUndefined();
  });
});

describe("only what a run has shown is a need", () => {
  test("all of it", () => {
    expect(bundles(learnt).needsOf({ id }, bare)).toMatchObject({
      user: { name: "999:1000" },
      capabilities: ["CHOWN", "SETUID"],
      writablePaths: ["/run"],
      ports: [{ port: 6379, protocol: "tcp" }],
      tried: { on: "this very image on 2026-12-02", facts: ["writable", "capabilities", "ports", "nonRoot"] },
    });
  });

  test.each([
    ["root-user", "user"],
    ["capabilities-drop", "capabilities"],
    ["read-only-rootfs", "writablePaths"],
  ] as const)("without a %s that held its %s are unknown", (control, need) => {
    const steps = learnt.steps.map((step) =>
      step.controls[0] === control ? { ...step, outcome: "breaks" } : step,
    );
    const needs = bundles({ ...learnt, steps }).needsOf({ id }, bare);
    expect(needs?.[need]).toBeUndefined();
    expect(needs?.tried?.facts).not.toHaveLength(4);
  });

  test("as root what it used, where the run that held was another user's", () => {
    const untraced = { ...learnt, capabilities: { traced: false, used: [], needed: [] } };
    expect(bundles(untraced).needsOf({ id }, bare)?.capabilities).toBeUndefined();
  });

  test("nothing of a workload that did not run", () => {
    expect(bundles({ ...learnt, verified: false }).needsOf({ id }, bare)).toBeUndefined();
  });
});

test.each([
  ["{}", "it is not a bundle: learn --bundle writes one"],
  [JSON.stringify(seal({ predicateType: "other" }, undefined)), "it is not a bundle that this version reads"],
])("%s is refused by its name", (text, reason) => {
  expect(bundlesOf([{ name: "a.json", text }], undefined)).toEqual({
    ok: false,
    reason: `a.json: ${reason}`,
  });
});

function mostly(value: unknown): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.jsonValue() });
}

test("a bundle with anything in it is read or refused, and never more than that", () => {
  const workload = fc.record(
    {
      image: mostly({ reference: "a", id, repoDigests: [] }),
      invocation: mostly(settingOf(bare).invocation),
      mounts: mostly([]),
      learnt: fc.oneof(
        fc.record(
          Object.fromEntries(
            Object.entries(learnt).map(([key, value]) => [key, fc.oneof(fc.constant(value), fc.jsonValue())]),
          ),
        ),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: ["image", "invocation", "learnt"] },
  );
  let read = 0;
  fc.assert(
    fc.property(fc.array(workload, { maxLength: 2 }), fc.jsonValue(), (workloads, made) => {
      const predicate = {
        tool: { version: "1" },
        made: workloads.length > 1 ? made : "2026-12-02",
        workloads,
      };
      const text = JSON.stringify(seal({ predicateType, predicate }, undefined));
      const known = bundlesOf([{ name: "a", text }], undefined);
      if (!known.ok) return;
      read += 1;
      known.value.needsOf({ id }, bare);
    }),
    { numRuns: 500 },
  );
  expect(read).toBeGreaterThan(50);
});

import { expect, test } from "vitest";
import { memoryFiles } from "../../test/support/memory-files.ts";
import { ignoreOf } from "../audit/ignores.ts";
import { container } from "../model/container.ts";
import { set } from "../model/fact.ts";
import type { Subject } from "../model/subject.ts";
import { configIgnores, readConfig } from "./config.ts";
import { nearestConfig } from "./find.ts";

function read(text: string) {
  return readConfig("bulkhead.yaml", memoryFiles({ "bulkhead.yaml": text }));
}

test("a full configuration is read", () => {
  const text = `
failOn: medium
skip: [image-healthcheck]
severity: { read-only-rootfs: high }
exclude: [vendor/]
ignores:
  - control: [read-only-rootfs]
    subject: web
    reason: it writes everywhere
    until: 2030-01-01
`;
  expect(read(text)).toMatchObject({
    ok: true,
    value: { failOn: "medium", ignores: [{ until: "2030-01-01" }] },
  });
});

test("an empty one is a configuration too", () => {
  expect(read("")).toEqual({ ok: true, value: {} });
});

test.each([
  ["failOn: [", 1],
  ["failOn: awful", 1],
  ["skip:\n  - no-such-control\n", 2],
  ["ignores:\n  - control: read-only-rootfs\n    reason: x\n    until: soon\n", 4],
  ["fail_on: high", 1],
  ["fix:\n  limits:\n    memory: lots\n", 3],
  ["fix:\n  limits:\n    cpus: 0\n", 3],
  ["fix:\n  limits:\n    pids: 1.5\n", 3],
])("%j is wrong, at its line", (text, line) => {
  expect(read(text)).toMatchObject({ ok: false, faults: [{ location: { startLine: line } }] });
});

test.each([
  ["skip: [host-pd]\n", "(did you mean host-pid?)"],
  ["ignores:\n  - { control: privilegd, reason: x }\n", "(did you mean privileged?)"],
  ["failOnn: high\n", "(did you mean failOn?)"],
])("%j: a mistyped name gets a suggestion", (text, suggestion) => {
  const config = read(text);
  expect(config).toMatchObject({ ok: false });
  expect("faults" in config ? config.faults[0]?.reason : "").toContain(suggestion);
});

test("limits are taken as Docker writes them", () => {
  const config = read("fix:\n  limits: { memory: 512m, cpus: 1.5, pids: 200 }\n");
  expect(config).toMatchObject({
    ok: true,
    value: { fix: { limits: { memory: "512m", cpus: 1.5, pids: 200 } } },
  });
});

test("an ignore matches by control, subject and file", () => {
  const subject: Subject = {
    kind: "container",
    id: "deploy/compose.yaml#web",
    name: "web",
    stableId: "",
    source: "compose",
    location: { file: "deploy/compose.yaml", startLine: 1, startColumn: 1, endLine: 2, endColumn: 1 },
    views: [container("declared")],
  };
  const silenced = (rule: string, control = "privileged") => {
    const config = read(`ignores:\n  - { reason: why, ${rule} }\n`);
    const ignores = config.ok ? configIgnores(config.value, "bulkhead.yaml") : [];
    return ignoreOf(ignores, control, subject, { origins: [] }, "2026-01-01") !== undefined;
  };
  expect(silenced("control: '*'")).toBe(true);
  expect(silenced("control: '*', subject: w*b")).toBe(true);
  expect(silenced("control: '*', subject: db")).toBe(false);
  expect(silenced("control: '*', file: deploy/")).toBe(true);
  expect(silenced("control: '*', file: other/")).toBe(false);
  expect(silenced("control: read-only-rootfs")).toBe(false);
  expect(silenced("control: read-only-rootfs", "read-only-rootfs")).toBe(true);
});

test("an ignore matches by image and Compose project", () => {
  const running = container("configured", {
    image: set("ghcr.io/shop/web:1"),
    labels: [set({ name: "com.docker.compose.project", value: "shop" })],
  });
  const silenced = (rule: string, view = running) => {
    const config = read(`ignores:\n  - { control: privileged, reason: why, ${rule} }\n`);
    const ignores = config.ok ? configIgnores(config.value, "bulkhead.yaml") : [];
    const subject: Subject = {
      ...{ kind: "container", id: "container:web", name: "web", stableId: "", source: "engine-api" },
      ...{ location: undefined, views: [view] },
    };
    return ignoreOf(ignores, "privileged", subject, { origins: [] }, "2026-01-01") !== undefined;
  };
  expect(silenced('image: "ghcr.io/shop/*"')).toBe(true);
  expect(silenced("image: ghcr.io/shop/web")).toBe(false);
  expect(silenced("project: shop")).toBe(true);
  expect(silenced("project: shop, image: nginx")).toBe(false);
  expect(silenced("project: sho")).toBe(false);
  expect(silenced('project: "*"', container("configured", {}))).toBe(false);
  expect(silenced('image: "*"', container("configured", {}))).toBe(false);
});

test("the nearest configuration above is found", () => {
  const io = memoryFiles({ "/a/bulkhead.yaml": "", "/a/b/c/x": "" });
  expect(nearestConfig("/a/b/c", io)).toBe("../../bulkhead.yaml");
  expect(nearestConfig("/other", io)).toBeUndefined();
});

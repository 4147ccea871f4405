import { describe, expect, test } from "vitest";
import { failed, ok } from "../base/result.ts";
import { configIgnores, readConfig } from "../config/config.ts";
import { container } from "../model/container.ts";
import type { Subject } from "../model/subject.ts";
import { commentIgnores, idleIgnores, ignoreOf, remembering } from "./ignores.ts";

const noFiles = { read: () => failed("there is none"), exists: () => false, environment: {}, home: "/" };

const web: Subject = {
  kind: "container",
  id: "compose.yaml#web",
  name: "web",
  stableId: "compose.yaml#web",
  source: "compose",
  location: { file: "compose.yaml", startLine: 2, startColumn: 3, endLine: 6, endColumn: 1 },
  views: [container("declared")],
};

const text = `services:
  web:
    # bulkhead-ignore cpu-limit -- used
    # bulkhead-ignore memory-limit until=2026-01-01 -- over
    # bulkhead-ignore host-pid -- idle
    image: nginx
`;

function idle(controls: readonly string[]): readonly string[] {
  const known = remembering(commentIgnores("compose.yaml", text).ignores);
  for (const control of ["cpu-limit", "memory-limit"]) {
    ignoreOf(known.ignores, control, web, { origins: [] }, "2026-06-15");
  }
  const looked = {
    controls: new Set(controls),
    folders: [],
    live: false,
    subjects: [web],
    today: "2026-06-15",
  };
  return idleIgnores(known.ignores, known.used, looked).map(
    ({ location, reason }) => `${location?.startLine} ${reason}`,
  );
}

test("an ignore that expired or matches nothing is reported, one that is used is not", () => {
  const all = idle(["cpu-limit", "memory-limit", "host-pid"]);
  expect(all).toHaveLength(2);
  expect(all[0]).toMatch(/^4 .*memory-limit expired on 2026-01-01/);
  expect(all[1]).toMatch(/^5 .*host-pid matches no finding: remove it or correct it/);
});

test("an ignore of a control that was not judged is not called idle", () => {
  expect(idle(["cpu-limit", "memory-limit"])).toHaveLength(1);
});

describe("an ignore of bulkhead.yaml", () => {
  const rule = (yaml: string, folders: readonly string[], live = false, path = "bulkhead.yaml") => {
    const io = { ...noFiles, read: () => ok(yaml) };
    const config = readConfig(path, io);
    if (!config.ok) throw new Error("the test's own configuration is wrong");
    const known = remembering(configIgnores(config.value, path));
    ignoreOf(known.ignores, "cpu-limit", web, { origins: [] }, "2026-06-15");
    const controls = new Set(["cpu-limit", "host-pid"]);
    const looked = { controls, folders, live, subjects: [web], today: "2026-06-15" };
    return idleIgnores(known.ignores, known.used, looked).map(({ reason }) => reason);
  };

  test.each([
    ["[{control: cpu-limit, subject: wbe, reason: x}]", ["."], /names wbe, .*did you mean web/],
    ["[{control: cpu-limit, subject: wbe, reason: x}]", ["compose.yaml"], /names wbe, .*did you mean web/],
    ["[{control: cpu-limit, subject: cache, reason: x}]", ["."], /names cache, but nothing here/],
    [
      "[{control: host-pid, subject: web, reason: x}]",
      ["compose.yaml"],
      /host-pid for web matches no finding/,
    ],
    ["[{control: host-pid, reason: x}]", ["."], /host-pid matches no finding/],
    [
      "[{control: cpu-limit, file: other.yaml, reason: x}]",
      ["."],
      /cpu-limit for other.yaml matches no finding/,
    ],
    [
      "[{control: [cpu-limit, host-pid], subject: web, reason: x}]",
      ["."],
      /host-pid for web matches no finding/,
    ],
  ])("%s for %s is reported", (ignores, folders, message) => {
    expect(rule(`ignores: ${ignores}`, folders)).toEqual([expect.stringMatching(message)]);
  });

  test.each([
    ["one that is used", "[{control: cpu-limit, subject: web, reason: x}]", ["."]],
    [
      "one for a service of another file",
      "[{control: cpu-limit, subject: cache, reason: x}]",
      ["compose.yaml"],
    ],
    ["one for another file", "[{control: cpu-limit, file: other.yaml, reason: x}]", ["compose.yaml"]],
    [
      "one for containers, where no Engine was read",
      "[{control: host-pid, image: nginx*, reason: x}]",
      ["."],
    ],
  ])("%s is not", (_name, ignores, folders) => {
    expect(rule(`ignores: ${ignores}`, folders)).toEqual([]);
  });
});
